// The account operations of the server, called with the session's cookie. They answer their data or
// throw an `ActionError` that a form can show.

import {
  changePassword as change, deleteAccount, getAccessToken, getSession, getSignInMethods, listSessions,
  revokeOtherSessions, revokeSession, signInDemo as enterDemo, signInEmail, signOut as leave, signUpEmail, type AuthUser,
} from '@taskwire/client';

import { t } from '../../text/index.ts';
import { must } from '../http.ts';
import { ActionError, type SignInMethods, type SignedInDevice, type User } from '../types.ts';

const DEMO = 'demo';

const userOf = ({ id, name, email }: AuthUser): User => ({ id, name, email, demo: id === DEMO });

/** Never out of the browser's own store: the answer depends on a cookie. */
const FRESH = { cache: 'no-store' } as const;

/** Null where the server says so by one of these codes; no status alone, which a proxy may send, does. */
async function unless<T>(codes: readonly string[], answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ActionError && codes.includes(error.code)) return null;
    throw error;
  }
}

export const methods = (): Promise<SignInMethods> => must(getSignInMethods(FRESH));

/** Who is signed in by the cookie; null if nobody is, or if the server keeps no accounts. */
export async function current(): Promise<User | null> {
  const session = await unless(['NOT_FOUND'], must(getSession(FRESH)));
  return session ? userOf(session.user) : null;
}

/** An access token for the session; null if there is none any more. */
export async function accessToken(): Promise<string | null> {
  return (await unless(['UNAUTHORIZED', 'NOT_FOUND'], must(getAccessToken(FRESH))))?.token ?? null;
}

/** Somebody who has just signed in, if the browser has kept the session. */
async function entered(answer: Promise<unknown>): Promise<User> {
  await answer;
  const user = await current();
  if (!user) throw new ActionError(t.error.noCookies, 0, 'NO_SESSION');
  return user;
}

export const signUp = (name: string, email: string, password: string) => entered(must(signUpEmail({ body: { name, email, password } })));
export const signIn = (email: string, password: string) => entered(must(signInEmail({ body: { email, password } })));
export const signInDemo = () => entered(must(enterDemo()));
export const signOut = () => must(leave());
export const changePassword = (currentPassword: string, newPassword: string) =>
  must(change({ body: { currentPassword, newPassword } }));
/** Who has just signed in need not give the password; the demo has none. */
export const deleteUser = (password: string) => must(deleteAccount({ body: password ? { password } : {} }));
export const revoke = (token: string) => must(revokeSession({ body: { token } }));
export const revokeOthers = () => must(revokeOtherSessions());

export async function devices(): Promise<SignedInDevice[]> {
  const [sessions, mine] = await Promise.all([must(listSessions(FRESH)), must(getSession(FRESH))]);
  return sessions.map(({ token, createdAt, expiresAt, userAgent, ipAddress }) => ({
    token,
    current: token === mine?.session.token,
    createdAt,
    expiresAt,
    userAgent,
    ipAddress,
  }));
}
