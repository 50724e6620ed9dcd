// What the views follow of one user's data, and when they are told: what a person did shows at once,
// what comes from elsewhere with the next frame, and highlighted for a moment.

import type { LiveState } from '@taskwire/client/live';

import type { Write } from './outbox/writes.ts';
import type { Overlay } from './replica/overlay.ts';
import { EMPTY, projectsInOrder, snapshot } from './replica/snapshot.ts';
import { Signal } from './signal.ts';
import type { Connection, Project, Tasks } from './types.ts';

/** How long a change from elsewhere is highlighted. */
const HIGHLIGHT = 2_500;
/** Pages that are not looked at have no frames. */
const HIDDEN_FRAME = 50;

export class Shown {
  readonly tasks = new Signal<Tasks>(EMPTY);
  readonly projects = new Signal<readonly Project[]>([]);
  readonly outbox = new Signal<readonly Write[]>([]);
  readonly connection = new Signal<Connection>({ state: 'connecting', waiting: 0, kept: true });
  readonly recent = new Signal<ReadonlySet<string>>(new Set());

  /** Whether there is a whole list, and how far the first one has come. */
  ready = false;
  loaded = 0;
  private state: LiveState = 'connecting';
  private kept = true;
  private drawing = false;
  private ended = false;
  private readonly fading = new Set<ReturnType<typeof setTimeout>>();

  constructor(
    private readonly overlay: Overlay,
    private readonly writes: () => readonly Write[],
  ) {}

  draw(): void {
    this.drawing = false;
    if (this.ended) return;
    this.tasks.set(snapshot(this.tasks.get().all, this.overlay.tasks, this.ready, this.loaded));
    this.projects.set(projectsInOrder(this.projects.get(), this.overlay.projects));
    this.outbox.set(this.writes());
    this.tellConnection();
  }

  /** With the next frame: many changes at once are drawn once. */
  drawSoon(): void {
    if (this.drawing) return;
    this.drawing = true;
    const draw = () => this.drawing && this.draw();
    if (document.visibilityState === 'visible') requestAnimationFrame(draw);
    else setTimeout(draw, HIDDEN_FRAME);
  }

  setState(state: LiveState): void {
    this.state = state;
    this.tellConnection();
  }

  setKept(kept: boolean): void {
    this.kept = kept;
    this.tellConnection();
  }

  tellConnection(): void {
    const known = this.connection.get();
    const waiting = this.outbox.get().filter(({ state }) => state === 'queued').length;
    const state = this.state !== 'signed-out' && navigator.onLine === false ? 'offline' : this.state;
    const { kept } = this;
    if (known.state !== state || known.waiting !== waiting || known.kept !== kept) this.connection.set({ state, waiting, kept });
  }

  highlight(ids: readonly string[]): void {
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

  close(): void {
    this.ended = true;
    for (const timer of this.fading) clearTimeout(timer);
  }
}
