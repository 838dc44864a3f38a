// SPDX-License-Identifier: Apache-2.0
// All services, the worst first, and what changed against the time before.
import { useRef } from "preact/hooks";
import { change, go, link, parameter } from "../address";
import { useLoaded } from "../api";
import { findings, loadEndpoints } from "../changes";
import type { Finding } from "../changes";
import { isOfRates, split, withValue } from "../filter";
import { bytes, count, duration, factor, percent, rate, time } from "../format";
import { quantile } from "../histogram";
import { IgnoredTerms } from "../parts/filter_bar";
import { over, Spark } from "../parts/spark";
import { Empty, Problem, stateOf } from "../parts/state";
import { range } from "../range";
import { comparison, loadSeries, oldestOf, slowKey, sum } from "../series";
import type { Comparison, Line, Series } from "../series";
import { inert } from "../text";
import { useByService, useProcesses } from "../usage";
import type { Use } from "../usage";

const FINDINGS_SHOWN = 6;

interface Service {
  name: string;
  line: Line;
  rate: number;
  requests: number;
  errors: number;
  p50: number;
  p90: number;
  p99: number;
  rateBefore: number;
  errorsBefore: number;
  p99Before: number;
  /** 0 fine, 1 to be looked at, 2 bad */
  level: number;
  score: number;
}

function levelOf(service: Omit<Service, "level" | "score">): { level: number; score: number } {
  const { errors, errorsBefore, p99, p99Before, requests } = service;
  const slowdown = p99Before > 0 && requests >= 10 && p99 - p99Before > 1e6 ? p99 / p99Before : 1;
  const level = errors >= 0.05 || slowdown >= 4 ? 2 : errors >= 0.01 || slowdown >= 2 ? 1 : 0;
  const score = 100 * errors + 50 * Math.max(errors - errorsBefore, 0) + 10 * Math.log2(Math.max(slowdown, 1));
  return { level, score };
}

function summarize(name: string, line: Line, times: Comparison, until: number, since: number): Service {
  const now = sum([line], times.isWithin ? times.since : since, until);
  const before = sum([line], times.before, times.since);
  const all = times.isWithin ? sum([line], times.before, until) : now;
  const base = {
    name,
    line,
    requests: all.requests,
    rate: all.requests / all.seconds,
    errors: all.requests ? all.errors / all.requests : 0,
    p50: quantile(all.histogram, 0.5),
    p90: quantile(all.histogram, 0.9),
    p99: quantile(all.histogram, 0.99),
    rateBefore: times.isKnown ? before.requests / before.seconds : 0,
    errorsBefore: before.requests ? before.errors / before.requests : 0,
    p99Before: times.isKnown ? quantile(before.histogram, 0.99) : 0,
  };
  const recent = { ...base, errors: now.requests ? now.errors / now.requests : 0, p99: quantile(now.histogram, 0.99) };
  return { ...base, ...levelOf(recent) };
}

function services(series: Series, role: string, times: Comparison): Service[] {
  const { since, until } = series.range;
  return [...series.lines.values()]
    .filter((entry) => entry.role === role)
    .map(({ service, line }) => summarize(service, line, times, until, since))
    .filter((service) => service.requests > 0);
}

const SORTS: Record<string, (a: Service, b: Service) => number> = {
  worst: (a, b) => b.level - a.level || (a.level ? b.score - a.score : 0) || b.rate - a.rate,
  service: (a, b) => a.name.localeCompare(b.name),
  rate: (a, b) => b.rate - a.rate,
  errors: (a, b) => b.errors - a.errors,
  p50: (a, b) => b.p50 - a.p50,
  p90: (a, b) => b.p90 - a.p90,
  p99: (a, b) => b.p99 - a.p99,
};

const LEVELS = ["fine", "look", "bad"];
const LEVEL_NAMES = ["fine", "to be looked at", "bad"];

export function Level({ level }: { level: number }) {
  return (
    <svg class={`level ${LEVELS[level]}`} viewBox="0 0 10 10" role="img" aria-label={LEVEL_NAMES[level]}>
      {level === 0 && <circle cx="5" cy="5" r="2.5" />}
      {level === 1 && <path d="M5 1.2 9.2 8.8H.8Z" />}
      {level === 2 && <path d="M5 .4 9.6 5 5 9.6.4 5Z" />}
    </svg>
  );
}

