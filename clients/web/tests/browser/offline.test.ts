// Without a network, or without the server: everything goes on, survives a reload, and is sent when
// it can be, in order and once; what others did meanwhile is kept.

import { expect, test } from 'vitest';

import { device, open, useBrowser } from '../kit/browser.ts';
import { Network } from '../kit/network.ts';
import { Person } from '../kit/person.ts';

useBrowser();

test('edits made offline survive a reload and come together with those of others', async () => {
  const ada = new Person();
  const network = await Network.start();
  const [milk, bread] = [await ada.add('milk'), await ada.add('bread')];
  const context = await device(ada, { url: network.url, worker: true });
  const app = await open(context);
  await app.connection('live');
  await app.kept();

  network.lose();
  await app.connection('offline');
  await app.add('offline 1 !high');
  await app.add('offline 2');
  await app.row('milk').getByRole('checkbox').click();
  await app.row('bread').getByRole('link').click();
  const title = app.page.getByRole('textbox', { name: 'Title' });
  await title.fill('bread, sliced');
  await title.press('Enter');
  await app.sees('bread, sliced');
  // Another device changes another field of the same task, and adds one.
  await ada.change(bread.id, { priority: 'urgent' });
  await ada.add('from elsewhere');

  await app.page.goto('/all');
  await app.sees('bread, sliced');
  await app.sees('offline 1');
  await app.misses('milk');
  await app.connection('offline');

  network.restore();
  await app.sent();
  await app.sees('from elsewhere');
  const tasks = new Map((await ada.tasks()).map((task) => [task.title, task]));
  expect([...tasks.keys()].sort()).toEqual(['bread, sliced', 'from elsewhere', 'milk', 'offline 1', 'offline 2']);
  expect(tasks.get('bread, sliced')).toMatchObject({ id: bread.id, priority: 'urgent' });
  expect(tasks.get('milk')).toMatchObject({ id: milk.id, completed: true });
  expect(tasks.get('offline 1')).toMatchObject({ priority: 'high' });
});

test('a server that is killed in the middle of editing loses nothing', async () => {
  const ada = new Person();
  const network = await Network.start();
  const context = await device(ada, { url: network.url });
  const app = await open(context);
  await app.connection('live');
  await app.add('before');
  await app.sent();
  const typed = app.page.locator('#quick-add');
  await typed.fill('half written');
  await network.killServer();
  await app.connection('offline');
  expect(await typed.inputValue()).toBe('half written');
  await typed.press('Enter');
  for (const number of [1, 2, 3]) await app.add(`while it is away ${number}`);
  await network.startServer();
  await app.sent();
  await app.add('after');
  await app.sent();
  const titles = (await ada.tasks()).map(({ title }) => title);
  expect(titles).toEqual(['before', 'half written', 'while it is away 1', 'while it is away 2', 'while it is away 3', 'after']);
});

test('what the server refuses is taken back, and said', async () => {
  const ada = new Person();
  const network = await Network.start();
  const context = await device(ada, { url: network.url });
  const task = await ada.add('a parent');
  const app = await open(context);
  await app.connection('live');
  network.lose();
  await app.connection('offline');
  await app.row('a parent').getByRole('checkbox').click();
  await app.misses('a parent');
  await ada.call('DELETE', `tasks/${task.id}`);
  network.restore();
  await app.page.getByText('“a parent” could not be completed', { exact: true }).waitFor();
});

test('the app can be installed, and keeps to the policy', async () => {
  const ada = new Person();
  const context = await device(ada, { worker: true });
  const app = await open(context);
  await app.connection('live');
  await app.kept();
  const client = await context.newCDPSession(app.page);
  const { installabilityErrors } = await client.send('Page.getInstallabilityErrors');
  // A private window, which each context is, can have no apps.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
});
