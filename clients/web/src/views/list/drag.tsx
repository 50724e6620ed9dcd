/**
 * Dragging with the pointer, fetched once the page stands. dnd-kit notices the drag (mouse after a few
 * pixels, touch after a moment) and scrolls at the edges; where it may go is our own (`gaps.ts`),
 * because rows of a virtual list come and go. Its feedback plugins write <style> tags, which the
 * content security policy refuses, so the ghost under the pointer is ours as well.
 */
import { DragDropProvider, useDraggable, type DragEndEvent, type DragMoveEvent, type DragStartEvent } from "@dnd-kit/react";
import { AutoScroller, PointerActivationConstraints, PointerSensor } from "@dnd-kit/dom";
import { memo, useEffect } from "react";
import type { Task } from "../../data/index.ts";
import { useStore } from "../../lib/store.ts";
import { t } from "../../text/index.ts";
import { dragging, sources, stage, type DropTarget, type Source } from "./drag-state.ts";

const sensor = PointerSensor.configure({
  activationConstraints: (event) =>
    event.pointerType === "touch"
      ? [new PointerActivationConstraints.Delay({ value: 320, tolerance: 6 })]
      : [new PointerActivationConstraints.Distance({ value: 6 })],
  preventActivation: (event) => event.target instanceof Element && event.target.closest("[data-nodrag]") !== null,
});

function locate(x: number, y: number, tasks: readonly Task[]): DropTarget | null {
  const under = document.elementFromPoint(x, y);
  const side = under?.closest<HTMLElement>("[data-drop]")?.dataset.drop;
  if (side) return { kind: "side", name: side };
  const row = under?.closest<HTMLElement>("[data-line]");
  return row ? stage()?.locate(row, y, tasks) ?? null : null;
}

function start(event: DragStartEvent): void {
  const id = event.operation.source?.data.task as string | undefined;
  const tasks = (id && stage()?.pick(id)) || [];
  const { x, y } = event.operation.position.current;
  if (tasks.length > 0) dragging.set({ tasks, x, y, target: null });
}

function follow(event: DragMoveEvent): void {
  const now = dragging.get();
  const point = event.to ?? event.operation.position.current;
  if (now) dragging.set({ ...now, x: point.x, y: point.y, target: locate(point.x, point.y, now.tasks) });
}

function end(event: DragEndEvent): void {
  const now = dragging.get();
  dragging.set(null);
  if (!now) return;
  if (event.canceled || !now.target) stage()?.cancelled(now.tasks);
  else stage()?.drop(now.target, now.tasks);
  swallowClick();
}

/** The click that ends a drag must not open the task. */
function swallowClick(): void {
  const stop = (event: MouseEvent) => {
    event.preventDefault();
    event.stopPropagation();
  };
  addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", stop, { capture: true }), 50);
}

export function DragLayer() {
  const rows = useStore(sources);
  return (
    <DragDropProvider onDragEnd={end} onDragMove={follow} onDragStart={start} plugins={[AutoScroller]} sensors={[sensor]}>
      {rows.map((row) => <Draggable key={row.key} source={row} />)}
      <Ghost />
    </DragDropProvider>
  );
}

/** Makes a row that is drawn elsewhere something to drag. */
const Draggable = memo(function Draggable({ source }: { source: Source }) {
  useDraggable({ id: source.key, element: source.element, data: { task: source.task } });
  return null;
});

function Ghost() {
  const now = useStore(dragging);
  const on = now !== null && !now.byKeyboard;
  useEffect(() => {
    document.documentElement.classList.toggle("is-dragging", on);
  }, [on]);
  const [first] = now?.tasks ?? [];
  if (!now || !on || !first) return null;
  return (
    <div aria-hidden="true" className="ghost" style={{ transform: `translate(${now.x + 14}px, ${now.y + 10}px)` }}>
      {now.tasks.length > 1 ? t.drag.many(now.tasks.length) : first.title}
    </div>
  );
}
