// How the app is built and tested. Everything is served by the server itself, so there is no
// address in here; `npm run dev` passes API calls on to TASKWIRE (by default a local server).

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const server = process.env.TASKWIRE ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [react()],
  // The client is a package beside this one; what it imports is what the app has, and only once.
  resolve: { preserveSymlinks: true, dedupe: ['react', 'react-dom', '@tanstack/react-query'] },
  build: { target: 'es2023', assetsInlineLimit: 0, reportCompressedSize: false },
  server: {
    proxy: {
      '/api': { target: server, changeOrigin: true, ws: true, headers: { origin: server } },
      '/health': server,
    },
  },
  test: { environment: 'jsdom', include: ['src/**/*.test.{ts,tsx}'] },
});
