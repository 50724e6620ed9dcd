/**
 * Short messages at the bottom, most with an Undo. They stay for eight seconds, longer while the
 * pointer or the focus is on them, and are told to screen readers when they come. `undoLast` serves
 * the shortcut: it also reaches actions whose toast is gone.
 */
import { useEffect, useState } from "react";
import type { Undo } from "../data/index.ts";
import { announce } from "../lib/announce.ts";
import { createStore, useStore } from "../lib/store.ts";
import { t } from "../text/index.ts";
import { Icon } from "./icon.tsx";

interface Toast {
  id: number;
  text: string;
  tone: "plain" | "error";
  detail?: string;
  undo?: Undo;
  onClose?: () => void;
}

const toasts = createStore<readonly Toast[]>([]);
const undos: Undo[] = [];
let last = 0;

function show(toast: Omit<Toast, "id">): void {
  const id = ++last;
  toasts.set((now) => [...now.filter((other) => other.tone === "error"), { ...toast, id }].slice(-3));
  announce(toast.detail ? `${toast.text}. ${toast.detail}` : toast.text);
}

function close(toast: Toast): void {
  toasts.set((now) => now.filter((other) => other.id !== toast.id));
  toast.onClose?.();
}

export function say(text: string, undo?: Undo): void {
  if (undo) remember(undo);
  show({ text, undo, tone: "plain" });
}

/** Can be taken back by the shortcut, without a toast of its own. */
export function remember(undo: Undo): void {
  undos.push(undo);
  if (undos.length > 50) undos.shift();
}

export function complain(text: string, detail?: string, onClose?: () => void): void {
  show({ text, detail, tone: "error", onClose });
}

/** Nothing of what was said or done stays: somebody else may be next. */
export function forgetToasts(): void {
  undos.length = 0;
  toasts.set([]);
}

export function undoLast(): void {
  const undo = undos.pop();
  if (!undo) return announce(t.actions.nothingToUndo);
  takeBack(undo);
}

function takeBack(undo: Undo): void {
  const index = undos.indexOf(undo);
  if (index >= 0) undos.splice(index, 1);
  toasts.set((now) => now.filter((toast) => toast.undo !== undo));
  undo.undo().then(() => announce(t.common.undone), (error: unknown) => complain(message(error)));
}

export function message(error: unknown): string {
  return error instanceof Error && error.message ? error.message : t.error.unknown;
}

export function Toasts() {
  const shown = useStore(toasts);
  if (shown.length === 0) return null;
  return (
    <section aria-label={t.common.messages} className="toasts">
      {shown.map((toast) => <ToastCard key={toast.id} toast={toast} />)}
    </section>
  );
}

function ToastCard({ toast }: { toast: Toast }) {
  const [held, hold] = useState(false);
  useEffect(() => {
    if (held || toast.tone === "error") return;
    const timer = setTimeout(close, 8000, toast);
    return () => clearTimeout(timer);
  }, [held, toast]);
  return (
    <div
      className={`toast toast--${toast.tone}`}
      onBlur={() => hold(false)}
      onFocus={() => hold(true)}
      onPointerEnter={() => hold(true)}
      onPointerLeave={() => hold(false)}
    >
      {toast.tone === "error" ? <Icon name="warning" /> : null}
      <div className="toast__text">
        <p>{toast.text}</p>
        {toast.detail ? <p className="toast__detail">{toast.detail}</p> : null}
      </div>
      {toast.undo ? (
        <button className="toast__undo" onClick={() => toast.undo && takeBack(toast.undo)} type="button">
          {t.common.undo}
        </button>
      ) : null}
      <button aria-label={t.common.close} className="toast__close" onClick={() => close(toast)} type="button">
        <Icon name="x" size={16} />
      </button>
    </div>
  );
}
