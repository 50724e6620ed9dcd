/** From the address to the data layer's filter. */
import type { TaskFilter } from "../../data/index.ts";
import type { Place } from "../../lib/router.tsx";

export function filterOf(place: Place): TaskFilter {
  const filter: TaskFilter = {};
  if (place.q.trim()) filter.search = place.q;
  if (place.priorities.length > 0) filter.priorities = place.priorities;
  if (place.labels.length > 0) filter.labels = place.labels;
  if (place.due) filter.due = place.due;
  if (place.project) filter.project = place.project;
  switch (place.view) {
    case "today":
    case "upcoming":
    case "overdue": return { ...filter, due: place.view };
    case "completed": return { ...filter, status: "completed" };
    case "search": return { ...filter, status: "all" };
    case "project": return { ...filter, project: place.id ?? "none" };
    case "label": return { ...filter, labels: [...(place.id ? [place.id] : []), ...place.labels] };
    default: return filter;
  }
}

export function isFiltered(place: Place): boolean {
  return countFilters(place) > 0 || (place.view !== "search" && place.q.trim() !== "");
}

export function countFilters(place: Place): number {
  return place.priorities.length + place.labels.length + (place.due ? 1 : 0) + (place.project ? 1 : 0);
}
