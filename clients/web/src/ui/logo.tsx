/** The sign: a check mark drawn as one wire through two points. */
import { t } from "../text/index.ts";

export function Logo({ size = 28 }: { size?: number }) {
  return (
    <span className="logo">
      <svg aria-hidden="true" fill="none" height={size} viewBox="0 0 32 32" width={size}>
        <rect className="logo__ground" height="32" rx="8" width="32" />
        <path className="logo__wire" d="M5 17.5h4.5l4.5 5.5 8.5-12h4.5" />
        <circle className="logo__point" cx="14" cy="23" r="2.2" />
      </svg>
      <span className="logo__name">{t.name}</span>
    </span>
  );
}
