/**
 * How the app stands with the server, told as it is: live, catching up, offline, and how much waits to
 * be sent. Sign and words tell it, not the colour alone. A change of state is spoken, but not each
 * number.
 */
import { useEffect, useRef, useState } from "react";
import { useConnection, type Connection } from "../../data/index.ts";
import { announce } from "../../lib/announce.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { Popover } from "../../ui/menu.tsx";

interface Shown {
  tone: "live" | "busy" | "offline";
  text: string;
  detail: string;
}

export function describeConnection({ state, waiting, kept }: Connection): Shown {
  const c = t.connection;
  if (!kept && waiting > 0 && state !== "signed-out") return { tone: "offline", text: c.notKept, detail: c.notKeptText };
  switch (state) {
    case "live":
      return waiting > 0
        ? { tone: "busy", text: c.sending(waiting), detail: c.waiting(waiting) }
        : { tone: "live", text: c.live, detail: c.liveText };
    case "connecting":
      return { tone: "busy", text: c.connecting, detail: waiting > 0 ? c.waiting(waiting) : c.catchingUpText };
    case "catching-up":
      return { tone: "busy", text: c.catchingUp, detail: c.catchingUpText };
    case "offline":
      return { tone: "offline", text: waiting > 0 ? `${c.offline} · ${c.waitingShort(waiting)}` : c.offline, detail: c.offlineText };
    case "signed-out":
      return { tone: "offline", text: c.signedOut, detail: c.expired };
  }
}

/** A write that is answered at once must not make the badge flicker. */
function useSteady(connection: Connection): Connection {
  const [steady, setSteady] = useState(connection);
  const brief = connection.state === "live" && connection.waiting > 0;
  useEffect(() => {
    if (!brief) return setSteady(connection);
    const timer = setTimeout(setSteady, 600, connection);
    return () => clearTimeout(timer);
  }, [connection, brief]);
  return steady;
}

export function ConnectionBadge({ compact = false }: { compact?: boolean }) {
  const connection = useSteady(useConnection());
  const shown = describeConnection(connection);
  const [open, setOpen] = useState(false);
  const before = useRef(connection.state);
  useEffect(() => {
    if (before.current === connection.state) return;
    const was = before.current;
    before.current = connection.state;
    // Coming up at the start is no news.
    if (connection.state === "offline" || (was === "offline" && connection.state === "live")) announce(shown.text);
  }, [connection.state, shown.text]);
  if (compact && shown.tone === "live") return <span data-state-of-connection={connection.state} data-testid="connection" hidden />;
  return (
    <Popover
      label={shown.text}
      onOpenChange={setOpen}
      open={open}
      side={compact ? "bottom" : "top"}
      trigger={
        <button className={`connection connection--${shown.tone}`} data-state-of-connection={connection.state} data-testid="connection" type="button">
          {shown.tone === "offline" ? <Icon name="offline" size={16} /> : <span aria-hidden="true" className="connection__dot" />}
          <span className="truncate">{shown.text}</span>
        </button>
      }
    >
      <div className="connection__more">
        <p className="connection__title">{shown.text}</p>
        <p>{shown.detail}</p>
        {connection.waiting > 0 && shown.tone === "offline" ? <p>{t.connection.waiting(connection.waiting)}</p> : null}
      </div>
    </Popover>
  );
}
