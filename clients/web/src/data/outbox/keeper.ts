// Has the outbox and the state written down on this device, and answers for what cannot be: an edit
// that is only in memory is an edit all the same. It is shown and sent, and written with the next
// thing that can be.

import type { Base } from '../replica/base.ts';
import type { OutboxChange, Storage } from '../replica/storage.ts';
import type { Queue } from './queue.ts';

/** How long to wait before what could not be written is written again. */
const KEEP_AGAIN = 5_000;

export interface KeeperHost {
  /** Whether this page is the one that sends and saves; only that one tries again. */
  leading(): boolean;
  /** Whether all edits are on this device. */
  tell(kept: boolean): void;
}

export class Keeper {
  /** Edits that are not known to be written, and those of them that could not be. */
  private readonly writing = new Set<string>();
  private readonly unwritten = new Set<string>();
  /** Edits that are over, but may still be in the outbox on this device. */
  private readonly unremoved = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ended = false;

  constructor(
    private readonly storage: Storage,
    private readonly queue: Queue,
    private readonly host: KeeperHost,
  ) {}

  /** Writes edits as the queue has them, and takes others out. False if that is only so in memory. */
  change(change: OutboxChange): Promise<boolean> {
    return this.write(change, (all) => this.storage.change(all));
  }

  /** Writes the state as well. */
  save(base: Base, change: OutboxChange = {}): Promise<boolean> {
    return this.write(change, (all) => this.storage.save(base, all));
  }

  /** Notes that these are about to be sent; answers those that were not taken back. */
  async attempt(ids: readonly string[]): Promise<string[]> {
    const only = ids.filter((id) => this.writing.has(id) || this.unwritten.has(id));
    // Where nothing can be noted, to send is better than never to send.
    const stored = await this.storage.attempt(ids).catch(() => ids);
    return ids.filter((id) => this.queue.get(id) && (stored.includes(id) || only.includes(id)));
  }

  /** Takes edits back that cannot have reached the server; answers which. */
  async cancel(ids: readonly string[]): Promise<string[]> {
    const gone = await this.storage.cancel(ids).catch((): string[] => []);
    // The page that sends knows of those that are only in memory.
    const only = this.host.leading() ? ids.filter((id) => this.unwritten.has(id) && !this.queue.get(id)?.attempted) : [];
    for (const id of [...gone, ...only]) this.drop(id);
    return [...new Set([...gone, ...only])];
  }

  /** An edit is over, as another page says. */
  drop(id: string): void {
    this.writing.delete(id);
    if (this.unwritten.delete(id)) this.tell();
  }

  /** Writes what could not be written, if there is such. */
  again(): void {
    clearTimeout(this.timer);
    if (this.host.leading() && (this.unwritten.size || this.unremoved.size)) void this.change({});
  }

  close(): void {
    this.ended = true;
    clearTimeout(this.timer);
  }

  private async write({ put = [], remove = [] }: OutboxChange, how: (all: OutboxChange) => Promise<unknown>): Promise<boolean> {
    for (const { id } of put) this.writing.add(id);
    for (const id of remove) {
      this.drop(id);
      this.unremoved.add(id);
    }
    const ids = new Set([...put.map(({ id }) => id), ...this.unwritten]);
    const gone = [...this.unremoved];
    try {
      await how({ put: [...ids].flatMap((id) => this.queue.get(id) ?? []), remove: gone });
      for (const id of ids) this.unwritten.delete(id);
      for (const id of gone) this.unremoved.delete(id);
      return true;
    } catch (error) {
      console.warn('taskwire: not saved on this device', error);
      for (const id of ids) if (this.queue.get(id)) this.unwritten.add(id);
      clearTimeout(this.timer);
      if (!this.ended) this.timer = setTimeout(() => this.again(), KEEP_AGAIN);
      return false;
    } finally {
      for (const id of ids) this.writing.delete(id);
      this.tell();
    }
  }

  private tell(): void {
    if (!this.ended) this.host.tell(this.unwritten.size === 0);
  }
}
