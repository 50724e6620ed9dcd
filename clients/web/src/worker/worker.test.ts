// @vitest-environment jsdom
// The app's own pages are named in three places, in two languages: they have to agree. And the worker
// has this build's files before older ones.

import { afterAll, expect, test, vi } from 'vitest';

import { VIEWS } from '../lib/router.tsx';

// The app's own types know nothing of Node; the path is from where the package's scripts run.
const { readFileSync } = await vi.importActual<{ readFileSync(path: string, encoding: 'utf8'): string }>('node:fs');
const server = readFileSync('../../src/api/web.rs', 'utf8');

type Event = { request: Partial<Request>; respondWith(answer: Promise<Response>): void };
type Listener = (event: Event) => void;

const listeners = new Map<string, Listener>();
const contents: Record<string, Record<string, string>> = {
  'taskwire-app:old': { '/icon.svg': 'old', '/assets/old.js': 'old' },
  'taskwire-app:now': { '/': 'page', '/icon.svg': 'now' },
};
const match = (cache: Record<string, string> | undefined, path: string) => Promise.resolve(cache?.[path] === undefined ? undefined : new Response(cache[path]));

vi.stubGlobal('__FILES__', ['/icon.svg']);
vi.stubGlobal('__BUILD__', 'now');
vi.stubGlobal('fetch', () => Promise.reject(new Error('offline')));
vi.stubGlobal('caches', {
  open: (name: string) => Promise.resolve({ match: (path: string) => match(contents[name], path) }),
  match: (path: string) => match(Object.values(contents).find((cache) => path in cache), path),
});
vi.spyOn(self, 'addEventListener').mockImplementation((type, listener) => void listeners.set(type, listener as unknown as Listener));
await import('./worker.ts');
afterAll(() => vi.unstubAllGlobals());

/** What the worker answers; nothing if it leaves it to the network. */
async function asked(path: string, mode: RequestMode): Promise<string | undefined> {
  let answer: Promise<Response> | undefined;
  listeners.get('fetch')!({ request: { method: 'GET', mode, url: location.origin + path }, respondWith: (given) => (answer = given) });
  return (await answer)?.text();
}

/** With an id where the server has a parameter. */
const served = () => {
  const list = /const VIEWS: \[&str; \d+\] =\s*\[([^\]]*)\]/.exec(server)![1]!;
  return [...list.matchAll(/"([^"]+)"/g)].map(([, path]) => path!);
};

test('the server answers the views of the router, and no others', () => {
  expect(served().map((path) => path.split('/')[0]).sort()).toEqual([...VIEWS].sort());
});

test('the worker keeps the same pages, and no others', async () => {
  for (const path of ['', ...served()]) expect(await asked(`/${path.replace(/\{.*\}/, 'x')}`, 'navigate'), path).toBe('page');
  for (const path of ['settings', 'docs/', 'project', 'label', 'api/ada/tasks', 'today/x']) expect(await asked(`/${path}`, 'navigate'), path).toBeUndefined();
});

test('a file is that of this build, or of the one before if this one has none', async () => {
  expect(await asked('/icon.svg', 'no-cors')).toBe('now');
  expect(await asked('/assets/old.js', 'cors')).toBe('old');
});
