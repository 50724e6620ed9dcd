// Tokens: signing in by one, what happens when one ends, and nothing of one person left for the next.

import { expect, test } from 'vitest';

import { App, device, open, openFor, signOut, useBrowser } from '../kit/browser.ts';
import { Network } from '../kit/network.ts';
import { Person } from '../kit/person.ts';

useBrowser();

async function signInByToken(app: App, token: string): Promise<void> {
  const { page } = app;
  const other = page.getByRole('button', { name: 'Use a token' });
  const field = page.getByRole('textbox', { name: 'Token' });
  await other.or(field).first().waitFor();
  if (await other.isVisible()) await other.click();
  await field.fill(token);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

const databases = (app: App) => app.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));

test('by a token; signing out leaves nothing behind', async () => {
  const [ada, bob] = [new Person('ada'), new Person('bob')];
  await ada.add('only Ada’s');
  const app = await open(await device(null), '/all');
  await signInByToken(app, 'not a token');
  await app.page.getByText('The server does not accept this token').waitFor();
  await signInByToken(app, ada.token());
  await app.sees('only Ada’s');
  expect(await databases(app)).toEqual([`taskwire:${ada.id}`]);
  await signOut(app);
  await app.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await expect.poll(() => databases(app)).toEqual([]);
  expect(await app.page.evaluate(() => localStorage.getItem('taskwire.session'))).toBeNull();

  await signInByToken(app, bob.token());
  await app.connection('live');
  expect(await app.titles()).toEqual([]);
});

test('asks before edits are lost that were never sent', async () => {
  const ada = new Person();
  const network = await Network.start();
  const app = await open(await device(ada, { url: network.url, worker: true }));
  await app.connection('live');
  await app.kept();
  network.lose();
  await app.connection('offline');
  await app.add('never sent');
  await signOut(app);
  const dialog = app.page.getByRole('alertdialog').or(app.page.getByRole('dialog'));
  await dialog.getByText('1 change has not been sent yet').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await app.sees('never sent');
  network.restore();
  await app.sent();
  expect((await ada.tasks()).map(({ title }) => title)).toEqual(['never sent']);
});

test('a token that ends while nobody does anything is renewed unnoticed', async () => {
  const ada = new Person();
  const context = await device(null);
  // As a server with accounts answers: a session by its cookie, and tokens that live for seconds.
  let fetched = 0;
  const user = { id: ada.id, name: 'Ada', email: 'ada@example.com' };
  await context.route('**/api/auth/get-session', (route) => route.fulfill({ json: { session: { token: 'a' }, user } }));
  await context.route('**/api/auth/token', (route) => {
    fetched++;
    return route.fulfill({ json: { token: ada.token(3) } });
  });
  const app = await open(context);
  await app.connection('live');
  const states = app.page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const seen: string[] = [];
        const badge = document.querySelector('[data-testid=connection]')!;
        const observer = new MutationObserver(() => seen.push(badge.getAttribute('data-state-of-connection')!));
        observer.observe(badge, { attributes: true });
        addEventListener('enough', () => resolve(seen), { once: true });
      }),
  );
  const before = fetched;
  await expect.poll(() => fetched, { timeout: 30_000 }).toBeGreaterThanOrEqual(before + 3);
  await ada.add('long after');
  await app.sees('long after');
  await app.add('still signed in');
  await expect.poll(async () => (await ada.tasks()).map(({ title }) => title)).toEqual(['long after', 'still signed in']);
  await app.page.evaluate(() => dispatchEvent(new Event('enough')));
  expect(await states).toEqual([]);
});

test('a token that is not taken any more leads to the door, and back to what was here', async () => {
  const ada = new Person();
  await ada.add('kept');
  const app = await openFor(ada, '/all', { token: ada.token(2) });
  await app.page.getByText('Your session has ended.').waitFor();
  await signInByToken(app, ada.token());
  await app.sees('kept');
});
