// @vitest-environment jsdom
// An undo belongs to the engine that made it.

import 'fake-indexeddb/auto';
import { client } from '@taskwire/client';
import { afterEach, expect, test, vi } from 'vitest';

import { completeTask } from './actions.ts';
import { Engine } from './engine.ts';
import { newId } from './ids.ts';
import { aTask, answer } from './outbox/kit.ts';
import { engine } from './session.ts';

vi.mock('@taskwire/client/live', () => ({ connectLive: () => ({ close: () => undefined }) }));

afterEach(() => engine.get()?.close());

async function signIn(): Promise<Engine> {
  engine.get()?.close();
  const next = new Engine({ user: newId(), getToken: () => Promise.resolve('t'), onSignedOut: () => undefined });
  engine.set(next);
  await next.start();
  return next;
}

test('is of no use to who signs in next', async () => {
  client.setConfig({
    baseUrl: 'http://taskwire.test',
    auth: 't',
    fetch: (input) => {
      const { method, url } = input as Request;
      if (method !== 'GET') return new Promise(() => undefined);
      return Promise.resolve(answer(200, url.includes('/projects') ? { projects: [], position: 'p' } : { tasks: [aTask('a', 'milk')], next_cursor: null }));
    },
  });
  await signIn();
  const undo = completeTask('a', true);
  const next = await signIn();
  const write = vi.spyOn(next, 'write');
  await expect(undo.undo()).rejects.toThrow();
  expect(write).not.toHaveBeenCalled();
});
