// What came of edits: as pages tell it to each other, and what each makes of it.

import type { Base } from '../replica/base.ts';
import { type Overlay, fold } from '../replica/overlay.ts';
import type { Notice } from '../tabs.ts';
import type { Queue } from './queue.ts';
import type { Settled } from './sender.ts';
import type { Effect, Write } from './writes.ts';

export type SettledNotice = Extract<Notice, { type: 'settled' }>;

/** The outbox alone has changed. */
export const revised = (put: readonly Write[], remove: readonly string[]): SettledNotice =>
  ({ type: 'settled', put: [...put], remove: [...remove], tasks: [], projects: [], folded: [], restored: [] });

/** Nothing if nothing came of anything. */
export function noticeOf({ done, put, known }: Settled): SettledNotice | undefined {
  const notice: SettledNotice = {
    type: 'settled',
    put,
    remove: done.map(({ write }) => write.id),
    tasks: [...known.tasks, ...done.flatMap(({ tasks }) => tasks)],
    projects: [...known.projects, ...done.flatMap(({ projects }) => projects)],
    folded: [
      ...done.flatMap(({ write }) => write.effects),
      ...known.gone.map(({ kind, id }): Effect => (kind === 'task' ? { kind, id, put: null } : { kind, id, put: null })),
    ],
    restored: done.flatMap(({ write: { op } }) => (op.op === 'restore' ? [op.id] : [])),
  };
  const { remove, tasks, projects, folded } = notice;
  return [put, remove, tasks, projects, folded].some(({ length }) => length) ? notice : undefined;
}

/** Brings what came of edits, here or in another page, into the queue, the state and its overlay. */
export function take({ put, remove, tasks, projects, folded, restored }: SettledNotice, queue: Queue, base: Base, overlay: Overlay): void {
  for (const write of put) queue.keep(write);
  for (const id of remove) queue.drop(id);
  for (const id of [...restored, ...tasks.map(({ id }) => id)]) base.unbury(id);
  for (const project of projects) base.putProject(project);
  for (const task of tasks) base.putTask(task);
  fold(base, folded, new Set([...tasks, ...projects].map(({ id }) => id)));
  for (const { id } of tasks) overlay.refresh('task', id);
  for (const { id } of projects) overlay.refresh('project', id);
  for (const { kind, id } of folded) overlay.refresh(kind, id);
}
