// What takes edits back, and what happens above an open task.

import { expect, test } from 'vitest';

import { aTask } from '../outbox/kit.ts';
import type { Task, Tasks } from '../types.ts';
import { complete, create, move, remove, update } from './tasks.ts';

function shown(...all: Partial<Task>[]): Tasks {
  const tasks = all.map((task) => ({ ...aTask(task.id!, task.id!), parent_id: null, rank: task.id!, waiting: false, ...task }) as Task);
  return {
    ready: true,
    loaded: tasks.length,
    all: tasks,
    get: (id) => tasks.find((task) => task.id === id),
    children: (parent) => tasks.filter((task) => task.parent_id === parent),
  };
}

const ops = (steps: readonly { write: { op: object } }[]) => steps.map(({ write }) => write.op);
const touched = (steps: readonly { write: { effects: readonly { id: string }[] } }[]) =>
  steps.flatMap(({ write }) => write.effects.map(({ id }) => id));

test('the completion of an occurrence is taken back by its date, and its subtasks with it', () => {
  const due = { date: '2026-11-30' };
  const plants = { id: 'plants', due, recurrence: 'FREQ=DAILY;COUNT=2' };
  const [done] = complete(shown(plants, { id: 'ficus', parent_id: 'plants', completed: true }), 'plants', true);
  expect(done!.write.op).toEqual({ op: 'complete', id: 'plants', completed: true, occurrence: '2026-11-30' });
  const next = shown({ ...plants, due: { date: '2026-12-01' }, recurrence: 'FREQ=DAILY;COUNT=1' }, { id: 'ficus', parent_id: 'plants' });
  const back = done!.inverse(next);
  expect(ops(back)).toEqual([
    { op: 'complete', id: 'plants', completed: false, occurrence: '2026-11-30' },
    { op: 'complete', id: 'ficus', completed: true },
  ]);
  expect(back[0]!.write.effects).toEqual([
    { kind: 'task', id: 'plants', patch: { completed: false, completed_at: null, due, recurrence: 'FREQ=DAILY;COUNT=2' } },
  ]);
});

test('what is completed above an open task is reopened with it, and completed again when that is taken back', () => {
  const top = { id: 'top', completed: true };
  const tasks = shown(top, { id: 'middle', parent_id: 'top', completed: true }, { id: 'leaf', parent_id: 'middle', completed: true }, { id: 'beside' });
  const [reopened] = complete(tasks, 'leaf', false);
  expect(touched([reopened!])).toEqual(['leaf', 'middle', 'top']);
  const open = shown({ id: 'top' }, { id: 'middle', parent_id: 'top' }, { id: 'leaf', parent_id: 'middle' });
  expect(ops(reopened!.inverse(open))).toEqual(['leaf', 'middle', 'top'].map((id) => ({ op: 'complete', id, completed: true })));
  const moved = [move(tasks, tasks.get('beside')!, { parent_id: 'middle' })];
  for (const steps of [moved, update(tasks, 'beside', { parent_id: 'middle' }), create(tasks, 'ada', 'new', { title: 'new', parent_id: 'middle' })]) {
    expect(touched(steps).slice(1)).toEqual(['middle', 'top']);
  }
  expect(touched([move(tasks, tasks.get('leaf')!, { parent_id: 'top' })])).toEqual(['leaf']);
});

test('what was deleted is restored by its id', () => {
  const [gone] = remove(shown({ id: 'milk' }), 'milk');
  expect(ops(gone!.inverse(shown()))).toEqual([{ op: 'restore', id: 'milk', kind: 'task' }]);
});
