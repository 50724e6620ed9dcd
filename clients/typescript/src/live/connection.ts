// One channel: it reads the messages of its successive sockets and acts on them.
//
// Everything for the application goes through one queue, so that it is delivered in order and one
// at a time. When a socket ends, its queued messages are dropped, and the next socket continues
// after the last delivered change. So there is one position, and nothing is stored twice.

import ReconnectingWebSocket from 'partysocket/ws';

import { CHANGE_TYPES } from '../generated/contract.gen.js';
import type { Change, ClientMessage, Position, ServerMessage } from '../generated/types.gen.js';
import { TOKEN_REFUSED, backOff, jitter, judge } from './closing.js';
import { LiveError, type LiveConnection, type LiveOptions, type LiveState } from './options.js';
import { scheduleRenewal } from './renewal.js';
import { watchSilence } from './silence.js';
import { SUBPROTOCOL, liveUrl } from './url.js';
import { onWake } from './wake.js';

/** The wait before a failed call is repeated. */
const A_LITTLE = 5_000;

/**
 * Follows the changes of a user's data: connects, stays connected, and calls `onChange` with every
 * change after `position`, in order and once.
 */
export function connectLive(options: LiveOptions): LiveConnection {
  const { onChange, onReset, onState, onError = globalThis.console.error } = options;
  const WebSocket = options.WebSocket ?? globalThis.WebSocket;
  if (!WebSocket) throw new TypeError('There is no WebSocket here: pass one, such as that of the package ws.');
  const url = liveUrl(options.baseUrl, options.userId);

  let state: LiveState = 'connecting';
  let position = options.position;
  /** The number of the last change in this history; 0 while unknown. */
  let seq = 0;
  /** Counts the sockets, so that messages of earlier ones can be ignored. */
  let era = 0;
  let queue: Promise<unknown> = Promise.resolve();
  let token: string | null | undefined;
  let greeted = false;
  /** Whether the server rejected the last token and has not accepted another since. */
  let refused = false;
  /** The minimum wait before the next attempt. */
  let pause = 0;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let endWait = () => {};
  let ended = false;
  let silent = false;
  let renewal: ReturnType<typeof scheduleRenewal> | undefined;

  /** Runs the handler outside of the failed call, so that an error in the handler does no harm here. */
  const report = (error: unknown) =>
    queueMicrotask(() => {
      if (!silent) onError(error);
    });

  /** Calls back and reports an error of the application. Returns whether there was none. */
  const attempt = async (call: () => unknown) => {
    try {
      await call();
      return true;
    } catch (error) {
      report(error);
      return false;
    }
  };

  const become = (next: LiveState) => {
    if (silent || state === next) return;
    state = next;
    void attempt(() => onState?.(next));
  };

  /** Queues a task, which is skipped if its socket has ended by then. */
  const enqueue = (task: () => unknown) => {
    const mine = era;
    queue = queue.then(() => (mine === era ? task() : undefined));
  };

  const send = (message: ClientMessage) => socket.send(JSON.stringify(message));

  /** Ends the channel; it does not connect again. */
  const end = () => {
    ended = true;
    greeted = false;
    era++;
    clearTimeout(waiting);
    silence.stop();
    renewal?.stop();
    forget();
    socket.close();
  };

  const signOut = () => {
    end();
    become('signed-out');
  };

  /** Waits before the next attempt and asks for a token; the socket opens right after. */
  async function prepare(): Promise<string> {
    // Ask for a new token without delay.
    for (let attempts = refused ? 0 : socket.retryCount; !ended; attempts++) {
      const wait = Math.max(pause, backOff(attempts));
      pause = 0;
      await new Promise<void>((resolve) => {
        endWait = resolve;
        waiting = setTimeout(resolve, wait);
      });
      const last = token;
      const answered = await attempt(async () => {
        token = await options.getToken({ fresh: refused });
      });
      if (!answered) {
        become('offline');
        continue;
      }
      if (ended) break;
      // Sending a rejected token again is useless.
      if (!token || (refused && token === last)) signOut();
      break;
    }
    // The application may still be handling a message of the last socket.
    await queue;
    return url;
  }

  /** Renews the token on the open socket. Returns whether no other attempt is needed. */
  async function renew(): Promise<boolean> {
    const mine = era;
    let next: typeof token;
    const answered = await attempt(async () => {
      next = await options.getToken({ fresh: true });
    });
    // A new socket asks for its own token.
    if (mine !== era) return true;
    if (!answered) return false;
    if (!next) signOut();
    else if (next !== token) send({ type: 'authenticate', token: (token = next) });
    return true;
  }

  function opened() {
    silence.heard();
    renewal = scheduleRenewal(renew);
    send({ type: 'authenticate', token: token!, after: position });
  }

  /** Returns whether to connect again. */
  function closed({ code, reason }: { code: number; reason: string }): boolean {
    era++;
    silence.stop();
    renewal?.stop();
    if (ended) return false;
    const again = code === TOKEN_REFUSED && !refused;
    if (!again) {
      const verdict = judge(code);
      if (code >= 4400 || verdict.then === 'give-up') report(new LiveError(code, reason));
      if (verdict.then === 'sign-out') {
        signOut();
        return false;
      }
      if (verdict.then === 'give-up') end();
      else pause = Math.max(pause, verdict.wait);
    }
    refused ||= again;
    become(greeted || again ? 'connecting' : 'offline');
    greeted = false;
    return !ended;
  }

  function heard(message: ServerMessage) {
    silence.heard();
    switch (message.type) {
      case 'hello':
        greeted = true;
        refused = false;
        renewal?.expires(message.expires_at);
        return enqueue(() => {
          if (message.resumed) become('catching-up');
          else if (!position) {
            ({ position, seq } = message);
            become('live');
          }
          // Otherwise a reset follows.
        });
      case 'caught_up':
        return enqueue(() => {
          ({ position } = message);
          become('live');
        });
      case 'reset':
        return enqueue(() => reset(message.reason, message.position, message.seq));
      case 'token_expiring':
        return renewal?.expiring(message.expires_at);
      case 'heartbeat': // Whatever arrives is a sign of life.
      case 'draining': // Until the socket is closed, changes still arrive.
      case 'error': // The same follows as the reason of the close.
        return;
      default: {
        // A message type that is neither one of these nor a change does not compile.
        const change: Change = message;
        return enqueue(() => deliver(change));
      }
    }
  }

  async function deliver(change: Change) {
    // This also skips messages without a number, which only an unknown kind can lack.
    if (!(change.seq > seq && change.position)) return;
    if (CHANGE_TYPES.includes(change.type)) await attempt(() => onChange(change));
    ({ position, seq } = change);
  }

  async function reset(reason: Parameters<typeof onReset>[0], at: Position, number: number) {
    become('catching-up');
    const mine = era;
    let listed = undefined as Position | undefined;
    const done = await attempt(async () => {
      listed = (await onReset(reason, at)) as Position | undefined;
    });
    // The position stays unchanged until the application has listed; otherwise a crash could lose
    // changes.
    if (done) {
      position = listed ?? at;
      seq = listed ? 0 : number;
    }
    if (mine !== era) return;
    if (done && !listed) return become('live');
    if (!done) pause = jitter(A_LITTLE);
    socket.reconnect();
  }

  const silence = watchSilence(
    options.heartbeatInterval ?? 25_000,
    () => send({ type: 'ping' }),
    () => socket.reconnect(),
  );
  const retry = () => {
    endWait();
    if (greeted) silence.probe();
  };
  const forget = onWake(retry);

  const socket = new ReconnectingWebSocket(prepare, SUBPROTOCOL, {
    WebSocket,
    // `prepare` waits, with jitter, and its wait can be shortened.
    minReconnectionDelay: 0,
    maxReconnectionDelay: 0,
    connectionTimeout: 10_000,
    // Messages that were queued for one socket must not go to the next.
    maxEnqueuedMessages: 0,
    shouldReconnectOnClose: closed,
  });
  socket.onopen = opened;
  socket.onmessage = ({ data }) => void attempt(() => heard(JSON.parse(data)));

  return {
    get state() {
      return state;
    },
    get position() {
      return position;
    },
    retry,
    close() {
      silent = true;
      end();
    },
  };
}
