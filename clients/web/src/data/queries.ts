// What is asked of the server when it is looked at: trash, history, statistics, import and export,
// over the client's generated queries.

import {
  emptyTrash as emptyTrashRequest, exportData, importData, purgeFromTrash, restoreFromTrash as restoreRequest,
  type ImportAnswer, type TaskHistory, type TaskStats, type TrashEntry,
} from '@taskwire/client';
import { getStatsOptions, getTaskHistoryInfiniteOptions, listTrashInfiniteOptions } from '@taskwire/client/react-query';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';

import { useEngine } from './hooks.ts';
import { must } from './http.ts';
import { queries, refreshSoon, shown, user } from './query-client.ts';

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

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
