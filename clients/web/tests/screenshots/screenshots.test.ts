// Draws every state into target/screenshots, in light and dark, narrow and wide, for people to look
// at. Nothing is compared: what is right here is for the eye to say.

import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { beforeAll, test } from 'vitest';

import { type App, device, open, openFor, useBrowser } from '../kit/browser.ts';
import { Network } from '../kit/network.ts';
import { Person } from '../kit/person.ts';
import { scene } from '../kit/scene.ts';
import { emptyStates, everyState, settled } from '../kit/views.ts';

useBrowser();

const TO = fileURLToPath(new URL('../../../../target/screenshots/', import.meta.url));

beforeAll(() => {
  rmSync(TO, { recursive: true, force: true });
  mkdirSync(TO, { recursive: true });
});

test.each([
  { colorScheme: 'light', width: 1440, height: 900 },
  { colorScheme: 'dark', width: 1440, height: 900 },
  { colorScheme: 'light', width: 375, height: 812 },
  { colorScheme: 'dark', width: 375, height: 812 },
  { colorScheme: 'light', width: 320, height: 568 },
] as const)('$colorScheme, $width px', { timeout: 300_000 }, async ({ colorScheme, width, height }) => {
  const options = { colorScheme, viewport: { width, height } };
  const draw = async ({ page }: App, name: string) => {
    await page.screenshot({ path: `${TO}${name}-${colorScheme}-${width}.png` });
  };
  const shown = await scene();
  await everyState(await device(shown.ada, options), shown, draw);
  await emptyStates(options, draw);

  // The first list takes long.
  const slow = await device(shown.ada, options);
  await slow.route('**/api/*/tasks?*', () => undefined);
  const loading = await open(slow);
  await loading.page.locator('.skeleton').first().waitFor();
  await draw(loading, 'loading');
  await slow.unrouteAll();

  // What only the server has cannot be had.
  const broken = await device(shown.ada, options);
  await broken.route('**/api/*/trash*', (route) => route.abort());
  const error = await open(broken, '/trash');
  await error.page.getByRole('button', { name: 'Try again' }).waitFor();
  await draw(error, 'error');

  // The side bar where it is a drawer.
  if (width < 900) {
    const narrow = await openFor(shown.ada, '/today', options);
    await narrow.page.getByRole('button', { name: 'Open the side bar' }).click();
    await narrow.page.getByRole('dialog').waitFor();
    await settled(narrow);
    await draw(narrow, 'side-bar');
  }

  // Without a network, and then with somebody else's edit of the same title.
  const network = await Network.start();
  const bob = new Person('Charles Babbage');
  const task = await bob.add('Design the mill');
  for (const title of ['Cut the gears', 'Pay the engineer']) await bob.add(title);
  const app = await openFor(bob, `/all?task=${task.id}`, { ...options, url: network.url });
  await app.connection('live');
  network.lose();
  await app.connection('offline');
  const title = app.page.getByRole('textbox', { name: 'Title' });
  await title.fill('Design the mill with forty digits');
  await title.press('Enter');
  await app.page.getByText('Waits to be sent').first().waitFor({ state: 'attached' });
  await draw(app, 'offline');
  await bob.change(task.id, { title: 'Design the mill with fifty digits' });
  network.restore();
  await app.page.getByRole('button', { name: 'Compare' }).waitFor();
  await draw(app, 'conflict-banner');
  await app.page.getByRole('button', { name: 'Compare' }).click();
  await app.page.getByRole('dialog', { name: 'Changed in two places' }).waitFor();
  await settled(app);
  await draw(app, 'conflict');
});
