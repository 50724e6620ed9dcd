/**
 * The frame: side bar, the view, the open task beside it (or over it where there is no room), and
 * what floats above. Dialogs come only once they are needed, each as a script of its own.
 */
import { lazy, Suspense, useEffect, useState } from "react";
import { useProjects, useReady } from "../../data/index.ts";
import { useBeside, useWide } from "../../lib/media.ts";
import { preferences } from "../../lib/preferences.ts";
import { usePlace } from "../../lib/router.tsx";
import { useStore, useStorePart } from "../../lib/store.ts";
import { t } from "../../text/index.ts";
import { Announcer } from "../../ui/announcer.tsx";
import { warmFloating } from "../../ui/menu.tsx";
import { Toasts } from "../../ui/toasts.tsx";
import { ViewPage } from "../list/view-page.tsx";
import { ConflictBanner } from "./conflict-banner.tsx";
import { Overlays } from "./overlays.tsx";
import { Refusals } from "./refusals.tsx";
import { Sidebar } from "./sidebar.tsx";
import { drawer } from "./sidebar-state.ts";
import { useGlobalKeys } from "./use-global-keys.ts";

const loadDetail = () => import("../detail/detail-frame.tsx");
const DetailSide = lazy(async () => ({ default: (await loadDetail()).DetailSide }));
const DetailSheet = lazy(async () => ({ default: (await loadDetail()).DetailSheet }));
const TrashPage = lazy(async () => ({ default: (await import("../trash/trash-page.tsx")).TrashPage }));
const Drawer = lazy(async () => ({ default: (await import("./drawer.tsx")).Drawer }));
const DragLayer = lazy(async () => ({ default: (await import("../list/drag.tsx")).DragLayer }));

export function Shell() {
  const place = usePlace();
  const wide = useWide();
  const beside = useBeside();
  const sidebar = useStorePart(preferences, (now) => now.sidebar);
  const drawerOpen = useStore(drawer);
  const settled = useSettled();
  useGlobalKeys();
  useTitle();
  return (
    <>
      <a className="skip" href="#main" onClick={skip}>{t.common.skipToList}</a>
      <div className={`shell${place.task && beside ? " shell--detail" : ""}`}>
        {wide && sidebar ? <Sidebar /> : null}
        <main className="main" id="main">
          <ConflictBanner />
          <div className="page">
            {place.view === "trash" ? <Suspense fallback={null}><TrashPage /></Suspense> : <ViewPage />}
          </div>
        </main>
        <Suspense fallback={beside && place.task ? <aside aria-busy="true" className="detail" /> : null}>
          {place.task ? beside ? <DetailSide id={place.task} key={place.task} /> : <DetailSheet id={place.task} key={place.task} /> : null}
          {!wide && drawerOpen ? <Drawer /> : null}
        </Suspense>
      </div>
      {settled ? <Suspense fallback={null}><DragLayer /></Suspense> : null}
      <Overlays />
      <Refusals />
      <Toasts />
      <Announcer />
    </>
  );
}

function skip(event: React.MouseEvent): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('.list [tabindex="0"], .page h1')?.focus();
}

/** True once the list stands: then what the next step may need is fetched, before anyone asks. */
function useSettled(): boolean {
  const [settled, settle] = useState(false);
  const listed = useReady();
  useEffect(() => {
    if (!listed) return;
    const prepare = () => {
      settle(true);
      warmFloating();
      void loadDetail();
    };
    // Safari has no idle callback.
    if (typeof requestIdleCallback !== "function") {
      const timer = setTimeout(prepare, 300);
      return () => clearTimeout(timer);
    }
    const wait = requestIdleCallback(prepare, { timeout: 2000 });
    return () => cancelIdleCallback(wait);
  }, [listed]);
  return settled;
}

function useTitle(): void {
  const place = usePlace();
  const project = useProjects().find((other) => other.id === place.id);
  const view = place.view === "label" ? place.id : project?.name ?? t.views[place.view];
  useEffect(() => {
    document.title = `${view} · ${t.name}`;
  }, [view]);
}
