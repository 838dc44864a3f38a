// SPDX-License-Identifier: Apache-2.0
// The time range of all pages: "since=15m" is the last quarter of an hour and moves on, "since=…&until=…" stands
// still. A clock ticks while the range moves, the page is seen and nobody reads (isPaused).
import { computed, effect, signal } from "@preact/signals";
import { parameter } from "./address";

export interface Range {
  /** milliseconds since 1970, multiples of step */
  since: number;
  until: number;
  step: number;
  isLive: boolean;
}

export const SPANS = ["5m", "15m", "1h", "6h", "24h", "7d"];
export const SPAN_DEFAULT = "15m";
const UNITS: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 };
/** Steps that buckets of the store fit into: 10 s, a minute after an hour, ten minutes after a day. */
const STEPS = [10e3, 30e3, 60e3, 120e3, 300e3, 600e3, 1800e3, 3600e3, 10800e3];
const POINTS = 90;

export const isPaused = signal(false);
export const now = signal(Date.now());

export function spanOf(text: string): number {
  const found = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text);
  return found ? Number(found[1]) * UNITS[found[2]!]! : 0;
}

export function isRelative(text: string): boolean {
  return spanOf(text) > 0;
}

/** Of the buckets that are as old as the beginning of the range, at least one. */
function stepOf(span: number, age: number): number {
  const least = age > 86400e3 ? 600e3 : age > 3600e3 ? 60e3 : 10e3;
  return STEPS.find((step) => step >= least && span / step <= POINTS) ?? STEPS.at(-1)!;
}

export const range = computed<Range>(() => {
  const since = parameter("since") || SPAN_DEFAULT;
  const until = Date.parse(parameter("until")) || 0;
  const isLive = isRelative(since) && !until;
  const end = until || now.value;
  const start = isRelative(since) ? end - spanOf(since) : Date.parse(since) || end - spanOf(SPAN_DEFAULT);
  // Two ranges are compared: the step has to fit the one before as well.
  const step = stepOf(end - start, now.value - start);
  return { since: Math.floor(start / step) * step, until: isLive ? end : Math.ceil(end / step) * step, step, isLive };
});

/** As the API takes it, exact to the millisecond. */
export function iso(time: number): string {
  return new Date(time).toISOString();
}

const PIECE_MS = 15 * 60e3;
/** Up to here an answer is not worth cutting. */
const WHOLE_MS = 3600e3;

/** A long time in pieces, the newest first, each twice as long as the one before: [from, to] in multiples of step. */
export function* pieces(since: number, until: number, step: number): Generator<[number, number]> {
  let length = until - since > WHOLE_MS ? Math.max(step, PIECE_MS) : until - since;
  for (let to = until; to > since; length *= 2) {
    const from = Math.max(since, Math.floor((to - length) / step) * step);
    yield [from, to];
    to = from;
  }
}

export function startClock(): void {
  const TICK = 5000;
  let timer = 0;
  const tick = () => {
    if (!isPaused.peek() && !document.hidden) now.value = Date.now();
  };
  effect(() => {
    clearInterval(timer);
    if (range.value.isLive) timer = setInterval(tick, range.value.until - range.value.since > 3600e3 ? 6 * TICK : TICK);
  });
  document.addEventListener("visibilitychange", tick);
  effect(() => {
    if (!isPaused.value) tick();
  });
}
