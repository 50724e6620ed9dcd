// The real server as a separate process with default settings: with a private Postgres and its own
// accounts.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BINARY = process.env['TASKWIRE'] ?? fileURLToPath(new URL('../../../target/debug/taskwire', import.meta.url));

export async function startServer() {
  if (!existsSync(BINARY)) throw new Error(`There is no ${BINARY}: build it with cargo build, or name it in TASKWIRE.`);
  const dir = mkdtempSync(join(tmpdir(), 'taskwire-better-auth-'));
  // The private Postgres may run as another user.
  chmodSync(dir, 0o755);
  const child = spawn(BINARY, ['serve'], {
    cwd: dir,
    env: { PATH: process.env['PATH'], PORT: '0', LOG: 'warn', DATA_DIR: join(dir, 'data') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // No server may outlive the tests, even if they crash.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);

  for await (const line of createInterface({ input: child.stdout })) {
    const url = /API +(http:\/\/[^/]+)/.exec(line)?.[1];
    // The rest of the output must be read, or the server would block.
    child.stdout.resume();
    if (!url) continue;
    return {
      url,
      async stop() {
        child.kill('SIGTERM');
        if (child.exitCode === null) await once(child, 'exit');
        process.off('exit', kill);
        rmSync(dir, { recursive: true });
      },
    };
  }
  throw new Error('the server did not start');
}
