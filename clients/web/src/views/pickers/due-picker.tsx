/**
 * Due date, time with its zone, and recurrence, in one panel: a line to type in ("next friday 9:00"),
 * the usual days, a month to choose from, then the rest. Every choice takes effect at once.
 */
import { useState } from "react";
import type { Due } from "../../data/index.ts";
import { parseQuickAdd } from "../../data/quick-add/index.ts";
import { addDays, dueText, nextWeekday, shortDay, timeZones, today, weekday, zone } from "../../lib/dates.ts";
import { describeRule, presets } from "../../lib/recurrence.ts";
import { t } from "../../text/index.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { Month } from "./month.tsx";

export interface DueChoice {
  due: Due | null;
  recurrence: string | null;
}

interface DuePickerProps extends DueChoice {
  onChange(choice: DueChoice): void;
  /** Called when a choice is likely the last one. */
  onDone?(): void;
}

export function DuePicker({ due, recurrence, onChange, onDone }: DuePickerProps) {
  const now = today();
  const quick: { icon: IconName; text: string; date: string }[] = [
    { icon: "sun", text: t.dates.today, date: now },
    { icon: "chevronRight", text: t.dates.tomorrow, date: addDays(now, 1) },
    { icon: "armchair", text: t.dates.weekend, date: weekday(now) === 6 ? now : nextWeekday(now, 6) },
    { icon: "calendar", text: t.dates.nextWeek, date: nextWeekday(now, 1) },
  ];
  const setDate = (date: string) => onChange({ due: { ...due, date }, recurrence });
  return (
    <div className="due">
      <TypedDue onFound={(found) => (onChange({ due: { ...(due?.time ? { time: due.time, time_zone: due.time_zone } : {}), ...found.due }, recurrence: found.recurrence ?? recurrence }), onDone?.())} />
      <ul className="due__quick">
        {quick.map(({ icon, text, date }) => (
          <li key={text}>
            <button className="menu__item" onClick={() => (setDate(date), onDone?.())} type="button">
              <Icon name={icon} size={16} />
              <span className="menu__text">{text}</span>
              <span className="menu__hint">{shortDay(date)}</span>
            </button>
          </li>
        ))}
        {due ? (
          <li>
            <button className="menu__item" onClick={() => (onChange({ due: null, recurrence: null }), onDone?.())} type="button">
              <Icon name="x" size={16} />
              <span className="menu__text">{t.due.clear}</span>
            </button>
          </li>
        ) : null}
      </ul>
      <Month onPick={setDate} value={due?.date ?? null} />
      <TimeRow due={due} onChange={(next) => onChange({ due: next, recurrence })} />
      <RepeatRow due={due} onChange={(rule) => onChange({ due: due ?? { date: now }, recurrence: rule })} recurrence={recurrence} />
    </div>
  );
}

function TypedDue({ onFound }: { onFound(found: { due: Due; recurrence?: string }): void }) {
  const [text, setText] = useState("");
  const found = text.trim() ? parseQuickAdd(text, { now: new Date(), projects: [] }) : null;
  return (
    <form
      className="due__typed"
      onSubmit={(event) => {
        event.preventDefault();
        if (found?.due) onFound({ due: found.due, recurrence: found.recurrence });
      }}
    >
      <input aria-label={t.due.type} autoComplete="off" autoFocus className="bare" onChange={(event) => setText(event.target.value)} placeholder={t.due.type} value={text} />
      <p className="due__found" role="status">{found ? (found.due ? dueText(found.due) : t.due.notUnderstood) : ""}</p>
    </form>
  );
}

function TimeRow({ due, onChange }: { due: Due | null; onChange(due: Due): void }) {
  if (!due) return null;
  const others = due.time_zone && due.time_zone !== zone;
  return (
    <div className="due__row">
      <label className="due__label">
        <Icon name="clock" size={16} />
        <span className="visually-hidden">{t.due.time}</span>
        <input
          className="input due__time"
          onChange={({ target }) => onChange(target.value ? { date: due.date, time: target.value, time_zone: due.time_zone ?? zone } : { date: due.date })}
          type="time"
          value={due.time ?? ""}
        />
      </label>
      {due.time ? (
        <label className="due__label">
          <span className="visually-hidden">{t.due.zone}</span>
          <select className={`input due__zone${others ? " due__zone--other" : ""}`} onChange={({ target }) => onChange({ ...due, time_zone: target.value })} value={due.time_zone ?? zone}>
            {[...new Set([zone, due.time_zone ?? zone, ...timeZones()])].map((name) => <option key={name} value={name}>{name.replaceAll("_", " ")}</option>)}
          </select>
        </label>
      ) : null}
    </div>
  );
}

function RepeatRow({ due, recurrence, onChange }: { due: Due | null; recurrence: string | null; onChange(rule: string | null): void }) {
  const offered = presets(due?.date ?? today());
  const custom = recurrence && !offered.some((preset) => preset.rule === recurrence) ? recurrence : null;
  return (
    <label className="due__label due__row">
      <Icon name="repeat" size={16} />
      <span className="visually-hidden">{t.recurrence.label}</span>
      <select className="input" onChange={({ target }) => onChange(target.value || null)} value={recurrence ?? ""}>
        <option value="">{t.recurrence.none}</option>
        {custom ? <option value={custom}>{describeRule(custom)}</option> : null}
        {offered.map((preset) => <option key={preset.rule} value={preset.rule}>{preset.text}</option>)}
      </select>
    </label>
  );
}
