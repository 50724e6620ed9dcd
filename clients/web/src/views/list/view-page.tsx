/**
 * A view: its heading, the line to add tasks, filters and the list. Which tasks it shows follows from
 * the address alone; how they are arranged from the view and the sort.
 */
import { useMemo } from "react";
import { useProjects, useTasks, useView, type Project, type TaskSort } from "../../data/index.ts";
import { longDay, today } from "../../lib/dates.ts";
import { preferences } from "../../lib/preferences.ts";
import { usePlace, type Place } from "../../lib/router.tsx";
import { useStorePart } from "../../lib/store.ts";
import { t } from "../../text/index.ts";
import { ListSkeleton } from "../../ui/blank.tsx";
import { QuickAdd, type Defaults } from "../quick-add/quick-add.tsx";
import { arrange, arrangeToday, groupingFor, type Line } from "./arrange.ts";
import { BatchBar } from "./batch-bar.tsx";
import { ActiveFilters } from "./filter-bar.tsx";
import { filterOf, isFiltered } from "./filters.ts";
import { PageHead } from "./page-head.tsx";
import { SearchField } from "./search-field.tsx";
import { TaskList } from "./task-list.tsx";
import { ViewBlank } from "./view-blank.tsx";

export function ViewPage() {
  const place = usePlace();
  const tasks = useTasks();
  const projects = useProjects();
  const project = place.view === "project" ? projects.find((other) => other.id === place.id) : undefined;
  const title = titleOf(place, project);
  const sort = place.sort ?? defaultSort(place);
  const { lines, tree } = useLines(place, sort, projects, title);
  const missing = place.view === "project" && !project && tasks.ready;
  // Today has sections of its own.
  const grouping = place.view === "today" ? "none" : groupingFor(place.view, sort);
  const adds = !missing && place.view !== "completed" && place.view !== "search" && place.view !== "overdue";

  return (
    <>
      <PageHead note={place.view === "today" ? longDay(today()) : undefined} place={place} project={project} title={title} />
      {place.view === "search" ? <SearchField /> : null}
      {adds ? <QuickAdd defaults={defaultsOf(place)} key={`add/${place.view}/${place.id}`} /> : null}
      <ActiveFilters place={place} />
      {!tasks.ready ? (
        <div className="list">
          <ListSkeleton label={t.list.loading} note={tasks.loaded > 0 ? t.list.loaded(tasks.loaded) : undefined} />
        </div>
      ) : (
        <TaskList
          grouping={grouping}
          hideProject={place.view === "project" || (grouping === "project" && place.view === "all")}
          hideLabel={place.view === "label" ? place.id : null}
          key={`list/${place.view}/${place.id}`}
          label={t.list.label(title)}
          lines={missing ? [] : lines}
          ranked={sort === "rank" && place.view !== "completed"}
          tree={tree}
        >
          {lines.length === 0 || missing ? <ViewBlank filtered={isFiltered(place)} missing={missing} place={place} /> : null}
        </TaskList>
      )}
      <BatchBar />
    </>
  );
}

function titleOf(place: Place, project: Project | undefined): string {
  if (place.view === "project") return project?.name ?? t.views.project;
  if (place.view === "label") return place.id ?? t.views.label;
  return t.views[place.view];
}

function defaultSort(place: Place): TaskSort {
  switch (place.view) {
    case "today":
    case "upcoming":
    case "overdue": return "due";
    case "completed": return "completed";
    case "search": return "updated";
    default: return "rank";
  }
}

function defaultsOf(place: Place): Defaults {
  switch (place.view) {
    case "today": return { due: today() };
    case "project": return { project: place.id ?? undefined };
    case "label": return { label: place.id ?? undefined };
    default: return {};
  }
}

const NOTHING = { search: "\u0000" };

function useLines(place: Place, sort: TaskSort, projects: readonly Project[], title: string): { lines: readonly Line[]; tree: boolean } {
  const tasks = useTasks();
  const folded = useStorePart(preferences, (now) => now.folded);
  const filter = useMemo(() => filterOf(place), [place]);
  // Today's list needs those that are late as well; other views ask for nothing here.
  const late = useView(useMemo(() => (place.view === "today" ? { ...filter, due: "overdue" as const } : NOTHING), [place.view, filter]), sort);
  const shown = useView(filter, sort);
  const byId = useMemo(() => new Map(projects.map((project) => [project.id, project])), [projects]);
  // Under their parents only where all tasks of a project are in their own order.
  const tree = sort === "rank" && (place.view === "all" || place.view === "project") && !isFiltered(place);
  const lines = useMemo(() => {
    if (place.view === "search" && !place.q.trim()) return [];
    if (place.view === "today" && (sort === "due" || sort === "rank")) return arrangeToday(late, shown);
    return arrange(shown, {
      grouping: groupingFor(place.view, sort),
      projects: byId,
      title,
      ...(tree ? { tree: { tasks, folded: new Set(folded) } } : {}),
    });
  }, [place.view, place.q, sort, late, shown, byId, title, tree, tasks, folded]);
  return { lines, tree };
}
