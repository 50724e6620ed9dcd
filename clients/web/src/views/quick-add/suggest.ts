/** What to offer while a `#project`, `@label` or `!priority` is being typed at the caret. Pure. */
import type { Project } from "../../data/index.ts";
import { PRIORITIES } from "../../lib/router.tsx";
import { t } from "../../text/index.ts";
import type { IconName } from "../../ui/icon.tsx";

export interface Suggestion {
  key: string;
  text: string;
  /** What replaces the typed part, sign included. */
  insert: string;
  icon: IconName;
  color?: string | null;
}

export interface Offer {
  start: number;
  /** Whether letters follow the sign: until then Enter and Tab keep their meaning. */
  typed: boolean;
  options: Suggestion[];
}

const MOST = 6;

export function suggestionsFor(text: string, caret: number, projects: readonly Project[], labels: readonly string[]): Offer | null {
  const found = /(?:^|\s)([#@!])([^\s#@!]*)$/u.exec(text.slice(0, caret));
  if (!found) return null;
  const [, sign = "", typed = ""] = found;
  const start = caret - typed.length - 1;
  const fits = (name: string) => name.toLowerCase().startsWith(typed.toLowerCase()) && name.toLowerCase() !== typed.toLowerCase();
  const options: Suggestion[] =
    sign === "#"
      ? projects.filter((project) => !project.archived && fits(project.name))
          .map((project) => ({ key: project.id, text: project.name, insert: quoted("#", project.name), icon: "project", color: project.color }))
      : sign === "@"
        ? labels.filter(fits).map((label) => ({ key: label, text: label, insert: quoted("@", label), icon: "tag" }))
        : PRIORITIES.filter((priority) => priority !== "none" && fits(priority))
            .map((priority) => ({ key: priority, text: t.priority[priority], insert: `!${priority}`, icon: "flag" }));
  return options.length > 0 ? { start, typed: typed.length > 0, options: options.slice(0, MOST) } : null;
}

/** Names with spaces are written in quotes. */
function quoted(sign: string, name: string): string {
  return /\s/.test(name) ? `${sign}"${name}"` : sign + name;
}
