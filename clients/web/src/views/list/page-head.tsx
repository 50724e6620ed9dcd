/** The heading of a view with what can be done to it as a whole: filter, sort, the project's menu. */
import type { ReactNode } from "react";
import type { Project } from "../../data/index.ts";
import { openOverlay } from "../../lib/overlays.ts";
import { adjust, SORTS, type Place } from "../../lib/router.tsx";
import { useWide } from "../../lib/media.ts";
import { preferences } from "../../lib/preferences.ts";
import { useStorePart } from "../../lib/store.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { Menu, MenuChoice } from "../../ui/menu.tsx";
import { ConnectionBadge } from "../shell/connection.tsx";
import { openSidebar } from "../shell/sidebar-state.ts";
import { ProjectMenu } from "../shell/project-menu.tsx";
import { FilterMenu } from "./filter-bar.tsx";

interface PageHeadProps {
  title: string;
  note?: string;
  place: Place;
  project?: Project;
  children?: ReactNode;
}

export function PageHead({ title, note, place, project, children }: PageHeadProps) {
  const wide = useWide();
  const sidebar = useStorePart(preferences, (now) => now.sidebar);
  const lists = place.view !== "trash";
  return (
    <header className="head">
      {wide && sidebar ? null : (
        <button aria-label={t.sidebar.open} className="icon-button head__menu" onClick={openSidebar} type="button">
          <Icon name={wide ? "sidebar" : "menu"} />
        </button>
      )}
      <div className="head__title">
        {project ? <span className="dot" style={{ color: project.color ?? undefined }} /> : null}
        {place.view === "label" ? <Icon className="head__icon" name="tag" /> : null}
        <h1 className="truncate" tabIndex={-1}>{title}</h1>
        {note ? <span className="head__note truncate">{note}</span> : null}
      </div>
      <div className="head__tools">
        {wide && sidebar ? null : <ConnectionBadge compact />}
        {children}
        {lists ? <FilterMenu place={place} /> : null}
        {lists && place.view !== "completed" ? <SortMenu place={place} /> : null}
        {project ? (
          <ProjectMenu project={project}>
            <button aria-label={t.sidebar.projectActions(project.name)} className="icon-button" type="button"><Icon name="dots" /></button>
          </ProjectMenu>
        ) : null}
        {wide ? null : (
          <button aria-label={t.palette.label} className="icon-button" onClick={() => openOverlay({ kind: "palette" })} type="button"><Icon name="search" /></button>
        )}
      </div>
    </header>
  );
}

function SortMenu({ place }: { place: Place }) {
  return (
    <Menu
      align="end"
      trigger={
        <button aria-label={place.sort ? t.sort.by(t.sort[place.sort]) : t.sort.label} className={`icon-button${place.sort ? " icon-button--on" : ""}`} title={t.sort.label} type="button">
          <Icon name="sort" />
        </button>
      }
    >
      {SORTS.map((sort) => (
        <MenuChoice
          checked={place.sort === sort || (!place.sort && sort === natural(place))}
          key={sort}
          onSelect={() => adjust({ sort: sort === natural(place) ? null : sort })}
        >
          {t.sort[sort]}
        </MenuChoice>
      ))}
    </Menu>
  );
}

/** The sort that the view has by itself, and that the address need not name. */
function natural(place: Place): (typeof SORTS)[number] {
  return place.view === "today" || place.view === "upcoming" || place.view === "overdue" ? "due" : place.view === "search" ? "updated" : "rank";
}
