// SPDX-License-Identifier: Apache-2.0
// One event, at the right: what happened between which ends, when and how long, and every field that its kind has.
import { change, link, parameter } from "../address";
import { document_, events, useLoaded } from "../api";
import type { Row } from "../api";
import { quoted } from "../filter";
import * as format from "../format";
import { fields, summaries } from "../schema";
import type { Kind } from "../schema";
import { inert } from "../text";
import { keyOf } from "./event_list";
import { Icon } from "./icons";
import { Problem } from "./state";

/** Numbers of this size are rounded to 256 ns when they are read. */
const ROUNDING_NS = 512n;
/** How far apart the two ends' first bytes may be. */
const APART_MS = 2000;
const MEANWHILE_MAXIMUM = 50;

function isoOfNs(ns: bigint): string {
  return `${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, -5)}.${(ns % 1_000_000_000n).toString().padStart(9, "0")}Z`;
}

async function load(open: string, abort: AbortSignal): Promise<Row | null> {
  const [kind, time] = open.split(":");
  if (!kind || !time || !(kind in fields)) return null;
  const at = BigInt(time);
  const found = await events({ kind, since: isoOfNs(at - ROUNDING_NS), until: isoOfNs(at + ROUNDING_NS) }, abort);
  return found.find((row) => keyOf(row) === open) ?? found[0] ?? null;
}

function shifted(row: Row, ms: number): string {
  return new Date(row.time_ns / 1e6 + ms).toISOString();
}

/** The same exchange as the process at the other end had it, where that is watched too. */
async function loadOther(row: Row, abort: AbortSignal): Promise<Row | null> {
  if (!row.connection || !row.peer_port) return null;
  const filter = `local_port=${row.peer_port} peer_port=${row.local_port} connection!=${row.connection}`;
  const found = await events(
    { kind: row.kind, filter, since: shifted(row, -APART_MS), until: shifted(row, APART_MS) },
    abort,
  );
  const fits = found.filter((other) => other.detail === row.detail && other.operation === row.operation && other.event === row.event);
  const distance = (other: Row) => Math.abs(other.time_ns - row.time_ns);
  return fits.sort((a, b) => distance(a) - distance(b))[0] ?? null;
}

/** What the process that served it asked of others before it had answered. */
async function loadMeanwhile(row: Row, abort: AbortSignal): Promise<Row[]> {
  if (row.kind !== "request" || !row.pid) return [];
  return events(
    {
      kind: "request",
      filter: `pid=${row.pid} role=client`,
      since: shifted(row, 0),
      until: shifted(row, row.duration_ns / 1e6 + 0.001),
      last: MEANWHILE_MAXIMUM,
      fields: "time_ns,operation,detail,status,is_error,duration_ns,peer_service,connection,pid",
    },
    abort,
  );
}

function End({ row, title, isWatched }: { row: Row; title: string; isWatched: boolean }) {
  return (
    <div class="end">
      <small>{title}</small>
      {row.service ? <a href={link("/service", { service: row.service, filter: null })}>{inert(row.service, 80)}</a> : <b>{row.address}</b>}
      <span class="quiet">
        {row.address}:{row.port}
      </span>
      {isWatched ? (
        <span class="quiet">
          {inert(row.comm, 40)} {row.pid}
          {row.container && ` in ${inert(row.container, 60)}`}
        </span>
      ) : (
        <span class="quiet">not watched</span>
      )}
    </div>
  );
}

function Ends({ row, other }: { row: Row; other: Row | null }) {
  const mine = { ...row, address: row.local_address, port: row.local_port };
  const theirs = { ...(other ?? { service: row.peer_service }), address: row.peer_address, port: row.peer_port };
  const isServer = row.role === "server";
  const [client, server] = isServer ? [theirs, mine] : [mine, theirs];
  return (
    <div class="ends">
      <End row={client} title="Client" isWatched={!isServer || other !== null} />
      <Icon name="right" />
      <End row={server} title="Server" isWatched={isServer || other !== null} />
    </div>
  );
}

interface Bar {
  name: string;
  start: number;
  wait: number;
  end: number;
  href?: string;
  isFailed?: boolean;
}

/** Ends and calls on one axis; the darker part is the time until the first byte of the answer. */
function Timing({ row, other, meanwhile }: { row: Row; other: Row | null; meanwhile: Row[] }) {
  const bars: Bar[] = [row, ...(other ? [other] : [])]
    .sort((a, b) => b.duration_ns - a.duration_ns)
    .map((one) => ({
      name: one.role === "server" ? "as served" : "as asked",
      start: one.time_ns,
      wait: one.first_byte_ns,
      end: one.time_ns + one.duration_ns,
    }));
  for (const call of meanwhile)
    bars.push({
      name: `${call.peer_service || "?"} ${call.operation} ${call.detail}`,
      start: call.time_ns,
      wait: call.duration_ns,
      end: call.time_ns + call.duration_ns,
      href: change({ open: keyOf(call) }),
      isFailed: call.is_error,
    });
  const start = Math.min(...bars.map((bar) => bar.start));
  const width = Math.max(...bars.map((bar) => bar.end)) - start || 1;
  const share = (ns: number) => `${(100 * ns) / width}%`;
  return (
    <section aria-label="Timing">
      <h3>Timing</h3>
      <ol class="timing">
        {bars.map((bar, index) => (
          <>
            {index === (other ? 2 : 1) && <li class="quiet">Meanwhile the same process asked:</li>}
            <li>
              {bar.href ? (
                <a href={bar.href} title={inert(bar.name)}>
                  {inert(bar.name, 80)}
                </a>
              ) : (
                <span>{bar.name}</span>
              )}
              <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                <rect class="track" width="100" height="8" />
                <rect class="rest" x={share(bar.start - start)} width={share(bar.end - bar.start)} height="8" />
                <rect class={bar.isFailed ? "wait failed" : "wait"} x={share(bar.start - start)} width={share(bar.wait)} height="8" />
              </svg>
              <span class="number">{format.duration(bar.end - bar.start)}</span>
            </li>
          </>
        ))}
      </ol>
    </section>
  );
}

