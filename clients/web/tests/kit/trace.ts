// What the page's main thread did, from Chromium's own trace: each task's time on the processor, which
// a busy machine stretches far less than that on the clock. To a task belong the promises that it
// settled: Chromium lets them go on after it, and React draws in there.

import type { Browser, Page } from 'playwright-core';

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  tdur?: number;
  args: { name?: string };
}

export interface Work {
  /** Milliseconds of the processor that the main thread took in all. */
  total: number;
  /** Of the longest task, which is how long the page could not answer: on the processor, and on the clock. */
  longest: number;
  longestOnClock: number;
  /** Milliseconds of the processor until the page set a mark (`performance.mark`), if it was to. */
  untilMark: number;
}

/** Tasks in their order, each with the promises that went on after it and without what is within it. */
function joined(events: TraceEvent[]): TraceEvent[] {
  const tasks: TraceEvent[] = [];
  let end = 0;
  for (const event of events.sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0))) {
    if (event.ts < end) continue;
    end = event.ts + (event.dur ?? 0);
    const before = tasks.at(-1);
    if (before && !event.name.endsWith('RunTask')) {
      before.dur = (before.dur ?? 0) + (event.dur ?? 0);
      before.tdur = (before.tdur ?? 0) + (event.tdur ?? 0);
    } else tasks.push({ ...event });
  }
  return tasks;
}

export async function workDuring(page: Page, act: () => Promise<unknown>, mark?: string): Promise<Work> {
  const browser = page.context().browser() as Browser;
  await browser.startTracing(page, { categories: ['toplevel', 'blink.user_timing', '__metadata'] });
  await act();
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const threads = new Map<string, TraceEvent[]>();
  const mains = new Set<string>();
  const marked = mark === undefined ? Infinity : (trace.traceEvents.find(({ name }) => name === mark)?.ts ?? Number.NaN);
  for (const event of trace.traceEvents) {
    const thread = `${event.pid}/${event.tid}`;
    if (event.name === 'thread_name' && event.args.name === 'CrRendererMain') mains.add(thread);
    if (event.ph !== 'X' || !/(?:RunTask|PerformMicrotaskCheckpoint)$/.test(event.name)) continue;
    const events = threads.get(thread);
    if (events) events.push(event);
    else threads.set(thread, [event]);
  }
  // Of the renderers, the page's is the one that has had most to do.
  const work = [...mains].map((thread): Work => {
    const tasks = joined(threads.get(thread) ?? []);
    const cpu = tasks.map(({ tdur = 0 }) => tdur / 1000);
    const before = tasks.filter(({ ts }) => ts < marked).map(({ tdur = 0 }) => tdur / 1000);
    return {
      untilMark: Math.round(before.reduce((sum, time) => sum + time, 0)),
      total: Math.round(cpu.reduce((sum, time) => sum + time, 0)),
      longest: Math.round(Math.max(0, ...cpu)),
      longestOnClock: Math.round(Math.max(0, ...tasks.map(({ dur = 0 }) => dur / 1000))),
    };
  });
  const busiest = work.sort((a, b) => b.total - a.total)[0];
  if (!busiest?.total) throw new Error('The trace has no tasks of a page in it.');
  return busiest;
}
