// Line icons on a 24 px grid, drawn for this shop; decoration only, so they are hidden from assistive technology.

const paths = {
  search: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5 21 21",
  bag: "M5 8h14l1 12H4zM9 8V7a3 3 0 0 1 6 0v1",
  user: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 21c.6-4 4-6 8-6s7.4 2 8 6",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5 10 17.5 19.5 7",
  chevron: "M9 5l7 7-7 7",
  down: "M5 9l7 7 7-7",
  up: "M5 15l7-7 7 7",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  upload: "M12 16V5M7 9l5-5 5 5M5 20h14",
  plus: "M12 5v14M5 12h14",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  alert: "M12 4 22 20H2zM12 10v4.5M12 17.2v.3",
  info: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 11v5.5M12 7.6v.3",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  bank: "M3 10 12 4l9 6zM5 10v8M10 10v8M14 10v8M19 10v8M3 20h18",
  card: "M3 6h18v12H3zM3 10h18M7 15h3",
  shelf: "M4 4v16M8 4v16M12 4v16M15 5l4 15M3 20h18",
  shop: "M4 10v10h16V10M3 10l2-6h14l2 6zM9 20v-6h6v6",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 8.5v.1",
  external: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  sun: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  ebook: "M5 4h6a2 2 0 0 1 2 2v14a2 2 0 0 0-2-2H5zM19 4h-4a2 2 0 0 0-2 2v14a2 2 0 0 1 2-2h4z",
  document: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  audio: "M9 18V6l10-2v12M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
  font: "M4 20 11 4h2l7 16M7 14h10",
  archive: "M4 4h16v5H4zM5 9v11h14V9M10 13h4",
  software: "M8 8l-5 4 5 4M16 8l5 4-5 4M14 5l-4 14",
  video: "M4 6h11v12H4zM15 11l6-4v10l-6-4z",
  other: "M6 3h8l4 4v14H6zM14 3v4h4",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
