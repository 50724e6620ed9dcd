/** A month to choose a day from: a grid by the ARIA pattern, arrow keys move by day and week. */
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { addDays, addMonths, longDay, monthGrid, monthName, today, weekdayName, weekStart } from "../../lib/dates.ts";
import { t } from "../../text/index.ts";
import { cx } from "../../lib/cx.ts";
import { Icon } from "../../ui/icon.tsx";

export function Month({ value, onPick }: { value: string | null; onPick(day: string): void }) {
  const now = today();
  const [at, setAt] = useState(value ?? now);
  const grid = useRef<HTMLTableElement>(null);
  const moved = useRef(false);
  useEffect(() => {
    if (value) setAt(value);
  }, [value]);
  useEffect(() => {
    if (!moved.current) return;
    moved.current = false;
    grid.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }, [at]);

  const keys = (event: KeyboardEvent) => {
    const moves: Record<string, string> = {
      ArrowLeft: addDays(at, -1), ArrowRight: addDays(at, 1), ArrowUp: addDays(at, -7), ArrowDown: addDays(at, 7),
      PageUp: addMonths(at, -1), PageDown: addMonths(at, 1),
    };
    const next = moves[event.key];
    if (!next) return;
    event.preventDefault();
    moved.current = true;
    setAt(next);
  };

  const days = monthGrid(at);
  const weeks = Array.from({ length: 6 }, (_, week) => days.slice(week * 7, week * 7 + 7)).filter((week, index) => index < 5 || week[0]?.slice(0, 7) === at.slice(0, 7));
  const start = weekStart();
  return (
    <div className="month">
      <div className="month__head">
        <span aria-live="polite" className="month__name">{monthName(at)}</span>
        <button aria-label={t.due.previousMonth} className="icon-button icon-button--small" onClick={() => setAt(addMonths(at, -1))} type="button"><Icon name="chevronLeft" size={16} /></button>
        <button aria-label={t.due.nextMonth} className="icon-button icon-button--small" onClick={() => setAt(addMonths(at, 1))} type="button"><Icon name="chevronRight" size={16} /></button>
      </div>
      <table aria-label={monthName(at)} className="month__grid" onKeyDown={keys} ref={grid} role="grid">
        <thead>
          <tr>
            {Array.from({ length: 7 }, (_, index) => (start + index) % 7).map((day) => (
              <th abbr={weekdayName(day)} key={day} scope="col"><span aria-hidden="true">{weekdayName(day, "narrow")}</span><span className="visually-hidden">{weekdayName(day)}</span></th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]}>
              {week.map((day) => (
                <td aria-selected={day === value} key={day}>
                  <button
                    aria-current={day === now ? "date" : undefined}
                    aria-label={longDay(day)}
                    className={cx("month__day", day.slice(0, 7) !== at.slice(0, 7) && "month__day--other", day === value && "month__day--chosen")}
                    onClick={() => onPick(day)}
                    tabIndex={day === at ? 0 : -1}
                    type="button"
                  >
                    {Number(day.slice(8))}
                  </button>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
