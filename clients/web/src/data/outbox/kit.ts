// What the tests of the outbox share.

import type { Task } from '@taskwire/client';

import { newId } from '../ids.ts';
import type { Write } from './writes.ts';

export const aTask = (id: string, title: string, version = 1) =>
  ({ id, title, completed: false, version, created_at: '2026-11-25T10:00:00Z', updated_at: '2026-11-25T10:00:00Z' }) as unknown as Task;

export const creation = (title: string): Write => {
  const id = newId();
  return { id: newId(), op: { op: 'create', id, task: { id, title } }, effects: [], title, state: 'queued', attempted: false };
};

export const renaming = (id: string, before: string, title: string): Write => ({
  id: newId(), op: { op: 'update', id, changes: { title } }, effects: [{ kind: 'task', id, patch: { title } }],
  before: { title: before }, title: before, state: 'queued', attempted: false,
});

export const answer = (status: number, body?: unknown, headers: Record<string, string> = {}) =>
  new Response(body === undefined ? null : JSON.stringify(body), {
    status,
    headers: { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', ...headers },
  });

export const problem = (status: number, code: string) => answer(status, { type: 'about:blank', title: code, status, detail: code, code });
