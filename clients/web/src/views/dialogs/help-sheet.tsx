/** All keyboard shortcuts, and what quick add understands. */
import { closeOverlay } from "../../lib/overlays.ts";
import { preferences } from "../../lib/preferences.ts";
import { useStorePart } from "../../lib/store.ts";
import { t } from "../../text/index.ts";
import { Dialog } from "../../ui/dialog.tsx";

const mac = typeof navigator !== "undefined" && /Mac|iP(hone|ad)/.test(navigator.userAgent);
const CMD = mac ? "⌘" : "Ctrl";

type Keys = readonly (readonly string[])[];

/** Alternatives, each a sequence of keys. */
const GROUPS = (): { title: string; rows: [string, Keys][] }[] => {
  const k = t.help.keys;
  const v = t.views;
  return [
    { title: t.help.general, rows: [
      [k.add, [["Q"], ["N"]]], [k.search, [["/"]]], [k.palette, [[CMD, "K"]]], [k.undo, [["Z"], [CMD, "Z"]]],
      [k.sidebar, [["["]]], [k.close, [["Esc"]]], [k.help, [["?"]]],
    ] },
    { title: t.help.go, rows: [
      [v.today, [["G", "T"]]], [v.upcoming, [["G", "U"]]], [v.overdue, [["G", "O"]]], [v.all, [["G", "A"]]],
      [v.completed, [["G", "C"]]], [v.trash, [["G", "X"]]], [v.search, [["G", "S"]]],
    ] },
    { title: t.help.list, rows: [
      [k.move, [["↑", "↓"], ["J", "K"]]], [k.open, [["Enter"], ["O"]]], [k.complete, [["C"]]], [k.select, [["Space"], ["X"]]],
      [k.selectMore, [["Shift", "↑ ↓"]]], [k.selectAll, [[CMD, "A"]]], [k.due, [["D"]]], [k.priority, [["P"], ["1"], ["2"], ["3"], ["4"], ["0"]]],
      [k.labels, [["L"]]], [k.project, [["M"]]], [k.reorder, [["Alt", "↑ ↓"]]], [k.nest, [["Alt", "← →"]]], [k.delete, [["Del"]]],
    ] },
  ];
};

export function HelpSheet() {
  const letterKeys = useStorePart(preferences, (now) => now.letterKeys);
  return (
    <Dialog className="dialog--help" onClose={closeOverlay} size="large" text={letterKeys ? undefined : t.help.offNote} title={t.help.title}>
      <div className="help" tabIndex={0} aria-label={t.help.title} role="region">
        {GROUPS().map((group) => (
          <section className="help__group" key={group.title}>
            <h3>{group.title}</h3>
            <dl>
              {group.rows.map(([what, keys]) => (
                <div className="help__row" key={what}>
                  <dt>{what}</dt>
                  <dd>
                    {keys.map((combination) => (
                      <span className="help__keys" key={combination.join()}>{combination.map((key) => <kbd key={key}>{key}</kbd>)}</span>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section className="help__group">
          <h3>{t.help.quickAdd}</h3>
          <dl>
            {t.help.syntax.map(([example, what]) => (
              <div className="help__row help__row--syntax" key={example}>
                <dt><code>{example}</code></dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  );
}
