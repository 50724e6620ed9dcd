/**
 * The one live region. It takes turns between two elements, so that the same words twice are spoken
 * twice.
 */
import { announcement } from "../lib/announce.ts";
import { useStore } from "../lib/store.ts";

export function Announcer() {
  const { text, number } = useStore(announcement);
  return (
    <div aria-live="polite" className="visually-hidden" data-testid="announcer" role="status">
      <p>{number % 2 === 0 ? text : ""}</p>
      <p>{number % 2 === 1 ? text : ""}</p>
    </div>
  );
}
