// The shapes that the app shows: the contract's, with the fields of old servers filled in, and
// what the app knows beyond them. No behaviour here.

import type {
  ApiToken, Change, Due, FieldError, ImportAnswer, ListedProject, Priority, Problem, Project as ServerProject,
  Task as ServerTask, TaskHistory, TaskStats, TrashEntry,
} from '@taskwire/client';

export type { ApiToken, Change, Due, FieldError, ImportAnswer, ListedProject, Priority, Problem, TaskHistory, TaskStats, TrashEntry };

/** A task as it is to be shown: the server's, with the edits that it has not got yet. */
export interface Task extends ServerTask {
  priority: Priority;
  labels: string[];
  rank: string;
  /** Some of it waits to be sent. */
  waiting: boolean;
}

export interface Project extends ServerProject {
  waiting: boolean;
}

/**
 * All tasks at one moment. A new object whenever anything changed; a task that did not change is
 * the same object as before, so rows can be memoised by it.
 */
export interface Tasks {
  /** False until this user's tasks have been read from this device or listed from the server. */
  readonly ready: boolean;
  /** How far the first listing has come, while not ready. */
  readonly loaded: number;
  /** In the user's own order (`rank`). */
  readonly all: readonly Task[];
  get(id: string): Task | undefined;
  /** Direct subtasks in the user's own order; `null` gives the tasks that are part of none. */
  children(parent: string | null): readonly Task[];
}

/** What the person may set on a task. `null` clears; absent leaves alone. */
export interface TaskFields {
  title?: string;
  description?: string | null;
  priority?: Priority;
  due?: Due | null;
  recurrence?: string | null;
  labels?: string[];
  project_id?: string | null;
  parent_id?: string | null;
}

export type NewTask = TaskFields & { title: string };

export interface ProjectFields {
  name?: string;
  color?: string | null;
  archived?: boolean;
}

export type NewProject = ProjectFields & { name: string };

/** Where something is to go in the user's order; without either, to the end. */
export interface Place {
  before?: string;
  after?: string;
}

export interface TaskPlace extends Place {
  parent_id?: string | null;
  project_id?: string | null;
}

/** Takes an action back. Works once, also offline, and for as long as the page is open. */
export interface Undo {
  undo(): Promise<void>;
}

/** Which tasks a list shows. What is absent does not restrict. All given hold together. */
export interface TaskFilter {
  /** `open` unless given. */
  status?: 'open' | 'completed' | 'all';
  due?: 'today' | 'upcoming' | 'overdue' | 'any' | 'none';
  /** A project's id, or `none` for tasks of no project. */
  project?: string;
  /** Compared without regard to case. */
  labels?: readonly string[];
  priorities?: readonly Priority[];
  /** All words, each as the beginning of a word of title or description; case and accents do not count. */
  search?: string;
  /** Only tasks that are part of no other. */
  roots?: boolean;
}

export type TaskSort = 'rank' | 'due' | 'priority' | 'title' | 'created' | 'updated' | 'completed';

export interface Connection {
  state: 'connecting' | 'live' | 'catching-up' | 'offline' | 'signed-out';
  /** How many edits wait to be sent (those in conflict do not count). */
  waiting: number;
  /** False while some of them are only in memory: this device does not take them. */
  kept: boolean;
}

/** An edit that met somebody else's edit of the same fields. */
export interface Conflict {
  /** Names the conflict for `resolveConflict`. */
  id: string;
  kind: 'task' | 'project';
  /** The id of the task or project. */
  subject: string;
  /** Title or name, to say which one it is. */
  title: string;
  /** The fields in dispute, each as it was, as it is wanted here, and as the server has it. */
  fields: { field: string; before: unknown; mine: unknown; theirs: unknown }[];
  /** True if it was deleted elsewhere: `mine` brings it back out of the trash, with the edit. */
  deleted: boolean;
}

/** An edit that the server would not take; it has been taken back. */
export interface Refusal {
  id: string;
  /** Title of the task or name of the project that it was about. */
  title: string;
  what: 'create' | 'update' | 'complete' | 'move' | 'delete' | 'restore';
  problem: Problem;
}

export interface User {
  id: string;
  name: string;
  /** Absent when signed in by a pasted token. */
  email?: string;
  /** The user whom a server on one's own computer has for trying it out: without a password. */
  demo?: boolean;
}

/** How one can sign in here; if neither, by a pasted access token. */
export interface SignInMethods {
  email_password: boolean;
  demo: boolean;
}

export type Session =
  | { status: 'loading' }
  /** `methods` is null while the server cannot be asked. `expired`: was signed in until just now. */
  | { status: 'signed-out'; methods: SignInMethods | null; expired: boolean }
  /** `offline`: the server could not be asked yet; the app works with what is on this device. */
  | { status: 'signed-in'; user: User; by: 'session' | 'token'; offline: boolean };

/** A device or browser in which this user is signed in. */
export interface SignedInDevice {
  token: string;
  current: boolean;
  createdAt: string;
  expiresAt: string;
  userAgent: string | null;
  ipAddress: string | null;
}

/** What a form shows: a sentence, and per field what is wrong with it. */
export class ActionError extends Error {
  override readonly name = 'ActionError';

  constructor(
    message: string,
    /** 0 when the server could not be reached. */
    readonly status: number,
    readonly code: string,
    readonly fields: FieldError[] = [],
  ) {
    super(message);
  }
}
