// Decides what to do after a socket has closed with a certain code.

/** The token was missing, invalid or expired. */
export const TOKEN_REFUSED = 4401;

/** The token is another user's. */
const WRONG_USER = 4403;
/** The server restarts, or the socket is too old: nothing failed, but clients should spread reconnects. */
const RESTARTING = 1012;
const TOO_MANY_SOCKETS = 4429;
/** A message was invalid or too long, and a reconnect would send it again. */
const HOPELESS = [4400, 1009];

export type Verdict =
  /** Connect again; `wait` is the minimum wait in milliseconds. */
  | { then: 'again'; wait: number }
  | { then: 'sign-out' }
  | { then: 'give-up' };

export function judge(code: number): Verdict {
  if (code === TOKEN_REFUSED || code === WRONG_USER) return { then: 'sign-out' };
  if (HOPELESS.includes(code)) return { then: 'give-up' };
  return { then: 'again', wait: code === RESTARTING ? jitter(5_000) : code === TOO_MANY_SOCKETS ? 30_000 + jitter(30_000) : 0 };
}

/** The wait after this many attempts in a row: it grows, with jitter. */
export const backOff = (attempts: number) => (attempts ? jitter(Math.min(500 * 2 ** attempts, 30_000)) : 0);

export const jitter = (ms: number) => Math.random() * ms;
