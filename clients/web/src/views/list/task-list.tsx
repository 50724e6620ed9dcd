/**
 * The list: a virtual grid of lines, of which only those near the window exist. It joins what the
 * parts beside it do (keys, drag, steps, selection) and keeps the focus where the person left it when
 * rows come and go.
 */
import { useVirtualizer, defaultRangeExtractor, type Range } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, type ReactNode } from "react";
import { active, keepSelected } from "../../lib/selection.ts";
import { useStore } from "../../lib/store.ts";
import { usePlace } from "../../lib/router.tsx";
import { t } from "../../text/index.ts";
import type { Grouping, Line } from "./arrange.ts";
import { SectionRow } from "./section-row.tsx";
import { TaskRow } from "./task-row.tsx";
import { useListDrag } from "./use-list-drag.ts";
import { useListKeys } from "./use-list-keys.ts";
import { makeStepper, setStepper } from "./steps.ts";

interface TaskListProps {
  label: string;
  lines: readonly Line[];
  grouping: Grouping;
  /** The order is the user's own, so it can be changed by hand. */
  ranked: boolean;
  tree: boolean;
  hideProject: boolean;
  /** What the view is about, and so what its rows need not say. */
  hideLabel: string | null;
  /** Above the first line, scrolling along. */
  children?: ReactNode;
}

export function TaskList({ label, lines, grouping, ranked, tree, hideProject, hideLabel, children }: TaskListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const place = usePlace();
  const activeId = useStore(active);
  const latest = useRef(lines);
  latest.current = lines;

  const index = useMemo(() => new Map(lines.flatMap((line, at) => (line.kind === "task" ? [[line.task.id, at] as const] : []))), [lines]);
  const activeIndex = activeId === null ? -1 : index.get(activeId) ?? -1;
  const firstTask = useMemo(() => lines.findIndex((line) => line.kind === "task"), [lines]);
  const currentIndex = activeIndex >= 0 ? activeIndex : firstTask;

  const rangeExtractor = useCallback((range: Range) => {
    const indexes = defaultRangeExtractor(range);
    // The row with the focus stays, wherever the list is scrolled to.
    return currentIndex < 0 || indexes.includes(currentIndex) ? indexes : [...indexes, currentIndex].sort((a, b) => a - b);
  }, [currentIndex]);

  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => (lines[at]?.kind === "section" ? (at === 0 ? 36 : 52) : 42),
    getItemKey: (at) => lines[at]?.key ?? at,
    overscan: 10,
    paddingEnd: 96,
    rangeExtractor,
  });

  const focusTask = useCallback((id: string) => {
    const at = latest.current.findIndex((line) => line.kind === "task" && line.task.id === id);
    if (at < 0) return;
    active.set(id);
    virtual.scrollToIndex(at, { align: "auto" });
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-task="${id}"]`)?.focus({ preventScroll: true }));
  }, [virtual]);

  useFocusKept(scroller, lines, activeIndex, focusTask);
  useEffect(() => keepSelected(new Set(index.keys())), [index]);
  useEffect(() => {
    setStepper(makeStepper(() => latest.current, { ranked, tree }));
    return () => setStepper(null);
  }, [ranked, tree]);

  const order = useCallback(() => latest.current.flatMap((line) => (line.kind === "task" ? [line.task.id] : [])), []);
  const grab = useListDrag({ lines: latest, grouping, ranked, tree, focusTask });
  const onKeyDown = useListKeys({ lines: latest, focusTask, grab });

  return (
    <div className="list" data-testid="list" ref={scroller}>
      {children}
      {lines.length > 0 ? (
        <div
          aria-label={label}
          aria-multiselectable="true"
          aria-rowcount={lines.length}
          className="list__grid"
          onKeyDown={onKeyDown}
          role="grid"
          style={{ height: virtual.getTotalSize() }}
        >
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            return (
              <div
                className="list__line"
                data-index={item.index}
                key={item.key}
                ref={virtual.measureElement}
                role="presentation"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {line.kind === "section" ? (
                  <SectionRow first={item.index === 0} line={line} position={item.index + 1} />
                ) : (
                  <TaskRow
                    canDrag={ranked || grouping === "due"}
                    current={item.index === currentIndex}
                    hideLabel={hideLabel}
                    hideParent={tree && line.depth > 0}
                    hideProject={hideProject}
                    line={line}
                    onGrab={grab.start}
                    open={place.task === line.task.id}
                    order={order}
                    position={item.index + 1}
                  />
                )}
              </div>
            );
          })}
        </div>
      ) : null}
      <p className="visually-hidden" role="status">{t.list.count(index.size)}</p>
    </div>
  );
}

/** When the row with the focus goes (done, deleted, moved away), the one in its place gets it. */
function useFocusKept(scroller: React.RefObject<HTMLDivElement | null>, lines: readonly Line[], activeIndex: number, focusTask: (id: string) => void): void {
  const had = useRef<{ index: number; focused: boolean }>({ index: -1, focused: false });
  useEffect(() => {
    const grid = scroller.current;
    if (!grid) return;
    const inside = (event: FocusEvent) => {
      had.current.focused = event.target instanceof Element && event.target.closest('[role="row"]') !== null;
    };
    const outside = (event: Event) => {
      if (!(event.target instanceof Node) || !grid.contains(event.target)) had.current.focused = false;
    };
    grid.addEventListener("focusin", inside);
    document.addEventListener("focusin", outside);
    document.addEventListener("pointerdown", outside);
    return () => {
      grid.removeEventListener("focusin", inside);
      document.removeEventListener("focusin", outside);
      document.removeEventListener("pointerdown", outside);
    };
  }, [scroller]);
  useLayoutEffect(() => {
    const { index, focused } = had.current;
    had.current.index = activeIndex;
    if (activeIndex >= 0 || index < 0 || !focused || document.activeElement !== document.body) return;
    const tasks = lines.flatMap((line, at) => (line.kind === "task" ? [{ id: line.task.id, at }] : []));
    const next = tasks.find(({ at }) => at >= index) ?? tasks.at(-1);
    if (next) focusTask(next.id);
  }, [activeIndex, lines, focusTask]);
}

