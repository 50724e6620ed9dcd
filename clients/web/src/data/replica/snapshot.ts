// The tasks at one moment, in order, as the views read them. Sorting starts from the last order,
// so that one change among ten thousand costs a pass and no more.

import type { Project, Task, Tasks } from '../types.ts';

const byRank = (a: { rank: string; id: string }, b: { rank: string; id: string }) =>
  a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;

/** The same things as before in the order of before, with what is new behind, and then sorted. */
export function inOrder<T extends { id: string; rank: string }>(last: readonly T[], now: ReadonlyMap<string, T>): T[] {
  const rest = new Map(now);
  const next: T[] = [];
  for (const { id } of last) {
    const thing = rest.get(id);
    if (!thing) continue;
    next.push(thing);
    rest.delete(id);
  }
  next.push(...rest.values());
  return next.sort(byRank);
}

class Snapshot implements Tasks {
  private readonly byId: ReadonlyMap<string, Task>;
  private byParent: Map<string | null, Task[]> | undefined;

  constructor(
    readonly all: readonly Task[],
    byId: ReadonlyMap<string, Task>,
    readonly ready: boolean,
    readonly loaded: number,
  ) {
    this.byId = new Map(byId);
  }

  get(id: string): Task | undefined {
    return this.byId.get(id);
  }

  children(parent: string | null): readonly Task[] {
    if (!this.byParent) {
      this.byParent = new Map();
      for (const task of this.all) {
        // A task whose parent is not there (yet) stands on its own rather than nowhere.
        const key = task.parent_id && this.byId.has(task.parent_id) ? task.parent_id : null;
        const list = this.byParent.get(key);
        if (list) list.push(task);
        else this.byParent.set(key, [task]);
      }
    }
    return this.byParent.get(parent) ?? NONE;
  }
}

const NONE: readonly Task[] = [];

export const EMPTY: Tasks = new Snapshot([], new Map(), false, 0);

export const snapshot = (last: readonly Task[], now: ReadonlyMap<string, Task>, ready: boolean, loaded: number): Tasks =>
  new Snapshot(inOrder(last, now), now, ready, loaded);

export const projectsInOrder = (last: readonly Project[], now: ReadonlyMap<string, Project>): readonly Project[] =>
  inOrder(last, now);
