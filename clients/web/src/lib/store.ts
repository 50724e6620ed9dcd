/**
 * The smallest store that React can follow: one value, replaced as a whole. It holds what belongs to
 * this window only (selection, toasts, open dialogs); tasks live in the data layer.
 */
import { useSyncExternalStore } from "react";

export interface Store<T> {
  get(): T;
  set(next: T | ((now: T) => T)): void;
  subscribe(listener: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      const made = typeof next === "function" ? (next as (now: T) => T)(value) : next;
      if (Object.is(made, value)) return;
      value = made;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get, store.get);
}

/** Follows a part of the store: the component draws again only when that part changes. */
export function useStorePart<T, P>(store: Store<T>, part: (value: T) => P): P {
  const read = () => part(store.get());
  return useSyncExternalStore(store.subscribe, read, read);
}
