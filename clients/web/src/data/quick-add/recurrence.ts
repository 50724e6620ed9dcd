// `every …` in the quick-add line: the rule of RFC 5545 that it means, and the first day on which it
// falls, for a rule needs a due to start from.

import { DAY, type Found, addDays, addMonths, countOf, dayIndex, each, nextDay } from './dates.ts';

export interface FoundRecurrence extends Found {
  rule: string;
  first: Date;
}

const CODES = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];
const UNITS: Record<string, string> = { day: 'DAILY', week: 'WEEKLY', month: 'MONTHLY', year: 'YEARLY' };
const WORDS: Record<string, string> = { daily: 'day', weekly: 'week', monthly: 'month', yearly: 'year', annually: 'year' };
const COUNT = '\\d{1,3}|other|two|three|four|five|six|seven|eight|nine|ten';
const LIST = `(?:${DAY})s?(?:(?:, ?| and |, and | & )(?:${DAY})s?)*`;

type Meaning = (match: string[], today: Date) => { rule: string; first: Date };

const PATTERNS: readonly [RegExp, Meaning][] = [
  [/every ?week ?days?|weekdays|every work(?:ing )?day/giu, (_, today) => onDays(today, [1, 2, 3, 4, 5], 1)],
  [/every weekend/giu, (_, today) => onDays(today, [6, 0], 1)],
  [/every (\d{1,2})(?:st|nd|rd|th)(?: of the month| of every month)?/giu, ([, day], today) => onMonthDay(today, Number(day))],
  [new RegExp(`every (?:(${COUNT}) )?(${LIST})(?! ?\\d)`, 'giu'), ([, count, list], today) => onDays(today, list!.match(new RegExp(DAY, 'giu'))!.map(dayIndex), times(count))],
  [new RegExp(`every (?:(${COUNT}) )?(day|week|month|year)s?`, 'giu'), ([, count, unit], today) => inUnits(today, unit!, times(count))],
  [/(daily|weekly|monthly|yearly|annually)/giu, ([, word], today) => inUnits(today, WORDS[word!.toLowerCase()]!, 1)],
];

const times = (count: string | undefined) => (!count ? 1 : /other/i.test(count) ? 2 : Math.max(1, countOf(count)));
const interval = (count: number) => (count > 1 ? `;INTERVAL=${count}` : '');

/** From today on, for what happens every day happens today. */
const inUnits = (today: Date, unit: string, count: number) => ({
  rule: `FREQ=${UNITS[unit.toLowerCase()]}${interval(count)}`,
  first: today,
});

function onDays(today: Date, days: number[], count: number) {
  const unique = [...new Set(days)].sort((a, b) => ((a + 6) % 7) - ((b + 6) % 7));
  const candidates = unique.map((day) => (day === today.getDay() ? today : nextDay(today, day)));
  return {
    rule: `FREQ=WEEKLY${interval(count)};BYDAY=${unique.map((day) => CODES[day]).join(',')}`,
    first: candidates.reduce((a, b) => (a < b ? a : b)),
  };
}

function onMonthDay(today: Date, day: number) {
  let first = new Date(today.getFullYear(), today.getMonth(), day);
  for (let ahead = 0; first < today || first.getDate() !== day; ahead++) {
    const month = addMonths(new Date(today.getFullYear(), today.getMonth(), 1), ahead);
    first = addDays(month, day - 1);
    // The 32nd is in no month.
    if (ahead > 12) return { rule: '', first: today };
  }
  return { rule: `FREQ=MONTHLY;BYMONTHDAY=${day}`, first };
}

/** The first repetition in the text. */
export function findRecurrence(text: string, today: Date): FoundRecurrence | null {
  let best: FoundRecurrence | null = null;
  for (const [pattern, meaning] of PATTERNS) {
    for (const { start, end, match } of each(text, pattern)) {
      const { rule, first } = meaning(match, today);
      if (!rule) continue;
      const longer = best && end - start > best.end - best.start && start < best.end && best.start < end;
      if (!best || longer) best = { start, end, rule, first };
    }
  }
  return best;
}
