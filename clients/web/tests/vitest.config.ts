// The tests that need a browser, and the drawing of screenshots (`SCREENSHOTS=1`). Two files run side by
// side. They have one server for all, with a user for each test. What is measured is time on the processor.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  test: {
    include: [process.env['SCREENSHOTS'] ? 'screenshots/*.test.ts' : 'browser/*.test.ts'],
    globalSetup: here('kit/setup.ts'),
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
