/** All that can be done to a task from its row, for mouse, touch and keyboard alike. */
import type { Task } from "../../data/index.ts";
import { openOverlay } from "../../lib/overlays.ts";
import { PRIORITIES, adjust } from "../../lib/router.tsx";
import { toggleSelected } from "../../lib/selection.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { Menu, MenuItem, MenuLine, MenuStrip } from "../../ui/menu.tsx";
import { changeAll, copyLink, remove } from "../actions.ts";
import type { TaskLine } from "./arrange.ts";
import { stepper } from "./steps.ts";

interface RowMenuProps {
  line: TaskLine;
  tabIndex: number;
}

export function RowMenu({ line, tabIndex }: RowMenuProps) {
  return (
    <Menu
      align="end"
      trigger={
        <button aria-label={t.task.actions(line.task.title)} className="icon-button icon-button--small row__more" tabIndex={tabIndex} type="button">
          <Icon name="dots" />
        </button>
      }
    >
      <RowActions line={line} task={line.task} />
    </Menu>
  );
}

function RowActions({ line, task }: { line: TaskLine; task: Task }) {
  const pick = (what: "due" | "labels" | "project" | "parent") => openOverlay({ kind: "pick", what, ids: [task.id] });
  const steps = stepper();
  return (
    <>
      <MenuItem hint="Enter" icon="edit" onSelect={() => adjust({ task: task.id })}>{t.task.open}</MenuItem>
      <MenuItem hint="D" icon="calendar" onSelect={() => pick("due")}>{t.task.setDate}</MenuItem>
      <MenuItem hint="L" icon="tag" onSelect={() => pick("labels")}>{t.task.setLabels}</MenuItem>
      <MenuItem hint="M" icon="folder" onSelect={() => pick("project")}>{t.task.moveToProject}</MenuItem>
      <MenuItem icon="parent" onSelect={() => pick("parent")}>{t.task.parent} …</MenuItem>
      <MenuLine />
      <MenuStrip
        label={t.priority.label}
        onSelect={(priority) => changeAll([task], { priority })}
        options={PRIORITIES.map((value) => ({ value, text: t.priority[value], icon: <Icon className={`flag flag--${value}`} name="flag" /> }))}
        value={task.priority}
      />
      <MenuLine />
      {steps?.canMove(line) ? (
        <>
          <MenuItem hint="Alt ↑" icon="arrowUp" onSelect={() => steps.step(line, "up")}>{t.task.moveUp}</MenuItem>
          <MenuItem hint="Alt ↓" icon="arrowDown" onSelect={() => steps.step(line, "down")}>{t.task.moveDown}</MenuItem>
        </>
      ) : null}
      {steps?.tree ? <MenuItem hint="Alt →" icon="subtasks" onSelect={() => steps.step(line, "in")}>{t.task.makeSubtask}</MenuItem> : null}
      {steps?.tree && line.depth > 0 ? <MenuItem hint="Alt ←" icon="chevronLeft" onSelect={() => steps.step(line, "out")}>{t.task.makeTopLevel}</MenuItem> : null}
      <MenuItem hint="X" icon="checkCircle" onSelect={() => toggleSelected(task.id)}>{t.task.select}</MenuItem>
      <MenuItem icon="copy" onSelect={() => void copyLink(task)}>{t.task.copyLink}</MenuItem>
      <MenuLine />
      <MenuItem danger hint="Del" icon="trash" onSelect={() => remove(task)}>{t.common.delete}</MenuItem>
    </>
  );
}
