// Several pages of one user: exactly one of them, which holds a lock, sends edits and writes the
// copy on this device; all of them hear of each other's edits.

import type { Project, Task } from '@taskwire/client';

import type { Effect, Write } from './outbox/writes.ts';

/** What pages tell each other. */
export type Notice =
  /** `kept`: they are in the outbox on this device, not only in memory. */
  | { type: 'written'; writes: Write[]; kept: boolean }
  /** The outbox has changed: edits as they are now, edits that are gone, and what came of them. */
  | { type: 'settled'; put: Write[]; remove: string[]; tasks: Task[]; projects: Project[]; folded: Effect[]; restored: string[] };

export class Tabs {
  private readonly channel: BroadcastChannel | undefined;
  private readonly end = new AbortController();
  leading = false;

  /** `lead` is called once, when this page becomes the one that sends. */
  constructor(user: string, lead: () => void, hear: (notice: Notice) => void) {
    const name = `taskwire:${user}`;
    if (typeof BroadcastChannel !== 'undefined') {
      this.channel = new BroadcastChannel(name);
      this.channel.onmessage = ({ data }: MessageEvent<Notice>) => hear(data);
    }
    const begin = () => {
      this.leading = true;
      lead();
    };
    // Without locks a page cannot know of others, so each sends; retries make that safe.
    if (!navigator.locks) {
      queueMicrotask(() => !this.end.signal.aborted && begin());
      return;
    }
    const { signal } = this.end;
    navigator.locks
      .request(name, { signal }, () => {
        begin();
        return new Promise<void>((release) => signal.addEventListener('abort', () => release()));
      })
      .catch(() => undefined);
  }

  tell(notice: Notice): void {
    if (!this.end.signal.aborted) this.channel?.postMessage(notice);
  }

  close(): void {
    this.leading = false;
    this.end.abort();
    this.channel?.close();
  }
}
