// Edits that the device does not take are edits all the same.

import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { newId } from '../ids.ts';
import { Storage } from '../replica/storage.ts';
import { Keeper } from './keeper.ts';
import { creation } from './kit.ts';
import { Queue } from './queue.ts';

let storage: Storage;
let queue: Queue;
let keeper: Keeper;
let leading: boolean;
const told: boolean[] = [];

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  storage = new Storage(newId());
  queue = new Queue();
  leading = true;
  told.length = 0;
  keeper = new Keeper(storage, queue, { leading: () => leading, tell: (kept) => told.push(kept) });
});

afterEach(() => {
  keeper.close();
  storage.close();
  vi.restoreAllMocks();
});

const fail = () => vi.spyOn(storage, 'change').mockRejectedValueOnce(new DOMException('full', 'QuotaExceededError'));

test('an edit that is only in memory is there to be sent, and is written with the next', async () => {
  const [first, second] = [creation('milk'), creation('bread')];
  fail();
  queue.keep(first);
  expect(await keeper.change({ put: [first] })).toBe(false);
  expect(told.at(-1)).toBe(false);
  expect(await keeper.attempt([first.id])).toEqual([first.id]);
  queue.keep(second);
  expect(await keeper.change({ put: [second] })).toBe(true);
  expect(told.at(-1)).toBe(true);
  expect((await storage.load()).writes.map(({ title }) => title)).toEqual(['milk', 'bread']);
});

test('an edit that another page took back is not sent', async () => {
  const write = creation('milk');
  queue.keep(write);
  await keeper.change({ put: [write] });
  await storage.cancel([write.id]);
  expect(await keeper.attempt([write.id])).toEqual([]);
});

test('what is only in memory is taken back by the page that sends alone', async () => {
  const write = creation('milk');
  fail();
  queue.keep(write);
  await keeper.change({ put: [write] });
  leading = false;
  expect(await keeper.cancel([write.id])).toEqual([]);
  leading = true;
  expect(await keeper.cancel([write.id])).toEqual([write.id]);
  expect(told.at(-1)).toBe(true);
});

test('an edit that is over leaves the outbox later if it cannot now', async () => {
  const write = creation('milk');
  queue.keep(write);
  await keeper.change({ put: [write] });
  fail();
  queue.drop(write.id);
  await keeper.change({ remove: [write.id] });
  expect((await storage.load()).writes).toHaveLength(1);
  keeper.again();
  await vi.waitFor(async () => expect((await storage.load()).writes).toEqual([]));
});
