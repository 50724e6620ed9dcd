/** Where the open task stands: beside the list, or over it as a sheet where there is no room. */
import { Dialog } from "radix-ui";
import { useEffect, useRef } from "react";
import { adjust } from "../../lib/router.tsx";
import { t } from "../../text/index.ts";
import { ConflictBanner } from "../shell/conflict-banner.tsx";
import { Detail } from "./detail.tsx";

function close(id: string): void {
  adjust({ task: null });
  requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-task="${id}"]`)?.focus());
}

export function DetailSide({ id }: { id: string }) {
  const panel = useRef<HTMLElement>(null);
  // A task opened by hand takes the focus; one that the address opened at the start does not.
  const opened = useRef(document.activeElement !== document.body);
  useEffect(() => {
    if (opened.current) panel.current?.focus({ preventScroll: true });
  }, []);
  return (
    <aside
      aria-label={t.detail.label}
      className="detail"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.stopPropagation();
        close(id);
      }}
      ref={panel}
      tabIndex={-1}
    >
      <Detail id={id} onClose={() => close(id)} />
    </aside>
  );
}

export function DetailSheet({ id }: { id: string }) {
  return (
    <Dialog.Root onOpenChange={(open) => !open && close(id)} open>
      <Dialog.Portal>
        <div className="scrim scrim--sheet">
          <Dialog.Content
            aria-describedby={undefined}
            className="detail detail--sheet"
            onOpenAutoFocus={(event) => {
              // The title's field would open the keyboard of a phone.
              event.preventDefault();
              (event.currentTarget as HTMLElement).focus();
            }}
          >
            <Dialog.Title className="visually-hidden">{t.detail.label}</Dialog.Title>
            {/* The one above the list lies under the sheet. */}
            <ConflictBanner />
            <Detail id={id} onClose={() => close(id)} />
          </Dialog.Content>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
