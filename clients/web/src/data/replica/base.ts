// What the server has, as far as it is known here: tasks and projects by id, and the position that
// they reflect. Changes are applied in any repetition; an older state never replaces a newer one.

import type { Change, Project, Task } from '@taskwire/client';

export class Base {
  tasks = new Map<string, Task>();
  projects = new Map<string, Project>();
  position: string | undefined;
  /** The highest change number that is known to be contained. */
  seq = 0;
  /** What differs from the copy on this device; `all` after a new list. */
  readonly dirty = { tasks: new Set<string>(), projects: new Set<string>(), all: false };
  /** Deleted by this app a moment ago: the channel may still tell of earlier changes. */
  private readonly buried = new Set<string>();

  /** Applies a change of the channel; answers the ids that it touched. */
  apply(change: Change): { tasks: string[]; projects: string[] } {
    const touched = { tasks: [] as string[], projects: [] as string[] };
    switch (change.type) {
      case 'task.restored':
      case 'task.created':
      case 'task.updated':
        if (change.type === 'task.restored') this.buried.delete(change.task.id);
        if (this.putTask(change.task)) touched.tasks.push(change.task.id);
        break;
      case 'task.deleted':
        this.buried.delete(change.task_id);
        if (this.dropTask(change.task_id, change.seq)) touched.tasks.push(change.task_id);
        break;
      case 'project.restored':
      case 'project.created':
      case 'project.updated':
        if (change.type === 'project.restored') this.buried.delete(change.project.id);
        if (this.putProject(change.project)) touched.projects.push(change.project.id);
        break;
      case 'project.deleted':
        this.buried.delete(change.project_id);
        if (this.dropProject(change.project_id, change.seq)) touched.projects.push(change.project_id);
        break;
      default:
        change satisfies never;
    }
    this.position = change.position;
    this.seq = Math.max(this.seq, change.seq);
    return touched;
  }

  /** Takes a task as an answer or a change has it, unless it is known newer. */
  putTask(task: Task): boolean {
    const known = this.tasks.get(task.id);
    if (this.buried.has(task.id) || (known && known.version > task.version)) return false;
    this.tasks.set(task.id, task);
    this.dirty.tasks.add(task.id);
    return true;
  }

  putProject(project: Project): boolean {
    const known = this.projects.get(project.id);
    if (this.buried.has(project.id) || (known && known.version > project.version)) return false;
    this.projects.set(project.id, project);
    this.dirty.projects.add(project.id);
    return true;
  }

  /** A deletion older than what is known, by a restoration's answer, has been overtaken. */
  private dropTask(id: string, seq: number): boolean {
    if ((this.tasks.get(id)?.version ?? 0) > seq || !this.tasks.delete(id)) return false;
    this.dirty.tasks.add(id);
    return true;
  }

  private dropProject(id: string, seq: number): boolean {
    if ((this.projects.get(id)?.version ?? 0) > seq || !this.projects.delete(id)) return false;
    this.dirty.projects.add(id);
    return true;
  }

  /** What the server has deleted at this app's request. */
  bury(kind: 'task' | 'project', id: string): void {
    const known = kind === 'task' ? this.tasks.delete(id) : this.projects.delete(id);
    if (!known) return;
    this.dirty[kind === 'task' ? 'tasks' : 'projects'].add(id);
    this.buried.add(id);
  }

  /** What comes back by this app's request. */
  unbury(id: string): void {
    this.buried.delete(id);
  }

  /** What the copy on this device lacks, at this moment; from now on it counts as written. */
  takeDirty() {
    const { all } = this.dirty;
    const pick = <T,>(ids: Iterable<string>, things: ReadonlyMap<string, T>) => [...ids].map((id) => [id, things.get(id)] as const);
    const taken = {
      all,
      tasks: pick(all ? this.tasks.keys() : this.dirty.tasks, this.tasks),
      projects: pick(all ? this.projects.keys() : this.dirty.projects, this.projects),
      position: this.position,
      seq: this.seq,
    };
    this.dirty.all = false;
    this.dirty.tasks.clear();
    this.dirty.projects.clear();
    return taken;
  }

  /** Everything anew, from lists or from this device. */
  replace(tasks: Iterable<Task>, projects: Iterable<Project>, position: string | undefined, seq: number, stored: boolean): void {
    this.tasks = new Map();
    for (const task of tasks) this.tasks.set(task.id, task);
    this.projects = new Map();
    for (const project of projects) this.projects.set(project.id, project);
    this.position = position;
    this.seq = seq;
    for (const task of this.tasks.values()) if (task.version > this.seq) this.seq = task.version;
    this.buried.clear();
    this.dirty.tasks.clear();
    this.dirty.projects.clear();
    this.dirty.all = !stored;
  }
}
