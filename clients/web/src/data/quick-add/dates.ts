// Dates and times as people write them: each pattern with what it means on a given day. Days are
// `Date`s at local midnight and never cross time zones in here.

export interface Found {
  /** Of the match within the text. */
  start: number;
  end: number;
}

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
/** Whole names or their usual beginnings; `may` and `mar` alone are words, too, so a number stands by. */
export const DAY = 'sun(?:day)?|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?';
const MONTH = `${MONTHS.map((name) => `${name.slice(0, 3)}(?:${name.slice(3)})?`).join('|')}|sept`;
const COUNT = '\\d{1,3}|a|an|one|two|three|four|five|six|seven|eight|nine|ten';
const NUMBERS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

export const dayIndex = (name: string) => DAYS.findIndex((day) => day.startsWith(name.toLowerCase().slice(0, 3)));
const monthIndex = (name: string) => MONTHS.findIndex((month) => month.startsWith(name.toLowerCase().slice(0, 3)));

export function countOf(text: string): number {
  const word = text.toLowerCase();
  return word === 'a' || word === 'an' ? 1 : NUMBERS.includes(word) ? NUMBERS.indexOf(word) : Number(word);
}

const two = (number: number) => String(number).padStart(2, '0');
export const isoDay = (day: Date) => `${String(day.getFullYear()).padStart(4, '0')}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
export const addDays = (day: Date, days: number) => new Date(day.getFullYear(), day.getMonth(), day.getDate() + days);

/** As late in the month as there are days: a month after the 31st is the 30th where that is the last. */
export function addMonths(day: Date, months: number): Date {
  const last = new Date(day.getFullYear(), day.getMonth() + months + 1, 0);
  return new Date(last.getFullYear(), last.getMonth(), Math.min(day.getDate(), last.getDate()));
}

/** The next such day of the week; today itself does not count. */
export const nextDay = (today: Date, index: number) => addDays(today, ((index - today.getDay() + 6) % 7) + 1);

/** A day of the calendar; null if there is none, as the 31st of June. */
function calendar(year: number, month: number, day: number): Date | null {
  const date = new Date(year, month, day);
  return year >= 1900 && date.getMonth() === month && date.getDate() === day ? date : null;
}

/** Without a year it is the next one that comes. */
function comingDate(today: Date, month: number, day: number): Date | null {
  for (let year = today.getFullYear(); year < today.getFullYear() + 9; year++) {
    const date = calendar(year, month, day);
    if (date && date >= today) return date;
  }
  return null;
}

type Meaning = (match: string[], today: Date) => Date | null;

/** Words that stand alone: what is before and after is checked by `find`. */
const WORDED: readonly [string, Meaning][] = [
  ['(\\d{4})-(\\d{2})-(\\d{2})', ([, year, month, day]) => calendar(Number(year), Number(month) - 1, Number(day))],
  ['(?:the )?day after tomorrow', (_, today) => addDays(today, 2)],
  ['today|tod', (_, today) => today],
  ['tonight', (_, today) => today],
  ['tomorrow|tmrw?|tom', (_, today) => addDays(today, 1)],
  [`in (${COUNT}) (day|week|month|year)s?`, ([, count, unit], today) => ahead(today, countOf(count!), unit!)],
  ['next (week|month|year)', ([, unit], today) => nextUnit(today, unit!)],
  ['(?:this |next )?weekend', (match, today) => (/^next/i.test(match[0]!) ? addDays(nextDay(today, 6), 7) : today.getDay() === 6 ? today : nextDay(today, 6))],
  // `next monday` is the one of next week; a bare `monday` the nearest.
  [`next (${DAY})`, ([, day], today) => dayOfNextWeek(today, dayIndex(day!))],
  [`(?:this |on )?(${DAY})`, ([, day], today) => nextDay(today, dayIndex(day!))],
  [`(\\d{1,2})(?:st|nd|rd|th)?\\.? (?:of )?(${MONTH})\\.?(?:,? (\\d{4}))?`, ([, day, month, year], today) => named(today, day!, month!, year)],
  [`(${MONTH})\\.? (\\d{1,2})(?:st|nd|rd|th)?(?:,? (\\d{4}))?`, ([, month, day, year], today) => named(today, day!, month!, year)],
  ['(\\d{1,2})\\.(\\d{1,2})\\.(\\d{4})?', ([, day, month, year], today) => byNumber(today, day!, month!, year)],
];

const PATTERNS = WORDED.map(([pattern, meaning]) => [new RegExp(`(?:\\b(?:on|by|due|until) )?(?:${pattern})`, 'giu'), meaning] as const);

const named = (today: Date, day: string, month: string, year: string | undefined) =>
  year ? calendar(Number(year), monthIndex(month), Number(day)) : comingDate(today, monthIndex(month), Number(day));

const byNumber = (today: Date, day: string, month: string, year: string | undefined) =>
  year ? calendar(Number(year), Number(month) - 1, Number(day)) : comingDate(today, Number(month) - 1, Number(day));

function ahead(today: Date, count: number, unit: string): Date {
  switch (unit.toLowerCase()) {
    case 'day':
      return addDays(today, count);
    case 'week':
      return addDays(today, 7 * count);
    case 'month':
      return addMonths(today, count);
    default:
      return addMonths(today, 12 * count);
  }
}

/** Next week begins on its Monday; next month and year on their first day. */
function nextUnit(today: Date, unit: string): Date {
  if (/week/i.test(unit)) return nextDay(today, 1);
  return /month/i.test(unit) ? new Date(today.getFullYear(), today.getMonth() + 1, 1) : new Date(today.getFullYear() + 1, 0, 1);
}

function dayOfNextWeek(today: Date, index: number): Date {
  return addDays(nextDay(today, 1), (index + 6) % 7);
}

/** A match that is not a part of a longer word. */
export function alone(text: string, { start, end }: Found): boolean {
  const before = text.slice(0, start);
  const after = text.slice(end);
  return (before === '' || /[\s(,;]$/u.test(before)) && (after === '' || /^[\s),;.!?]/u.test(after));
}

/** Everything that a pattern finds and that stands alone, from left to right. */
export function* each(text: string, pattern: RegExp): Generator<Found & { match: string[] }> {
  pattern.lastIndex = 0;
  for (const match of text.matchAll(pattern)) {
    const found = { start: match.index, end: match.index + match[0].length, match: [...match].map((part) => part as string) };
    if (alone(text, found)) yield found;
  }
}

/** The last date in the text: people write what it is about first. */
export function findDate(text: string, today: Date, taken: readonly Found[]): (Found & { day: Date }) | null {
  let best: (Found & { day: Date }) | null = null;
  for (const [pattern, meaning] of PATTERNS) {
    for (const { start, end, match } of each(text, pattern)) {
      if (overlaps({ start, end }, taken)) continue;
      const word = match[0]!.replace(/^(?:on|by|due|until) /i, '');
      const day = meaning([word, ...match.slice(1)], today);
      if (!day) continue;
      // Of two that overlap, the longer one says more.
      const better = !best || (overlaps({ start, end }, [best]) ? end - start > best.end - best.start : start > best.start);
      if (better) best = { start, end, day };
    }
  }
  return best;
}

export const overlaps = (found: Found, others: readonly Found[]) =>
  others.some((other) => found.start < other.end && other.start < found.end);

const TIMES: readonly [RegExp, (match: string[]) => string | null][] = [
  [/(?:\bat |@ ?)?([01]?\d|2[0-3])[:h]([0-5]\d)(?: ?([ap])\.?m\.?)?/giu, ([, hour, minute, half]) => clock(Number(hour), Number(minute), half)],
  [/(?:\bat |@ ?)?(\d{1,2}) ?([ap])\.?m\.?/giu, ([, hour, half]) => clock(Number(hour), 0, half)],
  [/\bat ([01]?\d|2[0-3])/giu, ([, hour]) => clock(Number(hour), 0, undefined)],
  [/(?:\bat )?(noon|midday)/giu, () => '12:00'],
];

function clock(hour: number, minute: number, half: string | undefined): string | null {
  if (half && (hour < 1 || hour > 12)) return null;
  const at = half ? (hour % 12) + (/p/i.test(half) ? 12 : 0) : hour;
  return `${two(at)}:${two(minute)}`;
}

/** The last time of day in the text. */
export function findTime(text: string, taken: readonly Found[]): (Found & { time: string }) | null {
  let best: (Found & { time: string }) | null = null;
  for (const [pattern, meaning] of TIMES) {
    for (const { start, end, match } of each(text, pattern)) {
      if (overlaps({ start, end }, taken) || (best && overlaps({ start, end }, [best]))) continue;
      const time = meaning(match);
      if (time && (!best || start > best.start)) best = { start, end, time };
    }
  }
  return best;
}
