// The states of the app that are looked at one by one: every view, and what opens above them.

import type { BrowserContext, Page } from 'playwright-core';

import { type App, open } from './browser.ts';
import type { Scene } from './scene.ts';

/** Nothing is loading, moving or being fetched any more. */
export async function settled(app: App): Promise<void> {
  const { page } = app;
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
const visible: Record<string, (page: Page) => Promise<unknown>> = {
  trash: (page) => page.getByText('An old letter').waitFor(),
  task: (page) => page.getByRole('textbox', { name: 'Title' }).waitFor(),
  settings: (page) => page.getByRole('dialog').waitFor(),
};

/** What opens above a view, by what a person does for it. */
export const ABOVE: { name: string; by: (page: Page) => Promise<unknown> }[] = [
  { name: 'palette', by: (page) => page.keyboard.press('Control+k') },
  { name: 'help', by: (page) => page.keyboard.press('?') },
  {
    name: 'row-menu',
    by: async (page) => {
      await page.getByRole('button', { name: /^Actions for / }).last().focus();
      await page.keyboard.press('Enter');
      await page.getByRole('menu').waitFor();
    },
  },
];

export async function everyState(context: BrowserContext, { views }: Scene, look: (app: App, name: string) => Promise<void>): Promise<void> {
  const app = await open(context, '/today');
  await go(app, '/all');
  await app.sees('Pay the rent');
  for (const { name, path } of views) {
    await go(app, path);
    await visible[name]?.(app.page);
    await settled(app);
    await look(app, name);
  }
  for (const { name, by } of ABOVE) {
    await app.page.keyboard.press('Escape');
    await go(app, '/all');
    await app.sees('Pay the rent');
    await app.row('Pay the rent').focus();
    await by(app.page);
    await app.page.getByRole('dialog').or(app.page.getByRole('menu')).first().waitFor();
    await settled(app);
    await look(app, name);
  }
  await app.page.close();
}