/** How a number went against the time before; nothing where that says nothing. */
export function Delta({ now, before, isGoodUp }: { now: number; before: number; isGoodUp?: boolean }) {
  if (!before || !now) return null;
  const ratio = now / before;
  if (ratio > 0.8 && ratio < 1.25) return null;
  const text = ratio >= 2 || ratio <= 0.5 ? factor(ratio) : `${ratio > 1 ? "+" : "−"}${Math.abs(Math.round(100 * (ratio - 1)))}\u202f%`;
  const isBad = isGoodUp === undefined ? false : ratio > 1 !== isGoodUp;
  return <small class={`delta ${isBad ? "worse" : ""}`}>{text}</small>;
}

function Heading({ name, children, isNumber = true }: { name: string; children: string; isNumber?: boolean }) {
  const sort = parameter("sort") || "worst";
  return (
    <th class={isNumber ? "number" : ""} aria-sort={sort === name ? "descending" : undefined}>
      <a href={change({ sort: sort === name ? null : name })}>{children}</a>
    </th>
  );
}

function ServiceRow({ service, series, use }: { service: Service; series: Series; use: Use | undefined }) {
  const { since, until, step } = series.range;
  const { line } = service;
  const href = link("/service", { service: service.name });
  const latency = over(line, since, until, step, (point) => quantile(point.histogram, 0.99), null);
  return (
    <tr class="link" data-row tabIndex={0} onClick={() => go(href)} onKeyDown={(event) => event.key === "Enter" && go(href)}>
      <td class="name">
        <Level level={service.level} />
        <a href={href} tabIndex={-1}>
          {inert(service.name, 80) || "(unknown)"}
        </a>
      </td>
      <td class="trend">
        <Spark values={over(line, since, until, step, (point) => point.requests, 0, oldestOf(series))} />
      </td>
      <td class="number">
        <Delta now={service.rate} before={service.rateBefore} /> {rate(service.rate)}
      </td>
      <td class="trend">
        <Spark values={over(line, since, until, step, (point) => point.errors, 0, oldestOf(series))} color="error" />
      </td>
      <td class={`number ${service.errors >= 0.01 ? "bad" : service.errors ? "" : "zero"}`}>{percent(service.errors)}</td>
      <td class="trend">
        <Spark values={latency} color="latency" isFilled={false} />
      </td>
      <td class="number">{duration(service.p50)}</td>
      <td class="number">{duration(service.p90)}</td>
      <td class="number">
        <Delta now={service.p99} before={service.p99Before} isGoodUp={false} /> {duration(service.p99)}
      </td>
      <td class="number">{use?.cpu == null ? "" : percent(use.cpu)}</td>
      <td class="number">{use ? bytes(use.bytes) : ""}</td>
    </tr>
  );
}

const SIGNS: Record<Finding["kind"], string> = {
  errors: "Errors",
  slower: "Slower",
  faster: "Faster",
  more: "Busier",
  fewer: "Quieter",
  new: "New",
  gone: "Gone",
};

