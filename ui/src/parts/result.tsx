// SPDX-License-Identifier: Apache-2.0
// Rows of any question, as a table of any length or as a chart.
import { useMemo, useRef } from "preact/hooks";
import type { Row } from "../api";
import * as format from "../format";
import { inert } from "../text";
import { Chart } from "./chart";
import type { Curve } from "./chart";
import { useWindow } from "./virtual";

const COLORS = ["--rate", "--latency", "--bad", "--live", "--warn", "--soft", "--accent", "--faint"];
const BARS_MAXIMUM = 40;

export const columnsOf = (rows: Row[]): string[] => Object.keys(rows[0] ?? {});

function show(name: string, value: unknown): string {
  if (typeof value === "number" && format.unitOfName(name) === "none") return format.exact(Math.round(value * 1000) / 1000);
  return inert(format.field({ type: "text", unit: format.unitOfName(name) }, value), 600);
}

const isNumber = (rows: Row[], name: string) => rows.every((row) => typeof row[name] === "number" || row[name] === null) && !/time_ns$/.test(name);

export function Table({ rows }: { rows: Row[] }) {
  const root = useRef<HTMLDivElement>(null);
  const { items, height } = useWindow(root, rows.length);
  const columns = columnsOf(rows);
  const numeric = useMemo(() => new Set(columns.filter((name) => isNumber(rows.slice(0, 200), name))), [rows]);
  const template = useMemo(
    () =>
      columns
        .map((name) => {
          const widest = Math.max(name.length, ...rows.slice(0, 200).map((row) => show(name, row[name]).length));
          const wide = Math.min(Math.max(widest, 4), 48) * 7.4 + 4;
          return numeric.has(name) ? `${wide}px` : `minmax(${Math.min(wide, 280)}px, ${Math.max(widest, 4)}fr)`;
        })
        .join(" "),
    [rows],
  );
  return (
    <div class="list box result">
      <div class="rows" ref={root} role="table" aria-label="Rows" aria-rowcount={rows.length} tabIndex={0}>
        <div class="heading" role="row" style={{ gridTemplateColumns: template }}>
          {columns.map((name) => (
            <span role="columnheader" class={numeric.has(name) ? "number" : ""}>
              {name}
            </span>
          ))}
        </div>
        <div style={{ height: `${height}px`, position: "relative" }} role="rowgroup">
          {items.map((item) => (
            <div class="row plainrow" role="row" key={item.index} style={{ gridTemplateColumns: template, transform: `translateY(${item.start}px)` }}>
              {columns.map((name) => (
                <span role="cell" class={numeric.has(name) ? "number" : ""} title={typeof rows[item.index]![name] === "string" ? inert(rows[item.index]![name]) : undefined}>
                  {show(name, rows[item.index]![name])}
                </span>
              ))}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

interface Shape {
  time: string | undefined;
  group: string | undefined;
  numbers: string[];
}

function shapeOf(rows: Row[]): Shape {
  const columns = columnsOf(rows);
  const time = columns.find((name) => /time_ns$/.test(name));
  const numbers = columns.filter((name) => name !== time && isNumber(rows.slice(0, 200), name));
  return { time, group: columns.find((name) => name !== time && !numbers.includes(name)), numbers };
}

export function canChart(rows: Row[]): boolean {
  return rows.length > 1 && shapeOf(rows).numbers.length > 0;
}

function curvesOf(rows: Row[], times: number[], { time, group, numbers }: Shape): Curve[] {
  const at = new Map(times.map((value, index) => [value, index]));
  const curves = new Map<string, (number | null)[]>();
  // Several rows of one time: a curve for each of what tells them apart.
  const isGrouped = group && times.length < rows.length;
  for (const row of rows)
    for (const name of isGrouped ? numbers.slice(0, 1) : numbers) {
      const key = isGrouped ? String(row[group]) : name;
      const values = curves.get(key) ?? times.map(() => null);
      values[at.get(Math.round(row[time!] / 1e6))!] = row[name];
      curves.set(key, values);
    }
  return [...curves]
    .slice(0, COLORS.length)
    .map(([name, values], index) => ({ name: inert(name, 40), values, color: COLORS[index]! }));
}

export function Picture({ rows }: { rows: Row[] }) {
  const shape = shapeOf(rows);
  const name = shape.numbers[0]!;
  if (shape.time) {
    const times = [...new Set(rows.map((row) => Math.round(row[shape.time!] / 1e6)))].sort((a, b) => a - b);
    // Numbers of one unit share a chart.
    const units = [...new Set(shape.numbers.map(format.unitOfName))];
    const isGrouped = shape.group && times.length < rows.length;
    return (
      <>
        {(isGrouped ? units.slice(0, 1) : units).map((unit) => {
          const numbers = shape.numbers.filter((one) => format.unitOfName(one) === unit);
          return (
            <Chart
              key={numbers.join()}
              label={isGrouped ? name : numbers.length === 1 ? numbers[0]! : "Result"}
              times={times}
              curves={curvesOf(rows, times, { ...shape, numbers })}
              format={(value) => show(numbers[0]!, value)}
              height={units.length > 1 ? 210 : 320}
            />
          );
        })}
      </>
    );
  }
  const most = Math.max(...rows.map((row) => row[name] ?? 0)) || 1;
  const labels = columnsOf(rows).filter((one) => !shape.numbers.includes(one));
  return (
    <div class="box bars" role="img" aria-label={`${name} of ${rows.length} rows`}>
      {rows.slice(0, BARS_MAXIMUM).map((row) => (
        <div>
          <span>{inert(labels.map((one) => row[one]).join("  "), 120)}</span>
          <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect width={(100 * (row[name] ?? 0)) / most} height="8" />
          </svg>
          <span class="number">{show(name, row[name])}</span>
        </div>
      ))}
    </div>
  );
}
