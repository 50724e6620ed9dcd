// What a person does to tasks: by mouse and by keyboard, taken back, and found again by its address.

import { expect, test } from 'vitest';

import { type App, device, open, openFor, useBrowser } from '../kit/browser.ts';
import { Person } from '../kit/person.ts';

useBrowser();

async function withTasks(...titles: string[]) {
  const ada = new Person();
  await ada.addMany(titles.map((title) => ({ title })));
  const app = await openFor(ada);
  await app.connection('live');
  await app.sees(titles.at(-1)!);
  return { ada, app };
}

const shows = (app: App, titles: string[]) => expect.poll(() => app.titles()).toEqual(titles);
const stored = (ada: Person, titles: string[]) => expect.poll(async () => (await ada.tasks()).map(({ title }) => title)).toEqual(titles);

test('quick add understands dates, labels, priorities and projects', async () => {
  const ada = new Person();
  const home = await ada.addProject('home');
  const app = await openFor(ada);
  await app.connection('live');
  await app.add('pay rent tomorrow 9:00 #home @bills !high');
  await app.sees('pay rent');
  await app.sent();
  const [task] = await ada.tasks();
  expect(task).toMatchObject({ title: 'pay rent', project_id: home.id, labels: ['bills'], priority: 'high', due: { time: '09:00', time_zone: 'Europe/Berlin' } });
});

test('deleting, completing and editing are taken back', async () => {
  const { ada, app } = await withTasks('one', 'two', 'three');
  await app.row('two').focus();
  await app.page.keyboard.press('Delete');
  await app.misses('two');
  await stored(ada, ['one', 'three']);
  await app.undo();
  await shows(app, ['one', 'two', 'three']);
  await stored(ada, ['one', 'two', 'three']);

  await app.row('one').getByRole('checkbox').click();
  await app.misses('one');
  await expect.poll(async () => (await ada.tasks()).map(({ completed }) => completed)).toEqual([true, false, false]);
  await app.undoByKey();
  await app.sees('one');
  await expect.poll(async () => (await ada.tasks()).map(({ completed }) => completed)).toEqual([false, false, false]);
});

test('several at once, with one undo', async () => {
  const { ada, app } = await withTasks('one', 'two', 'three', 'four');
  await app.row('one').focus();
  await app.page.keyboard.press('Shift+ArrowDown');
  await app.page.keyboard.press('Shift+ArrowDown');
  await app.page.getByRole('group', { name: 'Actions for the selected tasks' }).getByText('3 selected').waitFor();
  await app.page.keyboard.press('Delete');
  await shows(app, ['four']);
  await stored(ada, ['four']);
  await app.undo();
  await shows(app, ['one', 'two', 'three', 'four']);
  await expect.poll(async () => (await ada.tasks()).length).toBe(4);
});

test('tasks are reordered with the mouse', async () => {
  const { ada, app } = await withTasks('one', 'two', 'three', 'four');
  const from = (await app.row('four').boundingBox())!;
  const to = (await app.row('two').boundingBox())!;
  const { mouse } = app.page;
  // What makes rows something to drag comes after the page; a drag before that is none.
  await expect
    .poll(async () => {
      await mouse.move(from.x + 200, from.y + from.height / 2);
      await mouse.down();
      await mouse.move(from.x + 200, from.y - 10, { steps: 4 });
      await mouse.move(to.x + 200, to.y + 3, { steps: 8 });
      const dragging = await app.page.locator('.row__mark').count();
      await mouse.up();
      return dragging;
    })
    .toBe(1);
  await shows(app, ['one', 'four', 'two', 'three']);
  await stored(ada, ['one', 'four', 'two', 'three']);
  await app.undoByKey();
  await stored(ada, ['one', 'two', 'three', 'four']);
});

test('tasks are reordered with the keyboard', async () => {
  const { ada, app } = await withTasks('one', 'two', 'three');
  await app.row('three').focus();
  await app.page.keyboard.press('Alt+ArrowUp');
  await shows(app, ['one', 'three', 'two']);
  await app.page.keyboard.press('Alt+ArrowUp');
  await shows(app, ['three', 'one', 'two']);
  await stored(ada, ['three', 'one', 'two']);
  // By the handle, as screen readers offer it.
  await app.row('two').getByRole('button', { name: 'Reorder two' }).focus();
  await app.page.keyboard.press('Enter');
  await app.page.keyboard.press('ArrowUp');
  await app.page.keyboard.press('Enter');
  await stored(ada, ['three', 'two', 'one']);
});

test('addresses lead where they say, and back leads back', async () => {
  const ada = new Person();
  const home = await ada.addProject('Home');
  const task = await ada.add({ title: 'water the plants', project_id: home.id, labels: ['garden'], priority: 'high' });
  await ada.add({ title: 'something else', priority: 'low' });
  const context = await device(ada);
  const app = await open(context, `/project/${home.id}?task=${task.id}`);
  const { page } = app;
  await page.getByRole('heading', { name: 'Home', level: 1 }).waitFor();
  await expect.poll(() => page.getByRole('textbox', { name: 'Title' }).inputValue()).toBe('water the plants');

  await page.getByRole('navigation').getByRole('link', { name: /^garden/ }).click();
  await page.getByRole('heading', { name: 'garden', level: 1 }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/label/garden');
  await page.getByRole('navigation').getByRole('link', { name: 'Completed' }).click();
  await page.getByRole('heading', { name: 'Completed', level: 1 }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { name: 'garden', level: 1 }).waitFor();
  await app.sees('water the plants');
  await page.goBack();
  await page.getByRole('heading', { name: 'Home', level: 1 }).waitFor();

  const filtered = await open(context, '/all?priority=low');
  await filtered.sees('something else');
  expect(await filtered.titles()).toEqual(['something else']);
});
