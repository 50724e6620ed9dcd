// How lists compare texts and times.

import { expect, test } from 'vitest';

import { labelKey } from './labels.ts';
import { aTask } from './outbox/kit.ts';
import type { Task, Tasks } from './types.ts';
import { matches, select } from './views.ts';

const task = (id: string, more: Partial<Task> = {}) =>
  ({ ...aTask(id, id), description: null, labels: [], priority: 'none', due: null, parent_id: null, project_id: null, ...more }) as Task;
const shown = (...all: Task[]): Tasks => ({ ready: true, loaded: all.length, all, get: () => undefined, children: () => [] });

test('a search does not see what nobody sees', () => {
  expect(matches(task('Müll\u00adabfuhr be\u200bstellen'), 'mullab bestell')).toBe(true);
  expect(matches(task('Müllabfuhr'), 'müll\u00adab')).toBe(true);
});

test('labels are equal under NFC and case', () => {
  expect(labelKey('CAFE\u0301')).toBe(labelKey('caf\u00e9'));
  const found = select(shown(task('a', { labels: ['Cafe\u0301'] }), task('b', { labels: ['tea'] })), { labels: ['CAF\u00c9'] });
  expect(found.map(({ id }) => id)).toEqual(['a']);
});

test('what is due today is in order of time, and titles by the numbers in them', () => {
  const now = Date.now();
  const day = new Date(now);
  const date = `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, '0')}-${String(day.getDate()).padStart(2, '0')}`;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const at = (time?: string) => ({ due: { date, ...(time && { time, time_zone: zone }) } });
  const due = select(shown(task('some time', at()), task('late', at('18:00')), task('early', at('09:30'))), { due: 'today' }, 'due', now);
  expect(due.map(({ id }) => id)).toEqual(['early', 'late', 'some time']);
  const titles = select(shown(task('task 10'), task('task 2')), {}, 'title');
  expect(titles.map(({ id }) => id)).toEqual(['task 2', 'task 10']);
});
