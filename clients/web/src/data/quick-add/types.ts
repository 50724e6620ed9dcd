// What the quick-add parser takes and gives.

import type { Due, Priority } from '@taskwire/client';

/** A part of the text that was understood, to be highlighted. `end` is exclusive. */
export interface Span {
  start: number;
  end: number;
  kind: 'due' | 'time' | 'recurrence' | 'project' | 'label' | 'priority';
  /** What it was taken for, to be shown as a chip or tooltip: `2026-11-26`, `home`, `high`, … */
  value: string;
}

export interface QuickAdd {
  /** The text without what was understood. */
  title: string;
  due?: Due;
  recurrence?: string;
  priority?: Priority;
  labels: string[];
  /** The name after `#`, and the id if there is such a project. */
  project?: { name: string; id: string | null };
  spans: Span[];
}

export interface QuickAddContext {
  now: Date;
  /** IANA name; of the browser unless given. */
  timeZone?: string;
  projects: readonly { id: string; name: string }[];
}
