// A connection to the database that ends before the page does.

import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';

import { newId } from '../ids.ts';
import { creation } from '../outbox/kit.ts';
import { Storage } from './storage.ts';

/** Closes what is open, as the browser does when a newer version wants in or the disk fails. */
const cut = (storage: Storage) => (storage as unknown as { opening: Promise<IDBDatabase> }).opening.then((db) => db.close());

test('is opened again when it was closed from outside', async () => {
  const storage = new Storage(newId());
  await storage.change({ put: [creation('milk')] });
  await cut(storage);
  await storage.change({ put: [creation('bread')] });
  expect((await storage.load()).writes.map(({ title }) => title)).toEqual(['milk', 'bread']);
  storage.close();
});

test('does not come back once the user is forgotten', async () => {
  const user = newId();
  const storage = new Storage(user);
  await storage.change({ put: [creation('milk')] });
  await Storage.forget(user);
  await expect(storage.change({ put: [creation('bread')] })).rejects.toThrow();
  expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain(`taskwire:${user}`);
  storage.close();
});

test('is not opened again by a page that has closed it', async () => {
  const storage = new Storage(newId());
  await storage.load();
  storage.close();
  await expect(storage.load()).rejects.toThrow();
});

test('keeps another user as long as there is something to send', async () => {
  const [ada, bob, me] = [newId(), newId(), newId()];
  for (const user of [ada, bob]) {
    const storage = new Storage(user);
    await storage.change({ put: user === bob ? [creation('milk')] : [] });
    storage.close();
  }
  await Storage.forgetOthers(me);
  const names = (await indexedDB.databases()).map(({ name }) => name);
  expect(names).toContain(`taskwire:${bob}`);
  expect(names).not.toContain(`taskwire:${ada}`);
});
