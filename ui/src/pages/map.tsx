// SPDX-License-Identifier: Apache-2.0
// Who talks to whom: services and outside peers, edges with what is spoken, rate, errors and latency.
import { change, go, link, parameter } from "../address";
import { useLoaded, view } from "../api";
import { isOfKind, isOfRates, quotedTerm, split } from "../filter";
import { count, duration, percent, rate } from "../format";
import { BETWEEN_GROUPS, edgeId, picture, UNKNOWN } from "../graph";
import type { Edge } from "../graph";
import type { Kind } from "../schema";
import { IgnoredTerms } from "../parts/filter_bar";
import { failing, GraphView, nameOf } from "../parts/graph_view";
import { Empty, Problem, stateOf } from "../parts/state";
import { iso, range } from "../range";
import { inert } from "../text";

function Table({ edges, labels, seconds }: { edges: Edge[]; labels: Map<string, string>; seconds: number }) {
  return (
    <table class="compact">
      <thead>
        <tr>
          <th>Client</th>
          <th>Server</th>
          <th>Protocol</th>
          <th class="number">Requests</th>
          <th class="number">Errors</th>
          <th class="number">p50</th>
          <th class="number">p99</th>
        </tr>
      </thead>
      <tbody>
        {edges.map((edge) => {
          const id = edgeId(edge);
          const filter = `${quotedTerm("from", nameOf(edge.client))} ${quotedTerm("to", nameOf(edge.server))}`;
          const href = link("/requests", { filter, role: "both" });
          return (
            <tr class={`link ${parameter("edge") === id ? "chosen" : ""}`} data-row tabIndex={0} onClick={() => go(href)} onKeyDown={(event) => event.key === "Enter" && go(href)}>
              <td>{inert(labels.get(edge.client) ?? edge.client, 80)}</td>
              <td>
                <a href={href} tabIndex={-1}>
                  {inert(labels.get(edge.server) ?? edge.server, 80)}
                </a>
              </td>
              <td class="quiet">{edge.protocols.join(", ")}</td>
              <td class="number">{rate(edge.requests / seconds)}</td>
              <td class={`number ${failing(edge) ? "bad" : edge.errors ? "" : "zero"}`}>{percent(edge.errors / edge.requests)}</td>
              <td class="number">{duration(edge.p50)}</td>
              <td class="number">{duration(edge.p99)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** What can be asked of requests, and which other edges know nothing of what is asked. */
function wanted(text: string) {
  const lacks = (kind: Kind) => split(text, (term) => isOfKind(kind, term)).ignored.length > 0;
  return { text, where: split(text, isOfRates).kept, silent: new Set((["unix", "udp"] as const).filter(lacks) as string[]) };
}

export function ServiceMap() {
  const loaded = useLoaded((abort) => {
    const { since, until } = range.value;
    const { text, where, silent } = wanted(parameter("filter"));
    const times = { since: iso(since), until: iso(until) };
    return Promise.all([view("map", { ...times, where, unix: silent.has("unix") ? "" : text, udp: silent.has("udp") ? "" : text }, abort), view("watched", times, abort)]).then(([rows, names]) => ({
      rows: rows.filter((row) => !silent.has(row.protocol)),
      watched: new Set(names.map((row) => row.service as string)),
      seconds: (until - Math.max(since, Math.min(...names.map((row) => row.first_time_ns / 1e6)))) / 1000,
    }));
  });
  const state = loaded.value;
  if (!state.value) return stateOf(state);
  const { rows, watched, seconds } = state.value;
  const expanded = new Set(parameter("expand").split(BETWEEN_GROUPS).filter(Boolean));
  const shown = picture(rows, expanded);
  const outside = new Set(rows.flatMap((row) => [row.client || UNKNOWN, row.server || UNKNOWN]).filter((name) => !watched.has(name)));
  const chosen = shown.edges.filter((edge) => !parameter("edge") || edgeId(edge) === parameter("edge"));
  const listed = (chosen.length ? chosen : shown.edges).toSorted((a, b) => b.requests - a.requests);
  return (
    <div class="page">
      <h1 class="unseen">Map</h1>
      {state.error && <Problem text={state.error} />}
      <IgnoredTerms />
      {rows.length === 0 ? (
        <Empty title="Nobody talked to anybody in this time">Choose a longer time, or take the filter away.</Empty>
      ) : (
        <>
          <GraphView shown={shown} outside={outside} seconds={seconds} />
          <section aria-labelledby="edges">
            <header>
              <h2 id="edges">{parameter("edge") ? inert(parameter("edge"), 120) : "Who calls whom"}</h2>
              <span class="quiet">{parameter("edge") ? "" : `${count(shown.nodes.length)} nodes, ${count(shown.edges.length)} edges`}</span>
              {(parameter("edge") || expanded.size > 0) && (
                <a class="more" href={change({ edge: null, expand: null })} data-close>
                  {parameter("edge") ? "all edges" : "group again"}
                </a>
              )}
            </header>
            <div class="scroll">
              <Table edges={listed} labels={new Map(shown.nodes.map((node) => [node.id, node.label]))} seconds={seconds} />
            </div>
          </section>
        </>
      )}
    </div>
  );
}
