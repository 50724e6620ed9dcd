// The answers of the server that are looked at, and when they are out of date: the live channel says
// so. Only views that are loaded on demand use this, so TanStack Query is no part of the first load.

import { getStatsQueryKey, getTaskHistoryInfiniteQueryKey, listTrashInfiniteQueryKey } from '@taskwire/client/react-query';
import { QueryClient } from '@tanstack/react-query';

import { errorOf, problemOf } from './http.ts';
import { engine } from './session.ts';

export const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 60_000, retry: 1, refetchOnWindowFocus: false } },
});

export const user = () => engine.get()?.user ?? '';

/** Something happened to the user's data: what is looked at is asked for again, once for many changes. */
let pending: ReturnType<typeof setTimeout> | undefined;
export function refreshSoon(): void {
  pending ??= setTimeout(() => {
    pending = undefined;
    const path = { user_id: user() };
    const ids = [listTrashInfiniteQueryKey({ path }), getStatsQueryKey({ path })].map(([{ _id }]) => _id);
    ids.push(getTaskHistoryInfiniteQueryKey({ path: { ...path, task_id: '' } })[0]._id);
    void queries.invalidateQueries({ predicate: ({ queryKey: [key] }) => ids.includes((key as { _id?: string })?._id ?? '') });
  }, 250);
}

/** Whoever is signed in is followed; another user's answers are never looked at again. */
let followed: (() => void) | undefined;
function follow(): void {
  followed?.();
  followed = engine.get()?.changed.subscribe(refreshSoon);
}
follow();
engine.subscribe(() => {
  queries.clear();
  follow();
});

/** The client throws the server's problem as it is, or what the network said. */
export const shown = (error: unknown): Error | null =>
  !error ? null : errorOf(problemOf(error));
