// Beside the app: what somebody tries out in Swagger UI shows in it.

import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';

import { device, open, useBrowser } from '../kit/browser.ts';
import { Member } from '../kit/member.ts';
import { Person } from '../kit/person.ts';

useBrowser();

/** Opens the update of a task, and sends it; `user` is filled in unless it is there already. */
async function patch(docs: Page, task: string, title: string, user?: string): Promise<void> {
  const operation = docs.locator('.opblock').filter({ hasText: 'update_task' });
  await operation.locator('.opblock-summary-control').click();
  const whose = operation.locator('tr[data-param-name=user_id] input');
  if (user) await whose.fill(user);
  await operation.locator('tr[data-param-name=task_id] input').fill(task);
  await operation.locator('textarea.body-param__text').fill(JSON.stringify({ title }));
  await operation.getByRole('button', { name: 'Execute' }).click();
}

test('with a token put into Authorize, a PATCH shows in the app', async () => {
  const ada = new Person();
  const task = await ada.add('as it was');
  const context = await device(ada);
  const app = await open(context);
  await app.connection('live');
  const docs = await context.newPage();
  await docs.goto('/docs/');
  await docs.getByRole('button', { name: 'Authorize' }).first().click();
  await docs.getByRole('textbox', { name: /bearer|value/i }).first().fill(ada.token());
  await docs.locator('.auth-btn-wrapper').getByRole('button', { name: /apply|authorize/i }).first().click();
  await docs.locator('.auth-btn-wrapper').getByRole('button', { name: 'Close' }).first().click();
  await patch(docs, task.id, 'from Swagger UI', ada.id);
  await app.sees('from Swagger UI');
  await expect.poll(async () => (await ada.tasks()).map(({ title }) => title)).toEqual(['from Swagger UI']);
});

test('who is signed in to the app is signed in to Swagger UI, too', async () => {
  const ada = await Member.join('Ada Lovelace');
  const task = await ada.add('as it was');
  const context = await device(ada);
  const app = await open(context);
  await app.connection('live');
  const docs = await context.newPage();
  await docs.goto('/docs/');
  await docs.getByText('Signed in as').waitFor();
  await patch(docs, task.id, 'without a token in sight');
  await app.sees('without a token in sight');
});
