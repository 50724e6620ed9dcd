// One user's copy on this device, in IndexedDB. The position is always written together with the
// state that it belongs to, and an edit leaves the outbox together with its outcome, each in one
// transaction, so that closing the page at any moment loses nothing and doubles nothing.

import type { Project, Task } from '@taskwire/client';
import { type DBSchema, type IDBPDatabase, deleteDB, openDB } from 'idb';

import type { Write } from '../outbox/writes.ts';
import type { Base } from './base.ts';

interface Schema extends DBSchema {
  tasks: { key: string; value: Task };
  projects: { key: string; value: Project };
  outbox: { key: string; value: Write };
  meta: { key: 'at'; value: At };
}

interface At {
  position: string;
  seq: number;
}

export interface Stored {
  tasks: Task[];
  projects: Project[];
  writes: Write[];
  at: At | undefined;
}

/** What changes in the outbox along with the state. */
export interface OutboxChange {
  put?: readonly Write[];
  remove?: readonly string[];
}

const PREFIX = 'taskwire:';
const nameOf = (user: string) => PREFIX + user;

export class Storage {
  private opening: Promise<IDBPDatabase<Schema>> | undefined;
  /** Whether there has been one: if it is gone when it is opened again, it was forgotten elsewhere. */
  private known = false;
  private closed = false;

  constructor(private readonly user: string) {}

  /** Does something with the database. Where it was closed from outside, with a new connection to it. */
  private async use<T>(work: (db: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
    const opening = (this.opening ??= this.open());
    try {
      return await work(await opening);
    } catch (error) {
      const lost = error instanceof DOMException && error.name === 'InvalidStateError';
      if (this.opening === opening && lost) this.opening = undefined;
      if (!lost || this.closed) throw error;
      return work(await (this.opening ??= this.open()));
    }
  }

  private async open(): Promise<IDBPDatabase<Schema>> {
    if (this.closed) throw new DOMException('The storage is closed.', 'InvalidStateError');
    const lost = () => (this.opening = undefined);
    const opening = openDB<Schema>(nameOf(this.user), 1, {
      upgrade: (db, _old, _new, tx) => {
        // Signed out in another page: nothing of the user is to come back.
        if (this.known) {
          tx.done.catch(() => undefined);
          return tx.abort();
        }
        db.createObjectStore('tasks', { keyPath: 'id' });
        db.createObjectStore('projects', { keyPath: 'id' });
        db.createObjectStore('outbox', { keyPath: 'id' });
        db.createObjectStore('meta');
      },
      // Another page signs out or brings a newer version of the app: do not stand in its way.
      blocking: (_current, _blocked, event) => {
        lost();
        (event.target as IDBDatabase).close();
      },
      terminated: lost,
    });
    try {
      const db = await opening;
      this.known = true;
      if (this.closed) db.close();
      return db;
    } catch (error) {
      lost();
      throw error;
    }
  }

  /** Forgets a user on this device. */
  static forget(user: string): Promise<void> {
    return deleteDB(nameOf(user));
  }

  /** Forgets all other users on this device, but for those with edits that were never sent. */
  static async forgetOthers(user: string): Promise<void> {
    for (const { name } of await indexedDB.databases()) {
      if (!name?.startsWith(PREFIX) || name === nameOf(user)) continue;
      const other = new Storage(name.slice(PREFIX.length));
      const writes = await other.use((db) => db.getAll('outbox'));
      other.close();
      if (writes.every(({ state }) => state === 'refused')) await deleteDB(name);
    }
  }

  /** Everything, as of one moment. */
  load(): Promise<Stored> {
    return this.use(async (db) => {
      const tx = db.transaction(['tasks', 'projects', 'outbox', 'meta']);
      const [tasks, projects, writes, at] = await Promise.all([
        tx.objectStore('tasks').getAll(),
        tx.objectStore('projects').getAll(),
        tx.objectStore('outbox').getAll(),
        tx.objectStore('meta').get('at'),
      ]);
      return { tasks, projects, writes, at };
    });
  }

  change({ put = [], remove = [] }: OutboxChange): Promise<void> {
    return this.use(async (db) => {
      const tx = db.transaction('outbox', 'readwrite');
      await Promise.all([...put.map((write) => tx.store.put(write)), ...remove.map((id) => tx.store.delete(id)), tx.done]);
    });
  }

  /** Notes that these are about to be sent, but for those that were taken back meanwhile. */
  attempt(ids: readonly string[]): Promise<string[]> {
    return this.use(async (db) => {
      const tx = db.transaction('outbox', 'readwrite');
      const there: string[] = [];
      for (const id of ids) {
        const write = await tx.store.get(id);
        if (!write) continue;
        there.push(id);
        if (!write.attempted) void tx.store.put({ ...write, attempted: true });
      }
      await tx.done;
      return there;
    });
  }

  /** Takes edits back that cannot have reached the server; answers which. */
  cancel(ids: readonly string[]): Promise<string[]> {
    return this.use(async (db) => {
      const tx = db.transaction('outbox', 'readwrite');
      const gone: string[] = [];
      for (const id of ids) {
        const write = await tx.store.get(id);
        if (!write || write.attempted) continue;
        void tx.store.delete(id);
        gone.push(id);
      }
      await tx.done;
      return gone;
    });
  }

  /**
   * Writes the state, its position, and what changes in the outbox. A page that is behind the copy
   * (another page was faster) leaves the state alone and answers false.
   */
  save(base: Base, { put = [], remove = [] }: OutboxChange = {}): Promise<boolean> {
    return this.use(async (db) => {
      const tx = db.transaction(['tasks', 'projects', 'outbox', 'meta'], 'readwrite');
      const [tasks, projects, outbox, meta] = (['tasks', 'projects', 'outbox', 'meta'] as const).map((name) =>
        tx.objectStore(name),
      ) as unknown as [Stores['tasks'], Stores['projects'], Stores['outbox'], Stores['meta']];
      for (const write of put) outbox.put(write).catch(() => undefined);
      for (const id of remove) outbox.delete(id).catch(() => undefined);
      const stored = (await meta.get('at')) as At | undefined;
      const ahead = base.position !== undefined && (base.dirty.all || !stored || base.seq >= stored.seq);
      const copy = ahead ? base.takeDirty() : undefined;
      try {
        if (copy) {
          if (copy.all) {
            void tasks.clear();
            void projects.clear();
          }
          await putAll(tasks, copy.tasks);
          await putAll(projects, copy.projects);
          await meta.put({ position: copy.position, seq: copy.seq }, 'at');
        }
        await tx.done;
      } catch (error) {
        // Not known what was written, so everything the next time.
        if (copy) base.dirty.all = true;
        throw error;
      }
      return ahead;
    });
  }

  close(): void {
    this.closed = true;
    void this.opening?.then((db) => db.close(), () => undefined);
  }
}

/** So many at once that the page can draw in between. */
const AT_ONCE = 200;

async function putAll(store: Store, things: readonly (readonly [id: string, thing: object | undefined])[]): Promise<void> {
  for (const [at, [id, thing]] of things.entries()) {
    const request = thing ? store.put(thing) : store.delete(id);
    if (at % AT_ONCE === AT_ONCE - 1) await request;
    else request.catch(() => undefined);
  }
}

type Store = { put(value: unknown, key?: string): Promise<unknown>; delete(key: string): Promise<void>; get(key: string): Promise<unknown>; clear(): Promise<void> };
type Stores = Record<'tasks' | 'projects' | 'outbox' | 'meta', Store>;
