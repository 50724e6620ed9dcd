// A user of a test's own: tokens, and the API as another program of theirs would call it.

import { createHmac, randomUUID } from 'node:crypto';

import type { CreateTask, Project, Task } from '@taskwire/client';
import { inject } from 'vitest';

export class Person {
  id: string;

  constructor(readonly name = 'person') {
    this.id = `${name}-${randomUUID()}`;
  }

  /** A token that expires in so many seconds; no two are the same. */
  token(seconds = 3600): string {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const now = Math.floor(Date.now() / 1000);
    const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ sub: this.id, iat: now, exp: now + seconds, jti: randomUUID() })}`;
    return `${signed}.${createHmac('sha256', inject('secret')).update(signed).digest('base64url')}`;
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${inject('url')}/api/${this.id}/${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.token()}`, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  add(task: string | CreateTask): Promise<Task> {
    return this.call('POST', 'tasks', typeof task === 'string' ? { title: task } : task);
  }

  change(id: string, changes: object): Promise<Task> {
    return this.call('PATCH', `tasks/${id}`, changes);
  }

  async tasks(): Promise<Task[]> {
    return (await this.call<{ tasks: Task[] }>('GET', 'tasks?sort=rank&limit=200')).tasks;
  }

  addProject(name: string, color?: string): Promise<Project> {
    return this.call('POST', 'projects', { name, ...(color && { color }) });
  }

  /** Many tasks at once, in this order. */
  async addMany(tasks: readonly CreateTask[]): Promise<void> {
    for (let at = 0; at < tasks.length; at += 500) {
      const operations = tasks.slice(at, at + 500).map((task) => ({ op: 'create', task }));
      await this.call('POST', 'tasks/batch', { mode: 'all_or_nothing', operations });
    }
  }
}
