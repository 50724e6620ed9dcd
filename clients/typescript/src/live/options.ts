// What an application says to the live channel and hears from it: the types of this entry point.

import type { Change, Position, Reset } from '../generated/types.gen.js';

/**
 * What can be shown to a person.
 *
 * - `connecting`: a socket is being opened, for the first time or after one was lost.
 * - `catching-up`: connected; what happened in the meantime is arriving, or the application lists anew.
 * - `live`: everything that happened has been delivered, and what happens arrives at once.
 * - `offline`: the last attempt to connect failed; others follow by themselves.
 * - `signed-out`: there is no token that the server accepts. This is final: open another channel
 *   after signing in.
 */
export type LiveState = 'connecting' | 'live' | 'catching-up' | 'offline' | 'signed-out';

/** Why what the application holds cannot be continued. */
export type ResetReason = Reset['reason'];

export interface TokenRequest {
  /**
   * Whether a token from a cache will not do, because the last one was refused or expires soon.
   */
  fresh: boolean;
}

/** The part of a WebSocket that the channel needs; browsers', Node's and that of `ws` all have it. */
export interface WebSocketLike {
  readonly readyState: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export interface LiveOptions {
  /** Where the server is, as for the HTTP client. In a browser it may be relative. */
  baseUrl: string;

  /** Whose changes to follow; the token must be this user's. */
  userId: string;

  /**
   * A valid token, or nothing when the user is signed out. Asked before each connection, and again
   * before a token expires. When it rejects, it is asked again later.
   */
  getToken: (request: TokenRequest) => string | null | undefined | Promise<string | null | undefined>;

  /**
   * The position up to which everything is known, of a list or of an earlier channel. Without it,
   * the channel begins with what happens from now on.
   */
  position?: Position | undefined;

  /**
   * Called with each change once, in order, and never again before the promise that it returned is
   * settled. An error goes to `onError`, and the change counts as delivered.
   */
  onChange: (change: Change) => unknown;

  /**
   * Called when the rest of the changes cannot be given completely: list everything again. Nothing
   * else is delivered meanwhile. If it returns the position of that list, the channel goes on from
   * exactly there; otherwise from `position`, and some changes that the list has already may arrive.
   * After an error, which goes to `onError`, it is called again a little later.
   */
  onReset: (reason: ResetReason, position: Position) => Position | void | Promise<Position | void>;

  /** Called at each change of the state, which begins as `connecting`. */
  onState?: ((state: LiveState) => unknown) | undefined;

  /**
   * Told of what went wrong: errors of the other callbacks, and a `LiveError` when the server
   * refuses the channel. By default it goes to the console.
   */
  onError?: ((error: unknown) => unknown) | undefined;

  /** The WebSocket to use where there is no global one, as in Node 20: that of the package `ws`. */
  WebSocket?: (new (url: string, protocols?: string | string[]) => WebSocketLike) | undefined;

  /**
   * How long the server may be silent, in milliseconds, before it is asked for a sign of life;
   * after as long again the connection is given up. Best the server's `HEARTBEAT_INTERVAL`, 25
   * seconds by default.
   */
  heartbeatInterval?: number | undefined;
}

export interface LiveConnection {
  readonly state: LiveState;

  /** The position up to which everything has been delivered. Keep it to continue from it later. */
  readonly position: Position | undefined;

  /**
   * Connects at once instead of after the rest of a wait; if there is a connection, makes sure that
   * it is alive. Browsers' `online` event and a page that is shown again do the same.
   */
  retry(): void;

  /** Ends the channel; nothing is called any more. */
  close(): void;
}

/** The server refused the channel, and why. */
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
