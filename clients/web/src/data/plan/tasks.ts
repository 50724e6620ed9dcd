// What a person does to tasks, as edits for the outbox: what to send, what it changes on the screen,
// and how it is taken back. Pure, over what is shown.

import type { UpdateTask } from '@taskwire/client';

import { today } from '../clock.ts';
import { newId } from '../ids.ts';
import { same } from '../outbox/merge.ts';
import type { Effect, Op, Write } from '../outbox/writes.ts';
import { rankAtEnd, rankBetween } from '../rank.ts';
import type { NewTask, Place, Task, TaskFields, TaskPlace, Tasks } from '../types.ts';

/** An edit, and what takes it back once the server may have it. */
export interface Step {
  write: Write;
  inverse(now: Tasks): Step[];
}

export function step(op: Op, title: string, effects: Effect[], inverse: (now: Tasks) => Step[], more?: Partial<Write>): Step {
  return { write: { id: newId(), op, effects, title, state: 'queued', attempted: false, ...more }, inverse };
}

const patch = (id: string, fields: Partial<Task>): Effect => ({ kind: 'task', id, patch: fields });

/** All subtasks of a task, at every level. */
export function below(tasks: Tasks, id: string): Task[] {
  return tasks.children(id).flatMap((child) => [child, ...below(tasks, child.id)]);
}

/** The completed tasks above: no open task is below a completed one, so the server reopens them. The nearest first. */
function completedAbove(tasks: Tasks, parent: string | null | undefined): Task[] {
  const task = parent ? tasks.get(parent) : undefined;
  if (!task) return [];
  return [...(task.completed ? [task] : []), ...completedAbove(tasks, task.parent_id)];
}

const reopening = (above: readonly Task[]): Effect[] => above.map(({ id }) => patch(id, { completed: false, completed_at: null }));

const completing = (now: Tasks, above: readonly Task[]): Step[] => above.flatMap(({ id }) => complete(now, id, true));

export function create(tasks: Tasks, user: string, id: string, fields: NewTask, place?: Place): Step[] {
  const parent = fields.parent_id ? tasks.get(fields.parent_id) : undefined;
  const now = new Date().toISOString();
  const due = fields.due ?? (fields.recurrence ? { date: today() } : null);
  const wanted = {
    title: fields.title.trim(),
    description: fields.description?.trim() || null,
    priority: fields.priority ?? 'none',
    due,
    recurrence: fields.recurrence ?? null,
    labels: fields.labels ?? [],
    project_id: parent ? parent.project_id : (fields.project_id ?? null),
    parent_id: fields.parent_id ?? null,
  } as const;
  const made = step({ op: 'create', id, task: { id, ...wanted } }, wanted.title, [], () => []);
  const task: Task = {
    ...wanted,
    id,
    user_id: user,
    completed: false,
    completed_at: null,
    rank: rankAtEnd(made.write.id),
    created_at: now,
    updated_at: now,
    version: 0,
    waiting: true,
  };
  made.write.effects = [{ kind: 'task', id, put: task }, ...reopening(completedAbove(tasks, task.parent_id))];
  return place?.before || place?.after ? [made, move(tasks, task, place)] : [made];
}

export function update(tasks: Tasks, id: string, fields: TaskFields, base?: Task): Step[] {
  const task = tasks.get(id);
  if (!task) return [];
  const seen = base ?? task;
  const changes = changed(seen, normal(task, fields));
  if (!Object.keys(changes).length) return [];
  const before = pick(seen, Object.keys(changes));
  const effects: Effect[] = [patch(id, changes)];
  if ('parent_id' in changes || 'project_id' in changes) {
    const project = changes.parent_id ? (tasks.get(changes.parent_id)?.project_id ?? null) : 'project_id' in changes ? changes.project_id : task.project_id;
    effects[0] = patch(id, { ...changes, project_id: project });
    for (const child of below(tasks, id)) if (child.project_id !== project) effects.push(patch(child.id, { project_id: project }));
  }
  const above = 'parent_id' in changes && !task.completed ? completedAbove(tasks, changes.parent_id) : [];
  effects.push(...reopening(above));
  const back = (now: Tasks) => [...update(now, id, before as TaskFields), ...completing(now, above)];
  return [step({ op: 'update', id, changes: changes as UpdateTask }, task.title, effects, back, { before })];
}

/** What the server would make of the fields or refuse, put right beforehand. */
function normal(task: Task, fields: TaskFields): TaskFields {
  const next = { ...fields };
  if (next.title !== undefined) next.title = next.title.trim();
  if (!next.title) delete next.title;
  if (next.description !== undefined) next.description = next.description?.trim() || null;
  if (next.due === null && task.recurrence) next.recurrence = null;
  if (next.recurrence && !next.due && !task.due) next.due = { date: today() };
  // A subtask belongs to its parent's project; to go elsewhere it has to leave.
  if (next.project_id !== undefined && next.project_id !== task.project_id && task.parent_id && next.parent_id === undefined) {
    next.parent_id = null;
  }
  return next;
}

