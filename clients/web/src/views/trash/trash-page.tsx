/** The trash: what was deleted, newest first, to be taken back or deleted for good. */
import { emptyTrash, purge, restoreFromTrash, useConnection, useTrash, type TrashEntry } from "../../data/index.ts";
import { ago, dateTime } from "../../lib/dates.ts";
import { openOverlay } from "../../lib/overlays.ts";
import { usePlace } from "../../lib/router.tsx";
import { t } from "../../text/index.ts";
import { Blank, ListSkeleton } from "../../ui/blank.tsx";
import { Icon } from "../../ui/icon.tsx";
import { complain, message, say } from "../../ui/toasts.tsx";
import { PageHead } from "../list/page-head.tsx";

export function TrashPage() {
  const place = usePlace();
  const { entries, error, hasMore, loadMore, loading } = useTrash();
  const { state } = useConnection();
  return (
    <>
      <PageHead place={place} title={t.views.trash}>
        {entries && entries.length > 0 ? <button className="button button--danger button--small" onClick={askToEmpty} type="button">{t.trash.empty}</button> : null}
      </PageHead>
      <div className="list">
        {entries ? (
          entries.length === 0 ? (
            <Blank icon="trash" text={t.blank.trashText} title={t.blank.trashTitle} />
          ) : (
            <>
              <ul aria-label={t.trash.label} className="trash">{entries.map((entry) => <TrashRow entry={entry} key={entry.id} />)}</ul>
              {hasMore ? (
                <button className="button button--plain trash__more" disabled={loading} onClick={loadMore} type="button">{t.common.loadMore}</button>
              ) : null}
            </>
          )
        ) : error ? (
          <Blank icon={state === "offline" ? "offline" : "warning"} text={state === "offline" ? t.blank.offlineText : message(error)} title={t.blank.errorTitle} tone="bad">
            <button className="button button--plain" onClick={loadMore} type="button">{t.common.retry}</button>
          </Blank>
        ) : (
          <ListSkeleton label={t.common.loading} />
        )}
      </div>
    </>
  );
}

const nameOf = (entry: TrashEntry) => entry.task?.title ?? entry.project?.name ?? "";

function TrashRow({ entry }: { entry: TrashEntry }) {
  const name = nameOf(entry);
  const restore = () => restoreFromTrash(entry.id).then(() => say(t.actions.restored(name)), (error: unknown) => complain(message(error)));
  return (
    <li className="trash__row">
      {entry.project ? <span className="dot" style={{ color: entry.project.color ?? undefined }} /> : <Icon className="trash__icon" name={entry.task?.completed ? "checkCircle" : "project"} />}
      <div className="trash__main">
        <p className="trash__title">{name}</p>
        <p className="trash__note">
          <span className="visually-hidden">{entry.project ? t.trash.project : t.trash.task}. </span>
          <time dateTime={entry.deleted_at} title={dateTime(entry.deleted_at)}>{t.trash.deleted(ago(entry.deleted_at))}</time>
          {entry.along > 0 ? ` ${t.trash.along(entry.along)}` : ""}
        </p>
      </div>
      <button aria-label={`${t.trash.restore}: ${name}`} className="button button--plain button--small" onClick={() => void restore()} type="button">
        <Icon name="undo" size={16} />
        {t.trash.restore}
      </button>
      <button aria-label={`${t.trash.purge}: ${name}`} className="icon-button trash__purge" onClick={() => askToPurge(entry)} title={t.trash.purge} type="button">
        <Icon name="trash" />
      </button>
    </li>
  );
}

function askToPurge(entry: TrashEntry): void {
  const name = nameOf(entry);
  openOverlay({
    kind: "confirm", title: t.trash.purgeTitle(name), text: t.trash.purgeText, action: t.trash.purge,
    run: async () => {
      await purge(entry.id);
      say(t.actions.purged(name));
    },
  });
}

function askToEmpty(): void {
  openOverlay({
    kind: "confirm", title: t.trash.emptyTitle, text: t.trash.emptyText, action: t.trash.empty,
    run: async () => {
      await emptyTrash();
      say(t.trash.emptied);
    },
  });
}
