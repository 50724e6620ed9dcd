/** Who is signed in, the password, and the end of the account. */
import { useState, type FormEvent } from "react";
import { changePassword, deleteAccount, useSession } from "../../data/index.ts";
import { useAttempt } from "../../lib/attempt.ts";
import { t } from "../../text/index.ts";
import { Field, FieldError } from "../../ui/field.tsx";
import { say } from "../../ui/toasts.tsx";

export function AccountPage() {
  const session = useSession();
  if (session.status !== "signed-in") return null;
  const { user, by } = session;
  return (
    <div className="form">
      <div className="field">
        <span className="field__label">{t.settings.signedInAs}</span>
        <p>{user.name}</p>
        {user.email ? <p className="field__hint settings__email">{user.email}</p> : null}
      </div>
      {by === "token" ? <p className="field__hint">{t.settings.tokenNote}</p> : null}
      {by === "session" && user.demo ? <p className="field__hint">{t.settings.demoNote}</p> : null}
      {by === "session" && !user.demo ? <ChangePassword /> : null}
      {by === "session" ? <DeleteAccount demo={user.demo ?? false} /> : null}
    </div>
  );
}

function ChangePassword() {
  const s = t.settings;
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const { busy, attempt, refuse, of, beyond } = useAttempt();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!current) return refuse("currentPassword", t.signIn.required);
    if (next.length < 8) return refuse("newPassword", t.signIn.passwordShort);
    attempt(async () => {
      await changePassword(current, next);
      setCurrent("");
      setNext("");
      say(s.passwordChanged);
    });
  };
  const fault = beyond("currentPassword", "newPassword");
  return (
    <form className="stack" noValidate onSubmit={submit}>
      <h3 className="settings__heading">{s.changePassword}</h3>
      <Field autoComplete="current-password" error={of("currentPassword")} label={s.currentPassword} onChange={(event) => setCurrent(event.target.value)} type="password" value={current} />
      <Field autoComplete="new-password" error={of("newPassword")} hint={s.newPasswordHint} label={s.newPassword} onChange={(event) => setNext(event.target.value)} type="password" value={next} />
      {fault ? <FieldError text={fault} /> : null}
      <div><button className="button button--plain" disabled={busy} type="submit">{s.changePassword}</button></div>
    </form>
  );
}

function DeleteAccount({ demo }: { demo: boolean }) {
  const s = t.settings;
  const [title, text, confirm] = demo ? [s.deleteDemo, s.deleteDemoText, s.deleteDemoConfirm] : [s.deleteAccount, s.deleteAccountText, s.deleteAccountConfirm];
  const [open, setOpen] = useState(false);
  const [password, setPassword] = useState("");
  const { busy, attempt, refuse, of, beyond } = useAttempt();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!demo && !password) return refuse("password", t.signIn.required);
    attempt(() => deleteAccount(password));
  };
  // The demo has none: the server asks for it when the sign-in was long ago.
  const fault = demo && of("password") ? s.signInAgain : beyond("password");
  return (
    <section className="stack settings__danger">
      <h3 className="settings__heading">{title}</h3>
      <p className="field__hint">{text}</p>
      {open ? (
        <form className="stack" noValidate onSubmit={submit}>
          {demo ? null : (
            <Field autoComplete="current-password" autoFocus error={of("password")} label={s.password} onChange={(event) => setPassword(event.target.value)} type="password" value={password} />
          )}
          {fault ? <FieldError text={fault} /> : null}
          <div className="row-of-buttons">
            <button autoFocus={demo} className="button button--danger-solid" disabled={busy} type="submit">{confirm}</button>
            <button className="button button--plain" onClick={() => setOpen(false)} type="button">{t.common.cancel}</button>
          </div>
        </form>
      ) : (
        <div><button className="button button--danger" onClick={() => setOpen(true)} type="button">{title} …</button></div>
      )}
    </section>
  );
}
