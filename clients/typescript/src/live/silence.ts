// Notices a connection on which nothing arrives any more: first it asks, then it gives up.

/** How long a connection that may have died, as after sleep, gets to answer. */
const PROBE = 5_000;

export function watchSilence(interval: number, ask: () => void, giveUp: () => void) {
  let asked: boolean;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const wait = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => (asked ? giveUp() : probe(interval)), ms);
  };
  // A timer that is late, as in a page that was frozen, only asks: what has arrived is still unread.
  const probe = (ms: number) => {
    asked = true;
    ask();
    wait(ms);
  };

  return {
    /** The server said something. */
    heard() {
      asked = false;
      wait(interval);
    },
    /** Makes sure soon that the connection is alive. */
    probe: () => probe(PROBE),
    stop: () => clearTimeout(timer),
  };
}
