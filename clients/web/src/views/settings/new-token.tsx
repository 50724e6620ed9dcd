/** The form of a new API token, and then the token itself to be copied. */
import { useEffect, useRef, useState, type FormEvent } from "react";
import { addApiToken, type ApiToken } from "../../data/index.ts";
import { announce } from "../../lib/announce.ts";
import { useAttempt } from "../../lib/attempt.ts";
import { t } from "../../text/index.ts";
import { Choice } from "../../ui/choice.tsx";
import { Field, FieldError } from "../../ui/field.tsx";
import { Icon } from "../../ui/icon.tsx";

type Scope = ApiToken["scope"];
const SCOPES: readonly Scope[] = ["read", "read-write"];
const LIVES = ["30", "90", "365", "never"] as const;
type Life = (typeof LIVES)[number];

const endOf = (life: Life) => (life === "never" ? null : new Date(Date.now() + Number(life) * 86_400_000).toISOString());

export function NewToken({ onDone }: { onDone(): void }) {
  const s = t.tokens;
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("read");
  const [life, setLife] = useState<Life>("90");
  const { busy, attempt, refuse, of, beyond } = useAttempt();
  const [created, setCreated] = useState<{ name: string; token: string } | null>(null);
  if (created) return <Shown onDone={onDone} {...created} />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!name.trim()) return refuse("name", s.nameNeeded);
    attempt(async () => {
      const { token } = await addApiToken({ name: name.trim(), scope, expires_at: endOf(life) });
      setCreated({ name: name.trim(), token });
    });
  };
  const fault = beyond("name");
  return (
    <form className="card stack" noValidate onSubmit={submit}>
      <Field autoFocus error={of("name")} label={s.name} maxLength={100} onChange={(event) => setName(event.target.value)} placeholder={s.namePlaceholder} value={name} />
      <div className="field">
        <span className="field__label">{s.scope}</span>
        <Choice<Scope> label={s.scope} onChange={setScope} options={SCOPES.map((value) => ({ value, text: s.scopes[value] }))} value={scope} />
      </div>
      <div className="field">
        <span className="field__label">{s.expires}</span>
        <Choice<Life> label={s.expires} onChange={setLife} options={LIVES.map((value) => ({ value, text: s.lives[value] }))} value={life} />
      </div>
      {fault ? <FieldError text={fault} /> : null}
      <div className="row-of-buttons">
        <button className="button button--primary" disabled={busy} type="submit">{s.create}</button>
        <button className="button button--plain" onClick={onDone} type="button">{t.common.cancel}</button>
      </div>
    </form>
  );
}

function Shown({ name, token, onDone }: { name: string; token: string; onDone(): void }) {
  const s = t.tokens;
  const [copied, setCopied] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.select(), []);
  const copy = () => {
    field.current?.select();
    navigator.clipboard.writeText(token).then(() => {
      setCopied(true);
      announce(s.copied);
    }, () => undefined);
  };
  return (
    <section aria-label={s.created(name)} className="card stack">
      <p className="card__title"><Icon name="checkCircle" />{s.created(name)}</p>
      <div className="token">
        <textarea aria-describedby="token-once" aria-label={s.token} className="input token__text" readOnly ref={field} rows={2} value={token} />
        <button className="button button--primary" onClick={copy} type="button">
          <Icon name={copied ? "check" : "copy"} size={17} />
          {copied ? s.copied : t.common.copy}
        </button>
      </div>
      <p className="field__hint" id="token-once">{s.once}</p>
      <div><button className="button button--plain" onClick={onDone} type="button">{s.done}</button></div>
    </section>
  );
}
