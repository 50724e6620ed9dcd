/** Dropping tasks on the side bar: on a project moves them there, on Today gives them that date. */
import { updateTasks, type Task } from "../data/index.ts";
import { today } from "../lib/dates.ts";
import { t } from "../text/index.ts";
import { say } from "../ui/toasts.tsx";
import { moveToProject } from "./actions.ts";

/** `today`, or `project:<id>:<name>`. */
export function dropOnSide(name: string, tasks: readonly Task[]): void {
  const [first] = tasks;
  if (!first) return;
  if (name === "today") {
    const undo = updateTasks(tasks.map((task) => task.id), (task) => ({ due: { ...task.due, date: today() } }));
    say(tasks.length === 1 ? t.actions.movedTo(first.title, t.dates.today) : t.actions.movedMany(tasks.length, t.dates.today), undo);
    return;
  }
  const [kind, id = "", ...rest] = name.split(":");
  if (kind === "project") moveToProject(tasks, { id, name: rest.join(":") });
}
