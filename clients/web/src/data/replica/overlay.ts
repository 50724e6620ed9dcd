// What is shown: the server's state with the edits that it has not got yet laid over it. Only what
// a change touches is computed anew, and what looks the same stays the same object.

import type { Task as ServerTask } from '@taskwire/client';

import { same } from '../outbox/merge.ts';
import type { Effect, Write } from '../outbox/writes.ts';
import type { Project, Task } from '../types.ts';
import type { Base } from './base.ts';

type Kind = 'task' | 'project';

export class Overlay {
  readonly tasks = new Map<string, Task>();
  readonly projects = new Map<string, Project>();
  /** The effects of queued edits by what they concern, in the order of the edits. */
  private readonly effects = { task: new Map<string, Effect[]>(), project: new Map<string, Effect[]>() };

  constructor(private readonly base: Base) {}

  /** Computes everything anew. */
  rebuild(writes: Iterable<Write>): void {
    this.index(writes);
    this.tasks.clear();
    this.projects.clear();
    for (const id of new Set([...this.base.tasks.keys(), ...this.effects.task.keys()])) this.refresh('task', id);
    for (const id of new Set([...this.base.projects.keys(), ...this.effects.project.keys()])) this.refresh('project', id);
  }

  /** Takes the edits as they are now; what they touched or touch is computed anew. Answers what one can see of it. */
  setWrites(writes: Iterable<Write>): { tasks: string[]; projects: string[] } {
    const touched = {
      task: new Set(this.effects.task.keys()),
      project: new Set(this.effects.project.keys()),
    };
    this.index(writes);
    for (const id of this.effects.task.keys()) touched.task.add(id);
    for (const id of this.effects.project.keys()) touched.project.add(id);
    return {
      tasks: [...touched.task].filter((id) => this.refresh('task', id)),
      projects: [...touched.project].filter((id) => this.refresh('project', id)),
    };
  }

  private index(writes: Iterable<Write>): void {
    this.effects.task.clear();
    this.effects.project.clear();
    for (const write of writes) {
      if (write.state !== 'queued') continue;
      for (const effect of write.effects) {
        const list = this.effects[effect.kind].get(effect.id);
        if (list) list.push(effect);
        else this.effects[effect.kind].set(effect.id, [effect]);
      }
    }
  }

  /** Computes one anew; answers whether a person could see the difference. */
  refresh(kind: Kind, id: string): boolean {
    return kind === 'task' ? this.refreshTask(id) : this.refreshProject(id);
  }

  private refreshTask(id: string): boolean {
    const server = this.base.tasks.get(id);
    let next: Task | null = server ? shownTask(server) : null;
    for (const effect of this.effects.task.get(id) ?? []) {
      if (effect.kind !== 'task') continue;
      if ('put' in effect) {
        // What is already known of a creation or restoration counts more than what was expected.
        next = effect.put === null ? null : { ...(next ?? effect.put), waiting: true };
      } else if (next) next = { ...next, ...effect.patch, waiting: true };
    }
    return settle(this.tasks, id, next);
  }

  private refreshProject(id: string): boolean {
    const server = this.base.projects.get(id);
    let next: Project | null = server ? { ...server, waiting: false } : null;
    for (const effect of this.effects.project.get(id) ?? []) {
      if (effect.kind !== 'project') continue;
      if ('put' in effect) next = effect.put === null ? null : { ...(next ?? effect.put), waiting: true };
      else if (next) next = { ...next, ...effect.patch, waiting: true };
    }
    return settle(this.projects, id, next);
  }
}

/** Fields that change without anybody seeing it. */
const UNSEEN = new Set(['version', 'updated_at', 'created_at', 'completed_at', 'user_id', 'waiting', 'rank']);

function settle<T extends object>(map: Map<string, T>, id: string, next: T | null): boolean {
  const known = map.get(id);
  if (!next) return map.delete(id);
  if (known && same(known, next)) return false;
  map.set(id, next);
  if (!known) return true;
  const [old, now] = [known as Record<string, unknown>, next as Record<string, unknown>];
  return Object.keys(now).some((key) => !UNSEEN.has(key) && !same(old[key], now[key]));
}

export const shownTask = (task: ServerTask): Task => ({
  ...task,
  priority: task.priority ?? 'none',
  labels: task.labels ?? [],
  rank: task.rank ?? '',
  waiting: false,
});

/** The difference that an edit makes, laid under once the server has taken it. */
export function fold(base: Base, effects: readonly Effect[], answered: ReadonlySet<string>): void {
  for (const effect of effects) {
    if (answered.has(effect.id)) continue;
    if ('put' in effect) {
      if (effect.put === null) base.bury(effect.kind, effect.id);
      continue;
    }
    if (effect.kind === 'task') {
      const known = base.tasks.get(effect.id);
      if (known) base.putTask({ ...known, ...serverFields(effect.patch) });
    } else {
      const known = base.projects.get(effect.id);
      if (known) base.putProject({ ...known, ...serverFields(effect.patch) });
    }
  }
}

function serverFields<T extends { waiting?: boolean }>(patch: T): Omit<T, 'waiting'> {
  const { waiting: _, ...rest } = patch;
  return rest;
}
