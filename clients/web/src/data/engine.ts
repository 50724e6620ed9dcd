// Everything that one signed-in user's data needs while the page is open: the copy on this device,
// the channel, the outbox and the other pages, and how they act on each other. Views read it through
// `hooks.ts`; what persons do comes in through `actions.ts`.

import { type LiveConnection, type LiveState, connectLive } from '@taskwire/client/live';
import type { Change } from '@taskwire/client';

import { sawId } from './ids.ts';
import { Sender, type Settled } from './outbox/sender.ts';
import type { Effect, Write } from './outbox/writes.ts';
import { Base } from './replica/base.ts';
import { listAll } from './replica/list.ts';
import { Overlay, fold } from './replica/overlay.ts';
import { EMPTY, projectsInOrder, snapshot } from './replica/snapshot.ts';
import { Storage } from './replica/storage.ts';
import { Signal } from './signal.ts';
import { type Notice, Tabs } from './tabs.ts';
import type { Connection, Project, Tasks } from './types.ts';

export interface EngineOptions {
  user: string;
  getToken: (request: { fresh: boolean }) => Promise<string | null>;
  /** The server takes no token of this user any more. */
  onSignedOut: () => void;
}

/** How long changes are gathered before the copy on this device is brought up to date. */
const SAVE_AFTER = 300;
/** How long a change from elsewhere is highlighted. */
const HIGHLIGHT = 2_500;
const LIST_AGAIN = 3_000;

export class Engine {
  readonly user: string;
  readonly base = new Base();
  readonly overlay = new Overlay(this.base);
  /** The outbox, in order. */
  private readonly writes = new Map<string, Write>();
  /** Gone before this page had read them. */
  private readonly gone = new Set<string>();

  readonly tasks = new Signal<Tasks>(EMPTY);
  readonly projects = new Signal<readonly Project[]>([]);
  readonly outbox = new Signal<readonly Write[]>([]);
  readonly connection = new Signal<Connection>({ state: 'connecting', waiting: 0 });
  readonly recent = new Signal<ReadonlySet<string>>(new Set());
  /** Counts what came from the server, for queries that depend on it. */
  readonly changed = new Signal<number>(0);

  private storage!: Storage;
  private tabs!: Tabs;
  private live: LiveConnection | undefined;
  private sender: Sender | undefined;
  private state: LiveState = 'connecting';
  private ready = false;
  private loaded = 0;
  private drawing = false;
  private saving: ReturnType<typeof setTimeout> | undefined;
  private listing: ReturnType<typeof setTimeout> | undefined;
  private readonly fading = new Set<ReturnType<typeof setTimeout>>();
  private ended = false;
  private readonly end = new AbortController();

  constructor(private readonly options: EngineOptions) {
    this.user = options.user;
  }

  /** Reads what is on this device, and goes on from there. */
  async start(): Promise<void> {
    this.storage = await Storage.open(this.user);
    if (this.ended) return this.storage.close();
    // Listen before reading, or an edit of another page could fall between.
    this.tabs = new Tabs(this.user, () => this.lead(), (notice) => this.hear(notice));
    const { tasks, projects, writes, at } = await this.storage.load();
    if (this.ended) return;
    for (const write of writes) if (!this.gone.has(write.id) && !this.writes.has(write.id)) this.keep(write);
    if (at) {
      this.base.replace(tasks, projects, at.position, at.seq, true);
      this.ready = true;
    }
    this.overlay.rebuild(this.inOrder());
    this.draw();
    const { signal } = this.end;
    addEventListener('online', () => this.wake(), { signal });
    addEventListener('offline', () => this.tellConnection(), { signal });
    addEventListener('pagehide', () => void this.save(), { signal });
    if (this.ready) this.connect();
    else await this.listFirst();
    this.push();
  }

  close(): void {
    this.ended = true;
    this.end.abort();
    this.live?.close();
    this.sender?.close();
    this.tabs?.close();
    clearTimeout(this.saving);
    clearTimeout(this.listing);
    for (const timer of this.fading) clearTimeout(timer);
    this.storage?.close();
  }

  // --- the channel --------------------------------------------------------------------------

  private connect(): void {
    if (this.ended) return;
    this.live = connectLive({
      baseUrl: location.origin,
      userId: this.user,
      getToken: this.options.getToken,
      position: this.base.position,
      onChange: (change) => this.apply(change),
      onReset: () => this.list(),
      onState: (state) => this.become(state),
      onError: (error) => console.warn('taskwire: the live channel', error),
    });
  }

