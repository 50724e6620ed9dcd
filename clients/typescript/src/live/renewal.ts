// Decides when to renew a token: when the server asks for it, and by a timer in case it cannot.

/** Earlier than the server's message, which comes a minute before the token expires. */
const BEFORE = 90_000;
/** The server also sends its message for a new token that lives less than a minute; one renewal is enough. */
const PAUSE = 10_000;
/** The wait before another attempt if there was no new token. */
const AGAIN = 5_000;
/** The longest time that a timer supports. */
const FOREVER = 2 ** 31 - 1;

/** `renew` returns whether it succeeded. */
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
    // If the local clock is ahead, the token may seem expired; the server's clock decides.
    if (left > 0) start(Math.max(left - BEFORE, left / 2));
  };

  return {
    /** The server accepted a token that expires at this time. */
    expires,
    /** The server reports that the token expires soon. */
    expiring(at: string) {
      if (Date.now() - renewedAt < PAUSE) expires(at);
      else void now();
    },
    stop: () => clearTimeout(timer),
  };
}
