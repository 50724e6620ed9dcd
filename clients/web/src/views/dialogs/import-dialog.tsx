/** Import in two steps: what would come of the file, then the doing. A file can be dropped anywhere in it. */
import { useCallback, useEffect, useRef, useState } from "react";
import { importFile, useProjects, type ImportAnswer } from "../../data/index.ts";
import { closeOverlay } from "../../lib/overlays.ts";
import { t } from "../../text/index.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { FieldError } from "../../ui/field.tsx";
import { Icon } from "../../ui/icon.tsx";
import { message, say } from "../../ui/toasts.tsx";
import "../../styles/transfer.css";

type Step =
  | { at: "choose"; error: string | null }
  | { at: "checking"; file: File }
  | { at: "preview"; file: File; answer: ImportAnswer; busy: boolean; error: string | null };

export function ImportDialog({ file }: { file?: File }) {
  const [step, setStep] = useState<Step>({ at: "choose", error: null });
  const [project, setProject] = useState("");
  const options = useCallback((into: string) => (into ? { project: into } : {}), []);
  const check = useCallback((chosen: File, into: string) => {
    setStep({ at: "checking", file: chosen });
    importFile(chosen, { dryRun: true, ...options(into) }).then(
      (answer) => setStep({ at: "preview", file: chosen, answer, busy: false, error: null }),
      (error: unknown) => setStep({ at: "choose", error: message(error) }),
    );
  }, [options]);
  useEffect(() => {
    if (file) check(file, "");
  }, [file, check]);

  const run = () => {
    if (step.at !== "preview") return;
    setStep({ ...step, busy: true, error: null });
    importFile(step.file, options(project)).then(
      (answer) => {
        closeOverlay();
        say(t.transfer.done(answer.tasks.created));
      },
      (error: unknown) => setStep({ ...step, busy: false, error: message(error) }),
    );
  };
  return (
    <Dialog onClose={closeOverlay} size="medium" text={t.transfer.importText} title={t.transfer.importTitle}>
      {step.at === "choose" ? <Chooser error={step.error} onFile={(chosen) => check(chosen, project)} /> : null}
      {step.at === "checking" ? <p className="transfer__busy" role="status"><span className="spinner" />{t.transfer.checking}</p> : null}
      {step.at === "preview" ? (
        <>
          <Preview answer={step.answer} name={step.file.name} />
          <IntoProject
            onChange={(next) => {
              setProject(next);
              check(step.file, next);
            }}
            value={project}
          />
          {step.error ? <FieldError text={step.error} /> : null}
          <div className="dialog__actions">
            <button className="button button--plain" onClick={() => setStep({ at: "choose", error: null })} type="button">{t.transfer.other}</button>
            <button className="button button--primary" disabled={step.busy || step.answer.tasks.created + step.answer.projects.created === 0} onClick={run} type="button">
              {step.busy ? <span className="spinner" /> : null}
              {t.transfer.run(step.answer.tasks.created)}
            </button>
          </div>
        </>
      ) : null}
    </Dialog>
  );
}

function Chooser({ error, onFile }: { error: string | null; onFile(file: File): void }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <div
      className={`dropzone${over ? " dropzone--over" : ""}`}
      onDragLeave={() => setOver(false)}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const [file] = event.dataTransfer.files;
        if (file) onFile(file);
      }}
    >
      <Icon name="upload" size={26} />
      <button className="button button--primary" onClick={() => input.current?.click()} type="button">{t.transfer.choose}</button>
      <p>{t.transfer.drop}</p>
      <input
        accept=".json,.ics,.csv,.txt,application/json,text/calendar,text/csv"
        aria-label={t.transfer.choose}
        className="visually-hidden"
        onChange={({ target }) => target.files?.[0] && onFile(target.files[0])}
        ref={input}
        tabIndex={-1}
        type="file"
      />
      {error ? <FieldError text={error} /> : null}
    </div>
  );
}

function Preview({ answer, name }: { answer: ImportAnswer; name: string }) {
  const { tasks, projects, warnings } = answer;
  return (
    <div className="preview" role="status">
      <p className="preview__file truncate"><Icon name="folder" size={16} />{name}</p>
      <p className="preview__main">
        {tasks.created + projects.created === 0 ? t.transfer.nothing : t.transfer.preview(tasks.created)}
        {projects.created > 0 ? ` · ${t.transfer.previewProjects(projects.created)}` : ""}
      </p>
      {tasks.repeated > 0 ? <p>{t.transfer.repeated(tasks.repeated)}</p> : null}
      {tasks.skipped > 0 ? <p>{t.transfer.skipped(tasks.skipped)}</p> : null}
      {warnings.length > 0 ? (
        <details>
          <summary>{t.transfer.warnings(warnings.length)}</summary>
          <ul>{warnings.map((warning) => <li key={warning.field + warning.message}><code>{warning.field}</code> {warning.message}</li>)}</ul>
        </details>
      ) : null}
    </div>
  );
}

function IntoProject({ value, onChange }: { value: string; onChange(project: string): void }) {
  const projects = useProjects().filter((project) => !project.archived);
  if (projects.length === 0) return null;
  return (
    <label className="field">
      <span className="field__label">{t.transfer.into}</span>
      <select className="input" onChange={(event) => onChange(event.target.value)} value={value}>
        <option value="">{t.transfer.intoFile}</option>
        {projects.map((project) => <option key={project.id} value={project.id}>{project.name}</option>)}
      </select>
    </label>
  );
}
