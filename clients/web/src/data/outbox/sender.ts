// Sends the outbox, in order, one request after the other, while it can. Decides what becomes of
// an edit: it is done, waits, is in conflict with somebody else's, or is refused and taken back.

import { getIdentity, getProject, getTask } from '@taskwire/client';
import type { Problem, Project, Task } from '@taskwire/client';

import { ask } from '../http.ts';
import { type Fields, merge } from './merge.ts';
import { type Outcome, type Ready, isBatchable, send, sendBatch } from './send.ts';
import { type Op, type Write, absorb, dependsOn, isProjectOp } from './writes.ts';

/** What the sender needs of the app around it. */
export interface SenderHost {
  user: string;
  /** The edits in order. */
  writes(): readonly Write[];
  /** What the server has, as far as it is known. */
  task(id: string): Task | undefined;
  project(id: string): Project | undefined;
  /** Notes that they are about to be sent; answers those that were not taken back. */
  attempt(ids: readonly string[]): Promise<string[]>;
  /** Writes down what came of edits, all at once. */
  settle(result: Settled): Promise<void>;
  signedOut(): void;
}

export interface Settled {
  done: { write: Write; tasks: Task[]; projects: Project[] }[];
  /** In conflict or refused now. */
  put: Write[];
  /** What was learnt of the server's state. */
  known: { tasks: Task[]; projects: Project[]; gone: { kind: 'task' | 'project'; id: string }[] };
}

/** So many edits go in one batch at most. */
const BATCH = 500;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

export class Sender {
  private running = false;
  private ended = false;
  private again = false;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Edits that a batch as a whole would not take; they go one by one. */
  private readonly single = new Set<string>();

  constructor(private readonly host: SenderHost) {}

  /** There is something to send, or it can be sent again: the network is back, somebody signed in. */
  nudge(): void {
    if (this.ended) return;
    clearTimeout(this.timer);
    if (this.running) this.again = true;
    else void this.run();
  }

