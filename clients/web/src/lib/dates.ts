/**
 * Dates as people say them, in their own language and time zone, all through Intl. A due is a
 * calendar date, so it is handled as the text `YYYY-MM-DD` and in UTC: no zone can shift it. What has a
 * time in another zone is converted to an instant for showing.
 */
import type { Due } from "../data/index.ts";
import { t } from "../text/index.ts";

const locale = typeof navigator === "undefined" ? "en" : navigator.language;
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const DAY = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format is slow, and rows need the same few again and again. */
function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify(options);
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(locale, options)));
  return made;
}

const pad = (number: number) => String(number).padStart(2, "0");

/** The local calendar day of an instant. */
export function dayOf(instant: Date): string {
  return `${instant.getFullYear()}-${pad(instant.getMonth() + 1)}-${pad(instant.getDate())}`;
}

export const today = () => dayOf(new Date());

const utc = (day: string) => Date.parse(`${day}T00:00:00Z`);

export function addDays(day: string, count: number): string {
  return new Date(utc(day) + count * DAY).toISOString().slice(0, 10);
}

export function daysBetween(from: string, to: string): number {
  return Math.round((utc(to) - utc(from)) / DAY);
}

/** 0 is Sunday. */
export const weekday = (day: string) => new Date(utc(day)).getUTCDay();

/** The next such weekday, never today. */
export function nextWeekday(from: string, wanted: number): string {
  return addDays(from, ((wanted - weekday(from) + 6) % 7) + 1);
}

/** The first day of the week where the person lives; 0 is Sunday. */
export function weekStart(): number {
  const place = new Intl.Locale(locale) as Intl.Locale & {
    weekInfo?: { firstDay: number };
    getWeekInfo?: () => { firstDay: number };
  };
  return (place.getWeekInfo?.() ?? place.weekInfo ?? { firstDay: 1 }).firstDay % 7;
}

const capital = (text: string) => text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);

/** "Today", "Tomorrow", "Friday", "28 Nov", "28 Nov 2027". */
export function dayName(day: string, now = today()): string {
  const away = daysBetween(now, day);
  if (away === 0) return t.dates.today;
  if (away === 1) return t.dates.tomorrow;
  if (away === -1) return t.dates.yesterday;
  if (away > 1 && away < 7) return capital(format({ weekday: "long", timeZone: "UTC" }).format(utc(day)));
  const year = day.slice(0, 4) === now.slice(0, 4) ? undefined : "numeric" as const;
  return format({ day: "numeric", month: "short", year, timeZone: "UTC" }).format(utc(day));
}

/** "Thursday, 26 November 2026": for headings' titles and screen readers. */
export function longDay(day: string): string {
  return capital(format({ weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(utc(day)));
}

/** "Thu 26 Nov", beside a name such as Tomorrow. */
export function shortDay(day: string): string {
  return format({ weekday: "short", day: "numeric", month: "short", timeZone: "UTC" }).format(utc(day));
}

/** "28 Nov" */
export function dayAndMonth(day: string): string {
  return format({ day: "numeric", month: "short", timeZone: "UTC" }).format(utc(day));
}

export function monthName(day: string): string {
  return capital(format({ month: "long", year: "numeric", timeZone: "UTC" }).format(utc(day)));
}

export function weekdayName(index: number, width: "long" | "short" | "narrow" = "long"): string {
  // 2023-01-01 was a Sunday.
  return capital(format({ weekday: width, timeZone: "UTC" }).format(utc("2023-01-01") + index * DAY));
}

/** The instant of a due with a time; what the clocks of its zone show, turned into UTC. */
export function instantOf(due: Due): Date | null {
  if (!due.time) return null;
  const guess = Date.parse(`${due.date}T${due.time}:00Z`);
  const offset = (at: number) => {
    const parts = Object.fromEntries(
      format({ timeZone: due.time_zone ?? zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" })
        .formatToParts(at).map((part) => [part.type, part.value]),
    ) as Record<string, string>;
    return Date.parse(`${parts.year?.padStart(4, "0")}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:00Z`) - at;
  };
  const first = guess - offset(guess);
  return new Date(guess - offset(first));
}

/** The day a due falls on for this person: with a time in another zone that may be the next one. */
export function dueDay(due: Due): string {
  const instant = due.time_zone && due.time_zone !== zone ? instantOf(due) : null;
  return instant ? dayOf(instant) : due.date;
}

export function clockTime(instant: Date): string {
  return format({ hour: "numeric", minute: "2-digit" }).format(instant);
}

export function dueTime(due: Due): string | null {
  const instant = instantOf(due);
  return instant ? clockTime(instant) : null;
}

export type Urgency = "overdue" | "today" | "tomorrow" | "later";

export function urgency(due: Due, now = new Date()): Urgency {
  const instant = instantOf(due);
  const day = instant ? dayOf(instant) : due.date;
  const away = daysBetween(dayOf(now), day);
  if (away < 0 || (instant && instant <= now)) return "overdue";
  return away === 0 ? "today" : away === 1 ? "tomorrow" : "later";
}

/** What stands in the chip: "Today 17:00". */
export function dueText(due: Due): string {
  const time = dueTime(due);
  const day = dayName(dueDay(due));
  return time ? `${day} ${time}` : day;
}

export function dateOf(instant: string): string {
  return format({ day: "numeric", month: "short", year: "numeric" }).format(new Date(instant));
}

export function dateTime(instant: string): string {
  return format({ day: "numeric", month: "short", year: "numeric", hour: "numeric", minute: "2-digit" }).format(new Date(instant));
}

const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

/** "2 hours ago" */
export function ago(instant: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(instant) - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 45) return t.dates.justNow;
  if (size < 2700) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 79_200) return relative.format(Math.round(seconds / 3600), "hour");
  if (size < 2_592_000) return relative.format(Math.round(seconds / 86_400), "day");
  return dateTime(instant);
}

/** The grid of a month: whole weeks, as days. */
export function monthGrid(month: string, start = weekStart()): string[] {
  const first = `${month.slice(0, 7)}-01`;
  const begin = addDays(first, -((weekday(first) - start + 7) % 7));
  return Array.from({ length: 42 }, (_, index) => addDays(begin, index));
}

export function addMonths(day: string, count: number): string {
  const [year = 0, month = 1] = day.split("-").map(Number);
  const at = new Date(Date.UTC(year, month - 1 + count, 1));
  return at.toISOString().slice(0, 10);
}

export const timeZones = (): string[] => Intl.supportedValuesOf("timeZone");
