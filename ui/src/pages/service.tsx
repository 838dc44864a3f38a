// SPDX-License-Identifier: Apache-2.0
// One service: how it fares over time, its endpoints, the slowest exchanges, who calls it and whom it calls, and its
// processes.
import { useRef } from "preact/hooks";
import { change, go, link, parameter } from "../address";
import { useLoaded, view } from "../api";
import type { Row } from "../api";
import { loadEndpoints } from "../changes";
import type { Endpoint } from "../changes";
import { isOfKind, isOfRates, quotedTerm, split, terms, valueOf, withValue } from "../filter";
import { count, duration, percent, rate, time } from "../format";
import { quantile } from "../histogram";
import { Chart } from "../parts/chart";
import { EventDetail } from "../parts/event_detail";
import { keyOf } from "../parts/event_list";
import { IgnoredTerms } from "../parts/filter_bar";
import { Heat } from "../parts/heat";
import { over } from "../parts/spark";
import { Empty, Problem, stateOf } from "../parts/state";
import { iso, range } from "../range";
import { comparison, knownSince, loadSeries, oldestOf, slowKey, sum } from "../series";
import type { Line, Series } from "../series";
import { inert } from "../text";
import { Delta } from "./overview";
import { Processes } from "./service_processes";

const SLOWEST = 12;

/** The filter of the address without what the page itself says. */
function ownFilter(accepts: typeof isOfRates): string {
  return split(parameter("filter"), (term) => accepts(term) && term.name !== "service").kept;
}

function joined(series: Series): Line {
  return [...series.lines.values()].find((entry) => entry.role === "server")?.line ?? new Map();
}

function Figures({ line, all, series }: { line: Line; all: Series | undefined; series: Series }) {
  const { until } = series.range;
  const since = knownSince(comparison(series));
  const total = sum([line], since, until);
  const others = all
    ? sum([...all.lines.values()].filter((entry) => entry.role === "server").map((entry) => entry.line), since, until)
    : undefined;
  const failed = total.requests ? total.errors / total.requests : 0;
  return (
    <dl class="totals">
      <div>
        <dt>Requests</dt>
        <dd>
          {rate(total.requests / total.seconds)}
          <small>{count(total.requests)} in all</small>
        </dd>
      </div>
      <div>
        <dt>Errors</dt>
        <dd class={failed >= 0.01 ? "bad" : ""}>
          {percent(failed)}
          <small>{others?.errors ? `${percent(total.errors / others.errors)} of all errors` : `${count(total.errors)} in all`}</small>
        </dd>
      </div>
      <div>
        <dt>Latency p50</dt>
        <dd>{duration(quantile(total.histogram, 0.5))}</dd>
      </div>
      <div>
        <dt>Latency p99</dt>
        <dd>
          {duration(quantile(total.histogram, 0.99))}
          <small>p90 {duration(quantile(total.histogram, 0.9))}</small>
        </dd>
      </div>
    </dl>
  );
}

function Charts({ line, series }: { line: Line; series: Series }) {
  const { since, until, step } = series.range;
  const seconds = step / 1000;
  const oldest = oldestOf(series);
  const times: number[] = [];
  for (let at = since; at + step <= until; at += step) times.push(at);
  const percentile = (q: number) => over(line, since, until, step, (point) => quantile(point.histogram, q), null);
  return (
    <div class="columns two">
      <Chart
        label="Requests"
        times={times}
        format={rate}
        curves={[
          { name: "all", color: "--rate", values: over(line, since, until, step, (point) => point.requests / seconds, 0, oldest), isFilled: true },
          { name: "errors", color: "--bad", values: over(line, since, until, step, (point) => point.errors / seconds, 0, oldest), isFilled: true },
        ]}
      />
      <Chart
        label="Latency"
        times={times}
        format={duration}
        curves={[
          { name: "p99", color: "--latency", values: percentile(0.99) },
          { name: "p90", color: "--latency", values: percentile(0.9), dash: [6, 3] },
          { name: "p50", color: "--rate", values: percentile(0.5) },
        ]}
      />
    </div>
  );
}

function endpointHref(endpoint: Endpoint, isChosen: boolean): string {
  const without = withValue(withValue(parameter("filter"), "operation", ""), "target", "");
  const filter = isChosen ? without : withValue(withValue(without, "operation", endpoint.operation), "target", endpoint.target);
  return change({ filter: filter || null, open: null });
}

