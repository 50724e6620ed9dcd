/**
 * The check circle: its colour is the priority's, and its shape tells it too (the ring is thicker from
 * `high` on, and filled a little), so that colour is not the only sign.
 */
import type { Priority } from "../data/index.ts";
import { t } from "../text/index.ts";

interface CheckProps {
  title: string;
  completed: boolean;
  priority: Priority;
  tabIndex?: number;
  disabled?: boolean;
  onChange(completed: boolean): void;
}

export function Check({ title, completed, priority, tabIndex, disabled, onChange }: CheckProps) {
  return (
    <button
      aria-checked={completed}
      aria-label={completed ? t.task.reopen(title) : t.task.complete(title)}
      className={`check check--${priority}`}
      data-nodrag=""
      disabled={disabled}
      onClick={(event) => {
        event.stopPropagation();
        onChange(!completed);
      }}
      role="checkbox"
      tabIndex={tabIndex}
      type="button"
    >
      <svg aria-hidden="true" fill="none" height="20" viewBox="0 0 20 20" width="20">
        <circle className="check__ring" cx="10" cy="10" r="8" />
        <path className="check__tick" d="m6.2 10.3 2.6 2.6 5-5.4" />
      </svg>
    </button>
  );
}
