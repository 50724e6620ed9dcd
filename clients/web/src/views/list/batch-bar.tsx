/** What can be done to all selected tasks at once. It appears with the selection. */
import { useEffect } from "react";
import { useTasks, type Task } from "../../data/index.ts";
import { announce } from "../../lib/announce.ts";
import { openOverlay } from "../../lib/overlays.ts";
import { active, clearSelection, selection } from "../../lib/selection.ts";
import { useStore } from "../../lib/store.ts";
import { t } from "../../text/index.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { completeAll, removeAll } from "../actions.ts";

export function BatchBar() {
  const { ids } = useStore(selection);
  const tasks = useTasks();
  const size = ids.size;
  useEffect(() => {
    if (size > 0) announce(t.list.selected(size));
  }, [size]);
  useEffect(() => clearSelection, []);
  if (size === 0) return null;
  const chosen = [...ids].map((id) => tasks.get(id)).filter((task): task is Task => task !== undefined);
  const allDone = chosen.every((task) => task.completed);
  const pick = (what: "due" | "priority" | "labels" | "project") => openOverlay({ kind: "pick", what, ids: [...ids] });
  const buttons: { icon: IconName; text: string; run(): void; danger?: boolean }[] = [
    { icon: allDone ? "undo" : "checkCircle", text: allDone ? t.list.reopen : t.list.complete, run: () => completeAll(chosen, !allDone) },
    { icon: "calendar", text: t.task.due, run: () => pick("due") },
    { icon: "flag", text: t.priority.label, run: () => pick("priority") },
    { icon: "tag", text: t.task.labels, run: () => pick("labels") },
    { icon: "folder", text: t.task.project, run: () => pick("project") },
    { icon: "trash", text: t.common.delete, run: () => removeAll(chosen), danger: true },
  ];
  return (
    <div aria-label={t.list.actions} className="batch" role="group">
      <span className="batch__count">{t.list.selected(size)}</span>
      {buttons.map((button) => (
        <button
          className={`batch__button${button.danger ? " batch__button--danger" : ""}`}
          key={button.icon}
          onClick={button.run}
          type="button"
        >
          <Icon name={button.icon} />
          {button.text}
        </button>
      ))}
      <button
        aria-label={t.list.clearSelection}
        className="icon-button batch__close"
        onClick={() => {
          clearSelection();
          document.querySelector<HTMLElement>(`[data-task="${active.get()}"]`)?.focus();
        }}
        type="button"
      >
        <Icon name="x" />
      </button>
    </div>
  );
}
