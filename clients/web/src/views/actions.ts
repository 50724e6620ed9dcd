/**
 * What people do to tasks, with the words that answer: each shows a toast with an undo or tells the
 * screen reader. The data layer does the work; views call these.
 */
import {
  completeTask, completeTasks, countSubtasks, createProject, deleteTask, deleteTasks, moveTask, updateTask, updateTasks,
  type Task, type TaskFields, type TaskPlace,
} from "../data/index.ts";
import { announce } from "../lib/announce.ts";
import { clearSelection } from "../lib/selection.ts";
import { t } from "../text/index.ts";
import { remember, say } from "../ui/toasts.tsx";

export function complete(task: Task, completed: boolean): void {
  const undo = completeTask(task.id, completed);
  const a = t.actions;
  say(completed ? (task.recurrence ? a.advanced(task.title) : a.completed(task.title)) : a.reopened(task.title), undo);
}

export function completeAll(tasks: readonly Task[], completed: boolean): void {
  const [only] = tasks;
  if (only && tasks.length === 1) return complete(only, completed);
  const undo = completeTasks(tasks.map((task) => task.id), completed);
  say(completed ? t.actions.completedMany(tasks.length) : t.actions.reopenedMany(tasks.length), undo);
  clearSelection();
}

export function remove(task: Task): void {
  const along = countSubtasks(task.id);
  const undo = deleteTask(task.id, { subtasks: true });
  say(along > 0 ? t.actions.deletedWith(task.title, along) : t.actions.deleted(task.title), undo);
}

export function removeAll(tasks: readonly Task[]): void {
  const [only] = tasks;
  if (only && tasks.length === 1) return remove(only);
  const undo = deleteTasks(tasks.map((task) => task.id));
  say(t.actions.deletedMany(tasks.length), undo);
  clearSelection();
}

/** A quiet change of one task: the row shows it, so no toast. */
export function change(task: Task, fields: TaskFields, base?: Task): void {
  remember(updateTask(task.id, fields, base));
}

export function changeAll(tasks: readonly Task[], fields: TaskFields | ((task: Task) => TaskFields)): void {
  const [only] = tasks;
  if (only && tasks.length === 1) return change(only, typeof fields === "function" ? fields(only) : fields);
  say(t.actions.changedMany(tasks.length), updateTasks(tasks.map((task) => task.id), fields));
}

export function moveToProject(tasks: readonly Task[], project: { id: string; name: string } | null): void {
  const where = project?.name ?? t.task.noProject;
  const undo = updateTasks(tasks.map((task) => task.id), { project_id: project?.id ?? null, parent_id: null });
  const [only] = tasks;
  say(only && tasks.length === 1 ? t.actions.movedTo(only.title, where) : t.actions.movedMany(tasks.length, where), undo);
}

export function move(task: Task, place: TaskPlace, words: string): void {
  remember(moveTask(task.id, place));
  announce(words);
}

export const PROJECT_COLORS = Object.keys(t.projects.colors);

/** A new project by its name alone, as quick add and the pickers make it: the colours take turns. */
export function newProject(name: string, existing: number): string {
  return createProject({ name, color: PROJECT_COLORS[existing % PROJECT_COLORS.length] ?? null });
}

export async function copyLink(task: Task): Promise<void> {
  await navigator.clipboard.writeText(`${location.origin}/all?task=${task.id}`);
  say(t.task.linkCopied);
}
