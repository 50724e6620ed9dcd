// Puts compressed forms beside the built files, for the server to send as they are, and holds the
// script that the first load takes to its budget.

import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const COMPRESSIBLE = /\.(?:html|js|css|svg|json|webmanifest|txt)$/;
/** Below this, the names of the encodings cost what the encodings save. */
const WORTH_IT = 512;

function* filesIn(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else yield path;
  }
}

export function pack(options: { directory: string; firstLoad: number }): Plugin {
  let first: string[] = [];
  return {
    name: 'taskwire-pack',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      // What the page's own script imports, and what that imports; parts loaded on demand are not.
      const seen = new Set<string>();
      const visit = (name: string) => {
        const part = bundle[name];
        if (seen.has(name) || part?.type !== 'chunk') return;
        seen.add(name);
        part.imports.forEach(visit);
      };
      for (const [name, part] of Object.entries(bundle)) if (part.type === 'chunk' && part.isEntry && name !== 'worker.js') visit(name);
      first = [...seen];
    },
    closeBundle() {
      for (const path of filesIn(options.directory)) {
        if (!COMPRESSIBLE.test(path) || statSync(path).size < WORTH_IT) continue;
        const bytes = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
      }
      const size = (name: string) => gzipSync(readFileSync(join(options.directory, name)), { level: 9 }).length;
      const total = first.reduce((sum, name) => sum + size(name), 0);
      const all = [...filesIn(options.directory)].filter((path) => path.endsWith('.js.gz')).reduce((sum, path) => sum + statSync(path).size, 0);
      const kb = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
      console.log(`Script at first load: ${kb(total)} of at most ${kb(options.firstLoad)}, gzipped; all script: ${kb(all)}.`);
      if (total > options.firstLoad) throw new Error('The first load has more script than its budget allows.');
    },
  };
}
