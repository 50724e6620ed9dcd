/** One of a few, side by side. A radio group: the arrow keys move, Tab passes by. */
import { RadioGroup } from "radix-ui";
import type { ReactNode } from "react";

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; text: ReactNode }[];
  onChange(value: T): void;
}

export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <RadioGroup.Root aria-label={label} className="segmented" onValueChange={(next) => onChange(next as T)} orientation="horizontal" value={value}>
      {options.map((option) => (
        <RadioGroup.Item className="segmented__item" key={option.value} value={option.value}>
          {option.text}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}

export function Switch({ label, hint, on, onChange }: { label: string; hint?: string; on: boolean; onChange(on: boolean): void }) {
  return (
    <label className="switch">
      <span>
        <span className="field__label">{label}</span>
        {hint ? <span className="field__hint">{hint}</span> : null}
      </span>
      <input checked={on} className="switch__input" onChange={(event) => onChange(event.target.checked)} role="switch" type="checkbox" />
      <span aria-hidden="true" className="switch__track" />
    </label>
  );
}
