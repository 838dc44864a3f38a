// SPDX-License-Identifier: Apache-2.0
// Line icons of 16 units; decoration only, so screen readers pass over them.
const shapes: Record<string, string> = {
  skep: "M6.2 2.6h3.6M4.2 6h7.6M2.8 9.4h10.4M2.2 12.9h4M9.8 12.9h4",
  overview: "M2.5 3.5h11M2.5 8h11M2.5 12.5h6",
  map: "M4 5.6a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6ZM12 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6ZM4 14a1.8 1.8 0 1 0 0-3.6A1.8 1.8 0 0 0 4 14ZM5.8 4.6l4.5 2.6M5.8 11.4l4.5-2.6",
  requests: "M2.5 5.5h11M10.5 2.5l3 3-3 3M13.5 10.5h-11M5.5 7.5l-3 3 3 3",
  connections: "M6.5 9.5l3-3M7 4.5l1.2-1.2a2.9 2.9 0 0 1 4.1 4.1L11 8.7M9 11.5l-1.2 1.2a2.9 2.9 0 0 1-4.1-4.1L5 7.3",
  processes: "M3 2.5v9a1 1 0 0 0 1 1h3M3 6.5h4M9 4.8h4.5v3.4H9zM9 10.8h4.5v3.4H9z",
  query: "M3 4.5 6.5 8 3 11.5M8 12h5",
  status: "M1.8 8.5h2.7l1.8-5 3 9.5 1.9-4.5h3",
  whole: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  sun: "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7",
  moon: "M13.2 9.6A5.5 5.5 0 0 1 6.4 2.8 5.5 5.5 0 1 0 13.2 9.6Z",
  keys: "M2 4.5h12v7H2zM4.5 7h.1M7 7h.1M9.4 7h.1M11.6 7h.1M5 9.3h6",
  close: "M4 4l8 8M12 4l-8 8",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2v9.6L12.5 8z",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5l3 3",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.8V8l2.2 1.6",
  left: "M10 3.5 5.5 8l4.5 4.5",
  right: "M6 3.5 10.5 8 6 12.5",
  up: "M8 13V3.5M4 7l4-4 4 4",
  down: "M8 3v9.5M4 9l4 4 4-4",
};

export function Icon({ name }: { name: keyof typeof shapes & string }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  );
}
