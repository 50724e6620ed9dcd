// Two devices changed the same field: both versions are shown, and a person chooses.

import { expect, test } from 'vitest';

import { examine } from '../kit/axe.ts';
import { type App, device, type DeviceOptions, open, useBrowser } from '../kit/browser.ts';
import { Network } from '../kit/network.ts';
import { Person } from '../kit/person.ts';

useBrowser();

/** A person whose title for a task meets another one, set meanwhile. */
async function disputed(meanwhile: (ada: Person, id: string) => Promise<unknown>, options: DeviceOptions = {}) {
  const ada = new Person();
  const network = await Network.start();
  const task = await ada.add('as it was');
  const app = await open(await device(ada, { url: network.url, ...options }), `/all?task=${task.id}`);
  await app.connection('live');
  const title = app.page.getByRole('textbox', { name: 'Title' });
  await title.waitFor();
  network.lose();
  await app.connection('offline');
  await title.fill('as Ada wants it');
  await title.press('Enter');
  await app.page.getByText('Waits to be sent').waitFor({ state: 'attached' });
  await meanwhile(ada, task.id);
  network.restore();
  await app.page.getByRole('button', { name: 'Compare' }).click();
  return { ada, app, id: task.id, dialog: app.page.getByRole('dialog', { name: 'Changed in two places' }) };
}

const settled = (app: App) => app.page.getByRole('button', { name: 'Compare' }).waitFor({ state: 'detached' });

test('both versions are shown, and one’s own may stay', async () => {
  const { ada, app, dialog } = await disputed((ada, id) => ada.change(id, { title: 'as Bob wants it', priority: 'low' }));
  await dialog.getByRole('region', { name: 'Yours' }).getByText('as Ada wants it').waitFor();
  await dialog.getByRole('region', { name: 'The other' }).getByText('as Bob wants it').waitFor();
  expect(await examine(app)).toEqual([]);
  await dialog.getByRole('button', { name: 'Keep yours' }).click();
  await settled(app);
  await expect.poll(async () => (await ada.tasks())[0]).toMatchObject({ title: 'as Ada wants it', priority: 'low' });
  await app.sees('as Ada wants it');
});

test('the other one may stay', async () => {
  const { ada, app, dialog } = await disputed((ada, id) => ada.change(id, { title: 'as Bob wants it' }), { colorScheme: 'dark' });
  await dialog.waitFor();
  expect(await examine(app)).toEqual([]);
  await dialog.getByRole('button', { name: 'Keep the other' }).click();
  await settled(app);
  await app.sees('as Bob wants it');
  expect((await ada.tasks())[0]).toMatchObject({ title: 'as Bob wants it' });
});

test('on a phone, it is said above the open task, which lies over the list', async () => {
  const { ada, app, dialog } = await disputed((ada, id) => ada.change(id, { title: 'as Bob wants it' }), { viewport: { width: 375, height: 740 } });
  await dialog.getByRole('button', { name: 'Keep the other' }).click();
  await settled(app);
  await expect.poll(() => app.page.getByRole('textbox', { name: 'Title' }).inputValue()).toBe('as Bob wants it');
  expect((await ada.tasks())[0]).toMatchObject({ title: 'as Bob wants it' });
});

test('what was deleted meanwhile comes back with the edit, if wanted', async () => {
  const { ada, app, dialog } = await disputed((ada, id) => ada.call('DELETE', `tasks/${id}`));
  await dialog.getByText('was deleted elsewhere').waitFor();
  await dialog.getByRole('button', { name: 'Bring it back with your change' }).click();
  await settled(app);
  await app.sees('as Ada wants it');
  await expect.poll(async () => (await ada.tasks()).map(({ title }) => title)).toEqual(['as Ada wants it']);
});