  private become(state: LiveState): void {
    this.state = state;
    this.tellConnection();
    if (state === 'live') this.push();
    if (state === 'signed-out') this.options.onSignedOut();
  }

  private apply(change: Change): void {
    const touched = this.base.apply(change);
    const seen = [
      ...touched.tasks.filter((id) => this.overlay.refresh('task', id)),
      ...touched.projects.filter((id) => this.overlay.refresh('project', id)),
    ];
    if (this.state === 'live') this.highlight(seen);
    this.changed.set(this.changed.get() + 1);
    this.drawSoon();
    this.saveSoon();
  }

  /** Lists everything anew, and answers the position to go on from. */
  private async list(): Promise<string> {
    const answer = await listAll(this.user, (loaded) => {
      this.loaded = loaded;
      if (!this.ready) this.drawSoon();
    });
    if (answer.kind !== 'ok') {
      if (answer.kind === 'signed-out') this.become('signed-out');
      throw new Error('The list is not complete.', { cause: answer });
    }
    const { tasks, projects, position } = answer.data;
    this.base.replace(tasks, projects, position, 0, false);
    this.ready = true;
    this.overlay.rebuild(this.inOrder());
    this.draw();
    await this.save();
    return position;
  }

  private async listFirst(): Promise<void> {
    try {
      await this.list();
    } catch {
      if (this.ended || this.state === 'signed-out') return;
      this.become('offline');
      this.listing = setTimeout(() => void this.listFirst(), LIST_AGAIN);
      return;
    }
    this.connect();
  }

  /** The network is back. */
  private wake(): void {
    this.tellConnection();
    if (!this.live && this.state === 'offline') {
      clearTimeout(this.listing);
      void this.listFirst();
    }
    this.push();
  }

  // --- the outbox ---------------------------------------------------------------------------

  /** Takes edits: they show now, and are sent when they can be. */
  async write(writes: readonly Write[]): Promise<void> {
    for (const write of writes) this.keep(write);
    this.redraw();
    // Others hear of it only once it is written down: the page that sends could otherwise be done
    // with it before.
    await this.storage.change({ put: writes });
    this.tabs.tell({ type: 'written', writes: [...writes] });
    this.push();
  }

  /** Takes back what cannot have been sent; answers the ids of those edits. */
  async cancel(ids: readonly string[]): Promise<string[]> {
    const gone = await this.storage.cancel(ids);
    this.forget(gone);
    return gone;
  }

  /** Replaces edits that are in conflict or refused, or takes them out. */
  async revise(put: readonly Write[], remove: readonly string[]): Promise<void> {
    await this.storage.change({ put, remove });
    for (const write of put) this.keep(write);
    for (const id of remove) this.drop(id);
    this.redraw();
    this.tabs.tell({ type: 'settled', put: [...put], remove: [...remove], tasks: [], projects: [], folded: [], restored: [] });
    this.push();
  }

  /** Not before it is known what edits are to be held against. */
  private push(): void {
    if (this.ready) this.sender?.nudge();
  }

  private forget(remove: readonly string[]): void {
    if (!remove.length) return;
    for (const id of remove) this.drop(id);
    this.redraw();
    this.tabs.tell({ type: 'settled', put: [], remove: [...remove], tasks: [], projects: [], folded: [], restored: [] });
  }

  /** This page is the one that sends and saves. */
  private lead(): void {
    this.sender = new Sender({
      user: this.user,
      writes: () => this.inOrder(),
      task: (id) => this.base.tasks.get(id),
      project: (id) => this.base.projects.get(id),
      attempt: (ids) => this.attempt(ids),
      settle: (settled) => this.settle(settled),
      signedOut: () => this.options.onSignedOut(),
    });
    this.push();
    this.saveSoon();
  }

  private async attempt(ids: readonly string[]): Promise<string[]> {
    const there = await this.storage.attempt(ids);
    for (const id of there) {
      const write = this.writes.get(id);
      if (write) this.writes.set(id, { ...write, attempted: true });
    }
    // What another page took back while this one was about to send it.
    for (const id of ids) if (!there.includes(id)) this.drop(id);
    return there;
  }

