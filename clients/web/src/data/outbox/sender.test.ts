// How the outbox goes on when something on its way fails.

import { client } from '@taskwire/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { newId } from '../ids.ts';
import { aTask, answer, creation, problem, renaming } from './kit.ts';
import { Sender, type SenderHost, type Settled } from './sender.ts';
import type { Write } from './writes.ts';

let writes: Write[];
let settled: Settled[];
let requests: string[];
let server: (request: Request) => Response;

function hosted(more: Partial<SenderHost> = {}): SenderHost {
  return {
    user: 'ada',
    writes: () => writes,
    task: () => undefined,
    project: () => undefined,
    attempt: (ids) => Promise.resolve([...ids]),
    settle: (what) => {
      settled.push(what);
      const over = [...what.done.map(({ write }) => write.id), ...what.put.map(({ id }) => id)];
      writes = writes.filter(({ id }) => !over.includes(id));
      return Promise.resolve();
    },
    signedOut: vi.fn(),
    ...more,
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  [writes, settled, requests] = [[], [], []];
  client.setConfig({
    baseUrl: 'http://taskwire.test',
    fetch: (input) => {
      const request = input as Request;
      requests.push(`${request.method} ${new URL(request.url).pathname}`);
      return Promise.resolve(server(request));
    },
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('what cannot be noted on this device is tried again, and not given up', async () => {
  writes = [creation('milk')];
  server = () => answer(201, aTask('a', 'milk'));
  const attempt = vi.fn<SenderHost['attempt']>((ids) => Promise.resolve([...ids])).mockRejectedValueOnce(new Error('full'));
  const sender = new Sender(hosted({ attempt }));
  sender.nudge();
  await vi.advanceTimersByTimeAsync(100);
  expect(requests).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(requests).toHaveLength(1);
  expect(writes).toEqual([]);
  sender.close();
});

test('what cannot be written down of an outcome does not end the sending', async () => {
  writes = [creation('milk')];
  server = () => answer(201, aTask('a', 'milk'));
  const host = hosted();
  const settle = vi.fn(host.settle).mockRejectedValueOnce(new Error('full'));
  const sender = new Sender({ ...host, settle });
  sender.nudge();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(settle).toHaveBeenCalledTimes(2);
  expect(writes).toEqual([]);
  sender.close();
});

test('a look at what the server has that fails is waited for', async () => {
  writes = [renaming('a', 'milk', 'oat milk')];
  server = ({ method }) => (method === 'PATCH' ? problem(412, 'PRECONDITION_FAILED') : problem(503, 'UNAVAILABLE'));
  const sender = new Sender(hosted({ task: (id) => aTask(id, 'milk') }));
  sender.nudge();
  await vi.advanceTimersByTimeAsync(400);
  expect(requests).toEqual(['PATCH /api/ada/tasks/a', 'GET /api/ada/tasks/a']);
  server = ({ method }) => answer(200, aTask('a', method === 'PATCH' ? 'oat milk' : 'milk', 2));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(writes).toEqual([]);
  sender.close();
});

test('a refusal because somebody else is signed in takes nothing back', async () => {
  writes = [creation('milk')];
  server = ({ method }) => (method === 'POST' ? problem(403, 'FORBIDDEN') : answer(200, { user_id: 'bob' }));
  const host = hosted();
  const sender = new Sender(host);
  sender.nudge();
  await vi.advanceTimersByTimeAsync(100);
  expect(host.signedOut).toHaveBeenCalledOnce();
  expect(writes).toHaveLength(1);
  sender.close();
});

test('a refusal because the token may only read is one', async () => {
  writes = [creation('milk')];
  server = ({ method }) => (method === 'POST' ? problem(403, 'FORBIDDEN') : answer(200, { user_id: 'ada' }));
  const host = hosted();
  const sender = new Sender(host);
  sender.nudge();
  await vi.advanceTimersByTimeAsync(100);
  expect(host.signedOut).not.toHaveBeenCalled();
  expect(settled.at(-1)?.put).toMatchObject([{ state: 'refused', problem: { code: 'FORBIDDEN' } }]);
  sender.close();
});

test('deletions of several tasks are taken back in one batch, but a tree alone', async () => {
  const restoration = (id: string, along: number): Write => ({
    id: newId(), group: 'g', op: { op: 'restore', id, kind: 'task' }, title: id, state: 'queued', attempted: false,
    effects: Array.from({ length: along + 1 }, (_, at) => ({ kind: 'task', id: `${id}${at}`, put: null })),
  });
  writes = [restoration('a', 0), restoration('b', 0), restoration('c', 2)];
  const bodies: unknown[] = [];
  server = (request) => {
    if (!request.url.endsWith('/batch')) return answer(200, { project: null, tasks: [aTask('c', 'tea')], count: 3 });
    void request.clone().json().then((body: unknown) => bodies.push(body));
    return answer(200, { repeated: false, results: ['a', 'b'].map((id) => ({ status: 200, task_id: id, task: aTask(id, id), count: 1 })) });
  };
  const sender = new Sender(hosted());
  sender.nudge();
  await vi.advanceTimersByTimeAsync(100);
  expect(requests).toEqual(['POST /api/ada/tasks/batch', 'POST /api/ada/trash/c/restore']);
  expect(bodies).toMatchObject([{ operations: [{ op: 'restore', id: 'a' }, { op: 'restore', id: 'b' }] }]);
  expect(settled.flatMap(({ done }) => done.flatMap(({ tasks }) => tasks.map(({ id }) => id)))).toEqual(['a', 'b', 'c']);
  sender.close();
});
