/** The heading of a section. Dropping a task on it gives the task what the section stands for. */
import { cx } from "../../lib/cx.ts";
import { useStorePart } from "../../lib/store.ts";
import { t } from "../../text/index.ts";
import type { SectionLine } from "./arrange.ts";
import { dragging } from "./drag-state.ts";

export function SectionRow({ line, first, position }: { line: SectionLine; first: boolean; position: number }) {
  const over = useStorePart(dragging, (now) => now?.target?.kind === "section" && now.target.key === line.key);
  return (
    <div
      aria-rowindex={position}
      className={cx("section", first && "section--first", line.tone === "bad" && "section--bad", over && "section--over")}
      data-line={line.key}
      role="row"
    >
      <div className="section__cell" role="gridcell">
        {line.color === undefined ? null : <span className="dot" style={{ color: line.color || undefined }} />}
        <h2 className="section__title" title={line.spoken}>
          {line.title}
          {line.note ? <span className="section__note"> {line.note}</span> : null}
        </h2>
        <span aria-hidden="true" className="section__count">{line.count}</span>
        <span className="visually-hidden">{t.list.count(line.count)}</span>
      </div>
    </div>
  );
}
