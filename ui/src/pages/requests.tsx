// SPDX-License-Identifier: Apache-2.0
// Exchanges one by one, live and past, under a heat map of their latencies.
import { useRef } from "preact/hooks";
import { change, go, parameter } from "../address";
import { useLoaded, view } from "../api";
import type { Row, Show } from "../api";
import { isOfKind, isOfRates, split, terms } from "../filter";
import { duration } from "../format";
import { of } from "../histogram";
import type { Histogram } from "../histogram";
import { EventDetail } from "../parts/event_detail";
import { columnsOf, EventList } from "../parts/event_list";
import type { Column } from "../parts/event_list";
import { Heat } from "../parts/heat";
import type { Box } from "../parts/heat";
import { Empty, Problem } from "../parts/state";
import { iso, pieces, range } from "../range";
import type { Range } from "../range";
import { inert } from "../text";

const ROLES = [
  ["server", "Served", "as the end that answered had them"],
  ["client", "Sent", "as the end that asked had them"],
  ["", "Both", "each exchange once for each end that is watched"],
] as const;

/** The filter of the address, and which end is meant unless the filter says it. */
export function requestFilter(): string {
  const filter = parameter("filter");
  const kept = split(filter, (term) => isOfKind("request", term)).kept;
  const role = parameter("role") || "server";
  if (role === "both" || terms(filter).some((term) => term.name === "role")) return kept;
  return `${kept} role=${role}`.trim();
}

interface Heated {
  times: Range;
  where: string;
  columns: Map<number, Histogram>;
}

/**
 * Counts answer at once; single rows of a long time piece by piece. known is what an earlier call gave: while time moves
 * on only its newest steps are asked for again.
 */
async function loadHeat(known: Heated | undefined, abort: AbortSignal, show: Show<Heated>): Promise<Heated> {
  const [times, where] = [range.value, requestFilter()];
  const { since, until, step, isLive } = times;
  const name = terms(where).every(isOfRates) ? "heat" : "heat-requests";
  const goesOn = known && isLive && known.where === where && known.times.step === step && known.times.since <= since;
  const first = goesOn ? Math.max(since, Math.floor(known.times.until / step - 1) * step) : since;
  const columns = new Map([...(goesOn ? known.columns : [])].filter(([at]) => at >= since && at < first));
  for (const [from, to] of name === "heat" ? [[first, until] as const] : pieces(first, until, step)) {
    const rows = await view(name, { since: iso(from), until: iso(to), step: `${step / 1000}s`, where }, abort);
    for (const row of rows) columns.set(Math.round(row.step_time_ns / 1e6), of([row.histogram]));
    if (from > first) show({ times, where, columns: new Map(columns) }, (until - from) / (until - first));
  }
  return { times, where, columns };
}

/** "since,until,least,most" of the address. */
export function readBox(): Box | null {
  const parts = parameter("box").split(",").map(Number);
  if (parts.length !== 4 || parts.some(Number.isNaN)) return null;
  return { since: parts[0]!, until: parts[1]!, least: parts[2]!, most: parts[3]! };
}

export function writeBox(box: Box | null): void {
  go(change({ box: box && [box.since, box.until, box.least, box.most].join(), open: null }));
}

function Took({ row }: { row: Row }) {
  return <>{duration(row.duration_ns)}</>;
}

export function requestColumns(): Column[] {
  const own: Record<string, Partial<Column>> = {
    detail: { title: "Request", width: "minmax(100px, 3fr)", show: (row) => inert(row.detail || row.target, 400) },
    operation: { title: "", width: "minmax(44px, 64px)", isWide: true },
    duration_ns: { title: "Took", show: (row) => <Took row={row} /> },
    response_bytes: { title: "Answer", isExtra: true, isWide: true },
    service: { width: "minmax(60px, 1fr)" },
    peer_service: { title: "From / to", width: "minmax(60px, 1fr)", isWide: true },
    status: { width: "52px", isWide: true },
  };
  const names = ["time_ns", "service", "peer_service", "operation", "detail", "target", "status", "duration_ns", "response_bytes"];
  return columnsOf("request", names)
    .filter((column) => column.name !== "target")
    .map((column) => ({ ...column, ...own[column.name] }));
}

function RoleChoice() {
  const role = parameter("role") || "server";
  return (
    <div class="choice" role="group" aria-label="Which end">
      {ROLES.map(([value, name, help]) => (
        <a
          href={change({ role: value === "server" ? null : value || "both", open: null })}
          aria-current={role === (value || "both") ? "true" : undefined}
          title={help}
        >
          {name}
        </a>
      ))}
    </div>
  );
}

export function Requests() {
  const known = useRef<Heated | undefined>(undefined);
  const heat = useLoaded<Heated>((abort, show) =>
    loadHeat(known.current, abort, show).then((value) => (known.current = value)),
  );
  const box = readBox();
  const times = range.value;
  const took = box ? `duration=${Math.max(box.least, 0)}ns-${Math.max(box.most - 1, 1)}ns` : "";
  const filter = `${requestFilter()} ${took}`.trim();
  const question = box
    ? { kind: "request" as const, filter, since: iso(box.since), until: iso(box.until), isLive: false }
    : { kind: "request" as const, filter, since: iso(times.since), until: times.isLive ? "" : iso(times.until), isLive: times.isLive };
  const shown = heat.value.value ?? { times, columns: new Map() };
  return (
    <div class={`page tall ${parameter("open") ? "with-detail" : ""}`}>
      <div class="stack">
        <h1 class="unseen">Requests</h1>
        {heat.value.error && <Problem text={heat.value.error} />}
        <Heat {...shown.times} columns={shown.columns} box={box} onBox={writeBox} />
        <div class="tools">
          <RoleChoice />
        </div>
        <EventList question={question} columns={requestColumns()} label="Requests" empty={<NoRequests />} />
      </div>
      <EventDetail />
    </div>
  );
}

function NoRequests() {
  const other = useLoaded((abort) => {
    const { since, until } = range.value;
    return view("watched", { since: iso(since), until: iso(until) }, abort);
  });
  const sent = other.value.value?.find((row) => row.role === "client");
  if (parameter("filter"))
    return (
      <Empty title="No request matches">
        In this time nothing fits <code>{parameter("filter")}</code>. <a href={change({ filter: null, box: null })}>Without the filter</a>
      </Empty>
    );
  if (sent && !parameter("role"))
    return (
      <Empty title="Nothing was served here">
        But programs asked others. <a href={change({ role: "client" })}>Show what was sent</a>
      </Empty>
    );
  return <Empty title="No requests in this time">Choose a longer time, or ask something of a server here.</Empty>;
}
