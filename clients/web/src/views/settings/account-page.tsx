/** Who is signed in, the password, and the end of the account. */
import { useState, type FormEvent } from "react";
import { ActionError, changePassword, deleteAccount, useSession } from "../../data/index.ts";
import { t } from "../../text/index.ts";
import { Field, FieldError } from "../../ui/field.tsx";
import { message, say } from "../../ui/toasts.tsx";

export function AccountPage() {
  const session = useSession();
  if (session.status !== "signed-in") return null;
  return (
    <div className="form">
      <div className="field">
        <span className="field__label">{t.settings.signedInAs}</span>
        <p>{session.user.name}{session.user.email ? <span className="field__hint"> {session.user.email}</span> : null}</p>
      </div>
      {session.by === "session" ? (
        <>
          <ChangePassword />
          <DeleteAccount />
        </>
      ) : (
        <p className="field__hint">{t.settings.tokenNote}</p>
      )}
    </div>
  );
}

interface Attempt {
  busy: boolean;
  error: string | null;
}

const IDLE: Attempt = { busy: false, error: null };

function ChangePassword() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [attempt, setAttempt] = useState(IDLE);
  const short = attempt.error === t.signIn.passwordShort;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (next.length < 8) return setAttempt({ busy: false, error: t.signIn.passwordShort });
    setAttempt({ busy: true, error: null });
    changePassword(current, next).then(
      () => {
        setAttempt(IDLE);
        setCurrent("");
        setNext("");
        say(t.settings.passwordChanged);
      },
      (error: unknown) => setAttempt({ busy: false, error: error instanceof ActionError ? error.message : message(error) }),
    );
  };
  return (
    <form className="stack" noValidate onSubmit={submit}>
      <h3 className="settings__heading">{t.settings.changePassword}</h3>
      <Field autoComplete="current-password" label={t.settings.currentPassword} onChange={(event) => setCurrent(event.target.value)} type="password" value={current} />
      <Field
        autoComplete="new-password"
        error={short ? attempt.error : null}
        hint={t.settings.newPasswordHint}
        label={t.settings.newPassword}
        onChange={(event) => setNext(event.target.value)}
        type="password"
        value={next}
      />
      {attempt.error && !short ? <FieldError text={attempt.error} /> : null}
      <div>
        <button className="button button--plain" disabled={attempt.busy || !current || !next} type="submit">{t.settings.changePassword}</button>
      </div>
    </form>
  );
}

function DeleteAccount() {
  const [open, setOpen] = useState(false);
  const [password, setPassword] = useState("");
  const [attempt, setAttempt] = useState(IDLE);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAttempt({ busy: true, error: null });
    deleteAccount(password).catch((error: unknown) => setAttempt({ busy: false, error: message(error) }));
  };
  return (
    <section className="stack settings__danger">
      <h3 className="settings__heading">{t.settings.deleteAccount}</h3>
      <p className="field__hint">{t.settings.deleteAccountText}</p>
      {open ? (
        <form className="stack" noValidate onSubmit={submit}>
          <Field autoComplete="current-password" autoFocus error={attempt.error} label={t.settings.password} onChange={(event) => setPassword(event.target.value)} type="password" value={password} />
          <div className="row-of-buttons">
            <button className="button button--plain" onClick={() => setOpen(false)} type="button">{t.common.cancel}</button>
            <button className="button button--danger-solid" disabled={attempt.busy || !password} type="submit">{t.settings.deleteAccountConfirm}</button>
          </div>
        </form>
      ) : (
        <div><button className="button button--danger" onClick={() => setOpen(true)} type="button">{t.settings.deleteAccount} …</button></div>
      )}
    </section>
  );
}
