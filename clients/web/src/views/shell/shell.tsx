/**
 * The frame: side bar, the view, the open task beside it (or over it where there is no room), and
 * what floats above. Dialogs come only once they are needed, each as a script of its own.
 */
import { Dialog } from "radix-ui";
import { useEffect } from "react";
import { useConflicts } from "../../data/index.ts";
import { useBeside, useWide } from "../../lib/media.ts";
import { openOverlay } from "../../lib/overlays.ts";
import { preferences } from "../../lib/preferences.ts";
import { usePlace } from "../../lib/router.tsx";
import { useStore, useStorePart } from "../../lib/store.ts";
import { t } from "../../text/index.ts";
import { Announcer } from "../../ui/announcer.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Toasts } from "../../ui/toasts.tsx";
import { DetailSheet, DetailSide } from "../detail/detail-frame.tsx";
import { DragArea } from "../list/drag.tsx";
import { ViewPage } from "../list/view-page.tsx";
import { TrashPage } from "../trash/trash-page.tsx";
import { Overlays } from "./overlays.tsx";
import { Refusals } from "./refusals.tsx";
import { Sidebar } from "./sidebar.tsx";
import { drawer } from "./sidebar-state.ts";
import { useGlobalKeys } from "./use-global-keys.ts";

export function Shell() {
  const place = usePlace();
  const wide = useWide();
  const beside = useBeside();
  const sidebar = useStorePart(preferences, (now) => now.sidebar);
  useGlobalKeys();
  useTitle();
  return (
    <DragArea>
      <a className="skip" href="#main" onClick={skip}>{t.common.skipToList}</a>
      <div className={`shell${place.task && beside ? " shell--detail" : ""}`}>
        {wide ? sidebar ? <Sidebar /> : null : <Drawer />}
        <main className="main" id="main">
          <ConflictBanner />
          <div className="page">{place.view === "trash" ? <TrashPage /> : <ViewPage />}</div>
        </main>
        {place.task ? beside ? <DetailSide id={place.task} key={place.task} /> : <DetailSheet id={place.task} key={place.task} /> : null}
      </div>
      <Overlays />
      <Refusals />
      <Toasts />
      <Announcer />
    </DragArea>
  );
}

function skip(event: React.MouseEvent): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('.list [tabindex="0"], .page h1')?.focus();
}

/** The side bar of narrow windows. It closes whenever one arrives somewhere. */
function Drawer() {
  const open = useStore(drawer);
  const place = usePlace();
  const here = `${place.view}/${place.id}/${place.settings}`;
  useEffect(() => drawer.set(false), [here]);
  return (
    <Dialog.Root onOpenChange={drawer.set} open={open}>
      <Dialog.Portal>
        <div className="scrim scrim--drawer">
          <Dialog.Content aria-describedby={undefined} className="drawer">
            <Dialog.Title className="visually-hidden">{t.sidebar.label}</Dialog.Title>
            <Sidebar drawer />
          </Dialog.Content>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function ConflictBanner() {
  const size = useConflicts().length;
  if (size === 0) return null;
  return (
    <div className="banner" role="alert">
      <Icon name="warning" />
      <p>{t.conflict.banner(size)}</p>
      <button className="button button--plain button--small" onClick={() => openOverlay({ kind: "conflicts" })} type="button">{t.conflict.review}</button>
    </div>
  );
}

function useTitle(): void {
  const place = usePlace();
  const view = place.view === "label" ? place.id : place.view === "project" ? t.views.project : t.views[place.view];
  useEffect(() => {
    document.title = `${view} · ${t.name}`;
  }, [view]);
}
