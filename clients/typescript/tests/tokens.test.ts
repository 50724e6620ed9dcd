// The channel asks for tokens when it needs them, renews them before they expire, and drops
// rejected ones.

import { createTask } from '@taskwire/client';
import { afterAll, beforeAll, beforeEach, expect, inject, onTestFinished, test } from 'vitest';

import { Server } from './kit/program.js';
import { Proxy } from './kit/proxy.js';
import { User } from './kit/user.js';

let server: Server;
let proxy: Proxy;
beforeAll(async () => {
  server = await Server.start({ DATABASE_URL: inject('databaseUrl') });
});
afterAll(() => server.stop());
beforeEach(async () => {
  const mine = await Proxy.start(server.port);
  onTestFinished(() => mine.stop());
  proxy = mine;
});

test('a token is renewed before it expires, and the connection stays open', async () => {
  const user = new User();
  const asked: boolean[] = [];
  const follower = user.follow(proxy.url, {
    getToken: async ({ fresh }) => {
      asked.push(fresh);
      // The first two expire soon, the third does not.
      return user.token(asked.length < 3 ? 4 : 3600);
    },
  });
  await follower.state('live');
  // This user has only one token, so the channel ends with it, after the tokens of the other user.
  const only = user.token(5);
  const witness = user.follow(server.url, { getToken: () => only });
  await witness.state('signed-out');
  await createTask({ ...user.at(server.url), body: { title: 'Still there' } });
  await follower.arrived(1);
  expect(asked).toEqual([false, true, true]);
  expect(follower.states).toEqual(['live']);
  expect(proxy.count).toBe(1);
});

test('an expired token is replaced by a new one', async () => {
  const user = new User();
  const asked: boolean[] = [];
  const follower = user.follow(proxy.url, {
    getToken: ({ fresh }) => {
      asked.push(fresh);
      return user.token(fresh ? 3600 : -60);
    },
  });
  await follower.state('live');
  expect(asked).toEqual([false, true]);
  expect(follower.states).toEqual(['live']);
  expect(follower.errors).toEqual([]);
});

test('a channel is signed out after two rejected tokens', async () => {
  const user = new User();
  const follower = user.follow(proxy.url, { getToken: () => user.token(-60) });
  await follower.until(() => follower.errors.length === 1);
  expect(follower.errors[0]).toMatchObject({ name: 'LiveError', code: 4401 });
  expect(follower.states).toEqual(['signed-out']);
  expect(proxy.count).toBe(2);
});

test('a rejected token is not tried a second time', async () => {
  const user = new User();
  const only = user.token(-60);
  const follower = user.follow(proxy.url, { getToken: () => only });
  await follower.state('signed-out');
  expect(proxy.count).toBe(1);
});

test('without a token the channel is signed out before it connects', async () => {
  const user = new User();
  const follower = user.follow(proxy.url, { getToken: () => null });
  await follower.state('signed-out');
  expect(proxy.count).toBe(0);
  expect(follower.errors).toEqual([]);
});

test('a channel without a new token is signed out when the old one ends soon', async () => {
  const user = new User();
  const follower = user.follow(proxy.url, { getToken: ({ fresh }) => (fresh ? undefined : user.token(30)) });
  await follower.state('signed-out');
  expect(follower.errors).toEqual([]);
});

test("another user's token signs the channel out", async () => {
  const [ada, bob] = [new User(), new User()];
  const follower = ada.follow(proxy.url, { getToken: () => bob.token() });
  await follower.until(() => follower.errors.length === 1);
  expect(follower.errors[0]).toMatchObject({ name: 'LiveError', code: 4403 });
  expect(follower.states).toEqual(['signed-out']);
  expect(proxy.count).toBe(1);
});

test('if no token can be had now, the channel is offline and asks again', async () => {
  const user = new User();
  let asked = 0;
  const follower = user.follow(proxy.url, {
    getToken: async () => {
      if (++asked < 3) throw new Error('the identity provider does not answer');
      return user.token();
    },
  });
  await follower.state('live');
  expect(follower.states).toEqual(['offline', 'live']);
  expect(follower.errors).toHaveLength(2);
});
