// The real server as a separate process with an empty environment.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BINARY = process.env['TASKWIRE'] ?? fileURLToPath(new URL('../../../../target/debug/taskwire', import.meta.url));

export const JWT_SECRET = 'the secret of these tests, which is long enough';

export type Settings = Record<string, string>;

function run(args: string[], settings: Settings): ChildProcess {
  if (!existsSync(BINARY)) throw new Error(`There is no ${BINARY}: build it with cargo build, or name it in TASKWIRE.`);
  const child = spawn(BINARY, args, {
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'], JWT_SECRET, LOG: 'warn', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // No server may outlive the tests, even if they crash.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return child;
}

async function ended(child: ChildProcess) {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** Runs a command until it ends. */
export async function taskwire(args: string[], settings: Settings): Promise<void> {
  const child = run(args, settings);
  let errors = '';
  child.stderr?.on('data', (text) => (errors += text));
  await ended(child);
  if (child.exitCode !== 0) throw new Error(`taskwire ${args.join(' ')}: ${errors}`);
}

/** A directory that the private Postgres can access too. */
export function scratch(): string {
  const path = mkdtempSync(join(tmpdir(), 'taskwire-client-'));
  chmodSync(path, 0o755);
  return path;
}

export class Server {
  private constructor(
    private child: ChildProcess,
    private readonly settings: Settings,
    readonly url: string,
  ) {}

  get port(): number {
    return Number(new URL(this.url).port);
  }

  static async start(settings: Settings): Promise<Server> {
    const child = run(['serve'], { PORT: '0', ...settings });
    let errors = '';
    child.stderr?.on('data', (text) => (errors += text));
    for await (const line of createInterface({ input: child.stdout! })) {
      const url = /API +(http:\/\/[^/]+)/.exec(line)?.[1];
      // The rest of the output must be read, or the server would block.
      child.stdout!.resume();
      if (url) return new Server(child, settings, url);
    }
    throw new Error(`the server did not start: ${errors}`);
  }

  /** Ends the process and starts another one on the same port. */
  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.stop(signal);
    this.child = (await Server.start({ ...this.settings, PORT: String(this.port) })).child;
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.child.kill(signal);
    await ended(this.child);
  }
}

/** A server with a private Postgres, which other servers may use too. */
export async function startWithPostgres(settings: Settings = {}) {
  const dir = scratch();
  const dataDir = join(dir, 'data');
  const server = await Server.start({ ...settings, DATA_DIR: dataDir });
  const socket = encodeURIComponent(join(dataDir, 'postgres-socket'));
  return {
    server,
    dataDir,
    databaseUrl: `postgresql:///postgres?host=${socket}&port=5432&user=taskwire&sslmode=disable`,
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true });
    },
  };
}
