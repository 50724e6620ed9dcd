/** The side bar of narrow windows. It closes whenever one arrives somewhere. */
import { Dialog } from "radix-ui";
import { useEffect } from "react";
import { usePlace } from "../../lib/router.tsx";
import { t } from "../../text/index.ts";
import { Sidebar } from "./sidebar.tsx";
import { drawer } from "./sidebar-state.ts";

export function Drawer() {
  const place = usePlace();
  const here = `${place.view}/${place.id}/${place.settings}`;
  useEffect(() => () => drawer.set(false), [here]);
  return (
    <Dialog.Root onOpenChange={drawer.set} open>
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