function Summary({ row }: { row: Row }) {
  if (row.kind !== "request") return <p>{summaries[row.kind as Kind]}</p>;
  return (
    <>
      <p class="statement">
        <b>{row.operation}</b> {inert(row.detail || row.target)}
      </p>
      <dl class="figures">
        <div>
          <dt>Status</dt>
          <dd class={row.is_error ? "bad" : ""}>{row.status === "" ? "no answer" : inert(String(row.status), 40)}</dd>
        </div>
        <div>
          <dt>Took</dt>
          <dd>{format.duration(row.duration_ns)}</dd>
        </div>
        <div>
          <dt>First byte</dt>
          <dd>{row.first_byte_ns ? format.duration(row.first_byte_ns) : "–"}</dd>
        </div>
        <div>
          <dt>Sent</dt>
          <dd>{format.bytes(row.request_bytes)}</dd>
        </div>
        <div>
          <dt>Answered</dt>
          <dd>{format.bytes(row.response_bytes)}</dd>
        </div>
      </dl>
    </>
  );
}

function Masked() {
  const status = useLoaded((abort) => document_("/api/status", abort));
  if (!status.value.value) return null;
  return (
    <p class="quiet">
      {status.value.value.agent.unmasked
        ? "Secrets are stored as they are (--unmask)."
        : "Masked before it was stored: passwords, tokens and keys in paths and statements. Headers and bodies are not stored."}
    </p>
  );
}

function All({ row }: { row: Row }) {
  const list = fields[row.kind as Kind].filter((field) => row[field.name] !== "" && row[field.name] !== 0 && row[field.name] !== false);
  return (
    <details>
      <summary>All fields</summary>
      <table class="fields">
        <tbody>
          {list.map((field) => (
            <tr>
              <th scope="row" title={field.help}>
                {field.name}
              </th>
              <td>
                {field.unit === "time" ? `${format.time(row.time_ns / 1e6, true)} (${row.time})` : inert(format.field(field, row[field.name]))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function command(row: Row): string {
  const filter = row.connection ? `connection=${row.connection}` : `pid=${row.pid}`;
  return `skep watch ${row.kind} --where ${quoted(filter)} --since ${shifted(row, -1)} --until ${shifted(row, 1)} -o json`;
}

export function EventDetail() {
  const loaded = useLoaded((abort) => {
    const open = parameter("open");
    if (!open) return Promise.resolve(null);
    return load(open, abort).then(async (row) => {
      if (!row) return { row: null, other: null, meanwhile: [], open };
      const [other, meanwhile] = await Promise.all([
        loadOther(row, abort),
        row.role === "server" || row.kind !== "request" ? loadMeanwhile(row, abort) : [],
      ]);
      const served = other?.role === "server" ? await loadMeanwhile(other, abort) : meanwhile;
      return { row, other, meanwhile: served, open };
    });
  });
  if (!parameter("open")) return null;
  const { value, error } = loaded.value;
  const row = value?.row;
  return (
    <aside class="detail" aria-label="Detail">
      <header>
        <h2>{row ? `${row.kind === "request" ? row.protocol : row.kind}, ${format.time(row.time_ns / 1e6, true)}` : "…"}</h2>
        <span class="quiet" title="UTC">
          {row && format.utc(row.time_ns / 1e6)}
        </span>
        <a class="plain" href={change({ open: null })} data-close aria-label="Close" title="Close (Esc)">
          <Icon name="close" />
        </a>
      </header>
      {error && <Problem text={error} />}
      {value && !row && value.open === parameter("open") && (
        <p class="quiet">The store does not have it any more; it is older than what is kept, or another one stands for it.</p>
      )}
      {row && (
        <>
          <Summary row={row} />
          {row.peer_address && <Ends row={row} other={value.other} />}
          {row.kind === "request" && <Timing row={row} other={value.other} meanwhile={value.meanwhile} />}
          {row.weight > 1 && <p class="quiet">It stands for {format.exact(row.weight)} requests of its kind.</p>}
          {row.kind === "request" && <Masked />}
          <All row={row} />
          <p class="quiet">
            On the command line: <code class="line">{command(row)}</code>
          </p>
        </>
      )}
    </aside>
  );
}
