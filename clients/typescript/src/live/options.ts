// The options, callbacks and types of the live channel.

import type { Change, Position, Reset } from '../generated/types.gen.js';

/**
 * The state of the channel, for display.
 *
 * - `connecting`: a socket is being opened, for the first time or after one was lost.
 * - `catching-up`: connected; missed changes are arriving, or the application is listing again.
 * - `live`: all changes so far have been delivered, and new ones arrive at once.
 * - `offline`: the last attempt to connect failed; the channel keeps trying.
 * - `signed-out`: there is no token that the server accepts. This is final: open a new channel
 *   after signing in.
 */
export type LiveState = 'connecting' | 'live' | 'catching-up' | 'offline' | 'signed-out';

/** The reason why the application's position cannot be continued. */
export type ResetReason = Reset['reason'];

export interface TokenRequest {
  /**
   * Whether a cached token must not be used, because the last one was rejected or expires soon.
   */
  fresh: boolean;
}

/** The part of a WebSocket that the channel needs. Browsers, Node and the package `ws` provide it. */
export interface WebSocketLike {
  readonly readyState: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export interface LiveOptions {
  /** The server's base URL, as for the HTTP client. In a browser it may be relative. */
  baseUrl: string;

  /** The user whose changes to follow; the token must belong to this user. */
  userId: string;

  /**
   * Returns a valid token, or nothing if the user is signed out. The channel calls it before each
   * connection and before a token expires. If its promise rejects, the channel calls it again
   * later.
   */
  getToken: (request: TokenRequest) => string | null | undefined | Promise<string | null | undefined>;

  /**
   * The position up to which the application knows everything, from a list or an earlier channel.
   * Without it, the channel begins with the next change.
   */
  position?: Position | undefined;

  /**
   * Called once for each change, in order. The next call waits until the returned promise is
   * settled. An error goes to `onError`, and the change counts as delivered.
   */
  onChange: (change: Change) => unknown;

  /**
   * Called when the missing changes cannot be delivered completely: list everything again. Nothing
   * else is delivered meanwhile. If it returns the position of that list, the channel continues
   * exactly from there. Otherwise it continues from `position`, and changes that the list already
   * contains may arrive. After an error, which goes to `onError`, it is called again a little
   * later.
   */
  onReset: (reason: ResetReason, position: Position) => Position | void | Promise<Position | void>;

  /** Called whenever the state changes. The first state is `connecting`. */
  onState?: ((state: LiveState) => unknown) | undefined;

  /**
   * Called with errors of the other callbacks, and with a `LiveError` if the server rejects the
   * channel. By default errors go to the console.
   */
  onError?: ((error: unknown) => unknown) | undefined;

  /** The WebSocket to use if there is no global one, as in Node 20: that of the package `ws`. */
  WebSocket?: (new (url: string, protocols?: string | string[]) => WebSocketLike) | undefined;

  /**
   * The time in milliseconds without a message after which the channel sends a ping; after the same
   * time again it closes the connection. It should equal the server's `HEARTBEAT_INTERVAL`, 25
   * seconds by default.
   */
  heartbeatInterval?: number | undefined;
}

export interface LiveConnection {
  readonly state: LiveState;

  /** The position up to which everything has been delivered. Store it to continue later. */
  readonly position: Position | undefined;

  /**
   * Ends a wait and connects at once; if there is a connection, checks that it is alive. The
   * browser's `online` event and a page that becomes visible do the same.
   */
  retry(): void;

  /** Ends the channel; no callback is called afterwards. */
  close(): void;
}

/** The server rejected the channel for this reason. */
export class LiveError extends Error {
  override readonly name = 'LiveError';

  constructor(
    /** The close code of the contract, such as 4400. */
    readonly code: number,
    reason: string,
  ) {
    super(reason);
  }
}
