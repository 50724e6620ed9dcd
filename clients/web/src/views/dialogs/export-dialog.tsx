/** Export as a file of one of three formats. */
import { useState } from "react";
import { exportFile } from "../../data/index.ts";
import { closeOverlay } from "../../lib/overlays.ts";
import { t } from "../../text/index.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { FieldError } from "../../ui/field.tsx";
import { Icon } from "../../ui/icon.tsx";
import { message, say } from "../../ui/toasts.tsx";
import "../../styles/transfer.css";

const FORMATS = ["json", "ics", "csv"] as const;
type Format = (typeof FORMATS)[number];

export function ExportDialog() {
  return (
    <Dialog onClose={closeOverlay} size="medium" text={t.transfer.exportText} title={t.transfer.exportTitle}>
      <ExportChoices onDone={closeOverlay} />
    </Dialog>
  );
}

export function ExportChoices({ onDone }: { onDone?(): void }) {
  const [busy, setBusy] = useState<Format | null>(null);
  const [error, setError] = useState<string | null>(null);
  const run = (format: Format) => {
    setBusy(format);
    setError(null);
    exportFile(format).then(
      () => {
        say(t.transfer.exported);
        setBusy(null);
        onDone?.();
      },
      (reason: unknown) => {
        setBusy(null);
        setError(message(reason));
      },
    );
  };
  return (
    <div className="stack">
      {FORMATS.map((format) => (
        <button className="choice" disabled={busy !== null} key={format} onClick={() => run(format)} type="button">
          {busy === format ? <span className="spinner" /> : <Icon name="download" />}
          <span>
            <span className="choice__title">{t.transfer[format]}</span>
            <span className="choice__hint">{t.transfer[`${format}Hint`]}</span>
          </span>
        </button>
      ))}
      {error ? <FieldError text={error} /> : null}
    </div>
  );
}
