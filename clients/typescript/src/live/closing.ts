// What follows from the code with which a socket was closed.

/** The token was missing, invalid or expired. */
export const TOKEN_REFUSED = 4401;

/** The token is another user's. */
const WRONG_USER = 4403;
/** The server restarts, or the socket is old: nothing failed, only not all at once. */
const RESTARTING = 1012;
const TOO_MANY_SOCKETS = 4429;
/** What was said was not understood or too long, and would be said again. */
const HOPELESS = [4400, 1009];

export type Verdict =
  /** Connect again; `wait` is how long to wait at least, in milliseconds. */
  | { then: 'again'; wait: number }
  | { then: 'sign-out' }
  | { then: 'give-up' };

export function judge(code: number): Verdict {
  if (code === TOKEN_REFUSED || code === WRONG_USER) return { then: 'sign-out' };
  if (HOPELESS.includes(code)) return { then: 'give-up' };
  return { then: 'again', wait: code === RESTARTING ? jitter(5_000) : code === TOO_MANY_SOCKETS ? 30_000 + jitter(30_000) : 0 };
}

/** How long to wait after so many attempts in a row: longer each time, and never all at once. */
export const backOff = (attempts: number) => (attempts ? jitter(Math.min(500 * 2 ** attempts, 30_000)) : 0);

export const jitter = (ms: number) => Math.random() * ms;
