/**
 * What this window holds belongs to who is signed in: messages, undos, dialogs and the selection go
 * with them, and so does the place, unless it is the same person who comes back.
 */
import { useLayoutEffect, useRef } from "react";
import type { Session } from "../../data/index.ts";
import { closeOverlay } from "../../lib/overlays.ts";
import { go } from "../../lib/router.tsx";
import { active, clearSelection } from "../../lib/selection.ts";
import { forgetToasts } from "../../ui/toasts.tsx";
import { drawer } from "./sidebar-state.ts";

function clear(): void {
  forgetToasts();
  closeOverlay();
  clearSelection();
  active.set(null);
  drawer.set(false);
}

export function useOwnWindow(session: Session): void {
  const user = session.status === "signed-in" ? session.user.id : null;
  const left = session.status === "signed-out" && !session.expired;
  const last = useRef<string | null>(null);
  useLayoutEffect(() => {
    if (!user) return;
    if (last.current && last.current !== user) go("/", "replace");
    last.current = user;
    return clear;
  }, [user]);
  useLayoutEffect(() => {
    if (!left || !last.current) return;
    last.current = null;
    go("/");
  }, [left]);
}
