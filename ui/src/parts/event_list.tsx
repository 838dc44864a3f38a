// SPDX-License-Identifier: Apache-2.0
// Events of one kind, the newest first, as a list of any length: only what is seen is in the document. Older ones come
// when the end is near. Live: while the top is in view the newest replace the list; who scrolls reads in peace.
import { signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { change, go, parameter } from "../address";
import { CANCELLED, connection, events, returned, wait } from "../api";
import type { Row } from "../api";
import * as format from "../format";
import { isPaused, iso, pieces } from "../range";
import { fields } from "../schema";
import type { Field, Kind } from "../schema";
import { inert } from "../text";
import { Problem } from "./state";
import { useNarrow, useWindow } from "./virtual";

const BATCH = 500;
const ROWS_MAXIMUM = 200_000;
/** The detail has all fields. */
const COLUMNS_NARROW = 4;
const REFRESH_MS = 3000;
const OVERLAP_MS = 60e3;
/** Until the last part is there. */
const SHARE_MOST = 0.99;

export interface Question {
  kind: Kind;
  filter: string;
  /** as the API takes times */
  since: string;
  until: string;
  isLive: boolean;
}

export interface Column {
  name: string;
  title: string;
  /** of CSS grids */
  width: string;
  isNumber?: boolean;
  /** left out beside a detail */
  isExtra?: boolean;
  /** left out in narrow windows */
  isWide?: boolean;
  show?: (row: Row) => preact.ComponentChildren;
}

interface Loaded {
  rows: Row[];
  isComplete: boolean;
  isLoading: boolean;
  error: string;
}

export function keyOf(row: Row): string {
  return `${row.kind}:${row.time_ns}${row.connection ? `:${row.connection}` : ""}${row.pid && !row.connection ? `:${row.pid}` : ""}`;
}

function fieldsOf(columns: Column[]): string {
  return ["time_ns", "connection", "pid", "is_error", ...columns.map((column) => column.name)].join();
}

function useEvents(question: Question, columns: Column[], isAtTop: RefObject<boolean>) {
  const state = useMemo(() => signal<Loaded>({ rows: [], isComplete: false, isLoading: true, error: "" }), []);
  const controller = useRef(new AbortController());
  const latest = useRef(question);
  latest.current = question;
  const { kind, filter, since, until, isLive } = question;

  // Long times piece by piece, as soon as there are enough.
  const read = async (mine: AbortController, from: number, before: string, tell: (found: Row[]) => void) => {
    const end = Date.parse(before) || Date.now();
    const found: Row[] = [];
    for (const [start, to] of pieces(from, end, 1)) {
      const parameters = { kind, filter, since: iso(start), until: to === end ? before : iso(to), last: BATCH - found.length, fields: fieldsOf(columns) };
      found.push(...(await events(parameters, mine.signal)).reverse());
      if (found.length >= BATCH) break;
      wait(mine, Math.min((end - start) / (end - from), SHARE_MOST));
      tell(found);
    }
    return found;
  };
  const ask = async (before: string, keep: Row[]) => {
    controller.current.abort();
    const mine = (controller.current = new AbortController());
    const isFirst = keep.length > 0 || state.peek().rows.length === 0;
    state.value = { ...state.peek(), isLoading: true };
    wait(mine, 0);
    // The time of a row that both answers hold has only microseconds.
    const known = new Set(keep.slice(-BATCH).map(keyOf));
    const join = (found: Row[]) => keep.concat(found.filter((row) => !known.has(keyOf(row))));
    try {
      const found = await read(mine, Date.parse(since), before, (part) => {
        if (isFirst) state.value = { ...state.peek(), rows: join(part) };
      });
      const rows = join(found);
      const isComplete = found.length < BATCH || rows.length >= ROWS_MAXIMUM || rows.length === keep.length;
      state.value = { rows, isComplete, isLoading: false, error: "" };
    } catch (error) {
      const isCancelled = mine.signal.reason === CANCELLED;
      if (isCancelled || !mine.signal.aborted)
        state.value = { ...state.peek(), isLoading: false, error: isCancelled ? CANCELLED : (error as Error).message };
    }
    wait(mine, 1);
  };
  // The newest before those that are shown; what was going on when they were asked for is asked for again.
  const renew = async () => {
    const old = state.peek().rows;
    if (old.length === 0) return ask("", []);
    const from = Math.max(Date.parse(since), Math.floor(old[0]!.time_ns / 1e6) - OVERLAP_MS);
    const mine = (controller.current = new AbortController());
    const found = await events({ kind, filter, since: iso(from), last: BATCH, fields: fieldsOf(columns) }, mine.signal).catch(() => null);
    if (!found || mine.signal.aborted) return;
    const rest = old.filter((row) => row.time_ns / 1e6 < from && row.time_ns / 1e6 >= Date.parse(latest.current.since));
    const rows = found.reverse().concat(rest);
    state.value = { ...state.peek(), rows: rows.slice(0, BATCH), error: "", isComplete: state.peek().isComplete && rows.length <= BATCH };
  };
  useEffect(() => {
    ask(until, []);
    return () => controller.current.abort();
  }, [kind, filter, isLive || since, until, returned.value]);
  useEffect(() => {
    if (!isLive) return;
    const timer = setInterval(() => {
      if (isAtTop.current && !isPaused.peek() && !document.hidden && !state.peek().isLoading && state.peek().error !== CANCELLED && connection.peek() === "fine")
        renew();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [kind, filter, isLive, since]);
  const more = () => {
    const { rows, isComplete, isLoading, error } = state.peek();
    if (!isComplete && !isLoading && !error) ask(rows.at(-1)?.time ?? "", rows);
  };
  return { state, more };
}

export function columnsOf(kind: Kind, names: string[]): Column[] {
  return names
    .map((name) => fields[kind].find((field) => field.name === name))
    .filter((field): field is Field => field !== undefined)
    .map((field) => ({ name: field.name, title: titleOf(field), width: widthOf(field), isNumber: isNumeric(field) }));
}

function isNumeric(field: Field): boolean {
  return field.type === "number" && field.unit !== "time" && !["pid", "parent_pid"].includes(field.name);
}

export function titleOf(field: Field): string {
  const name = field.name.replace(/_(ns|bytes)$/, "").replace(/^is_/, "").replaceAll("_", " ");
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function widthOf(field: Field): string {
  if (field.unit === "time") return "104px";
  if (field.type === "number" || field.type === "bool" || field.type === "code") return "minmax(64px, 84px)";
  if (field.type === "word") return "minmax(56px, 92px)";
  if (["detail", "args", "statement", "target", "name", "path", "exe"].includes(field.name)) return "minmax(140px, 3fr)";
  return "minmax(72px, 1fr)";
}

function cell(row: Row, column: Column, field: Field | undefined) {
  if (column.show) return column.show(row);
  return inert(format.field(field, row[column.name]), 400);
}

interface EventListProps {
  question: Question;
  columns: Column[];
  label: string;
  empty: preact.ComponentChildren;
}

export function EventList({ question, columns: all, label, empty }: EventListProps) {
  const root = useRef<HTMLDivElement>(null);
  const isAtTop = useRef(true);
  const { state, more } = useEvents(question, all, isAtTop);
  const { rows, isComplete, isLoading, error } = state.value;
  const { items, height, isAtTop: atTop } = useWindow(root, rows.length);
  isAtTop.current = atTop;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length && last > rows.length - BATCH / 4) more();
  }, [last, rows.length]);
  const opened = parameter("open");
  // Beside a detail there is less room, and it says what is left out.
  const isNarrow = useNarrow();
  const columns = all.filter((column) => !(opened && column.isExtra) && !(isNarrow && column.isWide)).slice(0, isNarrow ? COLUMNS_NARROW : undefined);
  const template = columns.map((column) => column.width).join(" ");
  const byName = new Map(fields[question.kind].map((field) => [field.name, field]));
  return (
    <div class="list box">
      {error && <Problem text={error} />}
      <div class="rows" ref={root} role="table" aria-label={label} aria-rowcount={isComplete ? rows.length : -1}>
        <div class="heading" role="row" style={{ gridTemplateColumns: template }}>
          {columns.map((column) => (
            <span role="columnheader" class={column.isNumber ? "number" : ""} title={byName.get(column.name)?.help}>
              {column.title}
            </span>
          ))}
        </div>
        <div style={{ height: `${height}px`, position: "relative" }} role="rowgroup">
          {items.map((item) => {
            const row = rows[item.index]!;
            const key = keyOf(row);
            return (
              <div
                key={item.index}
                class={`row ${row.is_error ? "failed" : ""} ${key === opened ? "opened" : ""}`}
                role="row"
                aria-rowindex={item.index + 1}
                data-row
                tabIndex={0}
                style={{ gridTemplateColumns: template, transform: `translateY(${item.start}px)` }}
                // Going through the list is not worth an entry of the history each.
                onClick={() => go(change({ open: key === opened ? null : key }), !!opened)}
                onKeyDown={(event) => event.key === "Enter" && go(change({ open: key }), !!opened)}
              >
                {columns.map((column) => (
                  <span role="cell" class={column.isNumber ? "number" : ""}>
                    {cell(row, column, byName.get(column.name))}
                  </span>
                ))}
              </div>
            );
          })}
        </div>
        {!rows.length && !isLoading && !error && empty}
      </div>
      <footer class="quiet">
        <span>
          {format.exact(rows.length)}
          {isComplete ? "" : "+"} shown
        </span>
        {isLoading && rows.length === 0 && <span>asking the agent…</span>}
        {!atTop && (
          <button class="plain" onClick={() => root.current!.scrollTo({ top: 0 })}>
            ↑ to the newest
          </button>
        )}
      </footer>
    </div>
  );
}
