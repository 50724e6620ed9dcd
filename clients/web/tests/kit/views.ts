// The states of the app that are looked at one by one: every view, and what opens above them.

import type { BrowserContext, Page } from 'playwright-core';

import { type App, device, open, type DeviceOptions } from './browser.ts';
import { Person } from './person.ts';
import type { Scene } from './scene.ts';

export type Look = (app: App, name: string) => Promise<void>;

/** Nothing is loading, moving or being fetched any more. */
export async function settled({ page }: App): Promise<void> {
  await page.locator('[aria-busy=true], .skeleton').first().waitFor({ state: 'detached' });
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))));
}

/** To another address without loading the page anew, as its links do. */
async function go({ page }: App, path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
  await page.getByRole('heading').first().waitFor();
}

/** What has to have come before a view is complete. */
const COMPLETE: Record<string, (page: Page) => Promise<unknown>> = {
  trash: (page) => page.getByText('An old letter').waitFor(),
  task: (page) => page.getByRole('textbox', { name: 'Title' }).waitFor(),
  settings: (page) => page.getByRole('dialog').waitFor(),
  'settings-devices': (page) => page.getByText('This device').waitFor(),
  'settings-tokens': (page) => page.getByText('Calendar in the hall').waitFor(),
};

const opened = (page: Page) => page.getByRole('dialog').or(page.getByRole('alertdialog')).or(page.getByRole('menu')).first().waitFor();

async function press(page: Page, key: string): Promise<void> {
  await page.keyboard.press(key);
  await opened(page);
}

/** Closes what is open, and leaves nothing typed or selected. */
async function left({ page }: App): Promise<void> {
  const line = page.locator('#quick-add');
  if (await line.isVisible()) await line.fill('');
  for (let turn = 0; turn < 3; turn++) await page.keyboard.press('Escape');
  await page.locator('[role=dialog], [role=alertdialog], [role=menu]').first().waitFor({ state: 'detached' });
}

const CSV = 'title,due_date\nSow the beans,2030-05-01\nPrune the vine,2030-05-04\n';

/** What opens above a list whose first row has the focus, by what a person does for it. */
const ABOVE: { name: string; path?: string; by: (page: Page) => Promise<unknown>; back?: (page: Page) => Promise<unknown> }[] = [
  { name: 'palette', by: (page) => press(page, 'Control+k') },
  { name: 'help', by: (page) => press(page, '?') },
  { name: 'due-picker', by: (page) => press(page, 'd') },
  { name: 'label-picker', by: (page) => press(page, 'l') },
  {
    name: 'row-menu',
    by: async (page) => {
      await page.getByRole('button', { name: /^Actions for / }).last().focus();
      await press(page, 'Enter');
    },
  },
  {
    name: 'selection',
    by: async (page) => {
      for (const key of ['Shift+ArrowDown', 'Shift+ArrowDown']) await page.keyboard.press(key);
      await page.getByRole('group', { name: 'Actions for the selected tasks' }).waitFor();
    },
  },
  {
    name: 'quick-add',
    by: async (page) => {
      await page.locator('#quick-add').pressSequentially('pay rent tomorrow 9:00 every month !high #ho');
      await page.getByRole('option').first().waitFor();
    },
  },
  {
    name: 'deleted',
    by: async (page) => {
      await page.keyboard.press('Delete');
      await page.getByRole('button', { name: 'Undo', exact: true }).waitFor();
    },
    back: (page) => page.getByRole('button', { name: 'Undo', exact: true }).click(),
  },
  {
    name: 'new-project',
    by: async (page) => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('add project');
      await page.getByRole('option', { name: 'Add project' }).waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: 'Add project' }).waitFor();
    },
  },
  {
    name: 'import',
    by: async (page) => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('import');
      await page.keyboard.press('Enter');
      await page.locator('input[type=file]').setInputFiles({ name: 'garden.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) });
      await page.getByText('2 tasks would be added').waitFor();
    },
  },
  {
    name: 'new-token',
    path: '/all?settings=tokens',
    by: async (page) => {
      await page.getByRole('button', { name: 'New API token' }).click();
      await page.getByRole('textbox', { name: 'What is it for?' }).fill('The printer');
      await page.getByRole('button', { name: 'Create token' }).click();
      await page.getByRole('textbox', { name: 'Token' }).waitFor();
    },
  },
  {
    name: 'empty-trash',
    path: '/trash',
    by: async (page) => {
      await page.getByRole('button', { name: 'Empty trash' }).click();
      await opened(page);
    },
  },
];

export async function everyState(context: BrowserContext, { views }: Scene, look: Look): Promise<void> {
  const app = await open(context, '/today');
  await go(app, '/all');
  await app.sees('Pay the rent');
  for (const { name, path } of views) {
    await go(app, path);
    await COMPLETE[name]?.(app.page);
    await settled(app);
    await look(app, name);
  }
  for (const { name, path, by, back } of ABOVE) {
    await go(app, path ?? '/all');
    if (!path) await app.row('Water the plants').focus();
    await by(app.page);
    await settled(app);
    await look(app, name);
    await back?.(app.page);
    await left(app);
  }
  await app.page.close();
}

/** Who has nothing yet, and who is not signed in. */
export async function emptyStates(options: DeviceOptions, look: Look): Promise<void> {
  const app = await open(await device(new Person('Grace Hopper'), options), '/all');
  await app.page.getByRole('heading', { name: 'A clean slate' }).waitFor();
  for (const view of ['all', 'today', 'upcoming', 'overdue', 'completed', 'trash', 'search']) {
    await go(app, `/${view}`);
    await app.page.locator('.blank').waitFor();
    await settled(app);
    await look(app, `empty-${view}`);
  }
  await app.page.close();

  const door = await open(await device(null, options), '/');
  const { page } = door;
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await settled(door);
  await look(door, 'sign-in');
  await page.getByRole('button', { name: 'Create an account' }).click();
  await page.getByRole('textbox', { name: 'Email' }).fill('ada');
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('Please fill this in.').first().waitFor();
  await settled(door);
  await look(door, 'sign-up-faults');
  await page.getByRole('button', { name: 'Use a token' }).click();
  await page.getByRole('textbox', { name: 'Token' }).waitFor();
  await look(door, 'sign-in-token');
  await page.close();
}
