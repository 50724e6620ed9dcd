// The account operations of the server, called with the session's cookie. They answer their data or
// throw an `ActionError` that a form can show.

import { errorOf } from '../http.ts';
import type { Problem } from '@taskwire/client';
import { ActionError, type SignInMethods, type SignedInDevice, type User } from '../types.ts';

interface Account {
  id: string;
  email: string;
  name: string;
}

async function call<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/auth/${path}`, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: { Accept: 'application/json', ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  } catch {
    throw errorOf(undefined);
  }
  const text = await response.text();
  let data: unknown = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    // Not from this server: the status has to do.
  }
  if (response.ok) return data as T;
  if (data && typeof data === 'object' && 'detail' in data) throw errorOf(data as Problem);
  throw new ActionError(response.statusText || `The server answered ${response.status}.`, response.status, 'SERVER_ERROR');
}

const userOf = ({ id, name, email }: Account): User => ({ id, name: name || email, email });

/** Servers without accounts know no such path. */
export async function methods(): Promise<SignInMethods> {
  try {
    return await call<SignInMethods>('GET', 'methods');
  } catch (error) {
    if (error instanceof ActionError && (error.status === 404 || error.status === 401)) return { email_password: false, demo: false };
    throw error;
  }
}

/** Who is signed in by the cookie; null if nobody is. */
export async function current(): Promise<User | null> {
  try {
    const session = await call<{ user: Account } | null>('GET', 'get-session');
    return session?.user ? userOf(session.user) : null;
  } catch (error) {
    if (error instanceof ActionError && (error.status === 404 || error.status === 401)) return null;
    throw error;
  }
}

/** An access token for the session; null if there is none any more. */
export async function accessToken(): Promise<string | null> {
  try {
    return (await call<{ token: string } | null>('GET', 'token'))?.token ?? null;
  } catch (error) {
    if (error instanceof ActionError && (error.status === 401 || error.status === 403)) return null;
    throw error;
  }
}

const entered = async (path: string, body?: object): Promise<User> => {
  await call('POST', path, body);
  const user = await current();
  if (!user) throw new ActionError('The browser did not keep the session. Are cookies allowed?', 0, 'NO_SESSION');
  return user;
};

export const signUp = (name: string, email: string, password: string) => entered('sign-up/email', { name, email, password });
export const signIn = (email: string, password: string) => entered('sign-in/email', { email, password });
export const signInDemo = () => entered('sign-in/demo');
export const signOut = () => call<void>('POST', 'sign-out');
export const changePassword = (currentPassword: string, newPassword: string) =>
  call<void>('POST', 'change-password', { currentPassword, newPassword, revokeOtherSessions: true });
export const deleteUser = (password: string) => call<void>('POST', 'delete-user', { password });
export const revoke = (token: string) => call<void>('POST', 'revoke-session', { token });
export const revokeOthers = () => call<void>('POST', 'revoke-other-sessions');

interface ListedSession {
  token: string;
  createdAt: string;
  expiresAt: string;
  userAgent?: string | null;
  ipAddress?: string | null;
}

export async function devices(): Promise<SignedInDevice[]> {
  const [sessions, mine] = await Promise.all([
    call<ListedSession[]>('GET', 'list-sessions'),
    call<{ session: { token?: string } } | null>('GET', 'get-session'),
  ]);
  return sessions.map(({ token, createdAt, expiresAt, userAgent, ipAddress }) => ({
    token,
    current: token === mine?.session.token,
    createdAt,
    expiresAt,
    userAgent: userAgent ?? null,
    ipAddress: ipAddress ?? null,
  }));
}
