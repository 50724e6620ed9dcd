/** The text under the transparent input, with what was understood marked. It scrolls along with it. */
import type { ReactNode } from "react";
import type { Span } from "../../data/quick-add/index.ts";

export function Highlight({ text, spans, scrolled }: { text: string; spans: readonly Span[]; scrolled: number }) {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    if (span.start < at) continue;
    parts.push(text.slice(at, span.start), <mark className={`quick__mark quick__mark--${span.kind}`} key={span.start}>{text.slice(span.start, span.end)}</mark>);
    at = span.end;
  }
  parts.push(text.slice(at));
  return (
    <div aria-hidden="true" className="quick__mirror">
      <div className="quick__text" style={{ transform: `translateX(${-scrolled}px)` }}>{parts}</div>
    </div>
  );
}
