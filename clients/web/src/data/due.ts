// When something is due, seen from here: its day and moment in the browser's time zone, and whether
// that has passed. A date alone is a day of the person's own calendar, wherever they are.

import type { Due } from '@taskwire/client';

import { dayOf } from './clock.ts';

/** Dues never change, so what was computed once for one is kept with it. */
const instants = new WeakMap<Due, number>();
const zones = new Map<string, Intl.DateTimeFormat>();
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The moment of a due with a time; for a date alone, the end of that day here. */
export function dueInstant(due: Due): number {
  const known = instants.get(due);
  if (known !== undefined) return known;
  const [year, month, day] = due.date.split('-').map(Number) as [number, number, number];
  let instant: number;
  if (!due.time) instant = new Date(year, month - 1, day + 1).getTime();
  else {
    const [hour, minute] = due.time.split(':').map(Number) as [number, number];
    const zone = due.time_zone ?? here;
    instant = zone === here ? new Date(year, month - 1, day, hour, minute).getTime() : inZone(zone, Date.UTC(year, month - 1, day, hour, minute));
  }
  instants.set(due, instant);
  return instant;
}

/** The instant at which clocks of the zone show this wall time (given as if it were UTC). */
function inZone(zone: string, wall: number): number {
  // Twice, because the first guess may lie on the other side of a change of the clocks.
  const guess = wall - offset(zone, wall);
  return wall - offset(zone, guess);
}

/** How far the zone's clocks are ahead of UTC at an instant. */
function offset(zone: string, instant: number): number {
  let format = zones.get(zone);
  if (!format) {
    const fields = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
    try {
      format = new Intl.DateTimeFormat('en', { ...fields, hourCycle: 'h23', timeZone: zone });
    } catch {
      // A zone that this browser does not know yet.
      format = new Intl.DateTimeFormat('en', { ...fields, hourCycle: 'h23' });
    }
    zones.set(zone, format);
  }
  const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!) - Math.floor(instant / 60_000) * 60_000;
}

/** The day on which it is due here: a time elsewhere may fall on another day. */
export const dueDay = (due: Due): string => (due.time ? dayOf(new Date(dueInstant(due))) : due.date);

export const isOverdue = (due: Due, now: number): boolean => dueInstant(due) <= now;
