// The interface of the data layer: what the views may call. Reads are hooks; writes show at once
// everywhere and go to the server when it can be reached.

export * from './types.ts';
/** Put it around everything; it starts what the rest relies on. */
export { DataProvider } from './provider.tsx';

/** Who is signed in. The rest rejects with an `ActionError` that a form can show. */
export { useSession, signIn, signUp, signInDemo, signInWithToken, changePassword, deleteAccount } from './session.ts';
/** Edits that were never sent are lost with signing out: ask first if `unsent()` is not 0. */
export { signOut, unsent } from './session.ts';
export { useDevices, signOutDevice, signOutOtherDevices, useApiTokens, addApiToken, revokeApiToken } from './account-queries.ts';

export {
  useReady, useTasks, useTask, useView, useCounts, useProjects, useLabels, useConnection, useRecentlyChanged, useConflicts, useRefusals,
} from './hooks.ts';
export type { Counts } from './views.ts';
export { labelKey } from './labels.ts';
/** Days and moments of dues as this person's calendar has them. */
export { dueDay, dueInstant, isOverdue } from './due.ts';
export { today, dayOf } from './clock.ts';

/** These need the server; they reject with an `ActionError`. */
export { useTrash, useHistory, useStats, restoreFromTrash, purge, emptyTrash, importFile, exportFile } from './queries.ts';

/** These show at once, work offline, and never fail because of the network. */
export {
  createTask, updateTask, completeTask, moveTask, deleteTask, countSubtasks,
  updateTasks, completeTasks, moveTasks, deleteTasks,
  createProject, updateProject, moveProject, deleteProject,
  resolveConflict, dismissRefusal,
} from './actions.ts';
