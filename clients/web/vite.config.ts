// How the app is built and tested. Everything is served by the server itself, so there is no
// address in here; `npm run dev` passes API calls on to TASKWIRE (by default a local server).

import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

import { eager } from './build/eager.ts';
import { pack } from './build/pack.ts';
import { precache } from './build/precache.ts';

const server = process.env.TASKWIRE ?? 'http://127.0.0.1:8000';
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react(), eager('app'), precache(here('public')), pack({ directory: here('dist'), firstLoad: 170_000 })],
  // The client is a package beside this one; what it imports is what the app has, and only once.
  resolve: { preserveSymlinks: true, dedupe: ['react', 'react-dom', '@tanstack/react-query'] },
  build: {
    target: 'es2023',
    // The content security policy lets nothing be run or drawn from within the page.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { app: here('index.html'), worker: here('src/worker/worker.ts') },
      output: {
        entryFileNames: ({ name }) => (name === 'worker' ? 'worker.js' : 'assets/[name]-[hash].js'),
        // What the start takes is one script: each one more costs a way through the service worker.
        codeSplitting: { groups: [{ name: 'start', tags: ['$initial'], test: (id) => !id.endsWith('/worker.ts') }] },
      },
    },
  },
  server: {
    proxy: {
      '/api': { target: server, changeOrigin: true, ws: true, headers: { origin: server } },
      '/health': server,
    },
  },
  test: { include: ['src/**/*.test.{ts,tsx}'] },
});
