// Everything that one signed-in user's data needs while the page is open: the copy on this device,
// the channel, the outbox and the other pages, and how they act on each other. Views read it through
// `hooks.ts`; what persons do comes in through `actions.ts`.

import { type LiveConnection, type LiveState, connectLive } from '@taskwire/client/live';
import type { Change } from '@taskwire/client';

import { Keeper } from './outbox/keeper.ts';
import { Queue } from './outbox/queue.ts';
import { Sender, type Settled } from './outbox/sender.ts';
import { type SettledNotice, noticeOf, revised, take } from './outbox/settled.ts';
import type { Write } from './outbox/writes.ts';
import { Base } from './replica/base.ts';
import { listAll } from './replica/list.ts';
import { Overlay } from './replica/overlay.ts';
import { type Stored, Storage } from './replica/storage.ts';
import { Shown } from './shown.ts';
import { Signal } from './signal.ts';
import { type Notice, Tabs } from './tabs.ts';

export interface EngineOptions {
  user: string;
  getToken: (request: { fresh: boolean }) => Promise<string | null>;
  /** The server takes no token of this user any more. */
  onSignedOut: () => void;
}

/** How long changes are gathered before the copy on this device is brought up to date. */
const SAVE_AFTER = 300;
/** How long to wait before the first list is tried again. */
const LIST_AGAIN = 3_000;

export class Engine {
  readonly user: string;
  private readonly base = new Base();
  private readonly overlay = new Overlay(this.base);
  private readonly queue = new Queue();
  private readonly shown = new Shown(this.overlay, () => this.queue.inOrder());

  readonly tasks = this.shown.tasks;
  readonly projects = this.shown.projects;
  /** The edits that the server has not got, in order. */
  readonly outbox = this.shown.outbox;
  readonly connection = this.shown.connection;
  readonly recent = this.shown.recent;
  /** Counts what came from the server, for queries that depend on it. */
  readonly changed = new Signal<number>(0);

  private readonly storage: Storage;
  private readonly keeper: Keeper;
  private tabs: Tabs | undefined;
  private live: LiveConnection | undefined;
  private sender: Sender | undefined;
  private state: LiveState = 'connecting';
  private saving: ReturnType<typeof setTimeout> | undefined;
  private listing: ReturnType<typeof setTimeout> | undefined;
  private ended = false;
  private readonly end = new AbortController();

  constructor(private readonly options: EngineOptions) {
    this.user = options.user;
    this.storage = new Storage(this.user);
    this.keeper = new Keeper(this.storage, this.queue, {
      leading: () => this.tabs?.leading ?? false,
      tell: (kept) => this.shown.setKept(kept),
    });
  }

  /** Reads what is on this device, and goes on from there. */
  async start(): Promise<void> {
    // Listen before reading, or an edit of another page could fall between.
    this.tabs = new Tabs(this.user, () => this.lead(), (notice) => this.hear(notice));
    const { tasks, projects, writes, at } = await this.storage.load().catch((error: unknown): Stored => {
      console.warn('taskwire: what is on this device cannot be read', error);
      return { tasks: [], projects: [], writes: [], at: undefined };
    });
    if (this.ended) return;
    this.queue.recall(writes);
    if (at) {
      this.base.replace(tasks, projects, at.position, at.seq, true);
      this.shown.ready = true;
    }
    this.overlay.rebuild(this.queue.inOrder());
    this.shown.draw();
    const { signal } = this.end;
    addEventListener('online', () => this.wake(), { signal });
    addEventListener('offline', () => this.shown.tellConnection(), { signal });
    addEventListener('pagehide', () => void this.save(), { signal });
    if (this.shown.ready) this.connect();
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
    this.shown.close();
    this.keeper.close();
    this.storage.close();
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
    this.shown.setState(state);
    if (state === 'live') this.push();
    if (state === 'signed-out') this.options.onSignedOut();
  }

  private apply(change: Change): void {
    const touched = this.base.apply(change);
    const seen = [
      ...touched.tasks.filter((id) => this.overlay.refresh('task', id)),
      ...touched.projects.filter((id) => this.overlay.refresh('project', id)),
    ];
    if (this.state === 'live') this.shown.highlight(seen);
    this.changed.set(this.changed.get() + 1);
    this.shown.drawSoon();
    this.saveSoon();
  }

