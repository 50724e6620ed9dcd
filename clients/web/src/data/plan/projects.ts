// What a person does to projects, as edits for the outbox, in the same manner as tasks.

import { same } from '../outbox/merge.ts';
import type { Effect } from '../outbox/writes.ts';
import { rankAtEnd } from '../rank.ts';
import type { NewProject, Place, Project, ProjectFields, Tasks } from '../types.ts';
import { type Step, place, step, update as updateTask } from './tasks.ts';

type Projects = readonly Project[];

const patch = (id: string, fields: Partial<Project>): Effect => ({ kind: 'project', id, patch: fields });

export function create(user: string, id: string, fields: NewProject): Step[] {
  const now = new Date().toISOString();
  const wanted = { name: fields.name.trim(), color: fields.color ?? null, archived: fields.archived ?? false };
  const made = step({ op: 'project.create', id, project: { id, ...wanted } }, wanted.name, [], () => []);
  const put: Project = { ...wanted, id, user_id: user, rank: rankAtEnd(made.write.id), created_at: now, updated_at: now, version: 0, waiting: true };
  made.write.effects = [{ kind: 'project', id, put }];
  return [made];
}

export function update(projects: () => Projects, id: string, fields: ProjectFields, base?: Project): Step[] {
  const project = projects().find((other) => other.id === id);
  if (!project) return [];
  const seen = base ?? project;
  const next = { ...fields };
  if (next.name !== undefined) next.name = next.name.trim();
  if (!next.name) delete next.name;
  const changes: ProjectFields = {};
  const before: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(next) as [keyof ProjectFields, never][]) {
    if (value === undefined || same(seen[field], value)) continue;
    changes[field] = value;
    before[field] = seen[field] ?? null;
  }
  if (!Object.keys(changes).length) return [];
  return [
    step({ op: 'project.update', id, changes }, project.name, [patch(id, changes)], () => update(projects, id, before as ProjectFields), { before }),
  ];
}

export function move(projects: () => Projects, id: string, to: Place): Step[] {
  const all = projects();
  const at = all.findIndex((other) => other.id === id);
  const project = all[at];
  if (!project) return [];
  const [previous, next] = [all[at - 1], all[at + 1]];
  const back: Place = next ? { before: next.id } : previous ? { after: previous.id } : {};
  const made = step({ op: 'project.move', id, to }, project.name, [], () => move(projects, id, back));
  made.write.effects = [patch(id, { rank: place(all, id, to) ?? rankAtEnd(made.write.id) })];
  return [made];
}

export function remove(projects: () => Projects, tasks: Tasks, id: string, contents: 'delete' | 'keep'): Step[] {
  const project = projects().find((other) => other.id === id);
  if (!project) return [];
  const inside = tasks.all.filter((task) => task.project_id === id);
  const effects: Effect[] = [{ kind: 'project', id, put: null }];
  for (const task of inside) {
    effects.push(contents === 'delete' ? { kind: 'task', id: task.id, put: null } : { kind: 'task', id: task.id, patch: { project_id: null } });
  }
  const again: Effect[] = [{ kind: 'project', id, put: project }];
  if (contents === 'delete') for (const put of inside) again.push({ kind: 'task', id: put.id, put });
  const back = (now: Tasks) => [
    step({ op: 'restore', id, kind: 'project' }, project.name, again, () => remove(projects, now, id, contents)),
    // Tasks that stayed are put back; their subtasks follow.
    ...(contents === 'keep' ? inside.filter((task) => !task.parent_id).flatMap((task) => updateTask(now, task.id, { project_id: id })) : []),
  ];
  return [step({ op: 'project.delete', id, tasks: contents }, project.name, effects, back)];
}
