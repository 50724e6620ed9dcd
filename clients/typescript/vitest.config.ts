// The tests import the built package by its name and use the real server.

import { defineConfig } from 'vitest/config';

// Node 20 has a browser-like WebSocket, but hides it behind an option.
const execArgv = process.versions.node.startsWith('20.') ? ['--experimental-websocket', '--no-warnings'] : [];

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@taskwire\/client\/live$/, replacement: `${import.meta.dirname}/dist/live/index.js` },
      { find: /^@taskwire\/client\/react-query$/, replacement: `${import.meta.dirname}/dist/react-query.js` },
      { find: /^@taskwire\/client$/, replacement: `${import.meta.dirname}/dist/index.js` },
    ],
  },
  test: {
    include: ['tests/*.test.ts'],
    globalSetup: 'tests/kit/postgres.ts',
    execArgv,
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
