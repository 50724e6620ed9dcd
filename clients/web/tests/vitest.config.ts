// The tests that need a browser, and the drawing of screenshots (`SCREENSHOTS=1`). One after the
// other: what is measured must not be disturbed, and there is one Postgres for all.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  test: {
    include: [process.env['SCREENSHOTS'] ? 'screenshots/*.test.ts' : 'browser/*.test.ts'],
    globalSetup: here('kit/setup.ts'),
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