  /** Lists everything anew, and answers the position to go on from. */
  private async list(): Promise<string> {
    const answer = await listAll(this.user, (loaded) => {
      this.shown.loaded = loaded;
      if (!this.shown.ready) this.shown.drawSoon();
    });
    if (answer.kind !== 'ok') {
      if (answer.kind === 'signed-out') this.become('signed-out');
      throw new Error('The list is not complete.', { cause: answer });
    }
    const { tasks, projects, position } = answer.data;
    this.base.replace(tasks, projects, position, 0, false);
    this.shown.ready = true;
    this.overlay.rebuild(this.queue.inOrder());
    this.shown.draw();
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
    this.shown.tellConnection();
    if (!this.live && this.state === 'offline') {
      clearTimeout(this.listing);
      void this.listFirst();
    }
    this.push();
  }

  // --- the outbox ---------------------------------------------------------------------------

  /** Takes edits: they show now, and are sent when they can be. */
  async write(writes: readonly Write[]): Promise<void> {
    for (const write of writes) this.queue.keep(write);
    this.redraw();
    // Others hear of it only once it is written down: the page that sends could otherwise be done
    // with it before.
    const kept = await this.keeper.change({ put: writes });
    this.tabs?.tell({ type: 'written', writes: [...writes], kept });
    this.push();
  }

  /** Takes back what cannot have been sent; answers the ids of those edits. */
  async cancel(ids: readonly string[]): Promise<string[]> {
    const gone = await this.keeper.cancel(ids);
    for (const id of gone) this.queue.drop(id);
    if (gone.length) {
      this.redraw();
      this.tabs?.tell(revised([], gone));
    }
    return gone;
  }

  /** Replaces edits that are in conflict or refused, or takes them out. */
  async revise(put: readonly Write[], remove: readonly string[]): Promise<void> {
    for (const write of put) this.queue.keep(write);
    for (const id of remove) this.queue.drop(id);
    this.redraw();
    await this.keeper.change({ put, remove });
    this.tabs?.tell(revised(put, remove));
    this.push();
  }

  /** Not before it is known what edits are to be held against. */
  private push(): void {
    if (this.shown.ready) this.sender?.nudge();
  }

  /** This page is the one that sends and saves. */
  private lead(): void {
    this.sender = new Sender({
      user: this.user,
      writes: () => this.queue.inOrder(),
      task: (id) => this.base.tasks.get(id),
      project: (id) => this.base.projects.get(id),
      attempt: (ids) => this.attempt(ids),
      settle: (settled) => this.settle(settled),
      signedOut: () => this.options.onSignedOut(),
    });
    this.push();
    this.keeper.again();
    this.saveSoon();
  }

  private async attempt(ids: readonly string[]): Promise<string[]> {
    const there = await this.keeper.attempt(ids);
    for (const id of there) {
      const write = this.queue.get(id);
      if (write) this.queue.keep({ ...write, attempted: true });
    }
    // What another page took back while this one was about to send it.
    for (const id of ids) if (!there.includes(id)) this.queue.drop(id);
    return there;
  }

  private async settle(settled: Settled): Promise<void> {
    const notice = noticeOf(settled);
    if (!notice) return;
    this.take(notice);
    this.tabs?.tell(notice);
    clearTimeout(this.saving);
    this.saving = undefined;
    await this.keeper.save(this.base, notice);
  }

  /** What came of edits, here or in another page. */
  private take(notice: SettledNotice): void {
    take(notice, this.queue, this.base, this.overlay);
    this.redraw();
  }

  /** What another page says. */
  private hear(notice: Notice): void {
    if (notice.type === 'settled') {
      for (const id of notice.remove) this.keeper.drop(id);
      return this.take(notice);
    }
    for (const write of notice.writes) this.queue.keep(write);
    // What that page could not write down is this one's to keep, if it sends.
    if (!notice.kept && this.tabs?.leading) void this.keeper.change({ put: notice.writes });
    const { tasks, projects } = this.overlay.setWrites(this.queue.inOrder());
    this.shown.highlight([...tasks, ...projects]);
    this.shown.draw();
    this.push();
  }

  /** The outbox has changed: everything that it touches is shown anew, at once. */
  private redraw(): void {
    this.overlay.setWrites(this.queue.inOrder());
    this.shown.draw();
  }

  // --- the copy on this device --------------------------------------------------------------

  private saveSoon(): void {
    if (!this.tabs?.leading) return;
    this.saving ??= setTimeout(() => void this.save(), SAVE_AFTER);
  }

  private async save(): Promise<void> {
    clearTimeout(this.saving);
    this.saving = undefined;
    if (!this.tabs?.leading || this.ended) return;
    await this.keeper.save(this.base);
  }
}
