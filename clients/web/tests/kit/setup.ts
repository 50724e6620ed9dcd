// One server with its private Postgres, its accounts and its demo for all tests, which keep apart by
// users. Tests that stop or cut a server start another one on the same database.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { TestProject } from 'vitest/node';

import { startWithPostgres } from '../../../typescript/tests/kit/program.ts';

declare module 'vitest' {
  interface ProvidedContext {
    url: string;
    databaseUrl: string;
    /** Signs tokens that all servers take. */
    secret: string;
  }
}

export default async function setup(project: TestProject) {
  const postgres = await startWithPostgres({ JWT_SECRET: '' });
  const page = await fetch(postgres.server.url, { redirect: 'manual' });
  if (page.status !== 200) {
    await postgres.stop();
    throw new Error('The web app is not in the server: run `make web` and `cargo build` first.');
  }
  project.provide('url', postgres.server.url);
  project.provide('databaseUrl', postgres.databaseUrl);
  project.provide('secret', readFileSync(join(postgres.dataDir, 'jwt-secret'), 'utf8').trim());
  return () => postgres.stop();
}
