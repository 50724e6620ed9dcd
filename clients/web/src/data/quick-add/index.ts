// The quick-add line, `pay rent tomorrow #home !high`: what is meant by it, and which parts of it
// were understood. Whatever is not certain stays in the title; a backslash before a sign keeps it
// there.

import { type Found, findDate, findTime, isoDay, overlaps } from './dates.ts';
import { findRecurrence } from './recurrence.ts';
import { labelKey } from '../labels.ts';
import type { QuickAdd, QuickAddContext, Span } from './types.ts';
import type { Priority } from '@taskwire/client';

export type { QuickAdd, QuickAddContext, Span } from './types.ts';

const PRIORITIES: Record<string, Priority> = {
  none: 'none', low: 'low', medium: 'medium', med: 'medium', high: 'high', urgent: 'urgent',
  '1': 'urgent', '2': 'high', '3': 'medium', '4': 'low',
};
const LABELS_MAX = 20;

export function parseQuickAdd(text: string, { now, timeZone, projects }: QuickAddContext): QuickAdd {
  const spans: Span[] = [];
  const result: QuickAdd = { title: '', labels: [], spans };
  const take = (found: Found, kind: Span['kind'], value: string) => spans.push({ start: found.start, end: found.end, kind, value });
  // The patterns are slow to set up, and every page starts with an empty line.
  if (!text) return result;

  takeSigns(text, projects, result, take);
  const today = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  // What a sign has taken must not be read as a date as well; blanks keep all places as they are.
  const rest = blank(text, spans);
  const recurrence = findRecurrence(rest, today);
  if (recurrence) {
    result.recurrence = recurrence.rule;
    take(recurrence, 'recurrence', recurrence.rule);
  }
  const time = findTime(blank(text, spans), spans);
  if (time) take(time, 'time', time.time);
  const date = findDate(blank(text, spans), today, spans);
  if (date) take(date, 'due', isoDay(date.day));

  const day = date?.day ?? recurrence?.first ?? (time ? dayFor(time.time, now, today) : undefined);
  if (day) {
    const zone = timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    result.due = { date: isoDay(day), ...(time && { time: time.time, time_zone: zone }) };
  }
  spans.sort((a, b) => a.start - b.start);
  result.title = blank(text, spans, '')
    .replace(/(^|\s)\\([#@!])/gu, '$1$2')
    .replace(/\s+/gu, ' ')
    .replace(/ (?=[,.;)](?:\s|$))/gu, '')
    .replace(/^[,;\s]+|[,;\s]+$/gu, '');
  return result;
}

/** A time without a day is the next such time. */
function dayFor(time: string, now: Date, today: Date): Date {
  const [hour, minute] = time.split(':').map(Number) as [number, number];
  const passed = hour * 60 + minute <= now.getHours() * 60 + now.getMinutes();
  return passed ? new Date(today.getFullYear(), today.getMonth(), today.getDate() + 1) : today;
}

/** `#project`, `@label` and `!priority`, each at the beginning of a word. */
function takeSigns(
  text: string,
  projects: QuickAddContext['projects'],
  result: QuickAdd,
  take: (found: Found, kind: Span['kind'], value: string) => void,
): void {
  // Names of projects may have blanks: the longest one that is there counts.
  const byLength = [...projects].sort((a, b) => b.name.length - a.name.length);
  for (const match of text.matchAll(/(?<=^|\s)([#@!])(\S+)/gu)) {
    const start = match.index;
    const word = match[2]!.replace(/[,;.:?)]+$/u, '');
    if (!word) continue;
    const found = { start, end: start + 1 + word.length };
    if (match[1] === '#') {
      if (result.project) continue;
      const after = text.slice(start + 1).toLowerCase();
      const known = byLength.find(({ name }) => after.startsWith(name.toLowerCase()) && !/^[\p{L}\p{N}]/u.test(after.slice(name.length)));
      if (known) {
        result.project = { name: known.name, id: known.id };
        take({ start, end: start + 1 + known.name.length }, 'project', known.name);
      } else if (/[\p{L}\p{N}]/u.test(word) && !/^\d+$/u.test(word)) {
        // `#3` is a number of something, not a project, unless there is one of that name.
        result.project = { name: word, id: null };
        take(found, 'project', word);
      }
    } else if (match[1] === '@') {
      // A time after the sign is a time.
      if (/^\d{1,2}([:h]\d\d|[ap]m?$)/iu.test(word) || result.labels.length >= LABELS_MAX || word.includes(',') || word.length > 50) continue;
      if (!result.labels.some((label) => labelKey(label) === labelKey(word))) result.labels.push(word);
      take(found, 'label', word);
    } else {
      const priority = PRIORITIES[word.toLowerCase()];
      if (!priority || result.priority) continue;
      result.priority = priority;
      take(found, 'priority', priority);
    }
  }
}

function blank(text: string, spans: readonly Found[], filler = ' '): string {
  let out = '';
  for (let at = 0; at < text.length; at++) out += overlaps({ start: at, end: at + 1 }, spans) ? filler : text[at]!;
  return out;
}
