/** Name and colour of a project, new or not. */
import { RadioGroup } from "radix-ui";
import { useState, type FormEvent } from "react";
import { createProject, updateProject, useProjects } from "../../data/index.ts";
import { closeOverlay } from "../../lib/overlays.ts";
import { formatPlace, go } from "../../lib/router.tsx";
import { t } from "../../text/index.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { remember } from "../../ui/toasts.tsx";
import { PROJECT_COLORS } from "../actions.ts";

export function ProjectDialog({ id, onCreated }: { id?: string; onCreated?: (id: string) => void }) {
  const projects = useProjects();
  const project = projects.find((other) => other.id === id);
  const [base] = useState(project);
  const [name, setName] = useState(project?.name ?? "");
  const [color, setColor] = useState(project ? project.color ?? "" : PROJECT_COLORS[projects.length % PROJECT_COLORS.length] ?? "");
  const [error, setError] = useState<string | null>(null);
  const colors = color && !PROJECT_COLORS.includes(color) ? [...PROJECT_COLORS, color] : PROJECT_COLORS;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const fields = { name: name.trim(), color: color || null };
    if (!fields.name) return setError(t.projects.nameNeeded);
    closeOverlay();
    if (project) return remember(updateProject(project.id, fields, base));
    const made = createProject(fields);
    if (onCreated) onCreated(made);
    else go(formatPlace({ view: "project", id: made }));
  };
  return (
    <Dialog onClose={closeOverlay} title={project ? t.projects.edit : t.projects.add}>
      <form className="form" noValidate onSubmit={submit}>
        <Field autoComplete="off" autoFocus error={error} label={t.projects.name} maxLength={100} onChange={(event) => setName(event.target.value)} value={name} />
        <div className="field">
          <span className="field__label" id="project-color">{t.projects.color}</span>
          <RadioGroup.Root aria-labelledby="project-color" className="swatches" onValueChange={setColor} orientation="horizontal" value={color}>
            {[...colors, ""].map((option) => (
              <RadioGroup.Item
                aria-label={option ? t.projects.colors[option] ?? option : t.projects.noColor}
                className={`swatch${option ? "" : " swatch--none"}`}
                key={option}
                style={{ color: option || undefined }}
                title={option ? t.projects.colors[option] ?? option : t.projects.noColor}
                value={option}
              />
            ))}
          </RadioGroup.Root>
        </div>
        <div className="dialog__actions">
          <button className="button button--plain" onClick={closeOverlay} type="button">{t.common.cancel}</button>
          <button className="button button--primary" type="submit">{project ? t.common.save : t.projects.add}</button>
        </div>
      </form>
    </Dialog>
  );
}
