// SPDX-License-Identifier: Apache-2.0
// Requests of each service over time: the range and the same length before it, to compare with. While time moves on
// only the newest steps are asked for again.
import { view } from "./api";
import type { Row } from "./api";
import { add } from "./histogram";
import type { Histogram } from "./histogram";
import { iso } from "./range";
import type { Range } from "./range";

export interface Point {
  requests: number;
  errors: number;
  histogram: Histogram;
}

/** By start of the step, milliseconds. */
export type Line = Map<number, Point>;

export interface Series {
  where: string;
  step: number;
  /** of what was asked for, the time before included */
  first: number;
  range: Range;
  /** by role and service */
  lines: Map<string, { service: string; role: string; line: Line }>;
}

const keyOf = (row: Row) => `${row.role} ${row.service}`;

function merge(series: Series, rows: Row[], from: number): void {
  for (const { line } of series.lines.values())
    for (const time of line.keys()) if (time < series.first || time >= from) line.delete(time);
  for (const row of rows) {
    const key = keyOf(row);
    let entry = series.lines.get(key);
    if (!entry) series.lines.set(key, (entry = { service: row.service, role: row.role, line: new Map() }));
    const histogram: Histogram = new Map();
    add(histogram, row.histogram);
    entry.line.set(Math.round(row.step_time_ns / 1e6), { requests: row.requests, errors: row.errors, histogram });
  }
  for (const [key, { line }] of series.lines) if (line.size === 0) series.lines.delete(key);
}

/** known is what an earlier call gave, to go on from. */
export async function loadSeries(range: Range, where: string, known: Series | undefined, signal: AbortSignal): Promise<Series> {
  const first = Math.floor((2 * range.since - range.until) / range.step) * range.step;
  const goesOn = known && range.isLive && known.where === where && known.step === range.step && known.first <= first;
  // The last step was not over, and counts may come a little late.
  const from = goesOn ? Math.max(first, Math.floor(known.range.until / range.step - 1) * range.step) : first;
  const rows = await view(
    "series",
    { since: iso(from), until: iso(range.until), step: `${range.step / 1000}s`, where },
    signal,
  );
  const series: Series = { where, step: range.step, first, range, lines: goesOn ? known.lines : new Map() };
  merge(series, rows, from);
  return series;
}

export interface Sum extends Point {
  /** of the time that was asked for */
  seconds: number;
}

export function sum(lines: Iterable<Line>, since: number, until: number): Sum {
  const total: Sum = { requests: 0, errors: 0, histogram: new Map(), seconds: (until - since) / 1000 };
  for (const line of lines)
    for (const [time, point] of line) {
      if (time < since || time >= until) continue;
      total.requests += point.requests;
      total.errors += point.errors;
      for (const [step, count] of point.histogram) total.histogram.set(step, (total.histogram.get(step) ?? 0) + count);
    }
  return total;
}

/** Two times to compare: now, and before it. */
export interface Comparison {
  before: number;
  since: number;
  until: number;
  /** false: there is nothing to compare with */
  isKnown: boolean;
  /** the range's two halves, since nothing is known of the time before it */
  isWithin: boolean;
}

/** Where what is known of the range begins: a young agent does not have all of it. */
export const knownSince = (times: Comparison) => (times.isWithin ? times.before : times.since);

/** The first step of which anything is known. */
export function oldestOf(series: Series): number {
  let oldest = Infinity;
  for (const { line } of series.lines.values()) for (const time of line.keys()) oldest = Math.min(oldest, time);
  return oldest;
}

export function comparison(series: Series): Comparison {
  const { range, step, first } = series;
  const oldest = oldestOf(series);
  const whole = { before: first, since: range.since, until: range.until, isKnown: true, isWithin: false };
  if (oldest <= range.since - (range.since - first) / 2) return whole;
  // The agent is young: the older half of what it saw against the newer.
  const start = Math.max(oldest, first);
  const middle = Math.floor((start + (range.until - start) / 2) / step) * step;
  const isKnown = oldest < Infinity && middle - start >= 2 * step;
  return { before: start, since: isKnown ? middle : range.since, until: range.until, isKnown, isWithin: isKnown };
}

const SLOWLY_MS = 20e3;

/** Changes seldom while time moves on: for questions that look far back and can wait. */
export function slowKey(series: Series | undefined): string {
  if (!series) return "";
  const times = comparison(series);
  return `${series.where} ${series.step} ${times.isKnown} ${Math.floor(times.until / SLOWLY_MS)} ${series.range.isLive || times.before}`;
}
