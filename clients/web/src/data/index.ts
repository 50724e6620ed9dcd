// The interface of the data layer: what the views may call. Reads are hooks; writes show at once
// everywhere and go to the server when it can be reached.

import type {
  Conflict, Connection, ImportAnswer, NewProject, NewTask, Place, Project, ProjectFields, Refusal, Session,
  SignedInDevice, Task, TaskFields, TaskFilter, TaskHistory, TaskPlace, TaskSort, TaskStats, Tasks, TrashEntry, Undo,
} from './types.ts';
import type { ReactNode } from 'react';

export * from './types.ts';

/** Put it around everything; it holds the query client and follows the session. */
export declare function DataProvider(props: { children: ReactNode }): ReactNode;

// --- session -------------------------------------------------------------------------------
export declare function useSession(): Session;
/** These reject with an `ActionError` that a form can show. */
export declare function signIn(email: string, password: string): Promise<void>;
export declare function signUp(name: string, email: string, password: string): Promise<void>;
export declare function signInDemo(): Promise<void>;
export declare function signInWithToken(token: string): Promise<void>;
/** Edits that were never sent are lost with it: ask first if `unsent()` is not 0. */
export declare function signOut(): Promise<void>;
export declare function unsent(): number;
export declare function changePassword(current: string, next: string): Promise<void>;
export declare function deleteAccount(password: string): Promise<void>;
export declare function useDevices(): { devices: readonly SignedInDevice[] | undefined; error: Error | null };
export declare function signOutDevice(token: string): Promise<void>;
export declare function signOutOtherDevices(): Promise<void>;

// --- reads ---------------------------------------------------------------------------------
export declare function useTasks(): Tasks;
export declare function useTask(id: string): Task | undefined;
/** The tasks that pass the filter, sorted; recomputed at midnight, too. */
export declare function useView(filter: TaskFilter, sort?: TaskSort): readonly Task[];
/** For badges in the side bar: open tasks by view, project and label (label names in lower case). */
export declare function useCounts(): {
  inbox: number; today: number; upcoming: number; overdue: number;
  projects: ReadonlyMap<string, number>; labels: ReadonlyMap<string, number>;
};
/** In the user's own order, archived ones included. */
export declare function useProjects(): readonly Project[];
/** All labels in use, by name, each in its most frequent spelling. */
export declare function useLabels(): readonly string[];
export declare function useConnection(): Connection;
/** True for some seconds after the task was changed from elsewhere: highlight it. */
export declare function useRecentlyChanged(id: string): boolean;
export declare function useConflicts(): readonly Conflict[];
export declare function resolveConflict(id: string, choice: 'mine' | 'theirs'): Promise<void>;
export declare function useRefusals(): readonly Refusal[];
export declare function dismissRefusal(id: string): void;
export declare function useTrash(): {
  entries: readonly TrashEntry[] | undefined; error: Error | null;
  hasMore: boolean; loadMore(): void; loading: boolean;
};
export declare function useHistory(taskId: string): {
  history: TaskHistory | undefined; error: Error | null; hasMore: boolean; loadMore(): void; loading: boolean;
};
export declare function useStats(days?: number): { stats: TaskStats | undefined; error: Error | null };

// --- writes: they show at once, work offline, and never reject because of the network -------
/** Returns the id, at once. */
export declare function createTask(task: NewTask, place?: Place): string;
/**
 * `base` is the task as it was when the person began to edit: give it whenever an editor was open
 * for a while, so that somebody else's edit meanwhile is noticed and not overwritten.
 */
export declare function updateTask(id: string, fields: TaskFields, base?: Task): Undo;
/** Subtasks that are open are completed along. A recurring task moves to its next occurrence. */
export declare function completeTask(id: string, completed: boolean): Undo;
export declare function moveTask(id: string, place: TaskPlace): Undo;
/** A task with subtasks takes them along, so ask or tell; how many: `countSubtasks(id)`. */
export declare function deleteTask(id: string, options?: { subtasks: true }): Undo;
export declare function countSubtasks(id: string): number;
/** For a selection. One undo for all. */
export declare function updateTasks(ids: readonly string[], fields: TaskFields | ((task: Task) => TaskFields)): Undo;
export declare function completeTasks(ids: readonly string[], completed: boolean): Undo;
export declare function moveTasks(ids: readonly string[], place: TaskPlace): Undo;
export declare function deleteTasks(ids: readonly string[]): Undo;

export declare function createProject(project: NewProject): string;
export declare function updateProject(id: string, fields: ProjectFields, base?: Project): Undo;
export declare function moveProject(id: string, place: Place): Undo;
/** `tasks` says whether they go to the trash along or stay without a project. */
export declare function deleteProject(id: string, tasks: 'delete' | 'keep'): Undo;

// --- requests: they need the server, and reject with an `ActionError` -------------------------
export declare function restoreFromTrash(id: string): Promise<void>;
export declare function purge(id: string): Promise<void>;
export declare function emptyTrash(): Promise<void>;
/** `dryRun` tells what would come of the file. */
export declare function importFile(file: File, options?: { dryRun?: boolean; project?: string }): Promise<ImportAnswer>;
/** Downloads a file. */
export declare function exportFile(format: 'json' | 'ics' | 'csv'): Promise<void>;
