/**
 * Which tasks are selected, and which one the keyboard is at. The list keeps both within what it
 * shows. Ids, not tasks: a task that changes stays selected.
 */
import { createStore } from "./store.ts";

export interface Selection {
  ids: ReadonlySet<string>;
  /** Where a range with Shift begins. */
  anchor: string | null;
}

const EMPTY: Selection = { ids: new Set(), anchor: null };

export const selection = createStore<Selection>(EMPTY);
/** The row that Tab reaches and the arrow keys start from. */
export const active = createStore<string | null>(null);

export const clearSelection = () => selection.set((now) => (now.ids.size === 0 ? now : EMPTY));

export function toggleSelected(id: string): void {
  selection.set(({ ids }) => {
    const next = new Set(ids);
    if (!next.delete(id)) next.add(id);
    return { ids: next, anchor: id };
  });
}

/** All from the anchor to here, in the order of the list. */
export function selectRange(order: readonly string[], to: string): void {
  selection.set((now) => {
    const anchor = now.anchor ?? active.get() ?? to;
    const [from, end] = [order.indexOf(anchor), order.indexOf(to)].sort((a, b) => a - b) as [number, number];
    if (from < 0) return { ids: new Set([to]), anchor: to };
    return { ids: new Set(order.slice(from, end + 1)), anchor };
  });
}

export function selectAll(order: readonly string[]): void {
  selection.set((now) => ({ ids: new Set(order), anchor: now.anchor }));
}

/** What left the list is no longer selected: nobody should delete what they cannot see. */
export function keepSelected(shown: ReadonlySet<string>): void {
  selection.set((now) => {
    const ids = new Set([...now.ids].filter((id) => shown.has(id)));
    return ids.size === now.ids.size ? now : { ...now, ids };
  });
}
