/** The open task: title and description to edit in place, its properties, subtasks and history. */
import { lazy, Suspense, useState } from "react";
import { useTask, useTasks, type Task } from "../../data/index.ts";
import { adjust } from "../../lib/router.tsx";
import { ago, dateTime } from "../../lib/dates.ts";
import { t } from "../../text/index.ts";
import { Blank, ListSkeleton } from "../../ui/blank.tsx";
import { Check } from "../../ui/check.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Menu, MenuItem, MenuLine } from "../../ui/menu.tsx";
import { complete, copyLink, remove } from "../actions.ts";
import { Properties } from "./properties.tsx";
import { Subtasks } from "./subtasks.tsx";
import { TextEditor } from "./text-editor.tsx";

const History = lazy(async () => ({ default: (await import("./history.tsx")).History }));

export function Detail({ id, onClose }: { id: string; onClose(): void }) {
  const task = useTask(id);
  const { ready } = useTasks();
  if (!task) {
    return (
      <>
        <div className="detail__bar"><span className="detail__space" /><CloseButton onClose={onClose} /></div>
        {ready ? <Blank icon="trash" text={t.detail.missingText} title={t.detail.missing} /> : <ListSkeleton label={t.common.loading} />}
      </>
    );
  }
  return (
    <>
      <div className="detail__bar">
        <Ancestors task={task} />
        <Menu
          align="end"
          trigger={<button aria-label={t.task.actions(task.title)} className="icon-button" type="button"><Icon name="dots" /></button>}
        >
          <MenuItem icon="copy" onSelect={() => void copyLink(task)}>{t.task.copyLink}</MenuItem>
          <MenuLine />
          <MenuItem
            danger
            icon="trash"
            onSelect={() => {
              onClose();
              remove(task);
            }}
          >
            {t.common.delete}
          </MenuItem>
        </Menu>
        <CloseButton onClose={onClose} />
      </div>
      <div className="detail__scroll">
        <div className="detail__head">
          <Check completed={task.completed} onChange={(done) => complete(task, done)} priority={task.priority} title={task.title} />
          <TextEditor className={`detail__title${task.completed ? " detail__title--done" : ""}`} field="title" label={t.task.title} limit={200} task={task} />
        </div>
        <TextEditor className="detail__text" field="description" label={t.task.description} limit={1000} placeholder={t.detail.addDescription} task={task} />
        <Properties task={task} />
        <Subtasks task={task} />
        <HistoryFold task={task} />
      </div>
    </>
  );
}

function CloseButton({ onClose }: { onClose(): void }) {
  return (
    <button aria-label={t.detail.close} className="icon-button" onClick={onClose} type="button"><Icon name="x" /></button>
  );
}

/** What the task is part of, as links up. */
function Ancestors({ task }: { task: Task }) {
  const tasks = useTasks();
  const up: Task[] = [];
  for (let at = task.parent_id ? tasks.get(task.parent_id) : undefined; at && up.length < 5; at = at.parent_id ? tasks.get(at.parent_id) : undefined) up.unshift(at);
  if (up.length === 0) return <span className="detail__space" />;
  return (
    <nav aria-label={t.task.parent} className="detail__path">
      {up.map((parent) => (
        <span className="detail__step" key={parent.id}>
          <button className="detail__up truncate" onClick={() => adjust({ task: parent.id })} type="button">{parent.title}</button>
          <Icon name="chevronRight" size={14} />
        </span>
      ))}
    </nav>
  );
}

/** History is asked of the server only once it is opened. */
function HistoryFold({ task }: { task: Task }) {
  const [open, setOpen] = useState(false);
  return (
    <section className="detail__section">
      <h2>
        <button aria-expanded={open} className="detail__fold" onClick={() => setOpen(!open)} type="button">
          <Icon name={open ? "chevronDown" : "chevronRight"} size={16} />
          {t.detail.history}
        </button>
      </h2>
      {open ? <Suspense fallback={<p className="detail__hint">{t.common.loading}</p>}><History task={task} /></Suspense> : null}
      {open ? null : <p className="detail__dates" title={dateTime(task.created_at)}>
        {t.detail.created(ago(task.created_at))}
        {task.completed_at ? ` · ${t.detail.completedAt(ago(task.completed_at))}` : task.updated_at === task.created_at ? "" : ` · ${t.detail.changed(ago(task.updated_at))}`}
      </p>}
    </section>
  );
}
