// One Postgres for all tests, from a server with no other purpose. Tests use different users.

import type { TestProject } from 'vitest/node';

import { startWithPostgres } from './program.js';

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string;
  }
}

export default async function setup(project: TestProject) {
  const postgres = await startWithPostgres();
  project.provide('databaseUrl', postgres.databaseUrl);
  return () => postgres.stop();
}
