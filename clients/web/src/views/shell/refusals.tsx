/**
 * Tells about edits that the server would not take, which have been taken back, and about those that
 * this device would not, which are lost if the page is closed before they are sent.
 */
import { useEffect, useRef } from "react";
import { dismissRefusal, useConnection, useRefusals } from "../../data/index.ts";
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
  const { kept } = useConnection();
  useEffect(() => {
    if (!kept) complain(t.connection.notKept, t.connection.notKeptText);
  }, [kept]);
  return null;
}
