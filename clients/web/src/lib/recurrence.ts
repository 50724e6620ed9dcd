/**
 * Recurrence rules as people choose and read them: the presets for a given due, and a sentence for
 * any rule that the app or another client wrote. A rule beyond the common ones is shown as it is.
 */
import { t } from "../text/index.ts";
import { weekday, weekdayName } from "./dates.ts";

const CODES = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"] as const;

export interface Preset {
  rule: string;
  text: string;
}

export function presets(day: string): Preset[] {
  const code = CODES[weekday(day)] ?? "MO";
  return ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", `FREQ=WEEKLY;BYDAY=${code}`, `FREQ=WEEKLY;INTERVAL=2;BYDAY=${code}`, "FREQ=MONTHLY", "FREQ=YEARLY"]
    .map((rule) => ({ rule, text: describeRule(rule) }));
}

export function describeRule(rule: string): string {
  const parts = new Map(rule.replace(/^RRULE:/, "").split(";").map((part) => part.split("=") as [string, string]));
  const known = new Set(["FREQ", "INTERVAL", "BYDAY", "WKST", "COUNT", "UNTIL", "BYMONTHDAY"]);
  if ([...parts.keys()].some((key) => !known.has(key))) return rule;
  const every = Number(parts.get("INTERVAL") ?? 1);
  const days = parts.get("BYDAY")?.split(",") ?? [];
  const base = describeBase(parts.get("FREQ") ?? "", every, days, parts.get("BYMONTHDAY"));
  if (!base) return rule;
  const count = parts.get("COUNT");
  const until = parts.get("UNTIL");
  if (count) return t.recurrence.times(base, Number(count));
  if (until) return t.recurrence.until(base, `${until.slice(0, 4)}-${until.slice(4, 6)}-${until.slice(6, 8)}`);
  return base;
}

function describeBase(freq: string, every: number, days: string[], monthDay: string | undefined): string | null {
  const r = t.recurrence;
  if (days.length > 0) {
    const indexes = days.map((day) => CODES.indexOf(day as (typeof CODES)[number]));
    if (freq !== "WEEKLY" || indexes.includes(-1) || monthDay) return null;
    if (every === 1 && [...days].sort().join() === "FR,MO,TH,TU,WE") return r.weekdays;
    const width = indexes.length > 1 ? "short" : "long";
    return r.weeklyOn(every, indexes.map((index) => weekdayName(index, width)));
  }
  if (monthDay) return freq === "MONTHLY" && /^\d+$/.test(monthDay) ? r.monthlyOn(every, Number(monthDay)) : null;
  switch (freq) {
    case "DAILY": return r.daily(every);
    case "WEEKLY": return r.weekly(every);
    case "MONTHLY": return r.monthly(every);
    case "YEARLY": return r.yearly(every);
    default: return null;
  }
}
