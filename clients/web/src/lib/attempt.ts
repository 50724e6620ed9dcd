/** What a form sends: one request at a time, and what came of it, as a whole and for each field. */
import { useState } from "react";
import { ActionError } from "../data/index.ts";
import { t } from "../text/index.ts";

interface State {
  busy: boolean;
  error: Error | null;
}

export interface Attempt extends State {
  attempt(what: () => Promise<void>): void;
  /** Says what is wrong with a field without asking the server. */
  refuse(field: string, message: string): void;
  /** What is wrong with this field; fields are spelled as the server does. */
  of(field: string): string | null;
  /** What is wrong with none of these fields. */
  beyond(...fields: string[]): string | null;
}

export function useAttempt(): Attempt {
  const [state, setState] = useState<State>({ busy: false, error: null });
  const { error } = state;
  const of = (field: string) =>
    error instanceof ActionError ? (error.fields.find((one) => one.field === field)?.message ?? null) : null;
  return {
    ...state,
    attempt(what) {
      setState({ busy: true, error: null });
      what().then(
        () => setState({ busy: false, error: null }),
        (reason: unknown) => setState({ busy: false, error: reason instanceof Error ? reason : new Error(t.error.unknown) }),
      );
    },
    refuse: (field, message) => setState({ busy: false, error: new ActionError(message, 0, "VALIDATION_ERROR", [{ field, code: "", message }]) }),
    of,
    beyond: (...fields) => (error && !fields.some(of) ? error.message || t.error.unknown : null),
  };
}
