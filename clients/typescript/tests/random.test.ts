// A long random run: two servers with writers on both, connections that are cut or fall silent, and
// servers that are killed or stopped. In the end, a client's list plus its changes must equal the
// server's list, and no change may arrive twice or out of order.
//
// RANDOM_STEPS sets the length, and RANDOM_SEED repeats the steps of a run.

import { randomUUID } from 'node:crypto';

import { type Change, type Task, createTask, deleteTask, listTasks, updateTask } from '@taskwire/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { Server } from './kit/program.js';
import { Proxy } from './kit/proxy.js';
import { type Follower, User } from './kit/user.js';

const STEPS = Number(process.env['RANDOM_STEPS'] ?? 600);
const SEED = Number(process.env['RANDOM_SEED'] ?? Date.now() % 1_000_000);

/** A seeded generator of numbers from 0 to 1 (mulberry32). */
function generator(seed: number) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

let servers: Server[];
beforeAll(async () => {
  const settings = { DATABASE_URL: inject('databaseUrl'), HEARTBEAT_INTERVAL: '1s', DRAIN_TIME: '100ms' };
  servers = [await Server.start(settings), await Server.start(settings)];
});
afterAll(async () => {
  for (const server of servers) await server.stop();
});

async function listAll(user: User, url: string) {
  const tasks: Task[] = [];
  let cursor: string | undefined;
  let position: string | undefined;
  do {
    const { data } = await listTasks({ ...user.at(url), query: { limit: 200, ...(cursor && { cursor }) } });
    tasks.push(...data.tasks);
    position ??= data.position;
    cursor = data.next_cursor ?? undefined;
  } while (cursor);
  return { tasks, position: position! };
}

/** Applies changes to a list, as every application does. */
class Replica {
  readonly tasks = new Map<string, Task>();

  apply(change: Change) {
    switch (change.type) {
      case 'task.deleted':
        this.tasks.delete(change.task_id);
        break;
      default:
        if ('task' in change) this.tasks.set(change.task.id, change.task);
    }
  }

  get sorted() {
    return [...this.tasks.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}

test(`${STEPS} random steps, seed ${SEED}`, { timeout: 60_000 + STEPS * 200 }, async () => {
  const random = generator(SEED);
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T;
  const user = new User();
  const proxies = await Promise.all([0, 1, 2].map((n) => Proxy.start(servers[n % 2]!.port)));
  const followers: { follower: Follower; replica: Replica; first: number }[] = [];

  const follow = async (slow: boolean) => {
    const replica = new Replica();
    const list = await listAll(user, servers[0]!.url);
    for (const task of list.tasks) replica.tasks.set(task.id, task);
    const follower = user.follow(pick(proxies).url, {
      position: list.position,
      heartbeatInterval: 1500,
      onChange: async (change) => {
        if (slow) await new Promise(setImmediate);
        replica.apply(change);
      },
      // This run loses no history, so no reset may come.
      onReset: (reason) => Promise.reject(new Error(reason)),
    });
    followers.push({ follower, replica, first: Math.max(0, ...list.tasks.map((task) => task.version)) });
  };

  await follow(false);
  await follow(true);
  const ids: string[] = [];
  const writes: Promise<unknown>[] = [];
  for (let step = 0; step < STEPS; step++) {
    const [what, at] = [random(), user.at(pick(servers).url)];
    const task = { ...at, path: { ...at.path, task_id: pick(ids) ?? randomUUID() } };
    const title = `Step ${step}`;
    if (what < 0.03) pick(proxies).cut();
    else if (what < 0.04) pick(proxies).silence();
    else if (what < 0.05) await pick(servers).restart(pick(['SIGKILL', 'SIGTERM']));
    else if (what < 0.06) pick(proxies).to = pick(servers).port;
    else if (what < 0.07 && followers.length < 6) await follow(random() < 0.5);
    else {
      const write =
        what < 0.4
          ? createTask({ ...at, body: { id: (ids[ids.length] = randomUUID()), title } })
          : what < 0.8
            ? updateTask({ ...task, body: random() < 0.5 ? { title } : { completed: random() < 0.5 } })
            : deleteTask(task);
      const settled = write.catch((error: unknown) => {
        // A missing task is no error here, and a request to a killed server may have succeeded.
        if (!(error instanceof TypeError) && (error as { code?: string }).code !== 'NOT_FOUND') throw error;
      });
      writes.push(settled);
      // Some writes are sequential, some concurrent.
      if (random() < 0.7) await settled;
    }
  }

  await Promise.all(writes);
  // One more change after everything else, which every client must receive.
  await createTask({ ...user.at(servers[0]!.url), body: { title: 'The last' } });
  const list = await listAll(user, servers[1]!.url);
  for (const { follower, replica, first } of followers) {
    await follower.until(() => follower.live.position === list.position);
    expect(replica.sorted).toEqual(list.tasks.sort((a, b) => (a.id < b.id ? -1 : 1)));
    const start = follower.numbers[0]!;
    expect(start).toBeGreaterThan(first);
    expect(follower.numbers).toEqual(follower.numbers.map((_, n) => start + n));
    expect(follower.errors).toEqual([]);
    expect(follower.resets).toEqual([]);
  }
  console.log(
    `seed ${SEED}: ${Math.max(...list.tasks.map((task) => task.version))} changes, ${followers.length} clients, ` +
      `${proxies.reduce((sum, proxy) => sum + proxy.count, 0)} connections`,
  );
  for (const proxy of proxies) proxy.stop();
});
