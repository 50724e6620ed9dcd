/** The side bar: views with counts, projects and labels, the account and the state of the connection. */
import { useState } from "react";
import { labelKey, useCounts, useLabels, useProjects, useReady, type Project } from "../../data/index.ts";
import { cx } from "../../lib/cx.ts";
import { openOverlay } from "../../lib/overlays.ts";
import { formatPlace, go, Link, usePlace, type ViewName } from "../../lib/router.tsx";
import { useStorePart } from "../../lib/store.ts";
import { t } from "../../text/index.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { dragging } from "../list/drag-state.ts";
import { AccountMenu } from "./account-menu.tsx";
import { ConnectionBadge } from "./connection.tsx";
import { ProjectMenu } from "./project-menu.tsx";
import { drawer as drawerOpen, toggleSidebar } from "./sidebar-state.ts";
import { focusQuickAdd } from "./use-global-keys.ts";

const VIEWS: readonly { view: ViewName; icon: IconName; count?: "today" | "upcoming" | "overdue" }[] = [
  { view: "today", icon: "sun", count: "today" },
  { view: "upcoming", icon: "calendar", count: "upcoming" },
  { view: "overdue", icon: "alarm", count: "overdue" },
  { view: "all", icon: "list" },
  { view: "completed", icon: "checkCircle" },
  { view: "trash", icon: "trash" },
];

export function Sidebar({ drawer = false }: { drawer?: boolean }) {
  const place = usePlace();
  const counts = useCounts();
  const labels = useLabels();
  return (
    <nav aria-label={t.sidebar.label} className={cx("side", drawer && "side--drawer")}>
      <div className="side__top">
        <AccountMenu />
        <button aria-label={t.sidebar.close} className="icon-button" onClick={() => (drawer ? drawerOpen.set(false) : toggleSidebar())} title={t.sidebar.close} type="button">
          <Icon name={drawer ? "x" : "sidebar"} />
        </button>
      </div>
      <div className="side__actions">
        <button className="side__add" onClick={() => (drawer ? (drawerOpen.set(false), openOverlay({ kind: "add" })) : focusQuickAdd())} type="button">
          <span className="side__plus"><Icon name="plus" size={15} /></span>
          {t.sidebar.addTask}
          <kbd aria-hidden="true">Q</kbd>
        </button>
        <button className="side__item side__search" onClick={() => (drawer && drawerOpen.set(false), go("/search"))} type="button">
          <Icon name="search" />
          <span className="side__name">{t.views.search}</span>
          <kbd aria-hidden="true">/</kbd>
        </button>
      </div>
      <div className="side__scroll">
        <ul aria-label={t.sidebar.views}>
          {VIEWS.map(({ view, icon, count }) => (
            <li key={view}>
              <SideLink
                count={count ? counts[count] : 0}
                current={place.view === view}
                drop={view === "today" ? "today" : undefined}
                icon={<Icon className={`side__icon side__icon--${view}`} name={icon} />}
                name={t.views[view]}
                to={formatPlace({ view })}
                tone={view === "overdue" ? "bad" : undefined}
              />
            </li>
          ))}
        </ul>
        <Projects counts={counts.projects} current={place.view === "project" ? place.id : null} />
        {labels.length > 0 ? (
          <section>
            <h2 className="side__heading">{t.sidebar.labels}</h2>
            <ul aria-label={t.sidebar.labels}>
              {labels.map((label) => (
                <li key={label}>
                  <SideLink
                    count={counts.labels.get(labelKey(label)) ?? 0}
                    current={place.view === "label" && place.id !== null && labelKey(place.id) === labelKey(label)}
                    icon={<Icon name="tag" />}
                    name={label}
                    to={formatPlace({ view: "label", id: label })}
                  />
                </li>
              ))}
            </ul>
          </section>
        ) : null}
      </div>
      <div className="side__bottom">
        <ConnectionBadge />
        <button aria-label={t.help.open} className="icon-button" onClick={() => openOverlay({ kind: "help" })} title={t.help.title} type="button">
          <Icon name="keyboard" />
        </button>
      </div>
    </nav>
  );
}

function Projects({ counts, current }: { counts: ReadonlyMap<string, number>; current: string | null }) {
  const projects = useProjects();
  const ready = useReady();
  const [showArchived, setShowArchived] = useState(false);
  const shown = projects.filter((project) => !project.archived);
  const archived = projects.filter((project) => project.archived);
  const item = (project: Project) => (
    <li className="side__row" key={project.id}>
      <SideLink
        count={counts.get(project.id) ?? 0}
        current={project.id === current}
        drop={`project:${project.id}:${project.name}`}
        icon={<span className="side__dot"><span className="dot" style={{ color: project.color ?? undefined }} /></span>}
        name={project.name}
        to={formatPlace({ view: "project", id: project.id })}
      />
      <ProjectMenu project={project}>
        <button aria-label={t.sidebar.projectActions(project.name)} className="icon-button icon-button--small side__more" type="button">
          <Icon name="dots" size={16} />
        </button>
      </ProjectMenu>
    </li>
  );
  return (
    <section>
      <div className="side__heading">
        <h2>{t.sidebar.projects}</h2>
        <button aria-label={t.sidebar.addProject} className="icon-button icon-button--small" onClick={() => openOverlay({ kind: "project" })} title={t.sidebar.addProject} type="button">
          <Icon name="plus" size={16} />
        </button>
      </div>
      {projects.length > 0 ? <ul aria-label={t.sidebar.projects}>{shown.map(item)}</ul> : null}
      {projects.length === 0 && ready ? <p className="side__hint">{t.sidebar.noProjects}</p> : null}
      {archived.length > 0 ? (
        <>
          <button aria-expanded={showArchived} className="side__item side__fold" onClick={() => setShowArchived(!showArchived)} type="button">
            <Icon name={showArchived ? "chevronDown" : "chevronRight"} size={16} />
            <span className="side__name">{t.sidebar.archived}</span>
            <span aria-hidden="true" className="side__count">{archived.length}</span>
          </button>
          {showArchived ? <ul aria-label={t.sidebar.archived}>{archived.map(item)}</ul> : null}
        </>
      ) : null}
    </section>
  );
}

interface SideLinkProps {
  to: string;
  name: string;
  icon: React.ReactNode;
  count: number;
  current: boolean;
  drop?: string;
  tone?: "bad";
}

function SideLink({ to, name, icon, count, current, drop, tone }: SideLinkProps) {
  const over = useStorePart(dragging, (now) => drop !== undefined && now?.target?.kind === "side" && now.target.name === drop);
  return (
    <Link aria-current={current ? "page" : undefined} className={cx("side__item", over && "side__item--over")} data-drop={drop} draggable={false} to={to}>
      {icon}
      <span className="side__name truncate">{name}</span>
      {count > 0 ? (
        <span className={cx("side__count", tone && `side__count--${tone}`)}>
          <span aria-hidden="true">{count}</span>
          <span className="visually-hidden">{t.sidebar.openTasks(count)}</span>
        </span>
      ) : null}
    </Link>
  );
}