function Changes({ found, times }: { found: Finding[]; times: Comparison }) {
  if (!times.isKnown) return null;
  const all = parameter("changes") === "all";
  const shown = all ? found : found.slice(0, FINDINGS_SHOWN);
  return (
    <section aria-labelledby="changes">
      <header>
        <h2 id="changes">What changed</h2>
        <span class="quiet">
          {time(times.since)} – {time(times.until)} against the time from {time(times.before)}
        </span>
        {found.length > shown.length && (
          <a class="quiet" href={change({ changes: "all" })}>
            all {found.length}
          </a>
        )}
      </header>
      {shown.length === 0 && <p class="quiet">Nothing that stands out: rates, errors and latencies are as before.</p>}
      <ul class="findings" hidden={shown.length === 0}>
        {shown.map(({ endpoint, kind, text }) => (
          <li key={`${kind} ${endpoint.service} ${endpoint.operation} ${endpoint.target}`}>
            <a
              data-row
              href={link("/service", {
                service: endpoint.service,
                filter: withValue(withValue(parameter("filter"), "operation", endpoint.operation), "target", endpoint.target),
              })}
            >
              <span class={`tag ${kind}`}>{SIGNS[kind]}</span>
              <span class="who">
                <b>{inert(endpoint.service, 80) || "(unknown)"}</b> {inert(endpoint.operation, 24)} {inert(endpoint.target, 200)}
              </span>
              <span class="what">{text}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Totals({ series, times }: { series: Series; times: Comparison }) {
  const { since, until, step } = series.range;
  const lines = [...series.lines.values()].filter((entry) => entry.role === "server").map((entry) => entry.line);
  const all = sum(lines, times.isWithin ? times.before : since, until);
  const joined: Line = new Map();
  for (let at = since; at < until; at += step) {
    const point = sum(lines, at, at + step);
    if (point.requests) joined.set(at, point);
  }
  const failed = all.requests ? all.errors / all.requests : 0;
  const p50 = quantile(all.histogram, 0.5);
  const p99 = quantile(all.histogram, 0.99);
  return (
    <dl class="totals">
      <div>
        <dt>Requests</dt>
        <dd>
          {rate(all.requests / all.seconds)}
          <small>{count(all.requests)} in all</small>
        </dd>
        <Spark values={over(joined, since, until, step, (point) => point.requests, 0, oldestOf(series))} />
      </div>
      <div>
        <dt>Errors</dt>
        <dd class={failed >= 0.01 ? "bad" : ""}>
          {percent(failed)}
          <small>{count(all.errors)} in all</small>
        </dd>
        <Spark values={over(joined, since, until, step, (point) => point.errors, 0, oldestOf(series))} color="error" />
      </div>
      <div>
        <dt>Latency p50</dt>
        <dd>{duration(p50)}</dd>
        <Spark values={over(joined, since, until, step, (point) => quantile(point.histogram, 0.5), null)} color="latency" isFilled={false} />
      </div>
      <div>
        <dt>Latency p99</dt>
        <dd>{duration(p99)}</dd>
        <Spark values={over(joined, since, until, step, (point) => quantile(point.histogram, 0.99), null)} color="latency" isFilled={false} />
      </div>
    </dl>
  );
}

function Services({ series, times }: { series: Series; times: Comparison }) {
  const sort = SORTS[parameter("sort") || "worst"] ?? SORTS.worst!;
  const served = services(series, "server", times).sort(sort);
  const uses = useByService();
  const names = new Set(served.map((service) => service.name));
  const callers = services(series, "client", times)
    .filter((service) => !names.has(service.name))
    .sort(sort);
  return (
    <table class="services">
      <thead>
        <tr>
          <Heading name="service" isNumber={false}>
            Service
          </Heading>
          <th class="trend" aria-hidden="true" />
          <Heading name="rate">Requests</Heading>
          <th class="trend" aria-hidden="true" />
          <Heading name="errors">Errors</Heading>
          <th class="trend" aria-hidden="true" />
          <Heading name="p50">p50</Heading>
          <Heading name="p90">p90</Heading>
          <Heading name="p99">p99</Heading>
          <th class="number">CPU</th>
          <th class="number">Memory</th>
        </tr>
      </thead>
      <tbody>
        {served.map((service) => (
          <ServiceRow key={service.name} service={service} series={series} use={uses.get(service.name)} />
        ))}
      </tbody>
      {callers.length > 0 && (
        <tbody>
          <tr class="group">
            <th colSpan={11} scope="rowgroup">
              Only call others
            </th>
          </tr>
          {callers.map((service) => (
            <ServiceRow key={service.name} service={service} series={series} use={uses.get(service.name)} />
          ))}
        </tbody>
      )}
    </table>
  );
}

export function Overview() {
  useProcesses();
  const known = useRef<Series | undefined>(undefined);
  const series = useLoaded((abort) => {
    const { kept } = split(parameter("filter"), isOfRates);
    return loadSeries(range.value, kept, known.current, abort).then((loaded) => (known.current = loaded));
  });
  const changes = useLoaded((abort) => {
    const loaded = series.value.value;
    if (!loaded) return null;
    const times = comparison(loaded);
    return loadEndpoints(times, loaded.where, abort).then((endpoints) => ({ times, found: findings(endpoints, times) }));
  }, () => slowKey(series.value.value));
  const loaded = series.value;
  if (!loaded.value) return stateOf(loaded);
  const times = comparison(loaded.value);
  const isEmpty = loaded.value.lines.size === 0;
  return (
    <div class="page">
      <h1 class="unseen">Overview</h1>
      {loaded.error && <Problem text={loaded.error} />}
      <IgnoredTerms />
      {isEmpty ? <Nothing /> : <Totals series={loaded.value} times={times} />}
      {changes.value.value && !isEmpty && <Changes {...changes.value.value} />}
      {!isEmpty && (
        <section aria-label="Services" class="scroll">
          <Services series={loaded.value} times={times} />
        </section>
      )}
    </div>
  );
}

function Nothing() {
  const filter = parameter("filter");
  if (filter)
    return (
      <Empty title="No request matches the filter">
        Nothing with <code>{filter}</code> in this time. <a href={change({ filter: null })}>Without the filter</a>
      </Empty>
    );
  return (
    <Empty title="No requests in this time">
      skep shows what it sees on sockets; ask something of a server here, choose a longer time, or look at{" "}
      <a href={link("/status")}>what is on and why</a>.
    </Empty>
  );
}

