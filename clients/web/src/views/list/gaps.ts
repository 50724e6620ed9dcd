/**
 * The places where a task can be put in a list: one before each line, and one after the last of each
 * group of siblings. Mouse and keyboard choose among the same ones, so both can do the same. Pure.
 */
import type { TaskPlace } from "../../data/index.ts";
import type { Line, TaskLine } from "./arrange.ts";

export interface Gap {
  place: TaskPlace;
  section: string;
  depth: number;
  /** The line that the mark is drawn at, and at which edge of it. */
  at: string;
  edge: "top" | "bottom";
  /** Titles of the neighbours, to be spoken. */
  before: string | null;
  after: string | null;
}

/** The lines of the tasks that move, with everything under them: no place is inside of itself. */
export function movingKeys(lines: readonly Line[], ids: ReadonlySet<string>): Set<string> {
  const keys = new Set<string>();
  let inside: TaskLine | null = null;
  for (const line of lines) {
    if (line.kind !== "task") inside = null;
    else if (inside && line.depth > inside.depth) keys.add(line.key);
    else if (ids.has(line.task.id)) keys.add((inside = line).key);
    else inside = null;
  }
  return keys;
}

export function gapsOf(all: readonly Line[], ids: ReadonlySet<string>, options: { tree: boolean; sections: "project" | "fixed" }): Gap[] {
  const moving = movingKeys(all, ids);
  const lines = all.filter((line): line is TaskLine => line.kind === "task" && !moving.has(line.key));
  const home = new Set(all.flatMap((line) => (line.kind === "task" && ids.has(line.task.id) ? [line.section] : [])));
  const gaps: Gap[] = [];
  const placeAt = (line: TaskLine): TaskPlace => ({
    ...(options.tree ? { parent_id: line.depth > 0 ? line.task.parent_id : null } : {}),
    ...(options.sections === "project" ? { project_id: line.task.project_id } : {}),
  });
  lines.forEach((line, index) => {
    if (options.sections === "fixed" && !home.has(line.section)) return;
    const previous = lines[index - 1];
    gaps.push({
      place: { before: line.task.id, ...placeAt(line) }, section: line.section, depth: line.depth, at: line.key, edge: "top",
      before: previous?.section === line.section ? previous.task.title : null, after: line.task.title,
    });
    const next = lines[index + 1];
    // Every group of siblings that ends with this line: its own, and those of the lines above it.
    const nextDepth = next && next.section === line.section ? next.depth : -1;
    for (let depth = line.depth; depth > Math.max(nextDepth, -1); depth--) {
      if (depth === nextDepth) break;
      const last = ancestorAt(lines, index, depth);
      gaps.push({
        place: { after: last.task.id, ...placeAt(last) }, section: line.section, depth, at: line.key, edge: "bottom",
        before: last.task.title, after: next && nextDepth >= 0 ? next.task.title : null,
      });
    }
  });
  return gaps;
}

function ancestorAt(lines: readonly TaskLine[], index: number, depth: number): TaskLine {
  for (let at = index; at >= 0; at--) {
    const line = lines[at];
    if (line && line.depth === depth) return line;
  }
  return lines[index] as TaskLine;
}

/** The gap that the pointer means: the upper half of a line is before it, the lower after it. */
export function gapAtPointer(gaps: readonly Gap[], lines: readonly Line[], key: string, half: "top" | "bottom"): Gap | null {
  if (half === "top") return gaps.find((gap) => gap.at === key && gap.edge === "top") ?? null;
  const index = lines.findIndex((line) => line.key === key);
  const next = lines[index + 1];
  const line = lines[index];
  if (next?.kind === "task" && line?.kind === "task" && next.section === line.section && next.depth >= line.depth) {
    const before = gaps.find((gap) => gap.at === next.key && gap.edge === "top");
    if (before) return before;
  }
  return gaps.find((gap) => gap.at === key && gap.edge === "bottom") ?? null;
}

/** Siblings right above and below, within the section: for moving by one step. */
export function siblings(lines: readonly Line[], key: string): { above: TaskLine | null; below: TaskLine | null; parent: TaskLine | null } {
  const index = lines.findIndex((line) => line.key === key);
  const line = lines[index];
  const find = (step: 1 | -1): TaskLine | null => {
    for (let at = index + step; ; at += step) {
      const other = lines[at];
      if (!other || other.kind !== "task" || line?.kind !== "task" || other.depth < line.depth) return null;
      if (other.depth === line.depth) return other;
    }
  };
  let parent: TaskLine | null = null;
  if (line?.kind === "task" && line.depth > 0) {
    for (let at = index - 1; at >= 0 && !parent; at--) {
      const other = lines[at];
      if (other?.kind === "task" && other.depth < line.depth) parent = other;
    }
  }
  return { above: find(-1), below: find(1), parent };
}

/** The place that a task would have in this gap, counted as `placeOf` counts. */
export function placeOfGap(lines: readonly Line[], gap: Gap, id: string): { place: number; of: number } {
  const moving = movingKeys(lines, new Set([id]));
  const tasks = lines.filter((line) => line.kind === "task");
  const others = tasks.filter((line) => !moving.has(line.key));
  const at = others.findIndex((line) => line.key === gap.at);
  return { place: at + (gap.edge === "bottom" ? 2 : 1), of: tasks.length };
}

/** "3 of 12": the place of a task among the tasks of the list. */
export function placeOf(lines: readonly Line[], id: string): { place: number; of: number } {
  const tasks = lines.filter((line) => line.kind === "task");
  return { place: tasks.findIndex((line) => line.task.id === id) + 1, of: tasks.length };
}
