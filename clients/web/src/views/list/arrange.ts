/**
 * From tasks to the lines of a list: sections with their headings, subtasks under their parents, and
 * what each line may do. Pure, so that it can be tested and memoised; the list only draws it.
 */
import type { Project, Task, TaskSort, Tasks } from "../../data/index.ts";
import { dayAndMonth, dayName, dayOf, daysBetween, dueDay, longDay, monthName, shortDay, urgency, weekday, weekdayName } from "../../lib/dates.ts";
import { PRIORITIES } from "../../lib/router.tsx";
import { t } from "../../text/index.ts";

export interface SectionLine {
  kind: "section";
  key: string;
  title: string;
  /** Beside the title, such as the date of "Tomorrow". */
  note?: string;
  spoken?: string;
  count: number;
  color?: string | null;
  tone?: "bad";
}

export interface TaskLine {
  kind: "task";
  key: string;
  task: Task;
  depth: number;
  /** Its section's key: order is shown, and changed, within it. */
  section: string;
  fold: "none" | "open" | "folded";
}

export type Line = SectionLine | TaskLine;
export type Grouping = "none" | "project" | "due" | "priority" | "completed";

interface Section extends Omit<SectionLine, "kind" | "count"> {
  order: string;
}

const NONE: Section = { key: "", title: "", order: "" };

/** The section that a task is shown in. */
function sectionOf(task: Task, grouping: Grouping, projects: ReadonlyMap<string, Project>, now: string): Section {
  switch (grouping) {
    case "none":
      return NONE;
    case "project": {
      const project = task.project_id ? projects.get(task.project_id) : undefined;
      return project
        ? { key: project.id, title: project.name, color: project.color ?? "", order: `1${project.rank}` }
        : { key: "none", title: t.list.noProject, order: "0" };
    }
    case "priority":
      return { key: task.priority, title: t.priority[task.priority], order: String(PRIORITIES.indexOf(task.priority)) };
    case "due":
      return dueSection(task, now);
    case "completed":
      return completedSection(task, now);
  }
}

function dueSection(task: Task, now: string): Section {
  if (!task.due) return { key: "none", title: t.list.noDate, order: "9" };
  if (!task.completed && urgency(task.due) === "overdue") return { key: "overdue", title: t.views.overdue, order: "0", tone: "bad" };
  const day = dueDay(task.due);
  // Day by day for two weeks, then month by month.
  if (daysBetween(now, day) < 14) return daySection(day, now, `1${day}`);
  const month = day.slice(0, 7);
  return { key: month, title: monthName(day), order: `1${month}-99` };
}

function daySection(day: string, now: string, order: string): Section {
  const away = daysBetween(now, day);
  const near = Math.abs(away) < 2;
  // "Tomorrow, Fri 27 Nov", "Sunday, 29 Nov", "5 Dec, Saturday": the weekday once.
  const note = near ? shortDay(day) : away > 0 && away < 7 ? dayAndMonth(day) : weekdayName(weekday(day));
  return { key: day, title: dayName(day, now), note, spoken: longDay(day), order };
}

function completedSection(task: Task, now: string): Section {
  const day = dayOf(new Date(task.completed_at ?? task.updated_at));
  const away = daysBetween(day, now);
  if (away < 7) return daySection(day, now, String(1e6 + away));
  return { key: day.slice(0, 7), title: monthName(day), order: String(2e6 - Number(day.slice(0, 7).replace("-", ""))) };
}

interface Arrangement {
  grouping: Grouping;
  projects: ReadonlyMap<string, Project>;
  /** With this, subtasks stand under their parents, as far as those are shown as well. */
  tree?: { tasks: Tasks; folded: ReadonlySet<string> };
  now?: string;
  /** The page's heading, which no lone section need repeat. */
  title?: string;
}

export function arrange(tasks: readonly Task[], { grouping, projects, tree, now = dayOf(new Date()), title }: Arrangement): Line[] {
  const shown = new Set(tasks.map((task) => task.id));
  const children = new Map<string, Task[]>();
  const tops: Task[] = [];
  for (const task of tasks) {
    if (tree && task.parent_id && shown.has(task.parent_id)) {
      const siblings = children.get(task.parent_id);
      if (siblings) siblings.push(task);
      else children.set(task.parent_id, [task]);
    } else tops.push(task);
  }

  const groups = new Map<string, { section: Section; lines: TaskLine[] }>();
  const add = (task: Task, depth: number, group: { section: Section; lines: TaskLine[] }) => {
    const below = children.get(task.id);
    const folded = tree?.folded.has(task.id) ?? false;
    group.lines.push({
      kind: "task", key: `${group.section.key}/${task.id}`, task, depth, section: group.section.key,
      fold: below ? (folded ? "folded" : "open") : "none",
    });
    if (!folded) for (const child of below ?? []) add(child, depth + 1, group);
  };
  for (const task of tops) {
    const section = sectionOf(task, grouping, projects, now);
    let group = groups.get(section.key);
    if (!group) groups.set(section.key, (group = { section, lines: [] }));
    add(task, 0, group);
  }

  const ordered = [...groups.values()].sort((a, b) => (a.section.order < b.section.order ? -1 : 1));
  const [first] = ordered;
  const lone = ordered.length === 1 && (first?.section.title === title || (grouping === "project" && first?.section.key === "none"));
  if (grouping === "none" || lone) return ordered.flatMap((group) => group.lines);
  return ordered.flatMap(({ section: { order: _, ...section }, lines }) => [
    { kind: "section", ...section, count: lines.length } satisfies SectionLine,
    ...lines,
  ]);
}

export function groupingFor(view: string, sort: TaskSort): Grouping {
  if (view === "completed") return "completed";
  if (sort === "due") return "due";
  if (sort === "priority") return "priority";
  return sort === "rank" && view === "all" ? "project" : "none";
}

/** Today's tasks with those that are late before them, in two sections. */
export function arrangeToday(late: readonly Task[], due: readonly Task[], now = dayOf(new Date())): Line[] {
  const lateIds = new Set(late.map((task) => task.id));
  const rest = due.filter((task) => !lateIds.has(task.id));
  const lines = (tasks: readonly Task[], section: string): Line[] =>
    tasks.map((task) => ({ kind: "task", key: `${section}/${task.id}`, task, depth: 0, section, fold: "none" }));
  if (late.length === 0) return lines(rest, "today");
  return [
    { kind: "section", key: "overdue", title: t.views.overdue, count: late.length, tone: "bad" },
    ...lines(late, "overdue"),
    { kind: "section", key: "today", title: t.dates.today, note: shortDay(now), spoken: longDay(now), count: rest.length },
    ...lines(rest, "today"),
  ];
}

/** What a drop on a section asks of a task, as far as the section stands for something to set. */
export function fieldsOfSection(grouping: Grouping, section: string): { project_id?: string | null } {
  return grouping === "project" ? { project_id: section === "none" ? null : section } : {};
}
