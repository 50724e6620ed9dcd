/** A labelled input with its hint and its fault, tied together for screen readers. */
import { useId, type InputHTMLAttributes } from "react";
import { Icon } from "./icon.tsx";

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: string;
  error?: string | null;
}

export function Field({ label, hint, error, ...input }: FieldProps) {
  const id = useId();
  const notes = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label className="field__label" htmlFor={id}>{label}</label>
      <input aria-describedby={notes || undefined} aria-invalid={error ? true : undefined} className="input" id={id} {...input} />
      {hint ? <p className="field__hint" id={`${id}-hint`}>{hint}</p> : null}
      {error ? <FieldError id={`${id}-error`} text={error} /> : null}
    </div>
  );
}

export function FieldError({ text, id }: { text: string; id?: string }) {
  return (
    <p className="field__error" id={id} role="alert">
      <Icon name="warning" size={16} />
      {text}
    </p>
  );
}
