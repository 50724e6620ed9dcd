// Who is signed in here, and the engine that runs for them. What is remembered on this device is
// the user's name, so that the app opens without a network; never a password, and no token but one
// that was pasted by hand. Signing out leaves nothing of the user behind.

import { client, getIdentity } from '@taskwire/client';

import { Engine } from './engine.ts';
import { Storage } from './replica/storage.ts';
import * as accounts from './session/accounts.ts';
import { AccessToken, claimsOf } from './session/token.ts';
import { must } from './http.ts';
import { Signal, useSignal } from './signal.ts';
import { t } from '../text/index.ts';
import { ActionError, type Session, type User } from './types.ts';

const KEY = 'taskwire.session';

interface Remembered {
  user: User;
  by: 'session' | 'token';
  /** Only one that was pasted. */
  token?: string;
}

export const session = new Signal<Session>({ status: 'loading' });
export const engine = new Signal<Engine | null>(null);

export const useSession = (): Session => useSignal(session);

/** Pages tell each other by this key when somebody signs in or out. */
let remembered: Remembered | null = null;
let access = new AccessToken(() => Promise.resolve(null));
/** Counts who is signed in and when it was asked: an answer to what was asked before does not hold. */
let era = 0;

function recall(): Remembered | null {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? 'null') as Remembered | null;
  } catch {
    return null;
  }
}

function remember(next: Remembered | null): void {
  remembered = next;
  if (next) localStorage.setItem(KEY, JSON.stringify(next));
  else localStorage.removeItem(KEY);
}

/**
 * The client of all requests: the token of whoever is signed in, renewed once when refused. Those about
 * the session carry its cookie, which the browser adds and no script can read.
 */
client.setConfig({
  baseUrl: '',
  auth: ({ in: place }) => (place === 'cookie' ? undefined : access.must()),
  fetch: async (input) => {
    const request = input as Request;
    const again = request.clone();
    const response = await fetch(request);
    if (response.status !== 401 || !request.headers.has('Authorization')) return response;
    const token = await access.get({ fresh: true });
    if (!token) return response;
    again.headers.set('Authorization', `Bearer ${token}`);
    return fetch(again);
  },
});

let started = false;

/** Finds out who is signed in; what is on this device shows at once. */
export function startSession(): void {
  if (started) return;
  started = true;
  addEventListener('storage', ({ key }) => {
    if (key !== KEY) return;
    const now = recall();
    if (now?.user.id !== remembered?.user.id) void become(now);
  });
  addEventListener('online', () => void check());
  const known = recall();
  if (known) void become(known, true);
  void check();
}

/** Asks the server who is signed in. Without an answer, what was known holds. */
async function check(): Promise<void> {
  const mine = ++era;
  if (remembered?.by === 'token') {
    if (session.get().status === 'signed-in') session.set({ status: 'signed-in', user: remembered.user, by: 'token', offline: false });
    return;
  }
  try {
    const user = await accounts.current();
    if (mine !== era) return;
    if (user && user.id === remembered?.user.id) {
      remember({ user, by: 'session' });
      session.set({ status: 'signed-in', user, by: 'session', offline: false });
      forgetOthers(user.id);
    } else if (user) await enter({ user, by: 'session' });
    else if (remembered) expire();
    else await showDoor(false);
  } catch {
    if (mine === era && !remembered) session.set({ status: 'signed-out', methods: null, expired: false });
  }
}

/** Somebody has signed in: nothing of anybody else stays in sight, nor on this device. */
async function enter(next: Remembered): Promise<void> {
  remember(next);
  forgetOthers(next.user.id);
  await become(next);
}

const forgetOthers = (user: string): void =>
  void Storage.forgetOthers(user).catch((error: unknown) => console.warn('taskwire: another user is still on this device', error));

/** A token of this user, by the session's cookie. The cookie may have become another user's in another page. */
async function tokenOf(user: string): Promise<string | null> {
  const token = await accounts.accessToken();
  const claims = token ? claimsOf(token) : null;
  if (!claims || claims.sub === user) return token;
  await check();
  // Not known who it is, so nobody is signed out yet either.
  if (remembered?.user.id === user) throw new Error('The session is another user’s.');
  return null;
}

/** Switches to a user, or to nobody. */
async function become(next: Remembered | null, offline = false): Promise<void> {
  era++;
  engine.get()?.close();
  engine.set(null);
  remembered = next;
  if (!next) {
    access = new AccessToken(() => Promise.resolve(null));
    return showDoor(false);
  }
  access = new AccessToken(next.by === 'token' ? () => Promise.resolve(next.token ?? null) : () => tokenOf(next.user.id));
  const mine = access;
  const started = new Engine({
    user: next.user.id,
    getToken: (request) => mine.get(request),
    onSignedOut: () => mine === access && expire(),
  });
  engine.set(started);
  session.set({ status: 'signed-in', user: next.user, by: next.by, offline });
  await started.start();
}

/** The server takes no token any more. What is on this device stays for when they are back. */
function expire(): void {
  engine.get()?.close();
  engine.set(null);
  remember(null);
  void showDoor(true);
}

/** Nobody is signed in here: offers the ways to, once it is known which there are. */
async function showDoor(expired: boolean): Promise<void> {
  const loading: Session = { status: 'loading' };
  session.set(loading);
  const methods = await accounts.methods().catch(() => null);
  if (session.get() === loading) session.set({ status: 'signed-out', methods, expired });
}

export const signIn = async (email: string, password: string) => enter({ user: await accounts.signIn(email, password), by: 'session' });
export const signUp = async (name: string, email: string, password: string) =>
  enter({ user: await accounts.signUp(name, email, password), by: 'session' });
export const signInDemo = async () => enter({ user: await accounts.signInDemo(), by: 'session' });

export async function signInWithToken(text: string): Promise<void> {
  const token = text.trim().replace(/^Bearer\s+/i, '');
  const refused = new ActionError(t.error.notAToken, 401, 'UNAUTHORIZED');
  // A header can have nothing else in it.
  if (!/^[\x21-\x7e]+$/.test(token)) throw refused;
  const { user_id: id } = await must(getIdentity({ auth: token })).catch((error: unknown) => {
    throw error instanceof ActionError && error.code === 'UNAUTHORIZED' ? refused : error;
  });
  await enter({ user: { id, name: id }, by: 'token', token });
}

/** How many edits the server has not got. */
export const unsent = (): number => engine.get()?.outbox.get().filter(({ state }) => state !== 'refused').length ?? 0;

export async function signOut(): Promise<void> {
  const last = remembered;
  if (last?.by === 'session') await accounts.signOut();
  await leave(last);
}

async function leave(last: Remembered | null): Promise<void> {
  remember(null);
  await become(null);
  if (last) await Storage.forget(last.user.id);
}

export async function deleteAccount(password: string): Promise<void> {
  const last = remembered;
  await accounts.deleteUser(password);
  await leave(last);
}

export async function changePassword(current: string, next: string): Promise<void> {
  await accounts.changePassword(current, next);
}
