/**
 * Title and description, edited in place. While someone types, what arrives from elsewhere never
 * touches the field: it is shown below with a choice. The edit is saved on Enter (title), on leaving,
 * and a moment after the last letter, always against the task as it was when typing began.
 */
import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import type { Task } from "../../data/index.ts";
import { cx } from "../../lib/cx.ts";
import { t } from "../../text/index.ts";
import { FieldError } from "../../ui/field.tsx";
import { change } from "../actions.ts";

interface TextEditorProps {
  task: Task;
  field: "title" | "description";
  label: string;
  limit: number;
  placeholder?: string;
  className: string;
}

const PAUSE = 1200;

export function TextEditor({ task, field, label, limit, placeholder, className }: TextEditorProps) {
  const id = useId();
  const saved = task[field] ?? "";
  /** Null while nobody edits: then the field shows the task as it is. */
  const [draft, setDraft] = useState<{ text: string; base: Task } | null>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const text = draft?.text ?? saved;
  const base = draft ? draft.base[field] ?? "" : saved;
  const elsewhere = draft !== null && saved !== base && saved !== draft.text.trim();
  const length = [...text.trim()].length;
  const fault = field === "title" && draft && length === 0 ? t.detail.titleEmpty : length > limit ? t.detail.tooLong(limit) : null;

  const save = (close: boolean) => {
    if (!draft) return;
    const next = draft.text.trim();
    const good = !fault && next !== base.trim() && !(elsewhere && !close);
    if (good) change(task, field === "title" ? { title: next } : { description: next || null }, draft.base);
    if (close) setDraft(null);
    // What is saved is the new base, together with whatever else the task is by now.
    else if (good) setDraft({ text: draft.text, base: { ...draft.base, [field]: next } });
  };
  const latest = useRef(save);
  latest.current = save;

  useEffect(() => {
    if (!draft || draft.text.trim() === base.trim()) return;
    const timer = setTimeout(() => latest.current(false), PAUSE);
    return () => clearTimeout(timer);
  }, [draft, base]);
  // Also when the panel closes or shows another task under the cursor.
  useEffect(() => () => latest.current(true), []);

  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);

  const keys = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && (field === "title" || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.currentTarget.blur();
    } else if (event.key === "Escape" && draft && draft.text !== base) {
      event.preventDefault();
      event.stopPropagation();
      setDraft({ text: base, base: draft.base });
    }
  };

  return (
    <div className="editor">
      <textarea
        aria-describedby={cx(fault && `${id}-fault`, elsewhere && `${id}-other`) || undefined}
        aria-invalid={fault ? true : undefined}
        aria-label={label}
        className={cx("editor__area", className)}
        id={id}
        onBlur={() => save(true)}
        onChange={(event) => setDraft({ text: field === "title" ? event.target.value.replaceAll("\n", " ") : event.target.value, base: draft?.base ?? task })}
        onFocus={() => setDraft((now) => now ?? { text: saved, base: task })}
        onKeyDown={keys}
        placeholder={placeholder}
        ref={area}
        rows={1}
        spellCheck
        value={text}
      />
      {fault ? <FieldError id={`${id}-fault`} text={fault} /> : null}
      {draft && !fault && length > limit * 0.9 ? <p className="editor__left">{t.detail.descriptionCount(limit - length)}</p> : null}
      {elsewhere ? (
        <div className="editor__other" id={`${id}-other`} role="status">
          <p>{t.detail.changedElsewhere}</p>
          <blockquote>{saved || t.conflict.empty}</blockquote>
          <div className="editor__choice">
            <button
              className="button button--plain button--small"
              onClick={() => setDraft(null)}
              onPointerDown={(event) => event.preventDefault()}
              type="button"
            >
              {t.detail.takeTheirs}
            </button>
            <button
              className="button button--plain button--small"
              onClick={() => setDraft((now) => now && { text: now.text, base: task })}
              onPointerDown={(event) => event.preventDefault()}
              type="button"
            >
              {t.detail.keepMine}
            </button>
          </div>
        </div>
      ) : null}
    </div>
  );
}
