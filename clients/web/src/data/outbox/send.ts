// Sends one edit, or several that were made together as one batch, and says what came of each.
// Whatever is sent here may be sent again: creations carry their id, updates the version that they
// were checked against, completions the state to set and the occurrence.

import * as api from '@taskwire/client';
import type { BatchOperation, Problem, Project, Task } from '@taskwire/client';

import { type Answer, ask } from '../http.ts';
import type { Fields } from './merge.ts';
import type { Op, Write } from './writes.ts';

export type Outcome =
  | { kind: 'done'; tasks: Task[]; projects: Project[] }
  /** The version does not hold any more: see what the server has. */
  | { kind: 'stale' }
  /** There is no such task or project, or not where the edit wants it to be. */
  | { kind: 'gone'; problem: Problem }
  | { kind: 'refused'; problem: Problem }
  | { kind: 'later'; wait: number }
  | { kind: 'signed-out' };

/** An edit with what is left to be sent of it, and the version that this was found against. */
export interface Ready {
  write: Write;
  changes?: Fields;
  version?: number;
}

const NOTHING: Outcome = { kind: 'done', tasks: [], projects: [] };

export async function send(user: string, { write, changes, version }: Ready): Promise<Outcome> {
  const { op } = write;
  const task = { user_id: user, task_id: op.id };
  const project = { user_id: user, project_id: op.id };
  const headers = version === undefined ? {} : { 'If-Match': `"${version}"` };
  switch (op.op) {
    case 'create':
      return created(ofTask(await ask(api.createTask({ path: { user_id: user }, body: op.task }))));
    case 'update':
      return ofTask(await ask(api.updateTask({ path: task, body: changes as api.UpdateTask, headers })));
    case 'complete':
      return ofTask(await ask(api.setTaskCompletion({ path: task, body: completion(op) })));
    case 'move':
      return ofTask(await ask(api.moveTask({ path: task, body: op.to })));
    case 'delete':
      return deleted(outcome(await ask(api.deleteTask({ path: task, query: { children: 'include' } })), () => NOTHING));
    case 'restore':
      return outcome(await ask(api.restoreFromTrash({ path: { user_id: user, trash_id: op.id } })), (restored) => ({
        kind: 'done',
        tasks: restored.tasks,
        projects: restored.project ? [restored.project] : [],
      }));
    case 'project.create':
      return created(ofProject(await ask(api.createProject({ path: { user_id: user }, body: op.project }))));
    case 'project.update':
      return ofProject(await ask(api.updateProject({ path: project, body: changes as api.UpdateProject, headers })));
    case 'project.move':
      return ofProject(await ask(api.moveProject({ path: project, body: op.to })));
    case 'project.delete': {
      const tasks = op.tasks === 'delete' ? 'delete' : 'move_out';
      return deleted(outcome(await ask(api.deleteProject({ path: project, query: { tasks } })), () => NOTHING));
    }
  }
}

/** One request for edits of tasks that were made together; each is taken or refused by itself. */
export async function sendBatch(user: string, ready: readonly Ready[]): Promise<Outcome[] | Outcome> {
  const body: api.Batch = { id: ready[0]!.write.id, mode: 'each', operations: ready.map(operation) };
  const answer = await ask(api.applyBatch({ path: { user_id: user }, body }));
  if (answer.kind !== 'ok') return outcome(answer, () => NOTHING);
  return answer.data.results.map(({ status, task, problem }, at): Outcome => {
    const { op } = ready[at]!.write;
    if (status < 300) return { kind: 'done', tasks: task ? [task] : [], projects: [] };
    const failed = outcome(problem ? { kind: 'refused', problem } : { kind: 'later', wait: 0 }, () => NOTHING);
    return op.op === 'delete' ? deleted(failed) : op.op === 'create' ? created(failed) : failed;
  });
}

/** What a batch can hold. What is restored with its subtasks goes alone, for only that answer has them all. */
export const isBatchable = ({ op, effects }: Write) =>
  ['create', 'update', 'complete', 'move', 'delete'].includes(op.op) || (op.op === 'restore' && op.kind === 'task' && effects.length === 1);

function operation({ write: { op }, changes, version }: Ready): BatchOperation {
  switch (op.op) {
    case 'create':
      return { op: 'create', task: op.task };
    case 'update':
      return { op: 'update', id: op.id, changes: changes as api.UpdateTask, ...(version && { if_version: version }) };
    case 'complete':
      return { op: 'complete', id: op.id, ...completion(op) };
    case 'move':
      return { op: 'move', id: op.id, to: op.to };
    case 'delete':
      return { op: 'delete', id: op.id, children: 'include' };
    case 'restore':
      return { op: 'restore', id: op.id };
    default:
      throw new TypeError(`${op.op} cannot be part of a batch`);
  }
}

const completion = ({ completed, occurrence }: Extract<Op, { op: 'complete' }>) => ({
  completed,
  ...(completed && { children: 'include' as const }),
  ...(occurrence && { occurrence }),
});

function outcome<T>(answer: Answer<T>, done: (data: T) => Outcome): Outcome {
  switch (answer.kind) {
    case 'ok':
      return done(answer.data);
    case 'later':
    case 'signed-out':
      return answer;
    case 'refused':
      if (answer.problem.status === 412) return { kind: 'stale' };
      if (answer.problem.status === 404) return { kind: 'gone', problem: answer.problem };
      return answer;
  }
}

const ofTask = (answer: Answer<Task>) => outcome(answer, (task) => ({ kind: 'done', tasks: [task], projects: [] }));
const ofProject = (answer: Answer<Project>) => outcome(answer, (project) => ({ kind: 'done', tasks: [], projects: [project] }));

/** What is gone already need not be deleted. */
const deleted = (result: Outcome): Outcome => (result.kind === 'gone' ? NOTHING : result);

/** What was created and has been deleted meanwhile, elsewhere, is done, too. */
const created = (result: Outcome): Outcome =>
  result.kind === 'refused' && result.problem.status === 410 ? NOTHING : result;
