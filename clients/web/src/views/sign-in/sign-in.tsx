/** The door: sign in or up, the demo where there is one, or an access token. */
import { useState, type FormEvent } from "react";
import { signIn, signInDemo, signInWithToken, signUp, type SignInMethods } from "../../data/index.ts";
import { useAttempt } from "../../lib/attempt.ts";
import { t } from "../../text/index.ts";
import { Field, FieldError } from "../../ui/field.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Logo } from "../../ui/logo.tsx";
import { message } from "../../ui/toasts.tsx";
import "../../styles/door.css";

type Way = "in" | "up" | "token";

export function SignIn({ methods, expired }: { methods: SignInMethods | null; expired: boolean }) {
  const s = t.signIn;
  const byPassword = methods?.email_password ?? false;
  const [chosen, setWay] = useState<Way | null>(null);
  const way = chosen ?? (byPassword || !methods ? "in" : "token");
  return (
    <main className="door">
      <section aria-label={t.name} className="door__side">
        <Logo />
        <p className="door__tagline">{t.tagline}</p>
        <ul className="door__features">
          {s.features.map(([title, text]) => (
            <li key={title}>
              <Icon name="check" size={16} />
              <p><strong>{title}</strong> {text}</p>
            </li>
          ))}
        </ul>
      </section>
      <section className="door__main">
        <div className="door__form">
          <h1>{way === "up" ? s.titleUp : s.title}</h1>
          {expired ? <p className="notice">{s.expired}</p> : null}
          {methods === null ? <p className="notice notice--bad" role="alert"><Icon name="offline" size={17} />{s.noServer}</p> : null}
          {way === "token" ? <TokenForm /> : <PasswordForm key={way} up={way === "up"} />}
          <div className="door__other">
            {byPassword ? (
              way === "in" ? (
                <p>{s.toUp} <button className="link" onClick={() => setWay("up")} type="button">{s.toUpLink}</button></p>
              ) : (
                <p>{way === "up" ? `${s.toIn} ` : null}<button className="link" onClick={() => setWay("in")} type="button">{way === "up" ? s.toInLink : s.byPassword}</button></p>
              )
            ) : null}
            {way === "token" ? null : <p><button className="link link--quiet" onClick={() => setWay("token")} type="button">{s.token}</button></p>}
          </div>
          {methods?.demo ? <p className="door__or">{s.or}</p> : null}
          {methods?.demo ? <Demo /> : null}
        </div>
      </section>
    </main>
  );
}

function Demo() {
  const { busy, error, attempt } = useAttempt();
  return (
    <div className="door__demo">
      <button className="button button--plain button--wide" disabled={busy} onClick={() => attempt(signInDemo)} type="button">
        {busy ? <span className="spinner" /> : null}
        {t.signIn.demo}
      </button>
      <p>{t.signIn.demoText}</p>
      {error ? <FieldError text={message(error)} /> : null}
    </div>
  );
}

function PasswordForm({ up }: { up: boolean }) {
  const s = t.signIn;
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [missing, setMissing] = useState(false);
  const { busy, attempt, of, beyond } = useAttempt();
  const fault = (field: string, value: string) => {
    if (missing && !value.trim()) return s.required;
    if (missing && up && field === "password" && value.length < 8) return s.passwordShort;
    return of(field);
  };
  const faults = { name: up ? fault("name", name) : null, email: fault("email", email), password: fault("password", password) };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const filled = email.trim() && password && (!up || (name.trim() && password.length >= 8));
    setMissing(!filled);
    if (filled) return attempt(() => (up ? signUp(name.trim(), email.trim(), password) : signIn(email.trim(), password)));
    const form = event.currentTarget;
    requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  const other = beyond("name", "email", "password");
  return (
    <form className="form" noValidate onSubmit={submit}>
      {up ? <Field autoComplete="name" error={faults.name} label={s.name} onChange={(event) => setName(event.target.value)} value={name} /> : null}
      <Field autoComplete="email" error={faults.email} inputMode="email" label={s.email} onChange={(event) => setEmail(event.target.value)} type="email" value={email} />
      <Field
        autoComplete={up ? "new-password" : "current-password"}
        error={faults.password}
        hint={up ? t.settings.newPasswordHint : undefined}
        label={s.password}
        onChange={(event) => setPassword(event.target.value)}
        type="password"
        value={password}
      />
      {other ? <FieldError text={other} /> : null}
      <button className="button button--primary button--wide" disabled={busy} type="submit">
        {busy ? <span className="spinner" /> : null}
        {up ? s.submitUp : s.submit}
      </button>
    </form>
  );
}

function TokenForm() {
  const [token, setToken] = useState("");
  const { busy, error, attempt } = useAttempt();
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim()) attempt(() => signInWithToken(token.trim()));
      }}
    >
      <Field autoComplete="off" error={error ? message(error) : null} hint={t.signIn.tokenHint} label={t.signIn.tokenLabel} onChange={(event) => setToken(event.target.value)} spellCheck={false} value={token} />
      <button className="button button--primary button--wide" disabled={busy || !token.trim()} type="submit">{t.signIn.submit}</button>
    </form>
  );
}
