/**
 * Moving a task by one step, from the keyboard or the menu: up and down among its siblings, in under
 * the one above, out of its parent. The list on screen registers what it shows; each move is spoken.
 */
import type { Line, TaskLine } from "./arrange.ts";
import { siblings } from "./gaps.ts";
import { preferences, toggleFolded } from "../../lib/preferences.ts";
import { announce } from "../../lib/announce.ts";
import { t } from "../../text/index.ts";
import { move } from "../actions.ts";

export type Step = "up" | "down" | "in" | "out";

export interface Stepper {
  readonly tree: boolean;
  canMove(line: TaskLine): boolean;
  step(line: TaskLine, step: Step): void;
}

let present: Stepper | null = null;

export const stepper = () => present;

export function setStepper(next: Stepper | null): void {
  present = next;
}

export function makeStepper(lines: () => readonly Line[], options: { ranked: boolean; tree: boolean }): Stepper {
  return {
    tree: options.tree,
    canMove: () => options.ranked,
    step(line, step) {
      if (!options.ranked) return announce(t.drag.needsRank);
      const { task } = line;
      const around = siblings(lines(), line.key);
      const keep = options.tree ? { parent_id: task.parent_id } : {};
      const place = (other: TaskLine) => {
        const group = lines().filter((one): one is TaskLine => one.kind === "task" && one.section === line.section && one.depth === line.depth);
        return { place: group.indexOf(other) + 1, of: group.length };
      };
      switch (step) {
        case "up": {
          if (!around.above) return announce(t.drag.edge);
          const { place: at, of } = place(around.above);
          return move(task, { before: around.above.task.id, ...keep }, t.drag.moved(task.title, at, of));
        }
        case "down": {
          if (!around.below) return announce(t.drag.edge);
          const { place: at, of } = place(around.below);
          return move(task, { after: around.below.task.id, ...keep }, t.drag.moved(task.title, at, of));
        }
        case "in": {
          if (!options.tree || !around.above) return announce(t.drag.edge);
          const parent = around.above.task;
          if (preferences.get().folded.includes(parent.id)) toggleFolded(parent.id);
          return move(task, { parent_id: parent.id }, t.drag.nested(task.title, parent.title));
        }
        case "out": {
          if (!options.tree || !around.parent) return announce(t.drag.edge);
          const parent = around.parent.task;
          return move(task, { after: parent.id, parent_id: parent.parent_id }, t.drag.unnested(task.title));
        }
      }
    },
  };
}
