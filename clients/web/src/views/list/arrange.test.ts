// Which headings a list has.

import { expect, test } from "vitest";
import type { Task } from "../../data/index.ts";
import { t } from "../../text/index.ts";
import { arrange } from "./arrange.ts";

const NOW = "2026-11-26";
const task = (id: string, date: string) => ({ id, title: id, due: { date }, completed: false, parent_id: null, project_id: null }) as Task;
const headings = (tasks: Task[], title?: string) =>
  arrange(tasks, { grouping: "due", projects: new Map(), now: NOW, title }).flatMap((line) => (line.kind === "section" ? [line.title] : []));

test("a lone section does not repeat the heading of the page", () => {
  const late = [task("one", "2026-11-20"), task("two", "2026-11-21")];
  expect(headings(late, t.views.overdue)).toEqual([]);
  expect(headings(late, t.views.all)).toEqual([t.views.overdue]);
  expect(headings([...late, task("next", "2999-01-01")], t.views.overdue)).toHaveLength(2);
});
