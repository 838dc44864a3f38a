// SPDX-License-Identifier: Apache-2.0
// What changed between two times, endpoint by endpoint, the worst first. Pure but for the question to the agent.
import { view } from "./api";
import { factor, duration, percent, rate } from "./format";
import { of, quantile } from "./histogram";
import type { Histogram } from "./histogram";
import { iso } from "./range";
import type { Comparison } from "./series";

export interface Endpoint {
  service: string;
  protocol: string;
  operation: string;
  target: string;
  requests: number;
  requestsBefore: number;
  errors: number;
  errorsBefore: number;
  p50: number;
  p50Before: number;
  p90: number;
  p99: number;
  p99Before: number;
  max: number;
  /** of the range as far as it is known: knownSince */
  whole: { requests: number; errors: number; histogram: Histogram };
}

export async function loadEndpoints(times: Comparison, where: string, signal: AbortSignal): Promise<Endpoint[]> {
  const parameters = { before: iso(times.before), since: iso(times.since), until: iso(times.until), where };
  return (await view("changes", parameters, signal)).map((row) => {
    const now = of([row.histogram]);
    const before = of([row.histogram_before]);
    const part = Number(times.isWithin);
    return {
      service: row.service,
      protocol: row.protocol,
      operation: row.operation,
      target: row.target,
      requests: row.requests,
      requestsBefore: row.requests_before,
      errors: row.errors,
      errorsBefore: row.errors_before,
      p50: quantile(now, 0.5),
      p50Before: quantile(before, 0.5),
      p90: quantile(now, 0.9),
      p99: quantile(now, 0.99),
      p99Before: quantile(before, 0.99),
      max: row.max_ns,
      whole: {
        requests: row.requests + part * row.requests_before,
        errors: row.errors + part * row.errors_before,
        histogram: part ? of([row.histogram, row.histogram_before]) : now,
      },
    };
  });
}

export interface Finding {
  endpoint: Endpoint;
  kind: "errors" | "slower" | "faster" | "more" | "fewer" | "new" | "gone";
  text: string;
  score: number;
}

/** Fewer than these say nothing. */
const REQUESTS_LEAST = 10;
const ERRORS_LEAST = 3;
const NS_LEAST = 1e6;

function slower(endpoint: Endpoint): Finding | null {
  const { p50, p50Before, p99, p99Before } = endpoint;
  const [name, now, before] = p50 / p50Before > p99 / p99Before ? ["p50", p50, p50Before] : ["p99", p99, p99Before];
  if (!before || now < 1.6 * before || now - before < NS_LEAST) return null;
  const text = `${name} ${duration(before)} → ${duration(now)}, ${factor(now / before)}`;
  return { endpoint, kind: "slower", text, score: 10 * Math.log2(now / before) + Math.log10(now) };
}

function failing(endpoint: Endpoint): Finding | null {
  const now = endpoint.errors / endpoint.requests;
  const before = endpoint.errorsBefore / Math.max(endpoint.requestsBefore, 1);
  if (endpoint.errors < ERRORS_LEAST || now < before + 0.01) return null;
  return { endpoint, kind: "errors", text: `errors ${percent(before)} → ${percent(now)}`, score: 20 + 60 * (now - before) };
}

function busier(endpoint: Endpoint, times: Comparison): Finding | null {
  const now = endpoint.requests / (times.until - times.since);
  const before = endpoint.requestsBefore / (times.since - times.before);
  const ratio = now / before;
  if (ratio < 3 && ratio > 1 / 3) return null;
  const text = `${rate(1000 * before)} → ${rate(1000 * now)}`;
  return { endpoint, kind: ratio > 1 ? "more" : "fewer", text, score: Math.abs(Math.log2(ratio)) };
}

export function findings(endpoints: Endpoint[], times: Comparison): Finding[] {
  const old = new Set(endpoints.filter((one) => one.requestsBefore > 0).map((one) => one.service));
  const found: Finding[] = [];
  for (const endpoint of times.isKnown ? endpoints : []) {
    const { requests, requestsBefore, service } = endpoint;
    if (requests >= ERRORS_LEAST && requestsBefore === 0 && old.has(service))
      found.push({ endpoint, kind: "new", text: `new: ${rate((1000 * requests) / (times.until - times.since))}`, score: 1 });
    if (requests === 0 && requestsBefore >= REQUESTS_LEAST)
      found.push({ endpoint, kind: "gone", text: "no requests any more", score: 3 });
    if (requests < REQUESTS_LEAST || requestsBefore < REQUESTS_LEAST) continue;
    found.push(...[failing(endpoint), slower(endpoint), busier(endpoint, times)].filter((one) => one !== null));
  }
  return found.sort((a, b) => b.score - a.score);
}
