/**
 * What is open above the page, one thing at a time. It is not in the address: a dialog is no place to
 * come back to. `opener` gets the focus back when it closes.
 */
import { createStore } from "./store.ts";

export type Overlay =
  | { kind: "palette" }
  | { kind: "help" }
  | { kind: "add" }
  | { kind: "project"; id?: string; onCreated?: (id: string) => void }
  | { kind: "delete-project"; id: string }
  | { kind: "import"; file?: File }
  | { kind: "export" }
  | { kind: "conflicts" }
  | { kind: "sign-out" }
  | { kind: "confirm"; title: string; text: string; action: string; run: () => Promise<void> }
  | { kind: "pick"; what: "due" | "priority" | "labels" | "project" | "parent"; ids: readonly string[] };

export const overlay = createStore<Overlay | null>(null);

let opener: HTMLElement | null = null;

export function openOverlay(next: Overlay): void {
  // From one dialog to the next (palette, then picker) the first opener stays the one to go back to.
  if (!overlay.get()) opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  overlay.set(next);
}

export function closeOverlay(): void {
  if (!overlay.get()) return;
  overlay.set(null);
  const back = opener;
  opener = null;
  // After the dialog has gone: it holds the focus until then.
  setTimeout(() => {
    if (back?.isConnected && !overlay.get()) back.focus({ preventScroll: true });
  });
}
