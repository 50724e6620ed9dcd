/** What this browser remembers about how the app is used, beyond the theme. */
import { createStore } from "./store.ts";

export interface Preferences {
  /** Shortcuts of a single letter; people who dictate need them off (WCAG 2.1.4). */
  letterKeys: boolean;
  sidebar: boolean;
  /** Tasks whose subtasks are folded away. */
  folded: readonly string[];
}

const KEY = "taskwire.preferences";
const DEFAULTS: Preferences = { letterKeys: true, sidebar: true, folded: [] };

function read(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>) };
  } catch {
    return DEFAULTS;
  }
}

export const preferences = createStore<Preferences>(read());

export function prefer(change: Partial<Preferences>): void {
  preferences.set((now) => ({ ...now, ...change }));
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences.get()));
  } catch {
    // See theme.ts.
  }
}

export function toggleFolded(id: string): void {
  const { folded } = preferences.get();
  // The oldest are forgotten: most will be done by then.
  prefer({ folded: folded.includes(id) ? folded.filter((other) => other !== id) : [...folded, id].slice(-500) });
}
