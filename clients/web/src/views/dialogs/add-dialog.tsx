/** Quick add as a dialog, for views that have no such line and for narrow windows. */
import { closeOverlay } from "../../lib/overlays.ts";
import { t } from "../../text/index.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { QuickAdd } from "../quick-add/quick-add.tsx";

export function AddDialog() {
  return (
    <Dialog className="dialog--add" onClose={closeOverlay} size="medium" text={t.quickAdd.example} title={t.quickAdd.label}>
      <QuickAdd autoFocus defaults={{}} id="quick-add-dialog" onAdded={closeOverlay} onEscape={closeOverlay} />
    </Dialog>
  );
}
