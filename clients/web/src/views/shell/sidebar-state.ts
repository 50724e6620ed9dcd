/** Whether the drawer of narrow windows is open; on wide ones the side bar's place is a preference. */
import { preferences, prefer } from "../../lib/preferences.ts";
import { createStore } from "../../lib/store.ts";

export const drawer = createStore(false);

const wide = () => matchMedia("(min-width: 800px)").matches;

export function openSidebar(): void {
  if (wide()) prefer({ sidebar: true });
  else drawer.set(true);
}

export function toggleSidebar(): void {
  if (wide()) prefer({ sidebar: !preferences.get().sidebar });
  else drawer.set((open) => !open);
}
