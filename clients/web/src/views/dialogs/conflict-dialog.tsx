/** Both versions of what was changed in two places, and the choice between them; one after another. */
import { useState } from "react";
import { resolveConflict, useConflicts, useProjects, useTasks, type Conflict, type Due, type Priority } from "../../data/index.ts";
import { dueText } from "../../lib/dates.ts";
import { closeOverlay } from "../../lib/overlays.ts";
import { describeRule } from "../../lib/recurrence.ts";
import { t } from "../../text/index.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { FieldError } from "../../ui/field.tsx";
import { message } from "../../ui/toasts.tsx";
import "../../styles/conflict.css";

export function ConflictDialog() {
  const conflicts = useConflicts();
  const [error, setError] = useState<string | null>(null);
  const [conflict] = conflicts;
  if (!conflict) return null;
  const c = t.conflict;
  const choose = (choice: "mine" | "theirs") => {
    setError(null);
    const last = conflicts.length === 1;
    resolveConflict(conflict.id, choice).then(() => last && closeOverlay(), (reason: unknown) => setError(message(reason)));
  };
  return (
    <Dialog
      onClose={closeOverlay}
      size="large"
      text={conflict.deleted ? c.deletedText(conflict.title) : c.text(conflict.title)}
      title={c.title}
    >
      {conflicts.length > 1 ? <p className="conflict__count">{c.of(1, conflicts.length)}</p> : null}
      <div className="conflict">
        <Version choose={() => choose("mine")} conflict={conflict} label={c.mine} primary side="mine" text={conflict.deleted ? c.bringBack : c.keepMine} />
        <Version choose={() => choose("theirs")} conflict={conflict} label={c.theirs} side="theirs" text={conflict.deleted ? c.letGo : c.takeTheirs} />
      </div>
      {error ? <FieldError text={error} /> : null}
    </Dialog>
  );
}

interface VersionProps {
  conflict: Conflict;
  side: "mine" | "theirs";
  label: string;
  text: string;
  primary?: boolean;
  choose(): void;
}

function Version({ conflict, side, label, text, primary, choose }: VersionProps) {
  const show = useShow();
  return (
    <section aria-label={label} className={`version version--${side}`}>
      <h3 className="version__label">{label}</h3>
      {conflict.deleted && side === "theirs" ? (
        <p className="version__gone">{t.detail.deleted}</p>
      ) : (
        <dl>
          {conflict.fields.map((field) => (
            <div className="version__field" key={field.field}>
              <dt>{t.conflict.fields[field.field] ?? field.field}</dt>
              <dd>{show(field.field, field[side])}</dd>
              <dd className="version__before">{t.conflict.was}: {show(field.field, field.before)}</dd>
            </div>
          ))}
        </dl>
      )}
      <button className={`button button--wide ${primary ? "button--primary" : "button--plain"}`} onClick={choose} type="button">{text}</button>
    </section>
  );
}

/** Any field's value in words. */
function useShow(): (field: string, value: unknown) => string {
  const projects = useProjects();
  const tasks = useTasks();
  return (field, value) => {
    if (value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) return t.conflict.empty;
    if (typeof value === "boolean") return value ? t.conflict.yes : t.conflict.no;
    if (Array.isArray(value)) return value.join(", ");
    if (field === "due") return dueText(value as Due);
    if (field === "recurrence") return describeRule(String(value));
    if (field === "priority") return t.priority[value as Priority] ?? String(value);
    if (field === "project_id") return projects.find((project) => project.id === value)?.name ?? t.task.noProject;
    if (field === "parent_id") return tasks.get(String(value))?.title ?? t.task.noParent;
    return String(value);
  };
}
