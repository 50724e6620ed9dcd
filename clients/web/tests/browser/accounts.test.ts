// The server's own accounts, as a person uses them: by the forms at the door and in the settings.

import { randomUUID } from 'node:crypto';

import { expect, inject, test } from 'vitest';

import { type App, device, open, openFor, signOut, useBrowser } from '../kit/browser.ts';
import { Member, PASSWORD } from '../kit/member.ts';
import { Network } from '../kit/network.ts';

useBrowser();

const fill = (app: App, label: string, text: string) => app.page.getByLabel(label, { exact: true }).fill(text);
const press = (app: App, name: string) => app.page.getByRole('button', { name, exact: true }).click();
const atTheDoor = (app: App) => app.page.getByRole('heading', { name: 'Sign in' }).waitFor();

async function signIn(app: App, email: string, password: string): Promise<void> {
  await fill(app, 'Email', email);
  await fill(app, 'Password', password);
  await press(app, 'Sign in');
}

test('signs up, out, and in again', async () => {
  const email = `ada+${randomUUID().slice(-12)}@example.com`;
  const app = await open(await device(null), '/all');
  await press(app, 'Create an account');
  await fill(app, 'Name', 'Ada Lovelace');
  await fill(app, 'Email', email);
  await fill(app, 'Password', 'password');
  await press(app, 'Create account');
  // One of the most common ones, which the server knows.
  await app.page.getByLabel('Password', { exact: true }).and(app.page.locator('[aria-invalid=true]')).waitFor();
  await fill(app, 'Password', PASSWORD);
  await press(app, 'Create account');
  await app.connection('live');
  await app.page.getByRole('button', { name: /^Ada Lovelace/ }).waitFor();
  await app.add('the first of mine');
  await app.sent();
  await app.page.reload();
  await app.sees('the first of mine');

  await signOut(app);
  await atTheDoor(app);
  await signIn(app, email, 'not the password');
  await app.page.getByRole('alert').waitFor();
  await signIn(app, email, PASSWORD);
  await app.connection('live');
  // Signing out has left the place as well.
  expect(new URL(app.page.url()).pathname).toBe('/');
  await app.page.goto(new URL('/all', app.page.url()).href);
  await app.sees('the first of mine');
});

test('the demo is a press of a button away', async () => {
  const app = await open(await device(null), '/all');
  await press(app, 'Try the demo');
  await app.sees('Welcome! Tick me off');
  await app.connection('live');
  await app.page.goto('/all?settings=account');
  await app.page.getByText('This is the demo').waitFor();
  expect(await app.page.getByLabel('Current password').count()).toBe(0);
});

test('a device that is signed out elsewhere is at the door at once', async () => {
  const ada = await Member.join();
  const one = await openFor(ada, '/all');
  const two = await open(await device(null), '/all');
  await signIn(two, ada.email, PASSWORD);
  for (const app of [one, two]) await app.connection('live');
  await one.page.goto('/all?settings=devices');
  await one.page.getByText('This device').waitFor();
  await press(one, 'Sign out');
  await two.page.getByText('Your session has ended.').waitFor();
  await expect.poll(() => one.page.locator('.device').count()).toBe(1);
  await one.connection('live');
});

test('a new password ends the other sessions, and the old one is refused', async () => {
  const ada = await Member.join();
  const app = await openFor(ada, '/all?settings=account');
  const other = await open(await device(null), '/all');
  await signIn(other, ada.email, PASSWORD);
  await other.connection('live');
  await fill(app, 'Current password', 'not this one');
  await fill(app, 'New password', 'another horse that types');
  await press(app, 'Change password');
  await app.page.getByText('Is not the password of this account.').waitFor();
  await fill(app, 'Current password', PASSWORD);
  await press(app, 'Change password');
  await app.page.getByText('Password changed').first().waitFor();
  await other.page.getByText('Your session has ended.').waitFor();
  await signIn(other, ada.email, PASSWORD);
  await other.page.getByRole('alert').waitFor();
  await signIn(other, ada.email, 'another horse that types');
  await other.connection('live');
  // This one goes on with its new session.
  await ada.add('after the change');
  await app.page.goto('/all');
  await app.sees('after the change');
  await app.connection('live');
});

test('an API token is shown once, works, and is revoked', async () => {
  const ada = await Member.join();
  const app = await openFor(ada, '/all?settings=tokens');
  await press(app, 'New API token');
  await fill(app, 'What is it for?', 'The printer');
  await app.page.getByRole('radio', { name: 'Read and change' }).click();
  await press(app, 'Create token');
  const token = await app.page.getByRole('textbox', { name: 'Token' }).inputValue();
  const add = (title: string) =>
    fetch(`${inject('url')}/api/${ada.id}/tasks`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ title }),
    });
  expect((await add('by the printer')).status).toBe(201);
  // Behind the dialog, which hides it from roles.
  await app.list.getByText('by the printer', { exact: true }).waitFor();
  await press(app, 'Done');
  expect(await app.page.getByRole('textbox', { name: 'Token' }).count()).toBe(0);
  await press(app, 'Revoke The printer');
  await app.page.getByRole('dialog', { name: 'Revoke “The printer”?' }).getByRole('button', { name: 'Revoke', exact: true }).click();
  await app.page.getByText('No API tokens yet').waitFor();
  expect((await add('no more')).status).toBe(401);
});

test('an account is deleted with all that was in it', async () => {
  const ada = await Member.join();
  const app = await openFor(ada, '/all?settings=account');
  await press(app, 'Delete account …');
  await fill(app, 'Password', PASSWORD);
  await press(app, 'Delete my account and all tasks');
  await atTheDoor(app);
  expect(await app.page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
  await signIn(app, ada.email, PASSWORD);
  await app.page.getByRole('alert').waitFor();
});

test('a restart of the server leaves the session as it was', async () => {
  const ada = await Member.join();
  const network = await Network.start({ ACCOUNTS: 'on', JWT_SECRET: '' });
  const app = await open(await device(ada, { url: network.url }), '/all');
  await app.connection('live');
  await network.killServer();
  await app.connection('offline');
  await app.add('while it was away');
  await network.startServer();
  await app.sent();
  await expect.poll(async () => (await ada.tasks()).map(({ title }) => title)).toEqual(['while it was away']);
});
