// The outbox as one page knows it: the edits in the order in which they were made, which is that of
// their ids. What is gone stays gone, in whatever order pages hear of each other.

import { sawId } from '../ids.ts';
import type { Write } from './writes.ts';

export class Queue {
  private readonly writes = new Map<string, Write>();
  /** Gone, perhaps before this page had read them. */
  private readonly gone = new Set<string>();
  private ordered: readonly Write[] | undefined;

  /** Takes an edit as it is now. */
  keep(write: Write): void {
    if (this.gone.has(write.id)) return;
    sawId(write.id);
    this.writes.set(write.id, write);
    this.ordered = undefined;
  }

  drop(id: string): void {
    this.writes.delete(id);
    this.gone.add(id);
    this.ordered = undefined;
  }

  /** What was read from the device counts less than what was heard of it meanwhile. */
  recall(writes: readonly Write[]): void {
    for (const write of writes) if (!this.writes.has(write.id)) this.keep(write);
  }

  get(id: string): Write | undefined {
    return this.writes.get(id);
  }

  inOrder(): readonly Write[] {
    this.ordered ??= [...this.writes.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return this.ordered;
  }
}
