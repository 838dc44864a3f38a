// SPDX-License-Identifier: Apache-2.0
// Connections and every other kind of event that has no page of its own: a kind is a tab, its columns come from its
// field table.
import { change, go, link, parameter } from "../address";
import { useLoaded, view } from "../api";
import type { Row } from "../api";
import { isOfKind, quotedTerm, split } from "../filter";
import { bytes, count, duration, exact } from "../format";
import { EventDetail } from "../parts/event_detail";
import { columnsOf, EventList } from "../parts/event_list";
import type { Column } from "../parts/event_list";
import { Empty, Problem } from "../parts/state";
import { iso, range } from "../range";
import { fields, summaries } from "../schema";
import type { Kind } from "../schema";
import { inert } from "../text";

const OWN_PAGES = ["request", "exec", "exit"];
const COLUMNS_MAXIMUM = 12;
/** Columns that say most when there is room for few. */
const EXTRAS = ["container", "comm", "local_address", "local_port"];

const kinds = (Object.keys(fields) as Kind[]).filter((kind) => !OWN_PAGES.includes(kind)).sort((a, b) => (a === "tcp" ? -1 : b === "tcp" ? 1 : a.localeCompare(b)));

export function wideColumns(kind: Kind): Column[] {
  const names = fields[kind].filter((field) => field.isWide || field.name === "peer_service" || field.name === "service").map((field) => field.name);
  const first = ["time_ns", "service", "peer_service"].filter((name) => names.includes(name));
  const rest = names.filter((name) => !first.includes(name));
  const important = rest.filter((name) => !EXTRAS.includes(name));
  const list = [...first, ...important, ...rest.filter((name) => EXTRAS.includes(name))].slice(0, COLUMNS_MAXIMUM);
  return columnsOf(kind, list).map((column, index) => ({ ...column, isExtra: index > 6 || EXTRAS.includes(column.name) }));
}

function Peers({ rows }: { rows: Row[] }) {
  return (
    <table class="compact">
      <thead>
        <tr>
          <th>Service</th>
          <th>Other end</th>
          <th class="number">Opened</th>
          <th class="number">Failed</th>
          <th class="number">Ended</th>
          <th class="number">Broken off</th>
          <th class="number">Sent</th>
          <th class="number">Received</th>
          <th class="number">Round trip</th>
          <th class="number">Sent again</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const port = row.role === "client" ? "peer_port" : "local_port";
          const filter = `${quotedTerm("service", row.service)} ${quotedTerm("peer_service", row.peer_service)} ${port}=${row.server_port}`;
          const href = change({ filter, open: null });
          return (
            <tr class="link" data-row tabIndex={0} onClick={() => go(href)} onKeyDown={(event) => event.key === "Enter" && go(href)}>
              <td class="name">{inert(row.service, 60) || "(unknown)"}</td>
              <td>
                <span class="quiet">{row.role === "client" ? "→ " : "← "}</span>
                {inert(row.peer_service, 60) || <span class="quiet">{row.role === "client" ? row.server_address : "outside"}</span>}
                <span class="quiet">{row.role === "client" ? `:${row.server_port}` : ` on :${row.server_port}`}</span>
              </td>
              <td class="number">{count(row.opened)}</td>
              <td class={`number ${row.failed ? "bad" : "zero"}`}>{exact(row.failed)}</td>
              <td class="number">{count(row.ended)}</td>
              <td class={`number ${row.broken ? "bad" : "zero"}`}>{exact(row.broken)}</td>
              <td class="number">{bytes(row.sent_bytes)}</td>
              <td class="number">{bytes(row.received_bytes)}</td>
              <td class="number">{row.rtt_ns ? duration(row.rtt_ns) : ""}</td>
              <td class={`number ${row.retransmits ? "" : "zero"}`}>{exact(row.retransmits)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function ConnectionPeers() {
  const loaded = useLoaded((abort) => {
    const { since, until } = range.value;
    const where = split(parameter("filter"), (term) => isOfKind("tcp", term)).kept;
    return view("connections", { since: iso(since), until: iso(until), where }, abort);
  });
  const { value, error } = loaded.value;
  return (
    <>
      {error && <Problem text={error} />}
      {value && value.length > 0 && (
        <div class="scroll box few">
          <Peers rows={value} />
        </div>
      )}
    </>
  );
}

export function KindTabs({ kinds: list, current }: { kinds: Kind[]; current: Kind }) {
  return (
    <div class="choice" role="group" aria-label="Kind of event">
      {list.map((kind) => (
        <a href={change({ kind: kind === list[0] ? null : kind, open: null })} aria-current={kind === current ? "true" : undefined} title={summaries[kind]}>
          {kind}
        </a>
      ))}
    </div>
  );
}

export function KindList({ kind }: { kind: Kind }) {
  const times = range.value;
  const filter = split(parameter("filter"), (term) => isOfKind(kind, term)).kept;
  const question = { kind, filter, since: iso(times.since), until: times.isLive ? "" : iso(times.until), isLive: times.isLive };
  return (
    <EventList
      key={kind}
      question={question}
      columns={wideColumns(kind)}
      label={kind}
      empty={
        <Empty title={`No ${kind} event in this time`}>
          {parameter("filter") ? <a href={change({ filter: null })}>Without the filter</a> : <a href={link("/status")}>What is on and why</a>}
        </Empty>
      }
    />
  );
}

export function Connections() {
  const kind = kinds.find((one) => one === parameter("kind")) ?? kinds[0]!;
  return (
    <div class={`page tall ${parameter("open") ? "with-detail" : ""}`}>
      <div class="stack">
        <h1 class="unseen">Connections</h1>
        <div class="tools">
          {kinds.length > 1 && <KindTabs kinds={kinds} current={kind} />}
          <span class="quiet">{summaries[kind]}</span>
        </div>
        {kind === "tcp" && <ConnectionPeers />}
        <KindList kind={kind} />
      </div>
      <EventDetail />
    </div>
  );
}
