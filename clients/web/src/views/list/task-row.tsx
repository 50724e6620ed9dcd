/**
 * One task in a list. It is drawn again only when its own task, selection or mark changes. The row
 * itself takes the focus; what is inside is reached with Tab from the row that the keyboard is at.
 */
import { memo, useRef, type KeyboardEvent, type MouseEvent } from "react";
import { labelKey, useProjects, useRecentlyChanged, useTask, useTasks, type Task } from "../../data/index.ts";
import { cx } from "../../lib/cx.ts";
import { dueDay, dueText, dueTime, today, urgency } from "../../lib/dates.ts";
import { toggleFolded } from "../../lib/preferences.ts";
import { describeRule } from "../../lib/recurrence.ts";
import { adjust, formatPlace, Link, currentPlace } from "../../lib/router.tsx";
import { active, selection, selectRange, toggleSelected } from "../../lib/selection.ts";
import { useStorePart } from "../../lib/store.ts";
import { t } from "../../text/index.ts";
import { Check } from "../../ui/check.tsx";
import { Icon } from "../../ui/icon.tsx";
import { complete } from "../actions.ts";
import type { TaskLine } from "./arrange.ts";
import { dragging, useSource } from "./drag-state.ts";
import { RowMenu } from "./row-menu.tsx";

export interface RowProps {
  line: TaskLine;
  /** Tab reaches this row. */
  current: boolean;
  open: boolean;
  position: number;
  canDrag: boolean;
  hideProject: boolean;
  hideLabel: string | null;
  hideParent: boolean;
  order(): readonly string[];
  onGrab(id: string): void;
}

export const TaskRow = memo(function TaskRow(props: RowProps) {
  const { line, current, open, position, canDrag, order } = props;
  const { task, depth, fold } = line;
  const selected = useStorePart(selection, (now) => now.ids.has(task.id));
  const selecting = useStorePart(selection, (now) => now.ids.size > 0);
  const mark = useStorePart(dragging, (now) => (now?.target?.kind === "gap" && now.target.gap.at === line.key ? now.target.gap.edge : null));
  const markDepth = useStorePart(dragging, (now) => (now?.target?.kind === "gap" && now.target.gap.at === line.key ? now.target.gap.depth : 0));
  const moving = useStorePart(dragging, (now) => now?.tasks.includes(task) ?? false);
  const fresh = useRecentlyChanged(task.id);
  const row = useRef<HTMLDivElement>(null);
  useSource(row, line.key, task.id);

  const click = (event: MouseEvent) => {
    if (event.target instanceof Element && event.target.closest("[data-nodrag]")) return;
    active.set(task.id);
    if (event.shiftKey) selectRange(order(), task.id);
    else if (event.metaKey || event.ctrlKey || selecting) toggleSelected(task.id);
    else adjust({ task: task.id });
    event.preventDefault();
  };

  const tab = current ? 0 : -1;
  return (
    <div
      aria-current={open ? "true" : undefined}
      aria-rowindex={position}
      aria-selected={selected}
      className={cx("row", task.completed && "row--done", selected && "row--selected", open && "row--open", fresh && "row--fresh", moving && "row--moving", selecting && "row--selecting")}
      data-line={line.key}
      data-task={task.id}
      onClick={click}
      onFocus={() => active.set(task.id)}
      ref={row}
      role="row"
      tabIndex={tab}
    >
      {mark ? <span className={`row__mark row__mark--${mark}`} style={{ marginLeft: markDepth * 26 }} /> : null}
      <div className="row__lead" role="gridcell" style={depth > 0 ? { paddingLeft: depth * 26 } : undefined}>
        {canDrag ? (
          <button
            aria-label={t.drag.handle(task.title)}
            className="row__grip"
            onClick={(event) => event.detail === 0 && props.onGrab(task.id)}
            onKeyDown={(event: KeyboardEvent) => {
              if (event.key !== " " && event.key !== "Enter") return;
              event.preventDefault();
              event.stopPropagation();
              props.onGrab(task.id);
            }}
            tabIndex={tab}
            type="button"
          >
            <Icon name="grip" size={16} />
          </button>
        ) : null}
        <Check completed={task.completed} onChange={(done) => complete(task, done)} priority={task.priority} tabIndex={tab} title={task.title} />
      </div>
      <div className="row__main" role="gridcell">
        <Link className="row__title" draggable={false} onClick={(event) => event.preventDefault()} tabIndex={-1} to={formatPlace({ ...currentPlace(), task: task.id })}>
          {task.title}
        </Link>
        {task.waiting ? <span className="row__waiting" title={t.task.waiting}><Icon name="arrowUp" size={13} /><span className="visually-hidden">{t.task.waiting}</span></span> : null}
        {fold === "none" ? null : (
          <button
            aria-expanded={fold === "open"}
            aria-label={fold === "open" ? t.task.fold(task.title) : t.task.unfold(task.title)}
            className="row__fold"
            data-nodrag=""
            onClick={() => toggleFolded(task.id)}
            tabIndex={tab}
            type="button"
          >
            <Icon name={fold === "open" ? "chevronDown" : "chevronRight"} size={16} />
          </button>
        )}
        <RowMeta day={line.section === "today" ? today() : line.section} hideLabel={props.hideLabel} hideParent={props.hideParent} hideProject={props.hideProject} task={task} />
      </div>
      <div className="row__actions" data-nodrag="" role="gridcell">
        <RowMenu line={line} tabIndex={tab} />
      </div>
    </div>
  );
});

