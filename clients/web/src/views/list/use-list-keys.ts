/**
 * The keyboard in a list. Arrow keys work always; single letters only while they are switched on, and
 * never while typing (fields stop them before they come here). What acts on tasks acts on the
 * selection, or without one on the row that has the focus.
 */
import { useCallback, type KeyboardEvent, type RefObject } from "react";
import type { Priority, Task } from "../../data/index.ts";
import { openOverlay } from "../../lib/overlays.ts";
import { preferences } from "../../lib/preferences.ts";
import { adjust } from "../../lib/router.tsx";
import { active, clearSelection, selectAll, selection, selectRange, toggleSelected } from "../../lib/selection.ts";
import { changeAll, completeAll, removeAll } from "../actions.ts";
import type { Line, TaskLine } from "./arrange.ts";
import { stepper, type Step } from "./steps.ts";
import type { Grab } from "./use-list-drag.ts";

interface Options {
  lines: RefObject<readonly Line[]>;
  focusTask(id: string): void;
  grab: Grab;
}

const STEPS: Record<string, Step> = { ArrowUp: "up", ArrowDown: "down", ArrowRight: "in", ArrowLeft: "out" };
const MOVES: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
const PRIORITY_KEYS: Record<string, Priority> = { "1": "urgent", "2": "high", "3": "medium", "4": "low", "0": "none" };

export function useListKeys({ lines, focusTask, grab }: Options): (event: KeyboardEvent) => void {
  return useCallback((event) => {
    const { key } = event;
    const target = event.target as HTMLElement;
    if (grab.key(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (target.closest("input, textarea, [role=menu]")) return;
    const rows = lines.current.filter((line): line is TaskLine => line.kind === "task");
    const at = rows.findIndex((line) => line.task.id === active.get());
    const row = rows[at];
    const order = () => rows.map((line) => line.task.id);
    const chosen = (): Task[] => {
      const { ids } = selection.get();
      return ids.size > 0 ? rows.map((line) => line.task).filter((task) => ids.has(task.id)) : row ? [row.task] : [];
    };
    const done = () => {
      event.preventDefault();
      event.stopPropagation();
    };

    if (event.altKey && STEPS[key] && row && !event.ctrlKey && !event.metaKey) {
      done();
      stepper()?.step(row, STEPS[key]);
      requestAnimationFrame(() => focusTask(row.task.id));
      return;
    }
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "a") {
      done();
      return selectAll(order());
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;

    const letter = key.length === 1 && key !== " ";
    if (letter && !preferences.get().letterKeys) return;

    if (key in MOVES) {
      done();
      const next = rows[Math.min(Math.max(at + (MOVES[key] ?? 0), 0), rows.length - 1)];
      if (!next) return;
      if (event.shiftKey) selectRange(order(), next.task.id);
      return focusTask(next.task.id);
    }
    // Buttons inside the row keep what Enter and Space mean to them.
    const onRow = target.getAttribute("role") === "row";
    if (!row) return;
    if (key === "Enter" && onRow) {
      done();
      return adjust({ task: row.task.id });
    }
    if (key === " " && onRow) {
      done();
      return toggleSelected(row.task.id);
    }
    if (key === "Escape") {
      if (selection.get().ids.size === 0) return;
      done();
      return clearSelection();
    }
    if (key === "Delete" || key === "Backspace") {
      done();
      return removeAll(chosen());
    }
    if (key in PRIORITY_KEYS) {
      done();
      return changeAll(chosen(), { priority: PRIORITY_KEYS[key] });
    }
    const pick = (what: "due" | "labels" | "project" | "priority") => {
      done();
      openOverlay({ kind: "pick", what, ids: chosen().map((task) => task.id) });
    };
    switch (key) {
      case "x": done(); return toggleSelected(row.task.id);
      case "o": done(); return adjust({ task: row.task.id });
      case "c": done(); return completeAll(chosen(), !row.task.completed);
      case "d": return pick("due");
      case "l": return pick("labels");
      case "m": return pick("project");
      case "p": return pick("priority");
    }
  }, [lines, focusTask, grab]);
}
