/** A picker as a dialog: for shortcuts, the row's menu, the palette and the batch bar. */
import { labelKey, useTasks, type Task } from "../../data/index.ts";
import { t } from "../../text/index.ts";
import { closeOverlay, type Overlay } from "../../lib/overlays.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { change, changeAll, moveToProject } from "../actions.ts";
import { DuePicker } from "./due-picker.tsx";
import { LabelPicker, ParentPicker, PriorityPicker, ProjectPicker, withLabel } from "./pickers.tsx";

type PickOverlay = Extract<Overlay, { kind: "pick" }>;

export function PickDialog({ pick }: { pick: PickOverlay }) {
  const all = useTasks();
  const tasks = pick.ids.map((id) => all.get(id)).filter((task): task is Task => task !== undefined);
  const [first] = tasks;
  if (!first) return null;
  const titles = { due: t.due.label, priority: t.priority.label, labels: t.task.labels, project: t.task.moveToProject, parent: t.task.parent };
  const what = tasks.length === 1 ? first.title : t.list.count(tasks.length);
  return (
    <Dialog className={`dialog--pick dialog--pick-${pick.what}`} onClose={closeOverlay} size="small" text={<span className="truncate">{what}</span>} title={titles[pick.what]}>
      <Picker first={first} tasks={tasks} what={pick.what} />
    </Dialog>
  );
}

function Picker({ what, tasks, first }: { what: PickOverlay["what"]; tasks: readonly Task[]; first: Task }) {
  switch (what) {
    case "due":
      return <DuePicker due={first.due} onChange={(choice) => changeAll(tasks, choice)} onDone={closeOverlay} recurrence={first.recurrence} />;
    case "priority":
      return <PriorityPicker onPick={(priority) => (changeAll(tasks, { priority }), closeOverlay())} value={first.priority} />;
    case "labels":
      return (
        <LabelPicker
          onToggle={(label, on) => changeAll(tasks, (task) => ({ labels: withLabel(task.labels, label, on) }))}
          value={first.labels.filter((label) => tasks.every((task) => task.labels.some((other) => labelKey(other) === labelKey(label))))}
        />
      );
    case "project":
      return <ProjectPicker onPick={(project) => (moveToProject(tasks, project), closeOverlay())} value={tasks.every((task) => task.project_id === first.project_id) ? first.project_id : undefined} />;
    case "parent":
      return (
        <ParentPicker
          onPick={(parent) => {
            for (const task of tasks) change(task, { parent_id: parent?.id ?? null });
            closeOverlay();
          }}
          tasks={tasks}
        />
      );
  }
}
