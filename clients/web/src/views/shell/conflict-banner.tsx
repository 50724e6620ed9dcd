/** Says that edits met somebody else's, and leads to where a person chooses. Above whatever is in sight. */
import { useConflicts } from "../../data/index.ts";
import { openOverlay } from "../../lib/overlays.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/icon.tsx";

export function ConflictBanner() {
  const size = useConflicts().length;
  if (size === 0) return null;
  return (
    <div className="banner" role="alert">
      <Icon name="warning" />
      <p>{t.conflict.banner(size)}</p>
      <button className="button button--plain button--small" onClick={() => openOverlay({ kind: "conflicts" })} type="button">{t.conflict.review}</button>
    </div>
  );
}
