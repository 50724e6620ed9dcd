// What is asked of the server when it is looked at: trash, history, statistics, devices, import and
// export. Over the client's generated queries; the live channel says when they are out of date. Only
// views that are loaded on demand use these, so TanStack Query is no part of the first load.

import {
  emptyTrash as emptyTrashRequest, exportData, importData, purgeFromTrash, restoreFromTrash as restoreRequest,
  type ImportAnswer, type Problem, type TaskHistory, type TaskStats, type TrashEntry,
} from '@taskwire/client';
import {
  getStatsOptions, getStatsQueryKey, getTaskHistoryInfiniteOptions, getTaskHistoryInfiniteQueryKey,
  listTrashInfiniteOptions, listTrashInfiniteQueryKey,
} from '@taskwire/client/react-query';
import { QueryClient, useInfiniteQuery, useQuery } from '@tanstack/react-query';

import { useEngine } from './hooks.ts';
import { errorOf, must } from './http.ts';
import { engine } from './session.ts';
import * as accounts from './session/accounts.ts';
import type { SignedInDevice } from './types.ts';

const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 60_000, retry: 1, refetchOnWindowFocus: false } },
});

const user = () => engine.get()?.user ?? '';
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Something happened to the user's data: what is looked at is asked for again, once for many changes. */
let pending: ReturnType<typeof setTimeout> | undefined;
function refreshSoon(): void {
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
const shown = (error: unknown): Error | null =>
  !error ? null : errorOf(typeof error === 'object' && 'code' in error && 'detail' in error ? (error as Problem) : undefined);

type Pages<T> = { pages: T[] } | undefined;
const last = <T,>(data: Pages<T>): T | undefined => data?.pages[data.pages.length - 1];

export function useTrash() {
  const id = useEngine()?.user ?? '';
  const query = useInfiniteQuery({
    ...listTrashInfiniteOptions({ path: { user_id: id } }),
    initialPageParam: { path: { user_id: id } },
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    enabled: Boolean(id),
  }, queries);
  return {
    entries: query.data?.pages.flatMap(({ entries }): readonly TrashEntry[] => entries),
    error: shown(query.error),
    hasMore: query.hasNextPage,
    loadMore: () => void query.fetchNextPage(),
    loading: query.isFetching,
  };
}

export function useHistory(taskId: string) {
  const id = useEngine()?.user ?? '';
  const query = useInfiniteQuery({
    ...getTaskHistoryInfiniteOptions({ path: { user_id: id, task_id: taskId } }),
    initialPageParam: { path: { user_id: id, task_id: taskId } },
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    enabled: Boolean(id),
  }, queries);
  const end = last(query.data);
  const history: TaskHistory | undefined = end && { ...end, changes: query.data!.pages.flatMap(({ changes }) => changes) };
  return {
    history,
    error: shown(query.error),
    hasMore: query.hasNextPage,
    loadMore: () => void query.fetchNextPage(),
    loading: query.isFetching,
  };
}

export function useStats(days = 14): { stats: TaskStats | undefined; error: Error | null } {
  const id = useEngine()?.user ?? '';
  const { data, error } = useQuery({
    ...getStatsOptions({ path: { user_id: id }, query: { time_zone: zone, days } }),
    enabled: Boolean(id),
  }, queries);
  return { stats: data, error: shown(error) };
}

export function useDevices(): { devices: readonly SignedInDevice[] | undefined; error: Error | null } {
  const id = useEngine()?.user ?? '';
  const { data, error } = useQuery({ queryKey: ['devices', id], queryFn: accounts.devices, enabled: Boolean(id), staleTime: 0 }, queries);
  return { devices: data, error };
}

export async function signOutDevice(token: string): Promise<void> {
  await accounts.revoke(token);
  await queries.invalidateQueries({ queryKey: ['devices'] });
}

export async function signOutOtherDevices(): Promise<void> {
  await accounts.revokeOthers();
  await queries.invalidateQueries({ queryKey: ['devices'] });
}

export async function restoreFromTrash(id: string): Promise<void> {
  await must(restoreRequest({ path: { user_id: user(), trash_id: id } }));
  refreshSoon();
}

export async function purge(id: string): Promise<void> {
  await must(purgeFromTrash({ path: { user_id: user(), trash_id: id } }));
  refreshSoon();
}

export async function emptyTrash(): Promise<void> {
  await must(emptyTrashRequest({ path: { user_id: user() } }));
  refreshSoon();
}

const MEDIA = { json: 'application/json', ics: 'text/calendar', csv: 'text/csv' } as const;

export async function importFile(file: File, { dryRun = false, project }: { dryRun?: boolean; project?: string } = {}): Promise<ImportAnswer> {
  const ending = file.name.toLowerCase().split('.').pop() as keyof typeof MEDIA;
  const media = MEDIA[ending] ?? (Object.values(MEDIA).find((type) => file.type.startsWith(type)) || MEDIA.json);
  return must(
    importData({
      path: { user_id: user() },
      query: { dry_run: dryRun, time_zone: zone, ...(project && { project_id: project }) },
      // The file as it is: the contract's type is that of the document in it.
      body: file as never,
      bodySerializer: (body: unknown) => body as never,
      headers: { 'Content-Type': media },
    }),
  );
}

export async function exportFile(format: keyof typeof MEDIA): Promise<void> {
  const data = await must<unknown>(exportData({ path: { user_id: user() }, query: { format }, parseAs: 'blob' }));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(data as Blob);
  link.download = `taskwire-${new Date().toISOString().slice(0, 10)}.${format}`;
  link.click();
  // Once the download has been handed over; at once would be too soon for some browsers.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
