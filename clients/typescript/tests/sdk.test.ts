// The generated client is complete, has the contract's types, and works.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import * as sdk from '@taskwire/client';
import { listTasksOptions } from '@taskwire/client/react-query';
import { QueryClient } from '@tanstack/react-query';
import { afterAll, beforeAll, expect, expectTypeOf, inject, test } from 'vitest';
import { parse } from 'yaml';

import { Server } from './kit/program.js';
import { User } from './kit/user.js';

let server: Server;
beforeAll(async () => {
  server = await Server.start({ DATABASE_URL: inject('databaseUrl') });
});
afterAll(() => server.stop());

test('each operation except the WebSocket has a function', () => {
  const contract = parse(readFileSync(new URL('../../../openapi.yaml', import.meta.url), 'utf8'));
  const operations = Object.values<Record<string, { operationId?: string; responses: object }>>(contract.paths)
    .flatMap((path) => Object.values(path))
    .filter(({ operationId }) => operationId);
  expect(operations.length).toBeGreaterThan(5);
  for (const { operationId, responses } of operations) {
    const name = operationId!.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    expect([name, name in sdk]).toEqual([name, !('101' in responses)]);
  }
});

test('every number has the type number', () => {
  const generated = fileURLToPath(new URL('../src/generated', import.meta.url));
  const files = readdirSync(generated, { recursive: true, encoding: 'utf8' }).filter((name) => name.startsWith('types.gen'));
  expect(files).toHaveLength(1);
  expect(readFileSync(`${generated}/${files[0]}`, 'utf8')).not.toMatch(/bigint/i);
  expectTypeOf<sdk.Seq>().toEqualTypeOf<number>();
});

test('it reports its contract, which is that of the server', async () => {
  const served = await (await fetch(`${server.url}/openapi.yaml`)).text();
  expect(sdk.CONTRACT_SHA256).toBe(createHash('sha256').update(served).digest('hex'));
  expect(sdk.CONTRACT_VERSION).toBe(parse(served).info.version);
});

test('operations return the types of the contract', async () => {
  const { client, path } = new User().at(server.url);
  const created = await sdk.createTask({ client, path, body: { title: 'Buy milk', description: null } });
  expect(created.response.status).toBe(201);
  const task = created.data!;
  expectTypeOf(task.description).toEqualTypeOf<string | null>();
  const renamed = await sdk.updateTask({
    client,
    path: { ...path, task_id: task.id },
    headers: { 'If-Match': created.response.headers.get('ETag')! },
    body: { title: 'Buy oat milk' },
  });
  expect(renamed.data).toMatchObject({ title: 'Buy oat milk', description: null });

  const refused = await sdk.updateTask({
    client,
    path: { ...path, task_id: task.id },
    headers: { 'If-Match': created.response.headers.get('ETag')! },
    body: { title: 'Too late' },
  });
  expectTypeOf(refused.error!.code).toEqualTypeOf<sdk.ProblemCode>();
  expect(refused.error).toMatchObject({ code: 'PRECONDITION_FAILED', status: 412 });

  const unknown = await sdk.createTask({
    client,
    path,
    // @ts-expect-error: an unknown field does not compile.
    body: { titel: 'Buy milk' },
  });
  expect(unknown.error).toMatchObject({ code: 'VALIDATION_ERROR' });
});

test('a user id is encoded in the path', async () => {
  const user = Object.assign(new User(), { id: 'ada/lovelace?&%' });
  const { data } = await sdk.listTasks(user.at(server.url));
  expect(data.tasks).toEqual([]);
  const follower = user.follow(server.url);
  await follower.state('live');
});

test('TanStack Query reads with the generated options', async () => {
  const { client, path } = new User().at(server.url);
  await sdk.createTask({ client, path, body: { title: 'Buy milk' } });
  const queries = new QueryClient();
  const list = await queries.fetchQuery(listTasksOptions({ client, path }));
  expect(list.tasks.map((task) => task.title)).toEqual(['Buy milk']);
  queries.clear();
});
