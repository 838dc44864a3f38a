// SPDX-License-Identifier: Apache-2.0
// Events of one kind, the newest first, as a list of any length: only what is seen is in the document. Older ones come
// when the end is near. Live: while the top is in view the newest replace the list; who scrolls reads in peace.
import { signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { change, go, parameter } from "../address";
import { connection, events, returned } from "../api";
import type { Row } from "../api";
import * as format from "../format";
import { isPaused } from "../range";
import { fields } from "../schema";
import type { Field, Kind } from "../schema";
import { inert } from "../text";
import { Problem } from "./state";
import { useWindow } from "./virtual";

const BATCH = 500;
const ROWS_MAXIMUM = 200_000;
const REFRESH_MS = 3000;

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
  const { kind, filter, since, until, isLive } = question;

  const ask = async (before: string, keep: Row[]) => {
    controller.current.abort();
    const mine = (controller.current = new AbortController());
    state.value = { ...state.peek(), isLoading: true };
    try {
      const parameters = { kind, filter, since, until: before, last: BATCH, fields: fieldsOf(columns) };
      const found = (await events(parameters, mine.signal)).reverse();
      // The time of a row that both answers hold has only microseconds.
      const known = new Set(keep.slice(-BATCH).map(keyOf));
      const rows = keep.concat(found.filter((row) => !known.has(keyOf(row))));
      const isComplete = found.length < BATCH || rows.length >= ROWS_MAXIMUM || rows.length === keep.length;
      state.value = { rows, isComplete, isLoading: false, error: "" };
    } catch (error) {
      if (!mine.signal.aborted) state.value = { ...state.peek(), isLoading: false, error: (error as Error).message };
    }
  };
  useEffect(() => {
    ask(until, []);
    return () => controller.current.abort();
  }, [kind, filter, isLive || since, until, returned.value]);
  useEffect(() => {
    if (!isLive) return;
    const timer = setInterval(() => {
      if (isAtTop.current && !isPaused.peek() && !document.hidden && !state.peek().isLoading && connection.peek() === "fine")
        ask("", []);
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
  const columns = opened ? all.filter((column) => !column.isExtra) : all;
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
