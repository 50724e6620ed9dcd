// Beside the app: what somebody tries out in Swagger UI shows in it.

import { expect, test } from 'vitest';

import { device, open, useBrowser } from '../kit/browser.ts';
import { Person } from '../kit/person.ts';

useBrowser();

test('a PATCH from Swagger UI shows in the app', async () => {
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

  const operation = docs.locator('.opblock').filter({ hasText: 'update_task' });
  await operation.locator('.opblock-summary-control').click();
  await operation.locator('tr[data-param-name=user_id] input').fill(ada.id);
  await operation.locator('tr[data-param-name=task_id] input').fill(task.id);
  await operation.locator('textarea.body-param__text').fill('{ "title": "from Swagger UI" }');
  await operation.getByRole('button', { name: 'Execute' }).click();
  await app.sees('from Swagger UI');
  await expect.poll(async () => (await ada.tasks()).map(({ title }) => title)).toEqual(['from Swagger UI']);
});
