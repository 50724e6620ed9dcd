/** What the line was taken for, as chips: said in words so that a wrong guess is seen before Enter. */
import type { QuickAdd } from "../../data/quick-add/index.ts";
import { dueTime, longDay } from "../../lib/dates.ts";
import { describeRule } from "../../lib/recurrence.ts";
import { t } from "../../text/index.ts";
import type { IconName } from "../../ui/icon.tsx";

export interface Part {
  kind: string;
  icon: IconName;
  text: string;
}

export function describe(parsed: QuickAdd): Part[] {
  const parts: Part[] = [];
  if (parsed.due) {
    const time = dueTime(parsed.due);
    const day = longDay(parsed.due.date);
    parts.push({ kind: "due", icon: "calendar", text: time ? `${day}, ${time}` : day });
  }
  if (parsed.recurrence) parts.push({ kind: "recurrence", icon: "repeat", text: describeRule(parsed.recurrence) });
  if (parsed.project) parts.push({ kind: "project", icon: "folder", text: parsed.project.id ? parsed.project.name : t.quickAdd.newProject(parsed.project.name) });
  for (const label of parsed.labels) parts.push({ kind: "label", icon: "tag", text: label });
  if (parsed.priority) parts.push({ kind: "priority", icon: "flag", text: t.priority[parsed.priority] });
  return parts;
}
