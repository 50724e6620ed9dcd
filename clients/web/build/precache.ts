// Tells the service worker which files there are, and names the build by their contents.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** Pages of other sizes that only the system asks for, when the app is being installed. */
const NOT_KEPT = /\.png$/;

export function precache(publicDir: string): Plugin {
  return {
    name: 'taskwire-precache',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      const worker = bundle['worker.js'];
      if (worker?.type !== 'chunk') throw new Error('There is no service worker in the build.');
      if (worker.imports.length) throw new Error('The service worker has to be one file.');
      const hash = createHash('sha256');
      const files: string[] = [];
      for (const [name, part] of Object.entries(bundle).sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (name === 'worker.js') continue;
        hash.update(name).update(part.type === 'chunk' ? part.code : part.source);
        if (name !== 'index.html') files.push(`/${name}`);
      }
      for (const name of readdirSync(publicDir).sort()) {
        hash.update(name).update(readFileSync(join(publicDir, name)));
        if (!NOT_KEPT.test(name)) files.push(`/${name}`);
      }
      worker.code = worker.code
        .replaceAll('__FILES__', JSON.stringify(files))
        .replaceAll('__BUILD__', JSON.stringify(hash.digest('hex').slice(0, 16)));
    },
  };
}
