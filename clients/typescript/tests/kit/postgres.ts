// One Postgres for all tests: that of a server which does nothing else. Tests keep apart by users.

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
