/** The properties of a task, each a button that shows its value and opens its picker. */
import { useState, type ReactNode } from "react";
import { useProjects, useTask, type Task } from "../../data/index.ts";
import { cx } from "../../lib/cx.ts";
import { dueText, urgency, zone } from "../../lib/dates.ts";
import { describeRule } from "../../lib/recurrence.ts";
import { t } from "../../text/index.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { Popover } from "../../ui/menu.tsx";
import { change, moveToProject } from "../actions.ts";
import { DuePicker } from "../pickers/due-picker.tsx";
import { LabelPicker, ParentPicker, PriorityPicker, ProjectPicker, withLabel } from "../pickers/pickers.tsx";

export function Properties({ task }: { task: Task }) {
  const project = useProjects().find((other) => other.id === task.project_id);
  const parent = useTask(task.parent_id ?? "");
  const due = task.due;
  const elsewhere = due?.time_zone && due.time_zone !== zone ? due.time_zone.replaceAll("_", " ") : null;
  return (
    <dl className="properties">
      <Property
        icon="calendar"
        label={t.task.due}
        value={due ? (
          <>
            <span className={cx(!task.completed && `meta--${urgency(due)}`)}>{dueText(due)}</span>
            {elsewhere ? <span className="property__note">{due.time} {elsewhere}</span> : null}
          </>
        ) : null}
      >
        {(done) => <DuePicker due={due} onChange={(choice) => change(task, choice)} onDone={done} recurrence={task.recurrence} />}
      </Property>
      {task.recurrence ? (
        <Property icon="repeat" label={t.recurrence.label} value={describeRule(task.recurrence)}>
          {(done) => <DuePicker due={due} onChange={(choice) => change(task, choice)} onDone={done} recurrence={task.recurrence} />}
        </Property>
      ) : null}
      <Property
        icon="flag"
        iconClass={`flag flag--${task.priority}`}
        label={t.priority.label}
        value={task.priority === "none" ? null : t.priority[task.priority]}
      >
        {(done) => <PriorityPicker onPick={(priority) => (change(task, { priority }), done())} value={task.priority} />}
      </Property>
      <Property
        icon="tag"
        label={t.task.labels}
        value={task.labels.length > 0 ? <span className="property__labels">{task.labels.map((label) => <span className="meta meta--label" key={label}>{label}</span>)}</span> : null}
      >
        {() => <LabelPicker onToggle={(label, on) => change(task, { labels: withLabel(task.labels, label, on) })} value={task.labels} />}
      </Property>
      <Property
        icon="folder"
        label={t.task.project}
        value={project ? <span className="property__project"><span className="dot" style={{ color: project.color ?? undefined }} /><span className="truncate">{project.name}</span></span> : null}
      >
        {(done) => <ProjectPicker onPick={(choice) => (moveToProject([task], choice), done())} value={task.project_id} />}
      </Property>
      <Property icon="parent" label={t.task.parent} value={parent ? <span className="truncate">{parent.title}</span> : null}>
        {(done) => <ParentPicker onPick={(choice) => (change(task, { parent_id: choice?.id ?? null }), done())} tasks={[task]} />}
      </Property>
    </dl>
  );
}

interface PropertyProps {
  icon: IconName;
  iconClass?: string;
  label: string;
  value: ReactNode;
  children(done: () => void): ReactNode;
}

function Property({ icon, iconClass, label, value, children }: PropertyProps) {
  const [open, setOpen] = useState(false);
  return (
    <div className="property">
      <dt className="property__name">
        <Icon className={iconClass} name={icon} size={16} />
        {label}
      </dt>
      <dd>
        <Popover
          align="end"
          label={label}
          onOpenChange={setOpen}
          open={open}
          trigger={
            <button className={cx("property__value", !value && "property__value--none")} type="button">
              <span className="visually-hidden">{label}: </span>
              {value ?? t.common.none}
            </button>
          }
        >
          {children(() => setOpen(false))}
        </Popover>
      </dd>
    </div>
  );
}
