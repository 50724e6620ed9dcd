/**
 * What is being dragged and what could be: shared by the rows, the list and the layer that notices the
 * drag (`drag.tsx`, fetched later). A list registers itself as the `stage` and its rows as sources; the
 * side bar's projects and Today are found by their `data-drop`.
 */
import { useEffect, type RefObject } from "react";
import type { Task } from "../../data/index.ts";
import { createStore } from "../../lib/store.ts";
import type { Gap } from "./gaps.ts";

export type DropTarget =
  | { kind: "gap"; gap: Gap }
  | { kind: "section"; key: string }
  | { kind: "side"; name: string };

export interface Dragging {
  tasks: readonly Task[];
  x: number;
  y: number;
  target: DropTarget | null;
  /** Moved with the keyboard: the mark shows, the ghost does not. */
  byKeyboard?: boolean;
}

export const dragging = createStore<Dragging | null>(null);

export interface Stage {
  /** Which tasks go along when this row is dragged. */
  pick(id: string): readonly Task[];
  locate(row: HTMLElement, y: number, tasks: readonly Task[]): DropTarget | null;
  drop(target: DropTarget, tasks: readonly Task[]): void;
  cancelled(tasks: readonly Task[]): void;
}

let present: Stage | null = null;

export const stage = (): Stage | null => present;

export function useStage(next: Stage): void {
  useEffect(() => {
    present = next;
    return () => {
      if (present === next) present = null;
    };
  }, [next]);
}

export interface Source {
  key: string;
  task: string;
  element: HTMLElement;
}

/** The rows on screen. Scrolling changes many at once, so they are told about together. */
export const sources = createStore<readonly Source[]>([]);
const rows = new Map<string, Source>();
let telling = false;

function tell(): void {
  if (telling) return;
  telling = true;
  setTimeout(() => {
    telling = false;
    sources.set([...rows.values()]);
  }, 60);
}

export function useSource(row: RefObject<HTMLElement | null>, key: string, task: string): void {
  useEffect(() => {
    if (!row.current) return;
    const source = { key, task, element: row.current };
    rows.set(key, source);
    tell();
    return () => {
      if (rows.get(key) === source) rows.delete(key);
      tell();
    };
  }, [row, key, task]);
}