function changed(seen: object, fields: object): TaskFields {
  const was = seen as Record<string, unknown>;
  return Object.fromEntries(Object.entries(fields).filter(([field, value]) => value !== undefined && !same(was[field], value)));
}

const pick = (from: object, keys: string[]) =>
  Object.fromEntries(keys.map((key) => [key, (from as Record<string, unknown>)[key] ?? null]));

export function complete(tasks: Tasks, id: string, completed: boolean): Step[] {
  const task = tasks.get(id);
  if (!task || task.completed === completed) return [];
  const now = new Date().toISOString();
  const fields = completed ? { completed, completed_at: now } : { completed, completed_at: null };
  if (!completed) {
    const above = completedAbove(tasks, task.parent_id);
    const back = (later: Tasks) => [...complete(later, id, true), ...completing(later, above)];
    return [step({ op: 'complete', id, completed }, task.title, [patch(id, fields), ...reopening(above)], back)];
  }
  if (task.recurrence && task.due) {
    // It moves on to its next occurrence, which the server knows, with all subtasks open.
    const { due, recurrence } = task;
    const done = below(tasks, id).filter((child) => child.completed);
    const again = patch(id, { completed: false, completed_at: null, due, recurrence });
    const back = (later: Tasks) => [
      step({ op: 'complete', id, completed: false, occurrence: due.date }, task.title, [again], (now) => complete(now, id, true)),
      ...tops(later, done.map((child) => child.id)).flatMap((child) => complete(later, child, true)),
    ];
    return [step({ op: 'complete', id, completed, occurrence: due.date }, task.title, [patch(id, fields)], back)];
  }
  const along = below(tasks, id).filter((child) => !child.completed);
  const effects = [task, ...along].map(({ id }) => patch(id, fields));
  const back = (later: Tasks) => [task, ...along].flatMap(({ id }) => complete(later, id, false));
  return [step({ op: 'complete', id, completed }, task.title, effects, back)];
}

export function move(tasks: Tasks, task: Task, to: TaskPlace): Step {
  const { id } = task;
  const asked: TaskPlace = { ...to };
  if (asked.project_id !== undefined && asked.project_id !== task.project_id && task.parent_id && asked.parent_id === undefined) {
    asked.parent_id = null;
  }
  const fields: Partial<Task> = {};
  if (asked.parent_id !== undefined) fields.parent_id = asked.parent_id;
  if (asked.parent_id) fields.project_id = tasks.get(asked.parent_id)?.project_id ?? null;
  else if (asked.project_id !== undefined) fields.project_id = asked.project_id;
  const above = task.completed ? [] : completedAbove(tasks, asked.parent_id);
  const made = step({ op: 'move', id, to: asked }, task.title, [], (now) => {
    const moved = now.get(id);
    return moved ? [move(now, moved, back), ...completing(now, above)] : [];
  });
  fields.rank = place(tasks.all, id, to) ?? rankAtEnd(made.write.id);
  made.write.effects = [patch(id, fields), ...reopening(above)];
  if (fields.project_id !== undefined) {
    for (const child of below(tasks, id)) made.write.effects.push(patch(child.id, { project_id: fields.project_id }));
  }
  const at = tasks.all.findIndex((other) => other.id === id);
  const [previous, next] = [tasks.all[at - 1], tasks.all[at + 1]];
  const back: TaskPlace = {
    ...(next && at >= 0 ? { before: next.id } : previous ? { after: previous.id } : {}),
    ...(fields.parent_id !== undefined && { parent_id: task.parent_id }),
    ...(fields.project_id !== undefined && !task.parent_id && { project_id: task.project_id }),
  };
  return made;
}

/** The rank right before or after another in the whole order; nothing if it goes to the end. */
export function place(all: readonly { id: string; rank: string }[], id: string, { before, after }: Place): string | undefined {
  const others = all.filter((other) => other.id !== id);
  const at = others.findIndex((other) => other.id === (before ?? after));
  if (at < 0) return undefined;
  const lower = before ? others[at - 1] : others[at];
  const upper = before ? others[at] : others[at + 1];
  return rankBetween(lower?.rank ?? '', upper?.rank);
}

export function remove(tasks: Tasks, id: string): Step[] {
  const task = tasks.get(id);
  if (!task) return [];
  const all = [task, ...below(tasks, id)];
  const effects = all.map(({ id }): Effect => ({ kind: 'task', id, put: null }));
  const back = () => [
    step({ op: 'restore', id, kind: 'task' }, task.title, all.map((put): Effect => ({ kind: 'task', id: put.id, put })), (now) => remove(now, id)),
  ];
  return [step({ op: 'delete', id }, task.title, effects, back)];
}

/** Of a selection, those that do not go along with another one of it. */
export function tops(tasks: Tasks, ids: readonly string[]): string[] {
  const chosen = new Set(ids);
  const covered = (id: string): boolean => {
    const parent = tasks.get(id)?.parent_id;
    return Boolean(parent && (chosen.has(parent) || covered(parent)));
  };
  return ids.filter((id) => !covered(id));
}
