// What is written down of each edit until the server has it: what to send, what it changes on the
// screen meanwhile, and what the person saw before it.

import type { CreateProject, CreateTask, MoveProject, MoveTask, Problem, UpdateProject, UpdateTask } from '@taskwire/client';

import type { Project, Task } from '../types.ts';

export type Op =
  | { op: 'create'; id: string; task: CreateTask }
  | { op: 'update'; id: string; changes: UpdateTask }
  | { op: 'complete'; id: string; completed: boolean; occurrence?: string }
  | { op: 'move'; id: string; to: MoveTask }
  | { op: 'delete'; id: string }
  | { op: 'restore'; id: string; kind: 'task' | 'project' }
  | { op: 'project.create'; id: string; project: CreateProject }
  | { op: 'project.update'; id: string; changes: UpdateProject }
  | { op: 'project.move'; id: string; to: MoveProject }
  | { op: 'project.delete'; id: string; tasks: 'delete' | 'keep' };

/** What an edit does to one task or project on the screen. `null` removes it. */
export type Effect =
  | { kind: 'task'; id: string; put: Task | null }
  | { kind: 'task'; id: string; patch: Partial<Task> }
  | { kind: 'project'; id: string; put: Project | null }
  | { kind: 'project'; id: string; patch: Partial<Project> };

export interface Write {
  /** Also its place in the order, and the id of the batch that it is the first of. */
  id: string;
  /** Edits that were made together and may go in one request. */
  group?: string;
  op: Op;
  effects: Effect[];
  /** What the person saw, of the fields that an update changes. */
  before?: Record<string, unknown>;
  /** Title or name, to speak of it. */
  title: string;
  /** `queued` until it is sent; `conflict` until there is a choice; `refused` until it is read. */
  state: 'queued' | 'conflict' | 'refused';
  /** Whether it may have reached the server: then it is taken back by another edit only. */
  attempted: boolean;
  /** In a conflict: what the server has, or null if it was deleted. */
  theirs?: Record<string, unknown> | null;
  /** Why it was refused. */
  problem?: Problem;
}

export const isProjectOp = (op: Op) => op.op.startsWith('project.') || (op.op === 'restore' && op.kind === 'project');

/** The ids whose existence the edit relies on, its own included. */
export function dependsOn(op: Op): string[] {
  const others: (string | null | undefined)[] =
    op.op === 'create' ? [op.task.project_id, op.task.parent_id]
    : op.op === 'update' ? [op.changes.project_id, op.changes.parent_id]
    : op.op === 'move' ? [op.to.before, op.to.after, op.to.parent_id, op.to.project_id]
    : op.op === 'project.move' ? [op.to.before, op.to.after]
    : [];
  return [op.id, ...others.filter((id) => typeof id === 'string')];
}

/** An update with the later ones of the same task or project in it, as if it had all been one edit. */
export function absorb(write: Write, all: readonly Write[]): { whole: Write; absorbed: Write[] } {
  const absorbed: Write[] = [];
  let whole = write;
  for (const later of all) {
    if (later.id <= write.id || later.state !== 'queued' || later.op.op !== write.op.op || later.op.id !== write.op.id) continue;
    if (!('changes' in whole.op) || !('changes' in later.op)) continue;
    absorbed.push(later);
    whole = {
      ...whole,
      op: { ...whole.op, changes: { ...whole.op.changes, ...later.op.changes } } as Op,
      effects: [...whole.effects, ...later.effects],
      // What was seen before the first edit of each field.
      before: { ...later.before, ...whole.before },
    };
  }
  return { whole, absorbed };
}