  private async settle({ done, put, known }: Settled): Promise<void> {
    const notice: Extract<Notice, { type: 'settled' }> = {
      type: 'settled',
      put,
      remove: done.map(({ write }) => write.id),
      tasks: [...known.tasks, ...done.flatMap(({ tasks }) => tasks)],
      projects: [...known.projects, ...done.flatMap(({ projects }) => projects)],
      folded: [
        ...done.flatMap(({ write }) => write.effects),
        ...known.gone.map(({ kind, id }): Effect => (kind === 'task' ? { kind, id, put: null } : { kind, id, put: null })),
      ],
      restored: done.flatMap(({ write: { op } }) => (op.op === 'restore' ? [op.id] : [])),
    };
    if (!notice.put.length && !notice.remove.length && !notice.tasks.length && !notice.projects.length) return;
    this.take(notice);
    this.tabs.tell(notice);
    clearTimeout(this.saving);
    await this.storage.save(this.base, { put, remove: notice.remove });
  }

  /** What came of edits, here or in another page. */
  private take({ put, remove, tasks, projects, folded, restored }: Extract<Notice, { type: 'settled' }>): void {
    for (const write of put) this.keep(write);
    for (const id of remove) this.drop(id);
    for (const id of [...restored, ...tasks.map(({ id }) => id)]) this.base.unbury(id);
    for (const project of projects) this.base.putProject(project);
    for (const task of tasks) this.base.putTask(task);
    fold(this.base, folded, new Set([...tasks, ...projects].map(({ id }) => id)));
    for (const { id } of tasks) this.overlay.refresh('task', id);
    for (const { id } of projects) this.overlay.refresh('project', id);
    for (const { kind, id } of folded) this.overlay.refresh(kind, id);
    this.redraw();
  }

  /** What another page says. */
  private hear(notice: Notice): void {
    if (notice.type === 'settled') return this.take(notice);
    for (const write of notice.writes) this.keep(write);
    const { tasks, projects } = this.overlay.setWrites(this.inOrder());
    this.highlight([...tasks, ...projects]);
    this.draw();
    this.push();
  }

  private keep(write: Write): void {
    if (this.gone.has(write.id)) return;
    sawId(write.id);
    this.writes.set(write.id, write);
  }

  private drop(id: string): void {
    this.writes.delete(id);
    this.gone.add(id);
  }

  private inOrder(): Write[] {
    return [...this.writes.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  // --- what is shown ------------------------------------------------------------------------

  /** The outbox has changed: everything that it touches is shown anew, at once. */
  private redraw(): void {
    this.overlay.setWrites(this.inOrder());
    this.draw();
  }

  private draw(): void {
    this.drawing = false;
    if (this.ended) return;
    this.tasks.set(snapshot(this.tasks.get().all, this.overlay.tasks, this.ready, this.loaded));
    this.projects.set(projectsInOrder(this.projects.get(), this.overlay.projects));
    this.outbox.set(this.inOrder());
    this.tellConnection();
  }

  /** With the next frame: many changes at once are drawn once. */
  private drawSoon(): void {
    if (this.drawing) return;
    this.drawing = true;
    const draw = () => this.drawing && this.draw();
    if (document.visibilityState === 'visible' && typeof requestAnimationFrame === 'function') requestAnimationFrame(draw);
    else setTimeout(draw, 50);
  }

  private tellConnection(): void {
    const known = this.connection.get();
    const waiting = this.outbox.get().filter(({ state }) => state === 'queued').length;
    const state = this.state !== 'signed-out' && navigator.onLine === false ? 'offline' : this.state;
    if (known.state !== state || known.waiting !== waiting) this.connection.set({ state, waiting });
  }

  private highlight(ids: readonly string[]): void {
    if (!ids.length) return;
    this.recent.set(new Set([...this.recent.get(), ...ids]));
    const timer = setTimeout(() => {
      this.fading.delete(timer);
      const rest = new Set(this.recent.get());
      for (const id of ids) rest.delete(id);
      this.recent.set(rest);
    }, HIGHLIGHT);
    this.fading.add(timer);
  }

  // --- the copy on this device --------------------------------------------------------------

  private saveSoon(): void {
    if (!this.tabs?.leading) return;
    this.saving ??= setTimeout(() => void this.save(), SAVE_AFTER);
  }

  private async save(): Promise<void> {
    clearTimeout(this.saving);
    this.saving = undefined;
    if (!this.tabs.leading || this.ended) return;
    await this.storage.save(this.base).catch((error: unknown) => console.warn('taskwire: not saved on this device', error));
  }
}
