// @vitest-environment jsdom
// What stays in the window when who is signed in changes.

import { renderHook } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import type { Session } from "../../data/index.ts";
import { openOverlay, overlay } from "../../lib/overlays.ts";
import { selection, toggleSelected } from "../../lib/selection.ts";
import { say, undoLast } from "../../ui/toasts.tsx";
import { useOwnWindow } from "./use-own-window.ts";

const signedIn = (id: string): Session => ({ status: "signed-in", user: { id, name: id }, by: "session", offline: false });
const signedOut = (expired: boolean): Session => ({ status: "signed-out", methods: null, expired });
const undo = vi.fn(() => Promise.resolve());

beforeEach(() => {
  undo.mockClear();
  history.replaceState(null, "", "/all?task=secret");
});

function used(): (session: Session) => void {
  const { rerender } = renderHook(useOwnWindow, { initialProps: signedIn("ada") });
  say("Deleted “secret”", { undo });
  openOverlay({ kind: "help" });
  toggleSelected("secret");
  return rerender;
}

function expectNothing(): void {
  undoLast();
  expect(undo).not.toHaveBeenCalled();
  expect(overlay.get()).toBeNull();
  expect(selection.get().ids.size).toBe(0);
}

test("nothing of one user is left for another", () => {
  used()(signedIn("bob"));
  expectNothing();
  expect(location.pathname + location.search).toBe("/");
});

test("signing out leaves the place", () => {
  used()(signedOut(false));
  expectNothing();
  expect(location.pathname).toBe("/");
});

test("who comes back after the session has ended is where they were, and another is not", () => {
  const become = used();
  become(signedOut(true));
  expectNothing();
  become(signedIn("ada"));
  expect(location.pathname).toBe("/all");
  become(signedOut(true));
  become(signedIn("bob"));
  expect(location.pathname).toBe("/");
});

test("what is there when the app opens stays", () => {
  const { rerender } = renderHook(useOwnWindow, { initialProps: { status: "loading" } as Session });
  rerender(signedOut(false));
  rerender(signedIn("ada"));
  expect(location.pathname).toBe("/all");
});