/** `day` is what the section is about, if it is about a day: then the row need not name it again. */
function RowMeta({ task, day, hideProject, hideLabel, hideParent }: { task: Task; day: string } & Pick<RowProps, "hideProject" | "hideLabel" | "hideParent">) {
  const labels = task.labels.filter((label) => !hideLabel || labelKey(label) !== labelKey(hideLabel));
  const due = task.due;
  const shownDue = due && (dueDay(due) === day ? dueTime(due) : dueText(due));
  const late = due !== null && !task.completed && urgency(due) === "overdue";
  return (
    <span className="row__meta">
      <SubtaskCount id={task.id} />
      {!hideParent && task.parent_id ? <ParentName id={task.parent_id} /> : null}
      {labels.map((label) => <span className="meta meta--label" key={label}><Icon name="tag" size={13} />{label}</span>)}
      {task.recurrence ? (
        <span className="meta" title={describeRule(task.recurrence)}>
          <Icon name="repeat" size={13} />
          <span className="visually-hidden">{t.recurrence.repeats(describeRule(task.recurrence))}</span>
        </span>
      ) : null}
      {due && shownDue ? (
        <span className={cx("meta meta--due", !task.completed && `meta--${urgency(due)}`)}>
          <Icon name={late ? "alarm" : dueDay(due) === day ? "clock" : "calendar"} size={13} />
          <span aria-hidden="true">{shownDue}</span>
          <span className="visually-hidden">{t.task.dueChip(dueText(due), late)}</span>
        </span>
      ) : null}
      {!hideProject && task.project_id ? <ProjectName id={task.project_id} /> : null}
    </span>
  );
}

function ProjectName({ id }: { id: string }) {
  const project = useProjects().find((other) => other.id === id);
  if (!project) return null;
  return (
    <span className="meta meta--project">
      <span className="dot dot--small" style={{ color: project.color ?? undefined }} />
      <span className="truncate">{project.name}</span>
    </span>
  );
}

function ParentName({ id }: { id: string }) {
  const parent = useTask(id);
  if (!parent) return null;
  return (
    <span className="meta meta--parent" title={t.task.partOf(parent.title)}>
      <Icon name="parent" size={13} />
      <span className="truncate">{parent.title}</span>
    </span>
  );
}

function SubtaskCount({ id }: { id: string }) {
  const children = useTasks().children(id);
  if (children.length === 0) return null;
  const done = children.filter((child) => child.completed).length;
  return (
    <span className="meta">
      <Icon name="subtasks" size={13} />
      <span aria-hidden="true">{done}/{children.length}</span>
      <span className="visually-hidden">{t.task.subtaskCount(done, children.length)}</span>
    </span>
  );
}
