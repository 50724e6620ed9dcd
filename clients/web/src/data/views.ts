// Which tasks a view shows, and in which order: pure functions over the tasks at one moment. What
// they cost must not be felt at ten thousand tasks.

import { dayOf } from './clock.ts';
import { dueDay, dueInstant, isOverdue } from './due.ts';
import { labelKey } from './labels.ts';
import type { Priority, Task, TaskFilter, TaskSort, Tasks } from './types.ts';

const PRIORITIES: readonly Priority[] = ['none', 'low', 'medium', 'high', 'urgent'];
const words = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Without case, accents and characters that nobody sees, as the search compares. */
export const folded = (text: string): string => text.normalize('NFD').replace(/[\p{M}\p{DI}]/gu, '').toLowerCase();

/** What is searched in, kept with each task: they do not change. */
const texts = new WeakMap<Task, string>();
function searchable(task: Task): string {
  let text = texts.get(task);
  if (text === undefined) {
    text = ` ${folded(`${task.title} ${task.description ?? ''}`).replace(/[^\p{L}\p{N}]+/gu, ' ')}`;
    texts.set(task, text);
  }
  return text;
}

/** All words of the query, each as the beginning of a word, or of anything in scripts without spaces. */
export function matches(task: Task, query: string): boolean {
  const text = searchable(task);
  return queryWords(query).every((word) => text.includes(/^[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}]/u.test(word) ? word : ` ${word}`));
}

let lastQuery: { query: string; words: string[] } | undefined;
function queryWords(query: string): string[] {
  if (lastQuery?.query !== query) lastQuery = { query, words: folded(query).split(/[^\p{L}\p{N}]+/u).filter(Boolean) };
  return lastQuery.words;
}

export function select(tasks: Tasks, filter: TaskFilter, sort: TaskSort = 'rank', now = Date.now()): readonly Task[] {
  const { status = 'open', due, project, priorities, search, roots } = filter;
  const labels = filter.labels?.map(labelKey);
  const today = dayOf(new Date(now));
  if (search !== undefined && search.trim() && !queryWords(search).length) return [];
  const chosen = tasks.all.filter((task) => {
    if (status !== 'all' && task.completed !== (status === 'completed')) return false;
    if (project !== undefined && task.project_id !== (project === 'none' ? null : project)) return false;
    if (roots && task.parent_id && tasks.get(task.parent_id)) return false;
    if (priorities?.length && !priorities.includes(task.priority)) return false;
    if (due && !isDue(task, due, today, now)) return false;
    if (labels?.length && !labels.every((label) => task.labels.some((other) => labelKey(other) === label))) return false;
    return !search?.trim() || matches(task, search);
  });
  return sort === 'rank' ? chosen : chosen.sort(ORDERS[sort]);
}

function isDue({ due, completed }: Task, wanted: NonNullable<TaskFilter['due']>, today: string, now: number): boolean {
  if (!due) return wanted === 'none';
  switch (wanted) {
    case 'any':
      return true;
    case 'none':
      return false;
    case 'today':
      return dueDay(due) === today;
    case 'upcoming':
      return dueDay(due) > today;
    case 'overdue':
      return !completed && isOverdue(due, now);
  }
}

type Order = (a: Task, b: Task) => number;

const time = (text: string | null) => (text ? Date.parse(text) : 0);
const later = (field: 'created_at' | 'updated_at' | 'completed_at'): Order => (a, b) => time(b[field]) - time(a[field]);
// A date alone is due at the end of its day, after what has a time on it; what has none is last.
const moment = (task: Task) => (task.due ? dueInstant(task.due) : Infinity);

/** Equal ones stay in the user's own order, which sorting keeps. */
const ORDERS: Record<Exclude<TaskSort, 'rank'>, Order> = {
  due: (a, b) => {
    const [x, y] = [moment(a), moment(b)];
    return x === y ? 0 : x - y;
  },
  priority: (a, b) => PRIORITIES.indexOf(b.priority) - PRIORITIES.indexOf(a.priority),
  title: (a, b) => words.compare(a.title, b.title),
  created: later('created_at'),
  updated: later('updated_at'),
  completed: later('completed_at'),
};

export interface Counts {
  inbox: number;
  today: number;
  upcoming: number;
  overdue: number;
  projects: ReadonlyMap<string, number>;
  labels: ReadonlyMap<string, number>;
}

/** The open tasks of each view, in one pass. */
export function count(tasks: Tasks, now = Date.now()): Counts {
  const today = dayOf(new Date(now));
  const counts = { inbox: 0, today: 0, upcoming: 0, overdue: 0 };
  const projects = new Map<string, number>();
  const labels = new Map<string, number>();
  for (const task of tasks.all) {
    if (task.completed) continue;
    if (task.project_id) projects.set(task.project_id, (projects.get(task.project_id) ?? 0) + 1);
    else counts.inbox++;
    for (const label of task.labels) {
      const key = labelKey(label);
      labels.set(key, (labels.get(key) ?? 0) + 1);
    }
    if (!task.due) continue;
    const day = dueDay(task.due);
    if (day === today) counts.today++;
    else if (day > today) counts.upcoming++;
    if (isOverdue(task.due, now)) counts.overdue++;
  }
  return { ...counts, projects, labels };
}

/** All labels by name, each as it is spelt most often. */
export function labelsOf(tasks: Tasks): readonly string[] {
  const spellings = new Map<string, Map<string, number>>();
  for (const { labels } of tasks.all) {
    for (const label of labels) {
      const key = labelKey(label);
      const known = spellings.get(key) ?? new Map<string, number>();
      known.set(label, (known.get(label) ?? 0) + 1);
      spellings.set(key, known);
    }
  }
  const best = [...spellings.values()].map((known) => [...known].sort((a, b) => b[1] - a[1])[0]![0]);
  return best.sort(words.compare);
}
