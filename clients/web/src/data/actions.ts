// What a person can do, for the views to call: each action becomes edits in the outbox and answers
// how to take it back. None of these waits for the network.

import { newId } from './ids.ts';
import { type Fields, merge } from './outbox/merge.ts';
import type { Write } from './outbox/writes.ts';
import * as projects from './plan/projects.ts';
import * as plan from './plan/tasks.ts';
import type { Step } from './plan/tasks.ts';
import { engine } from './session.ts';
import { t } from '../text/index.ts';
import type { NewProject, NewTask, Place, Project, ProjectFields, Task, TaskFields, TaskPlace, Undo } from './types.ts';

function running() {
  const current = engine.get();
  if (!current) throw new Error('Nobody is signed in.');
  return current;
}

const unsaved = (error: unknown) => console.error('taskwire: an edit could not be written down on this device', error);

/** Does the steps, together where there are several, and answers how to take them back. */
function perform(steps: readonly Step[], here = running()): Undo {
  if (!steps.length) return { undo: () => Promise.resolve() };
  const group = steps.length > 1 ? { group: steps[0]!.write.id } : {};
  const written = here.write(steps.map(({ write }) => ({ ...write, ...group }))).catch(unsaved);
  let undone = false;
  return {
    async undo() {
      if (undone) return;
      undone = true;
      // What one user did is not another's to take back, nor this one's after signing in again.
      const same = () => {
        if (engine.get() !== here) throw new Error(t.actions.nothingToUndo);
      };
      same();
      await written;
      const taken = new Set(await here.cancel(steps.map(({ write }) => write.id)));
      same();
      // Last things first; what has never been sent is simply gone.
      const rest = steps.filter(({ write }) => !taken.has(write.id)).reverse();
      const back = rest.flatMap((step) => step.inverse(here.tasks.get()));
      if (back.length) perform(back, here);
    },
  };
}

const tasks = () => running().tasks.get();
const allProjects = () => running().projects.get();

export function createTask(task: NewTask, place?: Place): string {
  const id = newId();
  perform(plan.create(tasks(), running().user, id, task, place));
  return id;
}

export const updateTask = (id: string, fields: TaskFields, base?: Task): Undo => perform(plan.update(tasks(), id, fields, base));

export const completeTask = (id: string, completed: boolean): Undo => perform(plan.complete(tasks(), id, completed));

export const moveTask = (id: string, place: TaskPlace): Undo => moveTasks([id], place);

export const deleteTask = (id: string, _options?: { subtasks: true }): Undo => perform(plan.remove(tasks(), id));

export const countSubtasks = (id: string): number => plan.below(tasks(), id).length;

export function updateTasks(ids: readonly string[], fields: TaskFields | ((task: Task) => TaskFields)): Undo {
  const now = tasks();
  return perform(
    ids.flatMap((id) => {
      const task = now.get(id);
      return task ? plan.update(now, id, typeof fields === 'function' ? fields(task) : fields) : [];
    }),
  );
}

export const completeTasks = (ids: readonly string[], completed: boolean): Undo => {
  const now = tasks();
  return perform((completed ? plan.tops(now, ids) : ids).flatMap((id) => plan.complete(now, id, completed)));
};

export const deleteTasks = (ids: readonly string[]): Undo => {
  const now = tasks();
  return perform(plan.tops(now, ids).flatMap((id) => plan.remove(now, id)));
};

/** They keep their order among themselves: each goes behind the one before. */
export function moveTasks(ids: readonly string[], place: TaskPlace): Undo {
  const undos: Undo[] = [];
  let last: string | undefined;
  for (const id of plan.tops(tasks(), ids)) {
    const task = tasks().get(id);
    if (!task) continue;
    const { before: _, after: __, ...into } = place;
    // One after the other, for each place depends on the one before.
    undos.push(perform([plan.move(tasks(), task, last ? { ...into, after: last } : place)]));
    last = id;
  }
  return {
    async undo() {
      for (const undo of undos.reverse()) await undo.undo();
    },
  };
}

export function createProject(project: NewProject): string {
  const id = newId();
  perform(projects.create(running().user, id, project));
  return id;
}

export const updateProject = (id: string, fields: ProjectFields, base?: Project): Undo =>
  perform(projects.update(allProjects, id, fields, base));

export const moveProject = (id: string, place: Place): Undo => perform(projects.move(allProjects, id, place));

export const deleteProject = (id: string, contents: 'delete' | 'keep'): Undo =>
  perform(projects.remove(allProjects, tasks(), id, contents));

/** Settles a conflict: `mine` is sent again over what the server has now, `theirs` lets it be. */
export async function resolveConflict(id: string, choice: 'mine' | 'theirs'): Promise<void> {
  const here = running();
  const write = here.outbox.get().find((other) => other.id === id && other.state === 'conflict');
  if (!write) return;
  const { op } = write;
  const updates = op.op === 'update' || op.op === 'project.update';
  const put: Write[] = [];
  const next: Write = { ...write, state: 'queued', attempted: false };
  delete next.theirs;
  if (updates && write.theirs) {
    // Having seen the other version, the choice holds against it.
    const { disputed } = merge(write.before ?? {}, op.changes as Fields, write.theirs);
    const before: Fields = { ...write.before };
    for (const field of disputed) before[field] = write.theirs[field] ?? null;
    if (choice === 'mine') put.push({ ...next, before });
    else {
      // What nobody disputes is kept in any case.
      const changes = Object.fromEntries(Object.entries(op.changes).filter(([field]) => !disputed.includes(field)));
      if (Object.keys(changes).length) put.push({ ...next, op: { ...op, changes } as Write['op'], effects: narrowed(write, op.id, changes), before });
    }
  } else if (updates && choice === 'mine') {
    // Deleted elsewhere: it comes back out of the trash, before the edit.
    const kind = op.op === 'update' ? 'task' : 'project';
    put.push({ id: newId(), op: { op: 'restore', id: op.id, kind }, effects: [], title: write.title, state: 'queued', attempted: false });
    put.push({ ...next, id: newId() });
    return here.revise(put, [id]);
  }
  await here.revise(put, put.length ? [] : [id]);
}

const narrowed = (write: Write, id: string, changes: Fields): Write['effects'] =>
  write.effects.map((effect) =>
    effect.id === id && 'patch' in effect
      ? ({ ...effect, patch: Object.fromEntries(Object.entries(effect.patch).filter(([field]) => field in changes)) } as typeof effect)
      : effect,
  );

export function dismissRefusal(id: string): void {
  void running().revise([], [id]).catch(unsaved);
}
