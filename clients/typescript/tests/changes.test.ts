// Changes arrive typed, in order, once and one at a time, and never those of another user.

import { createTask, deleteTask, listTasks, updateTask } from '@taskwire/client';
import WS from 'ws';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

import { Server } from './kit/program.js';
import { User } from './kit/user.js';

let server: Server;
beforeAll(async () => {
  server = await Server.start({ DATABASE_URL: inject('databaseUrl') });
});
afterAll(() => server.stop());

describe.each([
  ['of ws', WS],
  ['as browsers have it', undefined],
])('with the WebSocket %s', (_, WebSocket) => {
  test('creating, updating and deleting a task arrive', async () => {
    const user = new User();
    const at = user.at(server.url);
    const { data: list } = await listTasks(at);
    const follower = user.follow(server.url, { WebSocket, position: list.position });
    await follower.state('live');

    const { data: created } = await createTask({ ...at, body: { title: 'Buy milk' } });
    const path = { ...at.path, task_id: created.id };
    const { data: updated } = await updateTask({ ...at, path, body: { completed: true } });
    await deleteTask({ ...at, path });
    await follower.arrived(3);

    const [first, second, third] = follower.changes;
    expect(first).toMatchObject({ type: 'task.created', seq: 1, task: created });
    expect(second).toMatchObject({ type: 'task.updated', seq: 2, task: updated });
    expect(third).toMatchObject({ type: 'task.deleted', seq: 3, task_id: created.id });
    expect(follower.states).toEqual(['catching-up', 'live']);
    await follower.until(() => follower.live.position === third?.position);
    expect(follower.errors).toEqual([]);
  });
});

test('changes since a position arrive before the channel is live', async () => {
  const user = new User();
  const at = user.at(server.url);
  const { data: list } = await listTasks(at);
  // More than the server reads in one page.
  for (let n = 1; n <= 120; n++) await createTask({ ...at, body: { title: `Task ${n}` } });
  const seen: string[] = [];
  const follower = user.follow(server.url, {
    position: list.position,
    onChange: (change) => void seen.push(`${change.seq} ${follower.live.state}`),
  });
  await follower.state('live');
  expect(seen).toEqual(Array.from({ length: 120 }, (_, n) => `${n + 1} catching-up`));
});

test('without a position the channel begins now', async () => {
  const user = new User();
  const at = user.at(server.url);
  await createTask({ ...at, body: { title: 'Before' } });
  const follower = user.follow(server.url);
  await follower.state('live');
  const { data: list } = await listTasks(at);
  expect(follower.live.position).toBe(list.position);
  await createTask({ ...at, body: { title: 'After' } });
  await follower.arrived(1);
  expect(follower.titles).toEqual(['After']);
});

test('changes are delivered one at a time, however long that takes', async () => {
  const user = new User();
  const at = user.at(server.url);
  let running = 0;
  const follower = user.follow(server.url, {
    onChange: async () => {
      expect(++running).toBe(1);
      // Long enough for all others to arrive.
      await listTasks(at);
      running--;
    },
  });
  await follower.state('live');
  await Promise.all(Array.from({ length: 20 }, (_, n) => createTask({ ...at, body: { title: `Task ${n}` } })));
  await follower.arrived(20);
  expect(follower.numbers).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  expect(follower.errors).toEqual([]);
});

test('an error of the application is reported, and the next change still comes', async () => {
  const user = new User();
  const at = user.at(server.url);
  const follower = user.follow(server.url, {
    onChange: (change) => {
      if (change.seq === 1) throw new Error('a mistake in the application');
    },
  });
  await follower.state('live');
  await createTask({ ...at, body: { title: 'One' } });
  await createTask({ ...at, body: { title: 'Two' } });
  await follower.arrived(1);
  expect(follower.titles).toEqual(['Two']);
  expect(follower.errors).toEqual([new Error('a mistake in the application')]);
});

test("another user's changes do not arrive", async () => {
  const [ada, bob] = [new User(), new User()];
  const follower = ada.follow(server.url);
  await follower.state('live');
  await createTask({ ...bob.at(server.url), body: { title: "Bob's" } });
  await createTask({ ...ada.at(server.url), body: { title: "Ada's" } });
  await follower.arrived(1);
  expect(follower.titles).toEqual(["Ada's"]);
});

test('a closed channel calls nothing any more', async () => {
  const user = new User();
  const at = user.at(server.url);
  const witness = user.follow(server.url);
  const follower = user.follow(server.url, { onChange: () => follower.live.close() });
  await Promise.all([witness.state('live'), follower.state('live')]);
  await createTask({ ...at, body: { title: 'One' } });
  await createTask({ ...at, body: { title: 'Two' } });
  await witness.arrived(2);
  expect(follower.titles).toEqual(['One']);
  expect(follower.states).toEqual(['live']);
  expect(() => follower.live.retry()).not.toThrow();
});
