/** Asks before what cannot be taken back. What can be is done at once, with an undo instead. */
import { useState } from "react";
import { signOut, unsent } from "../../data/index.ts";
import { closeOverlay, type Overlay } from "../../lib/overlays.ts";
import { t } from "../../text/index.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { FieldError } from "../../ui/field.tsx";
import { message } from "../../ui/toasts.tsx";

type Ask = Extract<Overlay, { kind: "confirm" }>;

export function Confirm({ ask }: { ask: Ask }) {
  const [state, setState] = useState<{ busy: boolean; error: string | null }>({ busy: false, error: null });
  const run = () => {
    setState({ busy: true, error: null });
    ask.run().then(closeOverlay, (error: unknown) => setState({ busy: false, error: message(error) }));
  };
  return (
    <Dialog
      actions={
        <>
          <button className="button button--plain" onClick={closeOverlay} type="button">{t.common.cancel}</button>
          <button className="button button--danger-solid" disabled={state.busy} onClick={run} type="button">
            {state.busy ? <span className="spinner" /> : null}
            {ask.action}
          </button>
        </>
      }
      onClose={closeOverlay}
      text={ask.text}
      title={ask.title}
    >
      {state.error ? <FieldError text={state.error} /> : null}
    </Dialog>
  );
}

export function SignOutDialog() {
  return (
    <Confirm
      ask={{ kind: "confirm", title: t.signOut.title, text: t.signOut.text(unsent()), action: t.signOut.confirm, run: signOut }}
    />
  );
}
