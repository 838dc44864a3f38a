// SPDX-License-Identifier: Apache-2.0
// Log-linear histograms of durations as the store writes them, "STEP:COUNT STEP:COUNT …": 16 steps a power of two.
// Pure; the same arithmetic as src/engine/histogram.h.

export type Histogram = Map<number, number>;

export function lowerBound(step: number): number {
  if (step < 16) return step;
  return (16 + ((step - 16) & 15)) * 2 ** ((step - 16) >> 4);
}

export function stepOf(value: number): number {
  if (value < 16) return Math.max(0, Math.floor(value));
  const power = Math.floor(Math.log2(value)) - 4;
  return 16 + power * 16 + Math.floor(value / 2 ** power) - 16;
}

export function add(histogram: Histogram, text: string): void {
  for (const part of text ? text.split(" ") : []) {
    const colon = part.indexOf(":");
    const step = Number(part.slice(0, colon));
    histogram.set(step, (histogram.get(step) ?? 0) + Number(part.slice(colon + 1)));
  }
}

export function of(texts: Iterable<string>): Histogram {
  const histogram: Histogram = new Map();
  for (const text of texts) add(histogram, text);
  return histogram;
}

/** The value below which the share q of all lies, from the middle of its step; 0 when empty. */
export function quantile(histogram: Histogram, q: number): number {
  const steps = [...histogram].sort((a, b) => a[0] - b[0]);
  const total = steps.reduce((sum, [, count]) => sum + count, 0);
  let rest = Math.max(1, Math.ceil(q * total));
  for (const [step, count] of steps) {
    rest -= count;
    if (rest <= 0) return step < 16 ? step : (lowerBound(step) + lowerBound(step + 1)) / 2;
  }
  return 0;
}
