/** What stands where a list would be: nothing there, something went wrong, or not there yet. */
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon.tsx";

interface BlankProps {
  icon: IconName;
  title: string;
  text?: ReactNode;
  children?: ReactNode;
  tone?: "calm" | "bad";
}

export function Blank({ icon, title, text, children, tone = "calm" }: BlankProps) {
  return (
    <div className={`blank blank--${tone}`} role={tone === "bad" ? "alert" : undefined}>
      <div aria-hidden="true" className="blank__art">
        <svg fill="none" height="88" viewBox="0 0 120 88" width="120">
          <rect className="blank__card" height="20" rx="7" width="78" x="21" y="8" />
          <rect className="blank__card blank__card--front" height="26" rx="8" width="96" x="12" y="34" />
          <rect className="blank__card" height="14" rx="6" width="62" x="29" y="67" />
          <circle className="blank__ring" cx="28" cy="47" r="6" />
          <path className="blank__line" d="M42 47h42" />
        </svg>
        <span className="blank__badge"><Icon name={icon} size={20} /></span>
      </div>
      <h2 className="blank__title">{title}</h2>
      {text ? <p className="blank__text">{text}</p> : null}
      {children ? <div className="blank__actions">{children}</div> : null}
    </div>
  );
}

export function ListSkeleton({ label, note }: { label: string; note?: string }) {
  return (
    <div className="list-skeleton" role="status">
      <span className="visually-hidden">{note ? `${label}. ${note}` : label}</span>
      <div aria-hidden="true">
        {[62, 44, 71, 38, 55, 66, 47, 33].map((width) => (
          <div className="list-skeleton__row" key={width}>
            <span className="skeleton list-skeleton__ring" />
            <span className="skeleton list-skeleton__bar" style={{ width: `${width}%` }} />
          </div>
        ))}
        {note ? <p className="list-skeleton__note">{note}</p> : null}
      </div>
    </div>
  );
}
