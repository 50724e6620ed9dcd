// Decides when to renew a token: when the server says so, and by a timer, in case it cannot.

/** Before the server speaks up, a minute before the end. */
const BEFORE = 90_000;
/** The server also speaks up when a new token lives for less than a minute; once is enough. */
const PAUSE = 10_000;
/** When to try again if there was no new token. */
const AGAIN = 5_000;
/** The longest time that a timer can wait. */
const FOREVER = 2 ** 31 - 1;

/** `renew` answers whether it was possible. */
export function scheduleRenewal(renew: () => Promise<boolean>) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let renewedAt = 0;
  let renewing = false;

  const start = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(now, Math.min(ms, FOREVER));
  };
  const now = async () => {
    if (renewing) return;
    renewing = true;
    const done = await renew();
    renewing = false;
    if (done) renewedAt = Date.now();
    else start(AGAIN);
  };
  const expires = (at: string) => {
    const left = Date.parse(at) - Date.now();
    // By a clock that runs ahead the token may have ended already; the server knows better.
    if (left > 0) start(Math.max(left - BEFORE, left / 2));
  };

  return {
    /** The server accepted a token that expires then. */
    expires,
    /** The server says that the token expires soon. */
    expiring(at: string) {
      if (Date.now() - renewedAt < PAUSE) expires(at);
      else void now();
    },
    stop: () => clearTimeout(timer),
  };
}
