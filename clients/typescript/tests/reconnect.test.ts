// Connections break and servers stop; the channel continues from its position.

import { createTask, listTasks } from '@taskwire/client';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';

import { Server } from './kit/program.js';
import { Proxy } from './kit/proxy.js';
import { User } from './kit/user.js';

let server: Server;
beforeAll(async () => {
  server = await Server.start({ DATABASE_URL: inject('databaseUrl'), HEARTBEAT_INTERVAL: '1s' });
});
afterAll(() => server.stop());

async function proxied(to = server) {
  const proxy = await Proxy.start(to.port);
  onTestFinished(() => proxy.stop());
  return proxy;
}

async function anotherServer() {
  const other = await Server.start({ DATABASE_URL: inject('databaseUrl'), DRAIN_TIME: '0s' });
  onTestFinished(() => other.stop());
  return other;
}

test('a dropped connection is restored, and nothing is missed or repeated', async () => {
  const proxy = await proxied();
  const user = new User();
  const at = user.at(server.url);
  const follower = user.follow(proxy.url);
  await follower.state('live');
  for (let round = 1; round <= 3; round++) {
    await createTask({ ...at, body: { title: 'Connected' } });
    await follower.arrived(2 * round - 1);
    proxy.cut();
    await createTask({ ...at, body: { title: 'Cut off' } });
    await follower.arrived(2 * round);
    await follower.state('live');
  }
  expect(follower.numbers).toEqual([1, 2, 3, 4, 5, 6]);
  expect(follower.states.slice(0, 4)).toEqual(['live', 'connecting', 'catching-up', 'live']);
  expect(follower.states).not.toContain('offline');
  expect(follower.errors).toEqual([]);
});

test('without a server the channel is offline, until there is one again', async () => {
  const proxy = await proxied();
  const user = new User();
  const follower = user.follow(proxy.url);
  await follower.state('live');
  proxy.to = undefined;
  proxy.cut();
  await follower.state('offline');
  await createTask({ ...user.at(server.url), body: { title: 'Meanwhile' } });
  proxy.to = server.port;
  follower.live.retry();
  await follower.state('live');
  expect(follower.titles).toEqual(['Meanwhile']);
  expect(follower.states).toEqual(['live', 'connecting', 'offline', 'catching-up', 'live']);
});

test('a silent connection is closed', async () => {
  const proxy = await proxied();
  const user = new User();
  const follower = user.follow(proxy.url, { heartbeatInterval: 1500 });
  await follower.state('live');
  proxy.silence();
  await createTask({ ...user.at(server.url), body: { title: 'Into the void' } });
  await follower.arrived(1);
  await follower.state('live');
  expect(proxy.count).toBe(2);
});

test('heartbeats keep an idle connection open', async () => {
  const proxy = await proxied();
  const user = new User();
  const [idle, other] = [user.follow(proxy.url, { heartbeatInterval: 1500 }), user.follow(server.url)];
  await Promise.all([idle.state('live'), other.state('live')]);
  // The silence of the other connection is detected after twice that time, which shows that it has
  // passed.
  const silent = await proxied();
  const clock = user.follow(silent.url, { heartbeatInterval: 2000 });
  await clock.state('live');
  silent.silence();
  await clock.state('connecting');
  expect(proxy.count).toBe(1);
  expect(idle.states).toEqual(['live']);
});

test.each(['SIGKILL', 'SIGTERM'] as const)('a server that ends by %s and starts again is rejoined', async (signal) => {
  const own = await anotherServer();
  const user = new User();
  const at = user.at(own.url);
  const follower = user.follow(own.url);
  await follower.state('live');
  await createTask({ ...at, body: { title: 'Before' } });
  await follower.arrived(1);
  await own.restart(signal);
  await createTask({ ...at, body: { title: 'After' } });
  await follower.arrived(2);
  await follower.state('live');
  expect(follower.titles).toEqual(['Before', 'After']);
  expect(follower.errors).toEqual([]);
});

test('a channel can move between two servers on one database', async () => {
  const other = await anotherServer();
  const proxy = await proxied();
  const user = new User();
  const follower = user.follow(proxy.url);
  await follower.state('live');
  await createTask({ ...user.at(other.url), body: { title: 'On the other one' } });
  await follower.arrived(1);
  proxy.to = other.port;
  proxy.cut();
  await createTask({ ...user.at(server.url), body: { title: 'On the first one' } });
  await follower.arrived(2);
  expect(follower.titles).toEqual(['On the other one', 'On the first one']);
});

test('a change whose delivery outlasts its connection is not delivered twice', async () => {
  const proxy = await proxied();
  const user = new User();
  const at = user.at(server.url);
  const follower = user.follow(proxy.url, {
    onChange: async (change) => {
      if (change.seq !== 1) return;
      proxy.cut();
      await follower.state('connecting');
      await createTask({ ...at, body: { title: 'Two' } });
    },
  });
  await follower.state('live');
  await createTask({ ...at, body: { title: 'One' } });
  await follower.arrived(2);
  expect(follower.titles).toEqual(['One', 'Two']);
});

test('too many sockets of one user: the last one waits long, unless told to try', async () => {
  const own = await Server.start({ DATABASE_URL: inject('databaseUrl'), SOCKETS_PER_USER: '1' });
  onTestFinished(() => own.stop());
  const user = new User();
  const first = user.follow(own.url);
  await first.state('live');
  const second = user.follow(own.url);
  await second.until(() => second.errors.length === 1);
  expect(second.errors[0]).toMatchObject({ name: 'LiveError', code: 4429 });
  expect(second.live.state).toBe('offline');
  first.live.close();
  // The server may notice the end of the first socket a little later.
  const retrying = setInterval(() => second.live.retry(), 50);
  onTestFinished(() => clearInterval(retrying));
  await second.state('live');
});

test('an invalid position is an error and is not tried again', async () => {
  const proxy = await proxied();
  const user = new User();
  const follower = user.follow(proxy.url, { position: 'somewhere' });
  await follower.until(() => follower.errors.length === 1);
  expect(follower.errors[0]).toMatchObject({ name: 'LiveError', code: 4400 });
  expect(follower.live.state).toBe('offline');
  follower.live.retry();
  await listTasks(user.at(proxy.url));
  // One connection for the channel, one for the list.
  expect(proxy.count).toBe(2);
});