function Endpoints({ endpoints, seconds }: { endpoints: Endpoint[]; seconds: number }) {
  const [operation, target] = ["operation", "target"].map((name) => valueOf(parameter("filter"), name));
  const figures = new Map(
    endpoints.map((endpoint) => [endpoint, [0.5, 0.9, 0.99].map((share) => quantile(endpoint.whole.histogram, share)) as [number, number, number]]),
  );
  const most = Math.max(...[...figures.values()].map(([, , p99]) => p99));
  return (
    <table>
      <thead>
        <tr>
          <th>Endpoint</th>
          <th class="number">Requests</th>
          <th class="number">Errors</th>
          <th class="number">p50</th>
          <th class="number">p90</th>
          <th class="number">p99</th>
          <th class="gauge" aria-hidden="true" />
        </tr>
      </thead>
      <tbody>
        {endpoints.map((endpoint) => {
          const isChosen = endpoint.target === target && (!operation || endpoint.operation === operation);
          const href = endpointHref(endpoint, isChosen);
          const { requests, errors } = endpoint.whole;
          const [p50, p90, p99] = figures.get(endpoint)!;
          const failed = requests ? errors / requests : 0;
          return (
            <tr class={`link ${isChosen ? "chosen" : ""}`} data-row tabIndex={0} onClick={() => go(href)} onKeyDown={(event) => event.key === "Enter" && go(href)}>
              <td class="name">
                <span class="quiet">{inert(endpoint.operation, 24)}</span>{" "}
                <a href={href} tabIndex={-1}>
                  {inert(endpoint.target, 120) || "(no target)"}
                </a>
              </td>
              <td class="number">{rate(requests / seconds)}</td>
              <td class={`number ${failed >= 0.01 ? "bad" : failed ? "" : "zero"}`}>{percent(failed)}</td>
              <td class="number">{duration(p50)}</td>
              <td class="number">{duration(p90)}</td>
              <td class="number">
                <Delta now={endpoint.p99} before={endpoint.p99Before} isGoodUp={false} /> {duration(p99)}
              </td>
              <td class="gauge">
                <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                  <rect width={(100 * p99) / most} height="6" />
                </svg>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Slowest({ rows }: { rows: Row[] }) {
  if (!rows.length) return <p class="quiet">No single request of it is kept in this time.</p>;
  return (
    <table class="compact">
      <thead>
        <tr>
          <th>Slowest</th>
          <th>Request</th>
          <th>From</th>
          <th class="number">Status</th>
          <th class="number">Took</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const key = keyOf({ ...row, kind: "request" });
          const href = change({ open: key === parameter("open") ? null : key });
          return (
            <tr
              class={`link ${key === parameter("open") ? "chosen" : ""}`}
              data-row
              data-exchange
              tabIndex={0}
              onClick={() => go(href)}
              onKeyDown={(event) => event.key === "Enter" && go(href)}
            >
              <td class="quiet">{time(row.time_ns / 1e6, true)}</td>
              <td class="cut">
                <span class="quiet">{inert(row.operation, 24)}</span> {inert(row.detail || row.target, 200)}
              </td>
              <td class="quiet">{inert(row.peer_service, 60)}</td>
              <td class={`number ${row.is_error ? "bad" : ""}`}>{inert(String(row.status), 20)}</td>
              <td class="number">{duration(row.duration_ns)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Peers({ edges, name, seconds }: { edges: Row[]; name: string; seconds: number }) {
  const lists: [string, Row[], "client" | "server"][] = [
    ["Called by", edges.filter((edge) => edge.server === name && edge.client !== name), "client"],
    ["Calls", edges.filter((edge) => edge.client === name && edge.server !== name), "server"],
  ];
  return (
    <>
      {lists.map(([title, list, end]) => (
        <section aria-label={title}>
          <header>
            <h2>{title}</h2>
          </header>
          <div class="scroll">
            <table class="compact">
              <tbody>
                {list.map((edge) => (
                  <tr>
                    <td class="name">
                      <a href={link("/service", { service: edge[end] })}>{inert(edge[end], 80) || "(unknown)"}</a>{" "}
                      <span class="quiet">{edge.protocol}</span>
                    </td>
                    <td class="number">{rate(edge.requests / seconds)}</td>
                    <td class={`number ${edge.errors / edge.requests >= 0.01 ? "bad" : "zero"}`}>{percent(edge.errors / edge.requests)}</td>
                    <td class="number">{duration(edge.p99_ns)}</td>
                  </tr>
                ))}
                {!list.length && (
                  <tr>
                    <td class="quiet">nobody in this time</td>
                  </tr>
                )}
              </tbody>
            </table>
          </div>
        </section>
      ))}
    </>
  );
}

export function Service() {
  const name = parameter("service");
  const known = useRef<Series | undefined>(undefined);
  const knownAll = useRef<Series | undefined>(undefined);
  const series = useLoaded((abort) => {
    const where = `${quotedTerm("service", parameter("service"))} role=server ${ownFilter(isOfRates)}`;
    return loadSeries(range.value, where, known.current, abort).then((loaded) => (known.current = loaded));
  });
  const all = useLoaded((abort) => loadSeries(range.value, "role=server", knownAll.current, abort).then((loaded) => (knownAll.current = loaded)));
  const endpoints = useLoaded((abort) => {
    const loaded = series.value.value;
    if (!loaded) return null;
    // All of them, so that another can be chosen.
    const others = split(parameter("filter"), (term) => isOfRates(term) && !["service", "operation", "target"].includes(term.name)).kept;
    const where = `${quotedTerm("service", parameter("service"))} ${others}`;
    return loadEndpoints(comparison(loaded), where, abort);
  }, () => `${parameter("service")} ${parameter("filter")} ${slowKey(series.value.value)}`);
  const single = useLoaded((abort) => {
    const { since, until } = range.value;
    const where = `${quotedTerm("service", parameter("service"))} role=server ${ownFilter((term) => isOfKind("request", term))}`;
    // Counts find the slowest of a long time soon; what they do not know asks every row.
    const name = terms(where).every(isOfRates) ? "slowest" : "slow";
    return view(name, { since: iso(since), until: iso(until), where, limit: SLOWEST }, abort);
  });
  const edges = useLoaded((abort) => {
    const { since, until } = range.value;
    return view("map", { since: iso(since), until: iso(until) }, abort);
  });
  const loaded = series.value;
  if (!loaded.value) return stateOf(loaded);
  const line = joined(loaded.value);
  const { since, until, step } = loaded.value.range;
  const times = comparison(loaded.value);
  const columns = new Map([...line].filter(([at]) => at >= since).map(([at, point]) => [at, point.histogram]));
  const seconds = (until - knownSince(times)) / 1000;
  const title = terms(parameter("filter")).length ? parameter("filter") : "";
  return (
    <div class={`page ${parameter("open") ? "with-detail" : ""}`}>
      <div class="stack">
        <header class="title">
          <h1>{inert(name, 80)}</h1>
          {title && (
            <span class="quiet">
              only <code>{inert(title, 120)}</code> <a href={change({ filter: null, open: null })}>all of it</a>
            </span>
          )}
          <a class="more" href={link("/requests", { filter: withValue(parameter("filter"), "service", name) })}>
            All requests
          </a>
        </header>
        {loaded.error && <Problem text={loaded.error} />}
        <IgnoredTerms />
        {line.size === 0 ? (
          <Empty title="It served nothing in this time">
            {title ? (
              <>
                Or nothing that fits the filter. <a href={change({ filter: null })}>Without the filter</a>
              </>
            ) : (
              "Choose a longer time, or look at what it calls below."
            )}
          </Empty>
        ) : (
          <>
            <Figures line={line} all={all.value.value} series={loaded.value} />
            <Charts line={line} series={loaded.value} />
            <Heat
              since={since}
              until={until}
              step={step}
              columns={columns}
              box={null}
              onBox={(box) =>
                box &&
                go(
                  link("/requests", {
                    filter: withValue(parameter("filter"), "service", name),
                    box: [box.since, box.until, box.least, box.most].join(),
                  }),
                )
              }
            />
          </>
        )}
        {(endpoints.value.value?.length ?? 0) > 0 && (
          <section aria-labelledby="endpoints">
            <header>
              <h2 id="endpoints">Endpoints</h2>
              <span class="quiet">choose one to see it alone</span>
            </header>
            <div class="scroll">
              <Endpoints endpoints={endpoints.value.value!.filter((endpoint) => endpoint.whole.requests > 0)} seconds={(times.until - knownSince(times)) / 1000} />
            </div>
          </section>
        )}
        {single.value.value && line.size > 0 && (
          <section aria-label="Slowest requests">
            <div class="scroll">
              <Slowest rows={single.value.value} />
            </div>
          </section>
        )}
        <div class="columns two">{edges.value.value && <Peers edges={edges.value.value} name={name} seconds={seconds} />}</div>
        <Processes service={name} />
      </div>
      <EventDetail />
    </div>
  );
}