  close(): void {
    this.ended = true;
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      do {
        this.again = false;
        while (!this.ended && (await this.step()));
      } while (this.again && !this.ended);
    } catch (error) {
      // Not the server's fault, but what failed may succeed later all the same.
      console.warn('taskwire: the outbox could not go on', error);
      this.failed({ kind: 'later', wait: 0 });
    } finally {
      this.running = false;
    }
  }

  /** Sends what is first. Answers whether to go on at once. */
  private async step(): Promise<boolean> {
    const run = this.next();
    if (!run.length) return false;
    const there = new Set(await this.host.attempt(run.map(({ id }) => id)));
    const writes = run.filter(({ id }) => there.has(id));
    if (!writes.length) return true;
    const settled: Settled = { done: [], put: [], known: { tasks: [], projects: [], gone: [] } };
    const ready = writes.flatMap((write) => this.prepare(write, settled) ?? []);
    const outcomes = ready.length ? await this.request(ready) : [];
    if (!Array.isArray(outcomes)) {
      await this.host.settle(settled);
      return this.failed(outcomes);
    }
    let last: Outcome | undefined;
    for (const [at, outcome] of outcomes.entries()) {
      last = (await this.conclude(ready[at]!.write, outcome, settled)) ?? last;
    }
    await this.host.settle(settled);
    if (last) return this.failed(last);
    this.failures = 0;
    return true;
  }

  /** The first edit, with those that follow it and may go along. */
  private next(): Write[] {
    const queued = this.host.writes().filter(({ state }) => state === 'queued');
    const first = queued[0];
    if (!first) return [];
    const alone = !first.group || !isBatchable(first) || this.single.has(first.id);
    if (alone) return [first];
    const end = queued.findIndex((write) => write.group !== first.group || !isBatchable(write) || this.single.has(write.id));
    return queued.slice(0, Math.min(end < 0 ? queued.length : end, BATCH));
  }

  /** Holds an update against what the server is known to have. Nothing if there is nothing to send. */
  private prepare(write: Write, settled: Settled): Ready | null {
    const { op } = write;
    if (op.op !== 'update' && op.op !== 'project.update') return { write };
    const known = this.known(op);
    // Not listed here (yet): let the server say.
    if (!known) return { write, changes: op.changes as Fields };
    const merged = merge(write.before ?? {}, op.changes as Fields, known as unknown as Fields);
    if (merged.disputed.length) {
      this.dispute(write, known as unknown as Fields, settled);
      return null;
    }
    if (!Object.keys(merged.changes).length) {
      settled.done.push({ write: { ...write, effects: [] }, tasks: [], projects: [] });
      return null;
    }
    return { write, changes: merged.changes, version: known.version };
  }

  private known(op: Op): Task | Project | undefined {
    return isProjectOp(op) ? this.host.project(op.id) : this.host.task(op.id);
  }

  private async request(ready: readonly Ready[]): Promise<Outcome[] | Outcome> {
    const { user } = this.host;
    if (ready.length === 1) {
      const outcome = await send(user, ready[0]!);
      return [outcome.kind === 'refused' ? ((await this.replaced(outcome.problem)) ?? outcome) : outcome];
    }
    const outcomes = await sendBatch(user, ready);
    if (Array.isArray(outcomes) || outcomes.kind === 'later' || outcomes.kind === 'signed-out') return outcomes;
    // The batch as such was not taken, as when it was sent before with other contents.
    for (const { write } of ready) this.single.add(write.id);
    return { kind: 'later', wait: -1 };
  }

  /** Whether it was refused because somebody else is signed in by now: that takes no edit back. */
  private async replaced(problem: Problem): Promise<Outcome | undefined> {
    if (problem.code !== 'FORBIDDEN') return;
    const answer = await ask(getIdentity());
    if (answer.kind === 'ok') return answer.data.user_id === this.host.user ? undefined : { kind: 'signed-out' };
    return answer.kind === 'refused' ? { kind: 'later', wait: 0 } : answer;
  }

  /** Notes what came of an edit, or answers why it has to wait. */
  private async conclude(write: Write, outcome: Outcome, settled: Settled): Promise<Outcome | undefined> {
    switch (outcome.kind) {
      case 'done':
        settled.done.push({ write, tasks: outcome.tasks, projects: outcome.projects });
        return;
      case 'stale':
      case 'gone':
        return this.lookAgain(write, outcome.kind === 'gone' ? outcome.problem : undefined, settled);
      case 'refused':
        settled.put.push({ ...write, state: 'refused', problem: outcome.problem });
        if (write.op.op === 'create' || write.op.op === 'project.create') this.refuseWhatFollows(write, settled);
        return;
      case 'later':
      case 'signed-out':
        return outcome;
    }
  }

  /** The server has something else than was thought: learn what, and try again with that. */
  private async lookAgain(write: Write, gone: Problem | undefined, settled: Settled): Promise<Outcome | undefined> {
    const { op } = write;
    const project = isProjectOp(op);
    const path = { user_id: this.host.user };
    const answer = project
      ? await ask(getProject({ path: { ...path, project_id: op.id } }))
      : await ask(getTask({ path: { ...path, task_id: op.id } }));
    if (answer.kind === 'ok') {
      if (project) settled.known.projects.push(answer.data as Project);
      else settled.known.tasks.push(answer.data as Task);
      // It is there, so a restoration has succeeded before, and what else is missing is another thing.
      if (gone && op.op === 'restore') settled.done.push({ write, tasks: [], projects: [] });
      else if (gone) settled.put.push({ ...write, state: 'refused', problem: gone });
      else this.single.add(write.id);
      return;
    }
    if (answer.kind !== 'refused') return answer;
    const replaced = await this.replaced(answer.problem);
    if (replaced) return replaced;
    const kind = project ? 'project' : 'task';
    settled.known.gone.push({ kind, id: op.id });
    if (op.op === 'update' || op.op === 'project.update') this.dispute(write, null, settled);
    else settled.put.push({ ...write, state: 'refused', problem: answer.problem });
    return;
  }

  /** There is to be one choice for each task or project: later edits of the same become part of it. */
  private dispute(write: Write, theirs: Fields | null, settled: Settled): void {
    const { whole, absorbed } = absorb(write, this.host.writes());
    settled.put.push({ ...whole, state: 'conflict', theirs });
    for (const later of absorbed) settled.done.push({ write: { ...later, effects: [] }, tasks: [], projects: [] });
  }

  /** What was never created cannot be edited either; one notice for all is enough. */
  private refuseWhatFollows({ op, id }: Write, settled: Settled): void {
    for (const write of this.host.writes()) {
      if (write.id > id && write.state === 'queued' && dependsOn(write.op).includes(op.id)) {
        settled.done.push({ write: { ...write, effects: [] }, tasks: [], projects: [] });
      }
    }
  }

  /** Answers whether to go on at once. */
  private failed(outcome: Outcome): boolean {
    if (outcome.kind === 'signed-out') {
      this.host.signedOut();
      return false;
    }
    if (outcome.kind !== 'later') return true;
    if (outcome.wait < 0) return true;
    if (this.ended) return false;
    clearTimeout(this.timer);
    const pause = Math.min(FIRST_PAUSE * 2 ** this.failures++, LONGEST_PAUSE) * (0.5 + Math.random() / 2);
    this.timer = setTimeout(() => this.nudge(), Math.max(outcome.wait, pause));
    return false;
  }
}
