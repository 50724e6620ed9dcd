// What the views read. Each hook gives the same object until what it stands for has changed.

import { useMemo, useSyncExternalStore } from 'react';

import { minute } from './clock.ts';
import { merge } from './outbox/merge.ts';
import type { Write } from './outbox/writes.ts';
import { EMPTY } from './replica/snapshot.ts';
import { engine } from './session.ts';
import { Signal, useSignal } from './signal.ts';
import type { Conflict, Connection, Project, Refusal, Task, TaskFilter, TaskSort, Tasks } from './types.ts';
import { type Counts, count, labelsOf, select } from './views.ts';

const NO_TASKS = new Signal<Tasks>(EMPTY);
const NO_PROJECTS = new Signal<readonly Project[]>([]);
const NO_WRITES = new Signal<readonly Write[]>([]);
const NOT_CONNECTED = new Signal<Connection>({ state: 'signed-out', waiting: 0, kept: true });
const NOTHING_RECENT = new Signal<ReadonlySet<string>>(new Set());

export const useEngine = () => useSignal(engine);

export const useTasks = (): Tasks => useSignal(useEngine()?.tasks ?? NO_TASKS);

/** Whether there is a list to show, from this device or from the server. */
export function useReady(): boolean {
  const { subscribe, get } = useEngine()?.tasks ?? NO_TASKS;
  return useSyncExternalStore(subscribe, () => get().ready);
}

/** Only this task's changes draw the caller anew. */
export function useTask(id: string): Task | undefined {
  const { subscribe, get } = useEngine()?.tasks ?? NO_TASKS;
  return useSyncExternalStore(subscribe, () => get().get(id));
}

export function useView(filter: TaskFilter, sort: TaskSort = 'rank'): readonly Task[] {
  const tasks = useTasks();
  const now = useSignal(minute);
  // Filters are written in place, so they are compared by what they say.
  const key = JSON.stringify(filter);
  return useMemo(() => select(tasks, JSON.parse(key) as TaskFilter, sort, now), [tasks, key, sort, now]);
}

export function useCounts(): Counts {
  const tasks = useTasks();
  const now = useSignal(minute);
  return useMemo(() => count(tasks, now), [tasks, now]);
}

export const useProjects = (): readonly Project[] => useSignal(useEngine()?.projects ?? NO_PROJECTS);

export function useLabels(): readonly string[] {
  const tasks = useTasks();
  return useMemo(() => labelsOf(tasks), [tasks]);
}

export const useConnection = (): Connection => useSignal(useEngine()?.connection ?? NOT_CONNECTED);

export function useRecentlyChanged(id: string): boolean {
  const { subscribe, get } = useEngine()?.recent ?? NOTHING_RECENT;
  return useSyncExternalStore(subscribe, () => get().has(id));
}

const useOutbox = () => useSignal(useEngine()?.outbox ?? NO_WRITES);

export function useConflicts(): readonly Conflict[] {
  const writes = useOutbox();
  return useMemo(() => writes.filter(({ state }) => state === 'conflict').map(conflictOf), [writes]);
}

function conflictOf({ id, op, title, before = {}, theirs }: Write): Conflict {
  const wanted = op.op === 'update' || op.op === 'project.update' ? (op.changes as Record<string, unknown>) : {};
  const disputed = theirs ? merge(before, wanted, theirs).disputed : Object.keys(wanted);
  return {
    id,
    kind: op.op === 'project.update' ? 'project' : 'task',
    subject: op.id,
    title,
    fields: disputed.map((field) => ({ field, before: before[field], mine: wanted[field], theirs: theirs?.[field] ?? null })),
    deleted: !theirs,
  };
}

const WHAT: Record<Write['op']['op'], Refusal['what']> = {
  create: 'create',
  update: 'update',
  complete: 'complete',
  move: 'move',
  delete: 'delete',
  restore: 'restore',
  'project.create': 'create',
  'project.update': 'update',
  'project.move': 'move',
  'project.delete': 'delete',
};

export function useRefusals(): readonly Refusal[] {
  const writes = useOutbox();
  return useMemo(
    () =>
      writes.flatMap(({ id, op, title, state, problem }) =>
        state === 'refused' && problem ? { id, title, what: WHAT[op.op], problem } : [],
      ),
    [writes],
  );
}
