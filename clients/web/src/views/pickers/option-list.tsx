/**
 * A field above a list of options, worked like a combobox: the focus stays in the field, arrow keys
 * mark an option, Enter takes it. Pickers of projects, labels and tasks are this with their own options.
 */
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/icon.tsx";

export interface Option {
  key: string;
  text: string;
  icon?: ReactNode;
  hint?: string;
  checked?: boolean;
  run(): void;
}

interface OptionListProps {
  label: string;
  placeholder: string;
  text: string;
  onText(text: string): void;
  options: readonly Option[];
}

export function OptionList({ label, placeholder, text, onText, options }: OptionListProps) {
  const id = useId();
  const [marked, setMarked] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const at = Math.min(marked, options.length - 1);
  useEffect(() => setMarked(0), [text]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const keys = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const size = options.length;
      if (size > 0) setMarked((at + (event.key === "ArrowDown" ? 1 : size - 1)) % size);
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      options[at]?.run();
    }
  };

  return (
    <div className="options">
      <div className="options__field">
        <Icon name="search" size={16} />
        <input
          aria-activedescendant={options[at] ? `${id}-${at}` : undefined}
          aria-autocomplete="list"
          aria-controls={`${id}-list`}
          aria-expanded="true"
          aria-label={label}
          autoComplete="off"
          autoFocus
          className="bare"
          onChange={(event) => onText(event.target.value)}
          onKeyDown={keys}
          placeholder={placeholder}
          role="combobox"
          value={text}
        />
      </div>
      <ul aria-label={label} aria-multiselectable={options.some((option) => option.checked !== undefined) || undefined} className="options__list" id={`${id}-list`} ref={list} role="listbox">
        {options.map((option, index) => (
          <li
            aria-checked={option.checked}
            aria-selected={index === at}
            className="menu__item"
            id={`${id}-${index}`}
            key={option.key}
            onClick={option.run}
            onPointerMove={() => setMarked(index)}
            role="option"
          >
            {option.icon}
            <span className="menu__text truncate">{option.text}</span>
            {option.hint ? <span className="menu__hint">{option.hint}</span> : null}
            {option.checked ? <Icon name="check" size={16} /> : null}
          </li>
        ))}
        {options.length === 0 ? <li aria-disabled="true" aria-selected="false" className="options__none" role="option">{t.picker.nothing}</li> : null}
      </ul>
    </div>
  );
}

/** All words, each at the beginning of a word, whatever their case and accents. */
export function matches(name: string, text: string): boolean {
  const plain = (value: string) => value.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const words = plain(name).split(/[^\p{L}\p{N}]+/u);
  return plain(text).split(/\s+/).filter(Boolean).every((part) => words.some((word) => word.startsWith(part)) || plain(name).includes(part));
}
