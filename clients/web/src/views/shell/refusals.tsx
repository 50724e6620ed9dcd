/** Tells about edits that the server would not take: they have been taken back, and why. */
import { useEffect, useRef } from "react";
import { dismissRefusal, useRefusals } from "../../data/index.ts";
import { t } from "../../text/index.ts";
import { complain } from "../../ui/toasts.tsx";

export function Refusals() {
  const refusals = useRefusals();
  const told = useRef(new Set<string>());
  useEffect(() => {
    for (const refusal of refusals) {
      if (told.current.has(refusal.id)) continue;
      told.current.add(refusal.id);
      complain(t.refusal[refusal.what](refusal.title), refusal.problem.detail, () => dismissRefusal(refusal.id));
    }
  }, [refusals]);
  return null;
}
