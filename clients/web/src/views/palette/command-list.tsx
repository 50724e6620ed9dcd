/** The field and the grouped list of the palette: a combobox whose focus stays in the field. */
import { Fragment, useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { closeOverlay, overlay } from "../../lib/overlays.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/icon.tsx";

export interface Command {
  key: string;
  group: string;
  text: string;
  /** Also found by these. */
  words?: string;
  icon: ReactNode;
  hint?: string;
  /** Too many to list before anything is typed. */
  onlyFound?: boolean;
  run(): void;
}

export function CommandList({ commands, text, onText }: { commands: readonly Command[]; text: string; onText(text: string): void }) {
  const id = useId();
  const [marked, setMarked] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const at = Math.min(marked, commands.length - 1);
  useEffect(() => setMarked(0), [text]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const run = (command: Command | undefined) => {
    if (!command) return;
    const before = overlay.get();
    closeOverlay();
    // Once the palette has given the focus back, so that what opens now can take it.
    setTimeout(() => before && command.run(), 10);
  };
  const keys = (event: KeyboardEvent) => {
    const size = commands.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (size > 0) setMarked((at + (event.key === "ArrowDown" ? 1 : size - 1)) % size);
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      run(commands[at]);
    }
  };

  return (
    <>
      <div className="palette__field">
        <Icon name="search" />
        <input
          aria-activedescendant={commands[at] ? `${id}-${at}` : undefined}
          aria-autocomplete="list"
          aria-controls={`${id}-list`}
          aria-expanded="true"
          aria-label={t.palette.label}
          autoComplete="off"
          autoFocus
          className="bare"
          onChange={(event) => onText(event.target.value)}
          onKeyDown={keys}
          placeholder={t.palette.placeholder}
          role="combobox"
          value={text}
        />
        <kbd aria-hidden="true">Esc</kbd>
      </div>
      <ul aria-label={t.palette.label} className="palette__list" id={`${id}-list`} ref={list} role="listbox" tabIndex={-1}>
        {commands.map((command, index) => (
          <Fragment key={`${command.group}/${command.key}`}>
            {command.group === commands[index - 1]?.group ? null : <li className="menu__label" role="presentation">{command.group}</li>}
            <li
              aria-selected={index === at}
              className="menu__item"
              id={`${id}-${index}`}
              onClick={() => run(command)}
              onPointerMove={() => setMarked(index)}
              role="option"
            >
              {command.icon}
              <span className="menu__text truncate">{command.text}</span>
              {command.hint ? <span aria-hidden="true" className="menu__hint">{command.hint}</span> : null}
            </li>
          </Fragment>
        ))}
        {commands.length === 0 ? <li aria-disabled="true" aria-selected="false" className="options__none" role="option">{t.palette.nothing}</li> : null}
      </ul>
    </>
  );
}
