// If the application's position cannot be continued, the channel asks it to list again.

import { createTask, listTasks } from '@taskwire/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startWithPostgres, taskwire } from './kit/program.js';
import { User } from './kit/user.js';

// These tests have a separate database, because a new history affects all users.
let started: Awaited<ReturnType<typeof startWithPostgres>>;
let url: string;
beforeAll(async () => {
  started = await startWithPostgres();
  url = started.server.url;
});
afterAll(() => started.stop());

const newHistory = () => taskwire(['new-history'], { DATABASE_URL: started.databaseUrl });

/** A user with a task, and a position that cannot be continued. */
async function userWithLostPosition() {
  const [user, other] = [new User(), new User()];
  await createTask({ ...other.at(url), body: { title: "The other's" } });
  const { data: list } = await listTasks(other.at(url));
  await createTask({ ...user.at(url), body: { title: 'One' } });
  return { user, at: user.at(url), position: list.position };
}

test('a position of another user is not continued', async () => {
  const { user, at, position } = await userWithLostPosition();
  const follower = user.follow(url, { position });
  await follower.state('live');
  expect(follower.resets).toEqual(['history_changed']);
  expect(follower.states).toEqual(['catching-up', 'live']);
  const { data: list } = await listTasks(at);
  expect(follower.live.position).toBe(list.position);
  await createTask({ ...at, body: { title: 'Two' } });
  await follower.arrived(1);
  expect(follower.titles).toEqual(['Two']);
});

test('changes during a list arrive after the list', async () => {
  const { user, at, position } = await userWithLostPosition();
  const follower = user.follow(url, {
    position,
    onReset: async () => {
      await createTask({ ...at, body: { title: 'Two' } });
      // The change is not lost if the application ends now.
      expect(follower.live.position).toBe(position);
      expect(follower.live.state).toBe('catching-up');
      expect(follower.changes).toEqual([]);
    },
  });
  await follower.arrived(1);
  await follower.state('live');
  expect(follower.titles).toEqual(['Two']);
  expect(follower.errors).toEqual([]);
});

test('the channel continues exactly from the returned position of the list', async () => {
  const { user, at, position } = await userWithLostPosition();
  const listed: string[] = [];
  const follower = user.follow(url, {
    position,
    onReset: async () => {
      await createTask({ ...at, body: { title: 'Listed' } });
      const { data: list } = await listTasks(at);
      listed.push(...list.tasks.map((task) => task.title));
      await createTask({ ...at, body: { title: 'Not listed' } });
      return list.position;
    },
  });
  await follower.state('live');
  expect(listed).toEqual(['Listed', 'One']);
  expect(follower.titles).toEqual(['Not listed']);
  expect(follower.resets).toHaveLength(1);
});

test('an application that failed to list is asked again', async () => {
  const { user, position } = await userWithLostPosition();
  const follower = user.follow(url, {
    position,
    onReset: () => {
      if (follower.resets.length === 1) throw new Error('the list did not come');
    },
  });
  await follower.state('live');
  expect(follower.resets).toEqual(['history_changed', 'history_changed']);
  expect(follower.errors).toEqual([new Error('the list did not come')]);
});

test('a new history reaches a channel that is live', async () => {
  const user = new User();
  const at = user.at(url);
  const follower = user.follow(url, {
    onReset: async () => (await listTasks(at)).data.position,
  });
  await follower.state('live');
  await createTask({ ...at, body: { title: 'Before' } });
  await follower.arrived(1);
  await newHistory();
  await started.server.restart('SIGTERM');
  await follower.until(() => follower.resets.length === 1);
  await follower.state('live');
  await createTask({ ...at, body: { title: 'After' } });
  await follower.arrived(2);
  expect(follower.titles).toEqual(['Before', 'After']);
});
