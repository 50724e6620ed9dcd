/**
 * The app's own icons: one drawing style (24 units, strokes of 1.75 with round ends), as paths in a
 * table so that the script stays small. They are decoration: the control around them has the name.
 */
const PATHS = {
  alarm: "M12 8v4.5l3 1.5M12 21a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM5 3.5 2.5 6M19 3.5 21.5 6",
  armchair: "M6.5 11V8A2.5 2.5 0 0 1 9 5.5h6A2.5 2.5 0 0 1 17.5 8v3M3.5 12.5a2 2 0 0 1 4 0V14h9v-1.5a2 2 0 0 1 4 0V17a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1zM6.5 18v2M17.5 18v2",
  archive: "M3.5 4.5h17v4h-17zM5 8.5v9a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-9M10 12.5h4",
  arrowDown: "M12 5v14M6 13l6 6 6-6",
  arrowUp: "M12 19V5M6 11l6-6 6 6",
  calendar: "M5 5.5h14a1.5 1.5 0 0 1 1.5 1.5v12a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 19V7A1.5 1.5 0 0 1 5 5.5ZM3.5 10h17M8 3v4M16 3v4",
  check: "m5 12.5 4.5 4.5L19 7.5",
  checkCircle: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8 12.3l2.8 2.8L16 9.5",
  chevronDown: "m6 9 6 6 6-6",
  chevronLeft: "m14.5 6-6 6 6 6",
  chevronRight: "m9.5 6 6 6-6 6",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5.2l3.3 2",
  command: "M9 9h6v6H9zM9 9V6.5A2.5 2.5 0 1 0 6.5 9zM15 9h2.5A2.5 2.5 0 1 0 15 6.5zM15 15v2.5a2.5 2.5 0 1 0 2.5-2.5zM9 15H6.5A2.5 2.5 0 1 0 9 17.5z",
  copy: "M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9",
  download: "M12 4v11M7 10.5l5 5 5-5M4.5 19.5h15",
  edit: "M4 20h4L19.5 8.5a2.1 2.1 0 0 0-3-3L5 17zM14.5 7.5l3 3",
  filter: "M4 6.5h16M7 12h10M10 17.5h4",
  flag: "M6 21V4.5c4-2.5 8 2 12.5 0v9.5c-4.5 2-8.5-2.5-12.5 0",
  folder: "M3.5 7A1.5 1.5 0 0 1 5 5.5h4l2.2 2.5H19A1.5 1.5 0 0 1 20.5 9.5V17.5A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.5z",
  history: "M3.5 12a8.5 8.5 0 1 0 2.6-6.1L3.5 8.5M3.5 4v4.5H8M12 7.5v4.8l3.2 1.8",
  inbox: "M3.5 13.5 6 5.5h12l2.5 8v4.5a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 18zM3.5 13.5H8.5a3.5 3.5 0 0 0 7 0h5",
  key: "M8 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM10.9 12.1 19.5 3.5M15.5 7.5l3 3M18 5l2 2",
  keyboard: "M4 6h16a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 20 18H4a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 4 6ZM6.5 10h.01M10 10h.01M13.5 10h.01M17 10h.01M8 14h8",
  list: "M8.5 6.5H20M8.5 12H20M8.5 17.5H20M4.3 6.5h.01M4.3 12h.01M4.3 17.5h.01",
  logOut: "M14 4.5H6A1.5 1.5 0 0 0 4.5 6v12A1.5 1.5 0 0 0 6 19.5h8M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5",
  menu: "M4 7h16M4 12h16M4 17h16",
  monitor: "M4 4.5h16A1.5 1.5 0 0 1 21.5 6v9a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 15V6A1.5 1.5 0 0 1 4 4.5ZM8.5 20.5h7M12 16.5v4",
  moon: "M20 14.2A8.2 8.2 0 0 1 9.8 4a8.2 8.2 0 1 0 10.2 10.2Z",
  offline: "M3 3l18 18M8.5 16.5a5 5 0 0 1 5.5-1M5 12.5a10 10 0 0 1 5-2.7M19 12.5a10 10 0 0 0-4.5-2.6M2 8.7a14.5 14.5 0 0 1 4.5-2.6M22 8.7A14.5 14.5 0 0 0 10.5 5M12 20h.01",
  parent: "M6 4v11a2.5 2.5 0 0 0 2.5 2.5H18M14.5 14l3.5 3.5-3.5 3.5",
  plus: "M12 5v14M5 12h14",
  project: "M12 17.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Z",
  repeat: "M4.5 11V9.5A3 3 0 0 1 7.5 6.5H19M16 3.5l3 3-3 3M19.5 13v1.5a3 3 0 0 1-3 3H5M8 20.5l-3-3 3-3",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM16 16l4.5 4.5",
  settings: "M12 15.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM19.3 14.8l1.5 1.2-2 3.4-1.8-.7a7.5 7.5 0 0 1-2.2 1.3L14.5 22h-4l-.3-2a7.5 7.5 0 0 1-2.2-1.3l-1.8.7-2-3.4 1.5-1.2a7.6 7.6 0 0 1 0-2.6L4.2 11l2-3.4 1.8.7A7.5 7.5 0 0 1 10.2 7l.3-2h4l.3 2A7.5 7.5 0 0 1 17 8.3l1.8-.7 2 3.4-1.5 1.2a7.6 7.6 0 0 1 0 2.6Z",
  sidebar: "M5 5h14a1.5 1.5 0 0 1 1.5 1.5v11A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.5v-11A1.5 1.5 0 0 1 5 5ZM9.5 5v14",
  sort: "M7.5 5v14M4 15.5 7.5 19l3.5-3.5M16.5 19V5M13 8.5 16.5 5 20 8.5",
  subtasks: "M5 4v9.5A2.5 2.5 0 0 0 7.5 16H11M5 8h6M14 5.5h6v5h-6zM14 13.5h6v5h-6z",
  sun: "M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM12 2.5v2M12 19.5v2M21.5 12h-2M4.5 12h-2M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4M18.7 18.7l-1.4-1.4M6.7 6.7 5.3 5.3",
  tag: "M4 4.5h7.5l8.5 8.5a1.5 1.5 0 0 1 0 2.1L15.1 20a1.5 1.5 0 0 1-2.1 0L4.5 11.5zM8.3 8.5h.01",
  trash: "M4.5 6.5h15M9.5 6.5v-2h5v2M6.5 6.5l.8 12A1.5 1.5 0 0 0 8.8 20h6.4a1.5 1.5 0 0 0 1.5-1.5l.8-12M10 10.5v5.5M14 10.5v5.5",
  undo: "M4.5 9.5H15a5 5 0 0 1 0 10h-4M8 5.5l-4 4 4 4",
  upload: "M12 16V5M7 9.5l5-5 5 5M4.5 19.5h15",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.8-4 3.8-5.5 7.5-5.5s6.7 1.5 7.5 5.5",
  warning: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17h.01",
  x: "M6.5 6.5l11 11M17.5 6.5l-11 11",
} as const;

export type IconName = keyof typeof PATHS | "grip" | "dots";

/** Drawn as dots rather than lines. */
const DOTS: Partial<Record<IconName, readonly (readonly [number, number])[]>> = {
  dots: [[5.5, 12], [12, 12], [18.5, 12]],
  grip: [[9, 6], [15, 6], [9, 12], [15, 12], [9, 18], [15, 18]],
};

export function Icon({ name, size = 18, className }: { name: IconName; size?: number; className?: string }) {
  const dots = DOTS[name];
  return (
    <svg
      aria-hidden="true"
      className={className}
      fill="none"
      height={size}
      stroke="currentColor"
      strokeLinecap="round"
      strokeLinejoin="round"
      strokeWidth={1.75}
      viewBox="0 0 24 24"
      width={size}
    >
      {dots
        ? dots.map(([x, y]) => <circle cx={x} cy={y} fill="currentColor" key={`${x} ${y}`} r={1.7} stroke="none" />)
        : <path d={PATHS[name as keyof typeof PATHS]} />}
    </svg>
  );
}
