/**
 * What a drag means in this list, by pointer or keyboard. In the user's own order it changes the
 * order (and in a list by projects the project); in a list by dates it changes the date. Picking up
 * with the keyboard walks through the same places, each one spoken, and Escape puts the task back.
 */
import { useMemo, useRef, type RefObject } from "react";
import { moveTasks, updateTasks, type Task } from "../../data/index.ts";
import { announce } from "../../lib/announce.ts";
import { dayName, today } from "../../lib/dates.ts";
import { selection } from "../../lib/selection.ts";
import { t } from "../../text/index.ts";
import { remember, say } from "../../ui/toasts.tsx";
import { dropOnSide } from "../drop-on-side.ts";
import type { Grouping, Line } from "./arrange.ts";
import { dragging, useStage, type DropTarget, type Stage } from "./drag-state.ts";
import { gapAtPointer, gapsOf, placeOf, placeOfGap, type Gap } from "./gaps.ts";

interface Options {
  lines: RefObject<readonly Line[]>;
  grouping: Grouping;
  ranked: boolean;
  tree: boolean;
  focusTask(id: string): void;
}

export interface Grab {
  start(id: string): void;
  /** True if the key was for the task that is picked up. */
  key(event: { key: string }): boolean;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function useListDrag({ lines, grouping, ranked, tree, focusTask }: Options): Grab {
  const held = useRef<{ task: Task; gaps: Gap[]; index: number } | null>(null);

  const stage = useMemo<Stage>(() => {
    const gaps = (tasks: readonly Task[]) =>
      gapsOf(lines.current, new Set(tasks.map((task) => task.id)), { tree, sections: grouping === "project" ? "project" : "fixed" });
    return {
      pick(id) {
        const chosen = selection.get().ids;
        const shown = lines.current.flatMap((line) => (line.kind === "task" ? [line.task] : []));
        return shown.filter((task) => (chosen.has(id) ? chosen.has(task.id) : task.id === id));
      },
      locate(row, y, tasks) {
        const key = row.dataset.line ?? "";
        const line = lines.current.find((other) => other.key === key);
        if (!line) return null;
        const section = line.kind === "section" ? line.key : line.section;
        if (grouping === "due") return DAY.test(section) || section === "none" ? { kind: "section", key: section } : null;
        if (!ranked) return null;
        if (line.kind === "section") {
          const first = gaps(tasks).find((gap) => gap.section === section);
          return first ? { kind: "gap", gap: first } : null;
        }
        const box = row.getBoundingClientRect();
        const gap = gapAtPointer(gaps(tasks), lines.current, key, y < box.top + box.height / 2 ? "top" : "bottom");
        return gap ? { kind: "gap", gap } : null;
      },
      drop(target: DropTarget, tasks) {
        const [first] = tasks;
        if (!first) return;
        if (target.kind === "side") return dropOnSide(target.name, tasks);
        const ids = tasks.map((task) => task.id);
        if (target.kind === "section") {
          const date = target.key === "none" ? null : target.key;
          const where = date ? dayName(date, today()) : t.dates.noDate;
          const undo = updateTasks(ids, (task) => ({ due: date ? { ...task.due, date } : null, ...(date ? {} : { recurrence: null }) }));
          return say(tasks.length === 1 ? t.actions.movedTo(first.title, where) : t.actions.movedMany(tasks.length, where), undo);
        }
        remember(moveTasks(ids, target.gap.place));
        // After the move has been drawn, so that the place told is the one it has.
        setTimeout(() => {
          const { place, of } = placeOf(lines.current, first.id);
          announce(t.drag.dropped(first.title, place, of));
        });
      },
      cancelled: ([first]) => first && announce(t.drag.cancelled(first.title)),
    };
  }, [lines, grouping, ranked, tree]);
  useStage(stage);

  return useMemo<Grab>(() => {
    const show = () => {
      const now = held.current;
      const gap = now?.gaps[now.index];
      if (!now || !gap) return;
      dragging.set({ tasks: [now.task], x: 0, y: 0, target: { kind: "gap", gap }, byKeyboard: true });
      document.querySelector(`[data-line="${CSS.escape(gap.at)}"]`)?.scrollIntoView({ block: "nearest" });
      const { place, of } = placeOfGap(lines.current, gap, now.task.id);
      announce(`${t.drag.over(now.task.title, place, of)} ${t.drag.between(gap.before, gap.after)}`);
    };
    const finish = (drop: boolean) => {
      const now = held.current;
      held.current = null;
      dragging.set(null);
      const gap = now?.gaps[now.index];
      if (!now) return;
      if (drop && gap) stage.drop({ kind: "gap", gap }, [now.task]);
      else stage.cancelled([now.task]);
      setTimeout(() => focusTask(now.task.id));
    };
    return {
      start(id) {
        if (!ranked) return announce(t.drag.needsRank);
        if (held.current) return finish(true);
        const line = lines.current.find((other) => other.kind === "task" && other.task.id === id);
        if (line?.kind !== "task") return;
        const gaps = gapsOf(lines.current, new Set([id]), { tree, sections: grouping === "project" ? "project" : "fixed" });
        const own = lines.current.indexOf(line);
        const keys = lines.current.map((other) => other.key);
        const index = gaps.findIndex((gap) => keys.indexOf(gap.at) > own || (keys.indexOf(gap.at) === own - 1 && gap.edge === "bottom"));
        held.current = { task: line.task, gaps, index: index < 0 ? gaps.length - 1 : index };
        const { place, of } = placeOf(lines.current, id);
        announce(t.drag.grabbed(line.task.title, place, of));
        dragging.set({ tasks: [line.task], x: 0, y: 0, target: null, byKeyboard: true });
      },
      key({ key }) {
        const now = held.current;
        if (!now) return false;
        if (key === "ArrowDown" || key === "ArrowUp") {
          now.index = Math.min(Math.max(now.index + (key === "ArrowDown" ? 1 : -1), 0), now.gaps.length - 1);
          show();
        } else if (key === "Home" || key === "End") {
          now.index = key === "Home" ? 0 : now.gaps.length - 1;
          show();
        } else if (key === " " || key === "Enter") finish(true);
        else if (key === "Escape" || key === "Tab") finish(false);
        return true;
      },
    };
  }, [stage, lines, ranked, tree, grouping, focusTask]);
}
