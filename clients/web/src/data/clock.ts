// The day and the moment, in the person's time zone, and word of when the day changes.

import { Signal } from './signal.ts';

const two = (number: number) => String(number).padStart(2, '0');

/** A date as people here write calendars, `2026-11-25`, in the browser's time zone. */
export const dayOf = (date: Date): string => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

export const today = (): string => dayOf(new Date());

/** Moves on once a minute: what is due at a time becomes overdue, and days end. */
export const minute = new Signal(Date.now());

let ticking: ReturnType<typeof setTimeout> | undefined;

/** Ticks while the page is shown, at the full minute, and at once when it is shown again. */
export function startClock(): void {
  if (ticking !== undefined) return;
  const tick = () => {
    minute.set(Date.now());
    ticking = setTimeout(tick, 60_000 - (Date.now() % 60_000));
  };
  tick();
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && minute.set(Date.now()));
}
