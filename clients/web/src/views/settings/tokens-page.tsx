/** API tokens: which there are, revoking one, and creating one, which is shown this once. */
import { useState } from "react";
import { revokeApiToken, useApiTokens, type ApiToken } from "../../data/index.ts";
import { ago, dateOf, dateTime } from "../../lib/dates.ts";
import { openOverlay } from "../../lib/overlays.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { message, say } from "../../ui/toasts.tsx";
import { NewToken } from "./new-token.tsx";

export function TokensPage() {
  const { tokens, error } = useApiTokens();
  const [adding, setAdding] = useState(false);
  if (error && !tokens) return <p role="alert">{message(error)}</p>;
  if (!tokens) return <p role="status">{t.common.loading}</p>;
  return (
    <div className="form">
      <p className="field__hint">{t.tokens.text}</p>
      {adding ? (
        <NewToken onDone={() => setAdding(false)} />
      ) : (
        <div>
          <button className="button button--plain" onClick={() => setAdding(true)} type="button">
            <Icon name="plus" size={17} />
            {t.tokens.add}
          </button>
        </div>
      )}
      {tokens.length > 0 ? (
        <ul aria-label={t.settings.pages.tokens} className="devices">
          {tokens.map((token) => <Row key={token.id} token={token} />)}
        </ul>
      ) : (
        <p className="settings__none">{t.tokens.none}</p>
      )}
    </div>
  );
}

function Row({ token }: { token: ApiToken }) {
  const s = t.tokens;
  const revoke = async () => {
    await revokeApiToken(token.id);
    say(s.revoked(token.name));
  };
  return (
    <li className="device">
      <Icon name="key" />
      <div className="device__main">
        <p className="device__name">{token.name}<span className="device__mark">{s.scopes[token.scope]}</span></p>
        <p className="field__hint" title={dateTime(token.created_at)}>
          {[token.last_used_at ? s.used(ago(token.last_used_at)) : s.unused, endOf(token)].filter(Boolean).join(" · ")}
        </p>
      </div>
      <button
        aria-label={s.revokeOf(token.name)}
        className="button button--danger button--small"
        onClick={() => openOverlay({ kind: "confirm", title: s.revokeTitle(token.name), text: s.revokeText, action: s.revoke, run: revoke })}
        type="button"
      >
        {s.revoke}
      </button>
    </li>
  );
}

function endOf({ expires_at }: ApiToken): string | null {
  if (!expires_at) return null;
  return Date.parse(expires_at) <= Date.now() ? t.tokens.ended : t.tokens.ends(dateOf(expires_at));
}
