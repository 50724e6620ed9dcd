// Which answers count as the server's own.

import { client, deleteTask, exportData, getSession, getTask } from '@taskwire/client';
import { expect, test } from 'vitest';

import { ask } from './http.ts';
import { answer, problem } from './outbox/kit.ts';
import * as accounts from './session/accounts.ts';

const page = (status: number) => new Response('<h1>Nothing here</h1>', { status, headers: { 'Content-Type': 'text/html' } });

function serve(response: Response): void {
  client.setConfig({ baseUrl: 'http://taskwire.test', fetch: () => Promise.resolve(response) });
}

const path = { user_id: 'ada', task_id: 'a' };

test.each([400, 401, 403, 404, 410, 412, 502])('a page with %i settles nothing', async (status) => {
  serve(page(status));
  expect(await ask(deleteTask({ path }))).toMatchObject({ kind: 'later' });
});

test('a page with 200 is no data', async () => {
  serve(page(200));
  expect(await ask(getTask({ path }))).toEqual({ kind: 'later', wait: 0 });
  serve(page(200));
  expect(await ask(exportData({ path: { user_id: 'ada' }, query: { format: 'csv' }, parseAs: 'blob' }))).toEqual({ kind: 'later', wait: 0 });
});

test('what the server says itself holds', async () => {
  serve(problem(404, 'NOT_FOUND'));
  expect(await ask(deleteTask({ path }))).toMatchObject({ kind: 'refused', problem: { code: 'NOT_FOUND' } });
  serve(problem(401, 'UNAUTHORIZED'));
  expect(await ask(deleteTask({ path }))).toMatchObject({ kind: 'signed-out' });
  serve(new Response(null, { status: 204 }));
  expect(await ask(deleteTask({ path }))).toMatchObject({ kind: 'ok' });
  serve(answer(200, null));
  expect(await ask(getSession())).toMatchObject({ kind: 'ok', data: null });
});

test('nobody is signed out by a proxy', async () => {
  serve(problem(401, 'UNAUTHORIZED'));
  expect(await accounts.accessToken()).toBeNull();
  serve(problem(404, 'NOT_FOUND'));
  expect(await accounts.current()).toBeNull();
  for (const status of [401, 403, 404]) {
    serve(page(status));
    await expect(accounts.accessToken()).rejects.toThrow();
    serve(page(status));
    await expect(accounts.current()).rejects.toThrow();
  }
});
