// @vitest-environment jsdom
// Who is signed in, when answers come late or the cookie is another user's.

import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { answer, creation, problem } from './outbox/kit.ts';
import { Storage } from './replica/storage.ts';

vi.mock('@taskwire/client/live', () => ({ connectLive: () => ({ close: () => undefined }) }));

/** Each time that it was asked who is signed in: whoever waits for one here goes on after the session has. */
const { asked } = vi.hoisted(() => ({ asked: [] as Promise<unknown>[] }));
vi.mock('./session/accounts.ts', async (original) => {
  const accounts = await original<typeof import('./session/accounts.ts')>();
  const current = () => {
    const answered = accounts.current();
    asked.push(answered);
    return answered;
  };
  return { ...accounts, current };
});

type Server = (path: string, request: Request) => Response | Promise<Response>;
let server: Server;
/** Whose the cookie is. */
let cookie: string | null;
let data: typeof import('./session.ts');

const token = (sub: string) => `e30.${btoa(JSON.stringify({ sub, exp: Date.now() / 1000 + 60 }))}.x`;

const usual: Server = (path) => {
  if (path === '/api/auth/get-session') return answer(200, cookie && { session: { token: 's' }, user: { id: cookie, name: cookie, email: `${cookie}@x` } });
  if (path === '/api/auth/token') return cookie ? answer(200, { token: token(cookie) }) : problem(401, 'UNAUTHORIZED');
  if (path === '/api/auth/sign-in/email') return answer(200, {});
  if (path.endsWith('/projects')) return answer(200, { projects: [], position: 'p' });
  if (path.endsWith('/tasks')) return answer(200, { tasks: [], next_cursor: null });
  return problem(404, 'NOT_FOUND');
};

const userOf = () => {
  const now = data.session.get();
  return now.status === 'signed-in' ? now.user.id : now.status;
};

beforeEach(async () => {
  vi.resetModules();
  localStorage.clear();
  for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name!);
  [server, cookie] = [usual, 'ada'];
  asked.length = 0;
  vi.stubGlobal('fetch', async (request: Request) => server(new URL(request.url).pathname, request));
  // The client's addresses are those of the page, which Node's requests do not know.
  const Whole = Request;
  vi.stubGlobal('Request', class extends Whole {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(typeof input === 'string' ? new URL(input, 'http://taskwire.test') : input, init);
    }
  });
  data = await import('./session.ts');
});

afterEach(async () => {
  data.engine.get()?.close();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('an answer from before the sign-in throws nobody out', async () => {
  let late: ((response: Response) => void) | undefined;
  cookie = null;
  server = (path, request) => (path === '/api/auth/get-session' ? new Promise((resolve) => (late = resolve)) : usual(path, request));
  data.startSession();
  await vi.waitFor(() => expect(late).toBeDefined());
  [server, cookie] = [usual, 'ada'];
  await data.signIn('ada@x', 'secret');
  expect(userOf()).toBe('ada');
  late!(answer(200, null));
  expect(await asked[0]).toBeNull();
  expect(userOf()).toBe('ada');
});

test('a cookie that has become another user’s brings that user, and sends nothing as them', async () => {
  data.startSession();
  await vi.waitFor(() => expect(userOf()).toBe('ada'));
  await vi.waitFor(() => expect(data.engine.get()?.tasks.get().ready).toBe(true));
  cookie = 'demo';
  const refused: string[] = [];
  server = (path, request) => {
    if (request.method === 'POST' && path.startsWith('/api/ada')) refused.push(path);
    return usual(path, request);
  };
  // The token that is there still counts as Ada's until it has to be renewed.
  vi.setSystemTime(Date.now() + 3_600_000);
  await data.engine.get()!.write([creation('milk')]);
  await vi.waitFor(() => expect(userOf()).toBe('demo'));
  expect(refused).toEqual([]);
  expect(JSON.parse(localStorage.getItem('taskwire.session')!)).toMatchObject({ user: { id: 'demo' } });
  vi.useRealTimers();
});

test('a former user leaves this device before the first list is there', async () => {
  const bob = new Storage('bob');
  await bob.load();
  bob.close();
  server = (path, request) => (path.endsWith('/projects') ? new Promise<Response>(() => undefined) : usual(path, request));
  localStorage.setItem('taskwire.session', JSON.stringify({ user: { id: 'ada', name: 'Ada' }, by: 'session' }));
  data.startSession();
  await vi.waitFor(async () => expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(['taskwire:ada']));
  expect(userOf()).toBe('ada');
});
