/** Choosing filters, and the row of those in force, each of which can be taken off. */
import { useLabels, useProjects } from "../../data/index.ts";
import { adjust, DUES, NO_FILTERS, PRIORITIES, type Place } from "../../lib/router.tsx";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { Menu, MenuChoice, MenuGroup, MenuItem, MenuLine } from "../../ui/menu.tsx";
import { ProjectDot } from "../pickers/pickers.tsx";
import { countFilters } from "./filters.ts";

const toggled = <T,>(list: readonly T[], item: T): T[] => (list.includes(item) ? list.filter((other) => other !== item) : [...list, item]);

function dueName(due: (typeof DUES)[number]): string {
  return due === "any" ? t.filter.anyDate : due === "none" ? t.filter.noDate : t.views[due];
}

export function FilterMenu({ place }: { place: Place }) {
  const labels = useLabels();
  const projects = useProjects().filter((project) => !project.archived);
  const active = countFilters(place);
  const dated = place.view === "today" || place.view === "upcoming" || place.view === "overdue";
  return (
    <Menu
      align="end"
      trigger={
        <button aria-label={active ? t.filter.active(active) : t.filter.label} className={`icon-button${active ? " icon-button--on" : ""}`} title={t.filter.label} type="button">
          <Icon name="filter" />
        </button>
      }
    >
      <MenuGroup label={t.filter.priority}>
        {PRIORITIES.map((priority) => (
          <MenuChoice
            checked={place.priorities.includes(priority)}
            icon={<Icon className={`flag flag--${priority}`} name="flag" size={16} />}
            key={priority}
            onSelect={() => adjust({ priorities: toggled(place.priorities, priority) })}
          >
            {t.priority[priority]}
          </MenuChoice>
        ))}
      </MenuGroup>
      {dated ? null : (
        <MenuGroup label={t.filter.due}>
          {DUES.map((due) => (
            <MenuChoice checked={place.due === due} key={due} onSelect={() => adjust({ due: place.due === due ? null : due })}>{dueName(due)}</MenuChoice>
          ))}
        </MenuGroup>
      )}
      {labels.length > 0 ? (
        <MenuGroup label={t.filter.labels}>
          {labels.filter((label) => place.view !== "label" || label !== place.id).map((label) => (
            <MenuChoice checked={place.labels.includes(label)} icon={<Icon name="tag" size={16} />} key={label} onSelect={() => adjust({ labels: toggled(place.labels, label) })}>
              {label}
            </MenuChoice>
          ))}
        </MenuGroup>
      ) : null}
      {place.view === "project" || projects.length === 0 ? null : (
        <MenuGroup label={t.filter.project}>
          {projects.map((project) => (
            <MenuChoice
              checked={place.project === project.id}
              icon={<ProjectDot project={project} />}
              key={project.id}
              onSelect={() => adjust({ project: place.project === project.id ? null : project.id })}
            >
              {project.name}
            </MenuChoice>
          ))}
        </MenuGroup>
      )}
      {active > 0 ? (
        <>
          <MenuLine />
          <MenuItem icon="x" onSelect={clear}>{t.filter.clear}</MenuItem>
        </>
      ) : null}
    </Menu>
  );
}

/** Search and sort stay: they have controls of their own. */
export function clear(): void {
  const { priorities, labels, due, project } = NO_FILTERS;
  adjust({ priorities, labels, due, project });
}

export function ActiveFilters({ place }: { place: Place }) {
  const projects = useProjects();
  if (countFilters(place) === 0 && (place.view === "search" || !place.q)) return null;
  const chips: { text: string; off(): void }[] = [
    ...(place.q && place.view !== "search" ? [{ text: `“${place.q}”`, off: () => adjust({ q: "" }) }] : []),
    ...place.priorities.map((priority) => ({ text: t.priority[priority], off: () => adjust({ priorities: toggled(place.priorities, priority) }) })),
    ...(place.due ? [{ text: dueName(place.due), off: () => adjust({ due: null }) }] : []),
    ...place.labels.map((label) => ({ text: label, off: () => adjust({ labels: toggled(place.labels, label) }) })),
    ...(place.project
      ? [{ text: projects.find((project) => project.id === place.project)?.name ?? t.list.noProject, off: () => adjust({ project: null }) }]
      : []),
  ];
  return (
    <div aria-label={t.filter.label} className="filters" role="group">
      {chips.map((chip) => (
        <button aria-label={t.filter.remove(chip.text)} className="chip chip--on" key={chip.text} onClick={chip.off} type="button">
          {chip.text}
          <Icon name="x" size={14} />
        </button>
      ))}
      <button className="button button--ghost button--small" onClick={() => (clear(), place.view !== "search" && adjust({ q: "" }))} type="button">{t.filter.clear}</button>
    </div>
  );
}
