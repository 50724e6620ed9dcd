/** Asks what becomes of a project's tasks when it is deleted. Both ways can be taken back. */
import { deleteProject, useProjects, useTasks } from "../../data/index.ts";
import { closeOverlay } from "../../lib/overlays.ts";
import { currentPlace, goToView } from "../../lib/router.tsx";
import { t } from "../../text/index.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { say } from "../../ui/toasts.tsx";

export function DeleteProject({ id }: { id: string }) {
  const project = useProjects().find((other) => other.id === id);
  const size = useTasks().all.filter((task) => task.project_id === id).length;
  if (!project) return null;
  const run = (tasks: "delete" | "keep") => {
    closeOverlay();
    if (currentPlace().id === id) goToView("all");
    say(t.actions.projectDeleted(project.name), deleteProject(id, tasks));
  };
  return (
    <Dialog onClose={closeOverlay} text={size > 0 ? t.projects.deleteText(size) : t.projects.deleteEmpty} title={t.projects.deleteTitle(project.name)}>
      <div className="stack">
        {size > 0 ? (
          <>
            <button className="button button--plain button--wide" onClick={() => run("keep")} type="button">{t.projects.keepTasks}</button>
            <button className="button button--danger-solid button--wide" onClick={() => run("delete")} type="button">{t.projects.deleteTasks}</button>
          </>
        ) : (
          <button className="button button--danger-solid button--wide" onClick={() => run("delete")} type="button">{t.projects.deleteOnly}</button>
        )}
        <button className="button button--ghost button--wide" onClick={closeOverlay} type="button">{t.common.cancel}</button>
      </div>
    </Dialog>
  );
}
