// A separate user for each test: tokens, the HTTP client, and a channel whose events can be
// awaited.

import { createHmac, randomUUID } from 'node:crypto';

import { type Change, createClient, createConfig, type Client } from '@taskwire/client';
import { type LiveConnection, type LiveOptions, type LiveState, connectLive } from '@taskwire/client/live';
import WS from 'ws';
import { onTestFinished } from 'vitest';

import { JWT_SECRET } from './program.js';

/** Longer than any awaited event takes, shorter than the test's timeout. */
const PATIENCE = 30_000;

export class User {
  readonly id = `user-${randomUUID()}`;

  /** A token that expires in this many seconds. */
  token(seconds = 3600, user = this.id): string {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const now = Math.floor(Date.now() / 1000);
    // Every token is different.
    const claims = { sub: user, iat: now, exp: now + seconds, jti: randomUUID() };
    const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    return `${signed}.${createHmac('sha256', JWT_SECRET).update(signed).digest('base64url')}`;
  }

  /** The options that every operation of this user needs. */
  at(baseUrl: string) {
    const client: Client = createClient(createConfig({ baseUrl, auth: () => this.token() }));
    return { client, path: { user_id: this.id }, throwOnError: true } as const;
  }

  /** Follows this user's changes until the test ends. */
  follow(baseUrl: string, options: Partial<LiveOptions> = {}): Follower {
    return new Follower({ baseUrl, userId: this.id, getToken: () => this.token(), ...options });
  }
}

/** A channel and all its events so far. */
export class Follower {
  readonly changes: Change[] = [];
  readonly states: LiveState[] = [];
  readonly resets: string[] = [];
  readonly errors: unknown[] = [];
  readonly live: LiveConnection;
  private readonly watchers = new Set<() => void>();

  constructor(options: Omit<LiveOptions, 'onChange' | 'onReset'> & Partial<LiveOptions>) {
    this.live = connectLive({
      WebSocket: WS,
      ...options,
      onChange: async (change) => {
        await options.onChange?.(change);
        this.changes.push(change);
        this.tell();
      },
      onReset: async (reason, position) => {
        this.resets.push(reason);
        this.tell();
        return options.onReset?.(reason, position);
      },
      onState: (state) => {
        this.states.push(state);
        this.tell();
      },
      onError: (error) => {
        this.errors.push(error);
        this.tell();
      },
    });
    onTestFinished(() => this.live.close());
  }

  private tell() {
    const look = () => {
      for (const watcher of this.watchers) watcher();
    };
    look();
    // The position advances right after a callback has ended.
    setImmediate(look);
  }

  /** Waits until a condition holds and checks it at each event. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const heard = () => `${this.states.join(' ')}; ${this.changes.length} changes; errors: ${this.errors.join()}`;
      const given = new Error('it did not happen in time');
      const timer = setTimeout(() => {
        given.message += `: ${holds} after ${heard()}`;
        reject(given);
      }, PATIENCE);
      const watcher = () => {
        if (!holds()) return;
        clearTimeout(timer);
        this.watchers.delete(watcher);
        resolve();
      };
      this.watchers.add(watcher);
      watcher();
    });
  }

  state(state: LiveState): Promise<void> {
    return this.until(() => this.live.state === state);
  }

  /** Waits for this many changes in total. */
  arrived(count: number): Promise<void> {
    return this.until(() => this.changes.length >= count);
  }

  /** The titles of the changed tasks, in order. */
  get titles(): string[] {
    return this.changes.map((change) => ('task' in change ? change.task.title : '-'));
  }

  get numbers(): number[] {
    return this.changes.map((change) => change.seq);
  }
}
