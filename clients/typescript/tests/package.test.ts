// The published package: it contains only the needed files, is small, and works when installed.

import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

import { createTask } from '@taskwire/client';
import { transform } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { Server, scratch, startWithPostgres } from './kit/program.js';
import { User } from './kit/user.js';

const run = promisify(execFile);
const here = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));

/** A project with the package installed. */
let project: string;
let packed: { path: string }[];
beforeAll(async () => {
  project = scratch();
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], { cwd: here });
  const [pack] = JSON.parse(stdout);
  packed = pack.files;
  const installed = join(project, 'node_modules', '@taskwire', 'client');
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', join(project, pack.filename), '-C', installed, '--strip-components=1']);
  for (const name of ['@tanstack', '@types', 'react']) {
    symlinkSync(join(here, 'node_modules', name), join(project, 'node_modules', name));
  }
});
afterAll(() => rmSync(project, { recursive: true }));

test('live is at most 4 kB, gzipped, with its reconnecting socket', () => {
  const size = gzipSync(readFileSync(join(here, 'dist/live/index.js')), { level: 9 }).length;
  console.log(`live: ${size} bytes`);
  expect(size).toBeLessThanOrEqual(4000);
});

test('only the needed files are packed', () => {
  const others = packed.map(({ path }) => path).filter((path) => !/^dist\/.*\.(js|d\.ts)$/.test(path));
  expect(others.sort()).toEqual([
    'LICENSE',
    'README.md',
    'THIRD_PARTY.md',
    'dist/live/index.js.map',
    'package.json',
  ]);
  expect(manifest.dependencies).toBeUndefined();
});

test('publint reports nothing', async () => {
  const { messages } = await publint({ pkgDir: here, strict: true, pack: false });
  expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
});

/** The code blocks of a page that use this package. */
function examples(page: string): string[] {
  const text = readFileSync(join(here, page), 'utf8');
  const blocks = [...text.matchAll(/```tsx?\n([^]*?)```/g)].map(([, code]) => code!);
  return blocks.filter((code) => code.includes("from '@taskwire/client"));
}

const [example = '', hooks = ''] = examples('README.md');
const [front = ''] = examples('../../README.md');

const compiled = async (code: string) => (await transform(code, { loader: 'ts', format: 'esm', target: 'es2022' })).code;

/** Runs a program in the project that has installed the package. */
const runs = (name: string, code: string) => {
  writeFileSync(join(project, name), code);
  return run(process.execPath, [...process.execArgv, name], { cwd: project, timeout: 30_000 });
};

test('an installed package has its types', async () => {
  const given = 'declare const baseUrl: string, userId: string;\ndeclare const getToken: () => Promise<string>;\n';
  writeFileSync(join(project, 'example.mts'), example + given);
  writeFileSync(join(project, 'front.mts'), front);
  writeFileSync(join(project, 'readme-hooks.mts'), `declare const userId: string;\n${hooks}`);
  writeFileSync(
    join(project, 'hooks.mts'),
    `import { useCreateTaskMutation, useListTasksQuery } from '@taskwire/client/react-query';
     const path = { user_id: 'ada' };
     export const useTitles = () => useListTasksQuery({ path }).data?.tasks.map((task) => task.title);
     export const useCreate = () => useCreateTaskMutation().mutate({ path, body: { title: 'Buy milk' } });
     // @ts-expect-error: types that were not found would let everything pass.
     export const useTypo = () => useListTasksQuery({ path }).data?.tasks.map((task) => task.titel);
     // @ts-expect-error: as above.
     export const useWrong = () => useCreateTaskMutation().mutate({ path, body: { titel: 'Buy milk' } });`,
  );
  const options = '--noEmit --strict --skipLibCheck --types react --target es2022 --module nodenext'.split(' ');
  const tsc = join(here, 'node_modules/typescript/bin/tsc');
  const files = ['example.mts', 'front.mts', 'readme-hooks.mts', 'hooks.mts'];
  expect(files.map((file) => readFileSync(join(project, file), 'utf8').includes('@taskwire/client'))).not.toContain(false);
  const checked = await run(process.execPath, [tsc, ...options, ...files], { cwd: project }).catch((error) => error);
  expect(checked.stdout).toBe('');
});

test('the example of the README shows what happens', async () => {
  const server = await Server.start({ DATABASE_URL: inject('databaseUrl') });
  const user = new User();
  const at = user.at(server.url);
  await createTask({ ...at, body: { title: 'In the list' } });
  const given = { baseUrl: server.url, userId: user.id, token: user.token() };
  const output = await runs(
    'example.mjs',
    `const { baseUrl, userId, token } = ${JSON.stringify(given)};
     const getToken = async () => token;
     ${await compiled(example)}
     const titles = () => [...tasks.values()].map((task) => task.title).join();
     if (titles() !== 'In the list') throw new Error(titles());
     const { createTask } = await import('@taskwire/client');
     await createTask({ path: { user_id: userId }, body: { title: 'Created later' }, throwOnError: true });
     while (titles() !== 'In the list,Created later') await new Promise(setImmediate);
     live.close();
     console.log(titles());`,
  );
  expect(output).toEqual({ stdout: 'In the list,Created later\n', stderr: '' });
  await server.stop();
});

test('the front end of the first README signs in and follows its list', async () => {
  // Without a secret there are accounts, and the user demo.
  const { server, stop } = await startWithPostgres({ JWT_SECRET: '', DRAIN_TIME: '0s' });
  const output = await runs(
    'front.mjs',
    `// What a page has: an address, and cookies that go along with its requests.
     globalThis.location = { origin: ${JSON.stringify(server.url)} };
     const direct = globalThis.fetch;
     let cookie = '';
     globalThis.fetch = async (request) => {
       const headers = new Headers(request.headers);
       if (cookie) headers.set('Cookie', cookie);
       const response = await direct(new Request(request, { headers }));
       cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
       return response;
     };
     ${await compiled(front)}
     const titles = () => [...tasks.values()].map((task) => task.title);
     if (!titles().includes('Plan a picnic')) throw new Error(titles().join());
     const { createTask, deleteTask } = await import('@taskwire/client');
     const path = { user_id: userId };
     const { data: created } = await createTask({ path, body: { title: 'Created later' }, throwOnError: true });
     while (!titles().includes('Created later')) await new Promise(setImmediate);
     await deleteTask({ path: { ...path, task_id: created.id }, throwOnError: true });
     while (titles().includes('Created later')) await new Promise(setImmediate);
     live.close();
     console.log(userId);`,
  );
  expect(output).toEqual({ stdout: 'demo\n', stderr: '' });
  await stop();
});
