/** What can be done to a project: edit, move, archive, delete. */
import type { ComponentProps } from "react";
import { moveProject, updateProject, useProjects, type Project } from "../../data/index.ts";
import { openOverlay } from "../../lib/overlays.ts";
import { t } from "../../text/index.ts";
import { Menu, MenuItem, MenuLine } from "../../ui/menu.tsx";
import { remember, say } from "../../ui/toasts.tsx";

export function ProjectMenu({ project, children }: { project: Project; children: ComponentProps<typeof Menu>["trigger"] }) {
  return (
    <Menu label={t.sidebar.projectActions(project.name)} trigger={children}>
      <ProjectActions project={project} />
    </Menu>
  );
}

function ProjectActions({ project }: { project: Project }) {
  const shown = useProjects().filter((other) => other.archived === project.archived);
  const at = shown.findIndex((other) => other.id === project.id);
  const above = shown[at - 1];
  const below = shown[at + 1];
  const archive = () => {
    const undo = updateProject(project.id, { archived: !project.archived });
    say(project.archived ? t.actions.projectUnarchived(project.name) : t.actions.projectArchived(project.name), undo);
  };
  return (
    <>
      <MenuItem icon="edit" onSelect={() => openOverlay({ kind: "project", id: project.id })}>{t.projects.edit}</MenuItem>
      <MenuItem disabled={!above} icon="arrowUp" onSelect={() => above && remember(moveProject(project.id, { before: above.id }))}>{t.projects.moveUp}</MenuItem>
      <MenuItem disabled={!below} icon="arrowDown" onSelect={() => below && remember(moveProject(project.id, { after: below.id }))}>{t.projects.moveDown}</MenuItem>
      <MenuItem icon="archive" onSelect={archive}>{project.archived ? t.projects.unarchive : t.projects.archive}</MenuItem>
      <MenuLine />
      <MenuItem danger icon="trash" onSelect={() => openOverlay({ kind: "delete-project", id: project.id })}>{t.projects.delete}</MenuItem>
    </>
  );
}
