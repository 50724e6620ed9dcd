/** Search over everything. What is typed is in the address at once, as one step of the history. */
import { useEffect, useRef, useState } from "react";
import { announce } from "../../lib/announce.ts";
import { adjust, currentPlace, usePlace } from "../../lib/router.tsx";
import { useView } from "../../data/index.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { filterOf } from "./filters.ts";

export function SearchField() {
  const place = usePlace();
  const [text, setText] = useState(place.q);
  const input = useRef<HTMLInputElement>(null);
  const found = useView(filterOf(place)).length;
  // Going back changes the address under the field.
  useEffect(() => {
    if (document.activeElement !== input.current) setText(place.q);
  }, [place.q]);
  useEffect(() => {
    if (!place.q) return;
    const timer = setTimeout(() => announce(t.search.results(found)), 700);
    return () => clearTimeout(timer);
  }, [place.q, found]);
  return (
    <div className="search" role="search">
      <Icon name="search" />
      <input
        aria-label={t.search.label}
        autoComplete="off"
        autoFocus
        className="bare search__input"
        enterKeyHint="search"
        id="search"
        onChange={(event) => {
          setText(event.target.value);
          adjust({ q: event.target.value }, "replace");
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || !currentPlace().q) return;
          event.stopPropagation();
          setText("");
          adjust({ q: "" }, "replace");
        }}
        placeholder={t.search.placeholder}
        ref={input}
        type="search"
        value={text}
      />
      {place.q ? <span className="search__count">{t.search.results(found)}</span> : null}
    </div>
  );
}
