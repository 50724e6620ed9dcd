/** The direct subtasks of the open task, and a line to add more. */
import { useState } from "react";
import { useTasks, type Task } from "../../data/index.ts";
import { adjust } from "../../lib/router.tsx";
import { t } from "../../text/index.ts";
import { Check } from "../../ui/check.tsx";
import { Icon } from "../../ui/icon.tsx";
import { complete } from "../actions.ts";
import { QuickAdd } from "../quick-add/quick-add.tsx";

export function Subtasks({ task }: { task: Task }) {
  const [adding, setAdding] = useState(false);
  const children = useTasks().children(task.id);
  const done = children.filter((child) => child.completed).length;
  return (
    <section className="detail__section">
      <h2 className="detail__heading">
        {t.task.subtasks}
        {children.length > 0 ? (
          <span className="detail__count">
            <span aria-hidden="true">{done}/{children.length}</span>
            <span className="visually-hidden">{t.task.subtaskCount(done, children.length)}</span>
          </span>
        ) : null}
      </h2>
      {children.length > 0 ? (
        <ul className="subtasks">
          {children.map((child) => (
            <li className={`subtask${child.completed ? " subtask--done" : ""}`} key={child.id}>
              <Check completed={child.completed} onChange={(next) => complete(child, next)} priority={child.priority} title={child.title} />
              <button className="subtask__title" onClick={() => adjust({ task: child.id })} type="button">{child.title}</button>
            </li>
          ))}
        </ul>
      ) : null}
      {adding ? (
        <QuickAdd autoFocus defaults={{ parent: task.id }} id="quick-add-subtask" onEscape={() => setAdding(false)} placeholder={t.task.addSubtask} />
      ) : (
        <button className="button button--ghost button--small subtasks__add" onClick={() => setAdding(true)} type="button">
          <Icon name="plus" size={16} />
          {t.task.addSubtask}
        </button>
      )}
    </section>
  );
}
