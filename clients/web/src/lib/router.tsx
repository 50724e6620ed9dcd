/**
 * Where the person is, kept in the address alone so that links, reloads and the back button work:
 * the path names the view, the query the filters, the open task and the settings page. Pages are
 * few and known, so this is all the router there is.
 */
import { useMemo, useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from "react";
import type { Priority, TaskSort } from "../data/index.ts";

export const VIEWS = ["today", "upcoming", "overdue", "all", "completed", "trash", "project", "label", "search"] as const;
export type ViewName = (typeof VIEWS)[number];

export const SORTS = ["rank", "due", "priority", "title", "created", "updated"] as const satisfies readonly TaskSort[];
export const PRIORITIES = ["urgent", "high", "medium", "low", "none"] as const satisfies readonly Priority[];
export const DUES = ["overdue", "today", "upcoming", "any", "none"] as const;
export const SETTINGS = ["general", "account", "devices", "tokens", "data"] as const;

export interface Filters {
  q: string;
  priorities: readonly Priority[];
  labels: readonly string[];
  due: (typeof DUES)[number] | null;
  /** A project's id or `none`; in views that are not a project's own. */
  project: string | null;
  sort: (typeof SORTS)[number] | null;
}

export interface Place extends Filters {
  view: ViewName;
  /** The project's id or the label's name, where the view is one of them. */
  id: string | null;
  task: string | null;
  settings: (typeof SETTINGS)[number] | null;
}

export const NO_FILTERS: Filters = { q: "", priorities: [], labels: [], due: null, project: null, sort: null };

export function parsePlace(path: string, search: string): Place {
  const [first = "", second = ""] = path.split("/").filter(Boolean).map(decode);
  const known = VIEWS.find((view) => view === first) ?? "today";
  const withId = known === "project" || known === "label";
  const query = new URLSearchParams(search);
  const list = (name: string) => (query.get(name) ?? "").split(",").filter(Boolean);
  return {
    view: withId && !second ? "all" : known,
    id: withId && second ? second : null,
    q: query.get("q") ?? "",
    priorities: PRIORITIES.filter((priority) => list("priority").includes(priority)),
    labels: list("labels"),
    due: DUES.find((due) => due === query.get("due")) ?? null,
    project: query.get("in"),
    sort: SORTS.find((sort) => sort === query.get("sort")) ?? null,
    task: query.get("task"),
    settings: SETTINGS.find((page) => page === query.get("settings")) ?? null,
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function formatPlace(place: Partial<Place>): string {
  const query = new URLSearchParams();
  if (place.q) query.set("q", place.q);
  if (place.priorities?.length) query.set("priority", place.priorities.join(","));
  if (place.labels?.length) query.set("labels", place.labels.join(","));
  if (place.due) query.set("due", place.due);
  if (place.project) query.set("in", place.project);
  if (place.sort) query.set("sort", place.sort);
  if (place.task) query.set("task", place.task);
  if (place.settings) query.set("settings", place.settings);
  const text = query.toString().replaceAll("%2C", ",");
  const id = place.id ? `/${encodeURIComponent(place.id)}` : "";
  return `/${place.view ?? "today"}${id}${text ? `?${text}` : ""}`;
}

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) addEventListener("popstate", tell);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener("popstate", tell);
  };
}

function tell(): void {
  for (const listener of [...listeners]) listener();
}

const address = () => location.pathname + location.search;

export function currentPlace(): Place {
  return parsePlace(location.pathname, location.search);
}

export function usePlace(): Place {
  const now = useSyncExternalStore(subscribe, address);
  return useMemo(() => {
    const [path = "", search = ""] = now.split("?");
    return parsePlace(path, search);
  }, [now]);
}

/** `replace` for what is no step of its own, such as each letter of a search. */
export function go(to: string, how: "push" | "replace" = "push"): void {
  if (to === address()) return;
  history[how === "push" ? "pushState" : "replaceState"](null, "", to);
  tell();
}

/** Changes some of the present place and leaves the rest. */
export function adjust(change: Partial<Place>, how: "push" | "replace" = "push"): void {
  go(formatPlace({ ...currentPlace(), ...change }), how);
}

/** Goes to a view; neither filters nor the open task come along. */
export function goToView(view: ViewName, id: string | null = null): void {
  go(formatPlace({ view, id }));
}

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & { to: string };

/** A real link, so that it can be copied and opened in another tab. */
export function Link({ to, onClick, ...rest }: LinkProps) {
  const click = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return <a href={to} onClick={click} {...rest} />;
}
