// Detects a silent connection: first it sends a ping, then it closes the connection.

/** The time that a possibly dead connection, as after sleep, has to respond. */
const PROBE = 5_000;

export function watchSilence(interval: number, ask: () => void, giveUp: () => void) {
  let asked: boolean;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const wait = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => (asked ? giveUp() : probe(interval)), ms);
  };
  // A late timer, as in a frozen page, only sends a ping: received messages may still be unread.
  const probe = (ms: number) => {
    asked = true;
    ask();
    wait(ms);
  };

  return {
    /** The server sent a message. */
    heard() {
      asked = false;
      wait(interval);
    },
    /** Checks soon whether the connection is alive. */
    probe: () => probe(PROBE),
    stop: () => clearTimeout(timer),
  };
}
