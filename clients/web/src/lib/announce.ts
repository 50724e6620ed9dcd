/** What screen readers are told. One polite region (`Announcer`) speaks it. */
import { createStore } from "./store.ts";

export const announcement = createStore<{ text: string; number: number }>({ text: "", number: 0 });

export function announce(text: string): void {
  // The number makes the same words a new announcement.
  announcement.set((now) => ({ text, number: now.number + 1 }));
}
