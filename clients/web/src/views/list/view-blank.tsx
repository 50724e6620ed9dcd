/** What each view says when it has nothing to show. */
import { useView } from "../../data/index.ts";
import { dayOf, today } from "../../lib/dates.ts";
import { goToView, type Place } from "../../lib/router.tsx";
import { t } from "../../text/index.ts";
import { Blank } from "../../ui/blank.tsx";
import type { IconName } from "../../ui/icon.tsx";
import { clear } from "./filter-bar.tsx";

export function ViewBlank({ place, filtered, missing }: { place: Place; filtered: boolean; missing: boolean }) {
  const b = t.blank;
  const doneToday = useView(DONE).filter((task) => task.completed_at && dayOf(new Date(task.completed_at)) === today()).length;
  if (missing) {
    return (
      <Blank icon="folder" text={t.views.missingProjectText} title={t.views.missingProject}>
        <button className="button button--plain" onClick={() => goToView("all")} type="button">{t.views.all}</button>
      </Blank>
    );
  }
  if (place.view === "search") {
    return place.q.trim()
      ? <Blank icon="search" text={t.search.noneText} title={t.search.none(place.q)} />
      : <Blank icon="search" text={t.search.startText} title={t.search.start} />;
  }
  if (filtered) {
    return (
      <Blank icon="filter" text={b.filteredText} title={b.filteredTitle}>
        <button className="button button--plain" onClick={clear} type="button">{t.filter.clear}</button>
      </Blank>
    );
  }
  if (place.view === "today" && doneToday > 0) return <Blank icon="check" text={b.todayDoneText(doneToday)} title={b.todayDoneTitle} />;
  const blanks: Record<Exclude<Place["view"], "search">, { icon: IconName; title: string; text: string }> = {
    today: { icon: "sun", title: b.todayTitle, text: b.todayText },
    upcoming: { icon: "calendar", title: b.upcomingTitle, text: b.upcomingText },
    overdue: { icon: "check", title: b.overdueTitle, text: b.overdueText },
    all: { icon: "edit", title: b.allTitle, text: b.allText },
    completed: { icon: "checkCircle", title: b.completedTitle, text: b.completedText },
    trash: { icon: "trash", title: b.trashTitle, text: b.trashText },
    project: { icon: "folder", title: b.projectTitle, text: b.projectText },
    label: { icon: "tag", title: b.labelTitle, text: b.labelText },
  };
  return <Blank {...blanks[place.view]} />;
}

const DONE = { status: "completed" } as const;
