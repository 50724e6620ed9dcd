// Whether an edit still fits what the server has now: field by field, by what the person saw, what
// they want, and what is there. Only a field that both sides changed differently is in dispute.

import { labelKey } from '../labels.ts';

export type Fields = Record<string, unknown>;

export interface Merge {
  /** What is still to be sent; nothing if the server has it all. */
  changes: Fields;
  /** The fields in dispute. */
  disputed: string[];
}

export function merge(before: Fields, wanted: Fields, now: Fields): Merge {
  const changes: Fields = {};
  const disputed: string[] = [];
  for (const [field, mine] of Object.entries(wanted)) {
    const theirs = now[field];
    if (same(mine, theirs)) continue;
    if (field === 'labels') {
      const labels = mergeLabels(before[field], mine, theirs);
      if (!same(labels, theirs)) changes[field] = labels;
    } else if (same(before[field], theirs)) changes[field] = mine;
    else disputed.push(field);
  }
  return { changes, disputed };
}

/** Labels are a set: each side's additions and removals hold, so there is nothing to dispute. */
function mergeLabels(before: unknown, mine: unknown, theirs: unknown): string[] {
  const [was, wanted, now] = [before, mine, theirs].map((list) => (Array.isArray(list) ? list.map(String) : []));
  const has = (list: string[], label: string) => list.some((other) => labelKey(other) === labelKey(label));
  const kept = now!.filter((label) => has(wanted!, label) || !has(was!, label));
  return [...kept, ...wanted!.filter((label) => !has(now!, label) && !has(was!, label))];
}

/** Equal as the server sees it: absent is null, and members have no order. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b || (a ?? null) === (b ?? null)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false;
  const [x, y] = [a as Fields, b as Fields];
  return [...new Set([...Object.keys(x), ...Object.keys(y)])].every((key) => same(x[key], y[key]));
}
