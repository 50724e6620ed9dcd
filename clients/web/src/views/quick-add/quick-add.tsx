/**
 * The line to add tasks by typing. What is understood is marked in the text while it is typed and
 * listed below; projects and labels are offered as one types their sign. The view gives defaults:
 * in Today a task without a date gets today's, in a project it lands there.
 */
import { useMemo, useRef, useState, type KeyboardEvent } from "react";
import { createTask, labelKey, useLabels, useProjects, type NewTask, type Project } from "../../data/index.ts";
import { parseQuickAdd, type QuickAdd as Parsed } from "../../data/quick-add/index.ts";
import { announce } from "../../lib/announce.ts";
import { cx } from "../../lib/cx.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { complain } from "../../ui/toasts.tsx";
import { newProject } from "../actions.ts";
import { Highlight } from "./highlight.tsx";
import { describe } from "./describe.ts";
import { suggestionsFor, type Suggestion } from "./suggest.ts";

export interface Defaults {
  due?: string;
  project?: string;
  label?: string;
  parent?: string;
}

interface QuickAddProps {
  defaults: Defaults;
  id?: string;
  autoFocus?: boolean;
  placeholder?: string;
  onAdded?(id: string): void;
  onEscape?(): void;
}

export function QuickAdd({ defaults, id = "quick-add", autoFocus, placeholder = t.quickAdd.placeholder, onAdded, onEscape }: QuickAddProps) {
  const [text, setText] = useState("");
  const [caret, setCaret] = useState(0);
  const [marked, setMarked] = useState(0);
  const [dismissed, dismiss] = useState<string | null>(null);
  const [scrolled, setScrolled] = useState(0);
  const [focused, setFocused] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const projects = useProjects();
  const labels = useLabels();

  const parsed = useMemo(() => parseQuickAdd(text, { now: new Date(), projects: projects.filter((project) => !project.archived) }), [text, projects]);
  const offer = dismissed === text ? null : suggestionsFor(text, caret, projects, labels);
  const options = offer?.options ?? [];
  const at = Math.min(marked, options.length - 1);

  const type = (next: string, position: number) => {
    setText(next);
    setCaret(position);
    setMarked(0);
  };
  const take = (suggestion: Suggestion) => {
    if (!offer) return;
    const before = text.slice(0, offer.start) + suggestion.insert + " ";
    type(before + text.slice(caret).trimStart(), before.length);
    requestAnimationFrame(() => input.current?.setSelectionRange(before.length, before.length));
  };
  const submit = () => {
    if (!text.trim()) return;
    if (!parsed.title) return complain(t.quickAdd.needsTitle);
    if ([...parsed.title].length > 200) return complain(t.quickAdd.tooLong);
    const made = createTask(toTask(parsed, defaults, projects));
    announce(t.quickAdd.added(parsed.title));
    type("", 0);
    onAdded?.(made);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const option = options[at];
    if (option && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      setMarked((at + (event.key === "ArrowDown" ? 1 : options.length - 1)) % options.length);
    } else if (option && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey && offer?.typed) {
      event.preventDefault();
      take(option);
    } else if (event.key === "Enter") {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (option) dismiss(text);
      else if (text) type("", 0);
      else if (onEscape) onEscape();
      else input.current?.blur();
    }
  };

  const parts = text ? describe(parsed) : [];
  return (
    <div className={cx("quick", text && "quick--busy")}>
      <div className="quick__line">
        <Icon className="quick__plus" name="plus" />
        <div className="quick__field">
          <Highlight scrolled={scrolled} spans={parsed.spans} text={text} />
          <input
            aria-activedescendant={options[at] ? `${id}-option-${at}` : undefined}
            aria-autocomplete="list"
            aria-controls={options.length > 0 ? `${id}-options` : undefined}
            aria-describedby={`${id}-parts`}
            aria-expanded={options.length > 0}
            aria-label={t.quickAdd.label}
            autoComplete="off"
            autoFocus={autoFocus}
            className="quick__input"
            enterKeyHint="done"
            id={id}
            maxLength={600}
            onBlur={() => (setFocused(false), dismiss(text))}
            onChange={(event) => type(event.target.value, event.target.selectionStart ?? event.target.value.length)}
            onFocus={() => setFocused(true)}
            onKeyDown={keys}
            onScroll={(event) => setScrolled(event.currentTarget.scrollLeft)}
            onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
            placeholder={focused ? t.quickAdd.example : placeholder}
            ref={input}
            role="combobox"
            spellCheck={false}
            value={text}
          />
        </div>
        {text ? (
          <button className="button button--primary button--small quick__submit" onClick={submit} type="button">{t.common.add}</button>
        ) : (
          <kbd aria-hidden="true" className="quick__key">Q</kbd>
        )}
      </div>
      {options.length > 0 ? (
        <ul aria-label={t.quickAdd.suggestions} className="menu quick__options" id={`${id}-options`} role="listbox">
          {options.map((option, index) => (
            <li
              aria-selected={index === at}
              className="menu__item"
              id={`${id}-option-${index}`}
              key={option.key}
              onPointerDown={(event) => {
                event.preventDefault();
                take(option);
              }}
              role="option"
            >
              {option.color === undefined ? <Icon name={option.icon} size={16} /> : <span className="dot" style={{ color: option.color ?? undefined }} />}
              <span className="menu__text truncate">{option.text}</span>
            </li>
          ))}
        </ul>
      ) : null}
      <div className="quick__parts" hidden={parts.length === 0} id={`${id}-parts`}>
        {parts.map((part) => (
          <span className={`chip quick__part quick__part--${part.kind}`} key={part.kind + part.text}>
            <Icon name={part.icon} size={14} />
            {part.text}
          </span>
        ))}
      </div>
    </div>
  );
}

/** The parsed line and the view's defaults as a task; what was typed wins. */
function toTask(parsed: Parsed, defaults: Defaults, projects: readonly Project[]): NewTask {
  const label = defaults.label;
  const labels = label && !parsed.labels.some((other) => labelKey(other) === labelKey(label)) ? [...parsed.labels, label] : parsed.labels;
  const project = parsed.project ? parsed.project.id ?? newProject(parsed.project.name, projects.length) : defaults.project;
  const due = parsed.due ?? (defaults.due ? { date: defaults.due } : undefined);
  return {
    title: parsed.title,
    ...(due ? { due } : {}),
    ...(parsed.recurrence ? { recurrence: parsed.recurrence } : {}),
    ...(parsed.priority ? { priority: parsed.priority } : {}),
    ...(labels.length > 0 ? { labels } : {}),
    ...(project ? { project_id: project } : {}),
    ...(defaults.parent ? { parent_id: defaults.parent } : {}),
  };
}
