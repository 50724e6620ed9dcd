// @vitest-environment jsdom
// The engine on a device that keeps nothing.

import 'fake-indexeddb/auto';
import { client } from '@taskwire/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Engine } from './engine.ts';
import { newId } from './ids.ts';
import { aTask, answer, creation, renaming } from './outbox/kit.ts';
import { Storage } from './replica/storage.ts';

vi.mock('@taskwire/client/live', () => ({ connectLive: () => ({ close: () => undefined }) }));

let sent: string[];
let engine: Engine;

beforeEach(() => {
  sent = [];
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  client.setConfig({
    baseUrl: 'http://taskwire.test',
    fetch: async (input) => {
      const request = input as Request;
      const { pathname } = new URL(request.url);
      if (request.method === 'GET') {
        return answer(200, pathname.endsWith('/projects') ? { projects: [], position: 'p' } : { tasks: [aTask('a', 'milk')], next_cursor: null });
      }
      const { title } = (await request.json()) as { title: string };
      sent.push(title);
      return answer(200, aTask('a', title, 2));
    },
  });
  engine = new Engine({ user: newId(), getToken: () => Promise.resolve('t'), onSignedOut: () => undefined });
});

afterEach(() => {
  engine.close();
  vi.restoreAllMocks();
});

test('an edit that cannot be written down is shown, sent, and told to be in memory only', async () => {
  await engine.start();
  vi.spyOn(Storage.prototype, 'change').mockRejectedValue(new DOMException('full', 'QuotaExceededError'));
  vi.spyOn(Storage.prototype, 'save').mockRejectedValue(new DOMException('full', 'QuotaExceededError'));
  const kept: boolean[] = [];
  engine.connection.subscribe(() => kept.push(engine.connection.get().kept));
  await engine.write([renaming('a', 'milk', 'oat milk')]);
  expect(kept).toContain(false);
  await vi.waitFor(() => expect(sent).toEqual(['oat milk']));
  await vi.waitFor(() => expect(engine.outbox.get()).toEqual([]));
  expect(engine.tasks.get().get('a')?.title).toBe('oat milk');
});

test('works in memory where there is no database', async () => {
  vi.spyOn(indexedDB, 'open').mockImplementation(() => {
    throw new DOMException('not here', 'SecurityError');
  });
  await engine.start();
  expect(engine.tasks.get().ready).toBe(true);
  await engine.write([creation('bread')]);
  await vi.waitFor(() => expect(sent).toEqual(['bread']));
});

test('the copy on this device is saved again after an edit was sent', async () => {
  await engine.start();
  await engine.write([renaming('a', 'milk', 'oat milk')]);
  await vi.waitFor(() => expect(engine.outbox.get()).toEqual([]));
  const save = vi.spyOn(Storage.prototype, 'save');
  (engine as unknown as { saveSoon(): void }).saveSoon();
  await vi.waitFor(() => expect(save).toHaveBeenCalled());
});
