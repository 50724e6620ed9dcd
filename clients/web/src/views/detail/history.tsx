/** What happened to the task, newest first, told by comparing each state with the one before it. */
import { useProjects, useHistory, useTasks, type Change, type Project, type Task, type Tasks } from "../../data/index.ts";
import { ago, dateTime, dueText } from "../../lib/dates.ts";
import { describeRule } from "../../lib/recurrence.ts";
import { t } from "../../text/index.ts";
import { message } from "../../ui/toasts.tsx";

export function History({ task }: { task: Task }) {
  const { history, error, hasMore, loadMore, loading } = useHistory(task.id);
  const projects = useProjects();
  const tasks = useTasks();
  if (error && !history) return <p className="detail__hint" role="alert">{message(error)}</p>;
  if (!history) return <p className="detail__hint" role="status">{t.common.loading}</p>;
  const entries = [...history.changes].sort((a, b) => b.seq - a.seq);
  return (
    <>
      <ol className="history">
        {entries.map((change, index) => (
          <li className="history__entry" key={change.seq}>
            <div>
              {tell(change, entries[index + 1], projects, tasks).map((line) => <p key={line}>{line}</p>)}
            </div>
            <time dateTime={change.at} title={dateTime(change.at)}>{ago(change.at)}</time>
          </li>
        ))}
      </ol>
      {entries.length === 0 ? <p className="detail__hint">{t.history.none}</p> : null}
      {hasMore ? (
        <button className="button button--ghost button--small" disabled={loading} onClick={loadMore} type="button">{t.common.loadMore}</button>
      ) : !history.complete && history.reaches_back_to ? (
        <p className="detail__hint">{t.history.forgotten(dateTime(history.reaches_back_to))}</p>
      ) : null}
    </>
  );
}

type State = Extract<Change, { task: unknown }>["task"];
const stateOf = (change: Change | undefined): State | null => (change && "task" in change ? change.task : null);

export function tell(change: Change, before: Change | undefined, projects: readonly Project[], tasks: Pick<Tasks, "get">): string[] {
  const h = t.history;
  if (change.type === "task.created") return [h.created];
  if (change.type === "task.deleted") return [h.deleted];
  if (change.type === "task.restored") return [h.restored];
  const now = stateOf(change);
  const was = stateOf(before);
  if (!now || !was) return [h.changed];
  const lines: string[] = [];
  if (now.completed !== was.completed) lines.push(now.completed ? h.completed : h.reopened);
  if (now.title !== was.title) lines.push(h.renamed(now.title));
  if (JSON.stringify(now.due) !== JSON.stringify(was.due)) lines.push(now.due ? h.due(dueText(now.due)) : h.noDue);
  if (now.priority !== was.priority) lines.push(h.priority(t.priority[now.priority ?? "none"]));
  if ((now.labels ?? []).join() !== (was.labels ?? []).join()) lines.push(h.labels(now.labels ?? []));
  if (now.description !== was.description) lines.push(h.description);
  if (now.recurrence !== was.recurrence) lines.push(now.recurrence ? h.recurrence(describeRule(now.recurrence)) : h.noRecurrence);
  if (now.project_id !== was.project_id) {
    const project = projects.find((other) => other.id === now.project_id);
    lines.push(project ? h.project(project.name) : h.noProject);
  }
  if (now.parent_id !== was.parent_id) {
    const parent = now.parent_id ? tasks.get(now.parent_id) : undefined;
    lines.push(parent ? h.parent(parent.title) : h.noParent);
  }
  if (lines.length === 0) lines.push(now.rank === was.rank ? h.changed : h.moved);
  return lines;
}
