/**
 * Shortcuts that work everywhere. `g` waits a second for the letter of a view, before the list sees
 * it. Nothing here acts while someone types, but for those with Ctrl or Cmd.
 */
import { useEffect } from "react";
import { closeOverlay, openOverlay, overlay } from "../../lib/overlays.ts";
import { preferences } from "../../lib/preferences.ts";
import { adjust, currentPlace, go, goToView, type ViewName } from "../../lib/router.tsx";
import { clearSelection, selection } from "../../lib/selection.ts";
import { undoLast } from "../../ui/toasts.tsx";
import { toggleSidebar } from "./sidebar-state.ts";

export const GO_KEYS: Record<string, ViewName> = { t: "today", u: "upcoming", o: "overdue", a: "all", c: "completed", x: "trash", s: "search" };

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select"));

export function focusQuickAdd(): void {
  const line = document.getElementById("quick-add");
  if (line) line.focus();
  else openOverlay({ kind: "add" });
}

export function useGlobalKeys(): void {
  useEffect(() => {
    let waiting = 0;
    const keys = (event: KeyboardEvent) => {
      const { key } = event;
      const command = event.ctrlKey || event.metaKey;
      const take = () => {
        event.preventDefault();
        event.stopPropagation();
      };
      if (command && key.toLowerCase() === "k") {
        take();
        return overlay.get()?.kind === "palette" ? closeOverlay() : openOverlay({ kind: "palette" });
      }
      if (event.defaultPrevented || typing(event.target) || document.querySelector("[role=dialog], [role=alertdialog], [role=menu]")) return;
      if (command && key.toLowerCase() === "z" && !event.shiftKey) {
        take();
        return undoLast();
      }
      if (command || event.altKey) return;
      if (key === "Escape") return escape();
      if (!preferences.get().letterKeys) return;
      if (Date.now() - waiting < 1200 && GO_KEYS[key]) {
        waiting = 0;
        take();
        return goToView(GO_KEYS[key]);
      }
      waiting = 0;
      switch (key) {
        case "g": waiting = Date.now(); return take();
        case "q":
        case "n": take(); return focusQuickAdd();
        case "/": take(); return go("/search");
        case "?": take(); return openOverlay({ kind: "help" });
        case "z": take(); return undoLast();
        case "[": take(); return toggleSidebar();
      }
    };
    addEventListener("keydown", keys, { capture: true });
    return () => removeEventListener("keydown", keys, { capture: true });
  }, []);
}

/** First the selection, then the open task. */
function escape(): void {
  if (document.documentElement.classList.contains("is-dragging")) return;
  if (selection.get().ids.size > 0) return clearSelection();
  const { task } = currentPlace();
  if (!task) return;
  adjust({ task: null });
  requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-task="${task}"]`)?.focus());
}
