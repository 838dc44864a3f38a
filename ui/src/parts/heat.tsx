// SPDX-License-Identifier: Apache-2.0
// Latencies over time as a heat map on canvas: time to the right, duration upwards on a log scale, the more the
// stronger. A cell that is clicked or a box that is dragged is told to the page, which shows the exchanges in it.
import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { count, duration, time } from "../format";
import { lowerBound } from "../histogram";
import type { Histogram } from "../histogram";
import { color } from "./chart";
import { darkness } from "./shell";

export interface Box {
  /** milliseconds */
  since: number;
  until: number;
  /** nanoseconds */
  least: number;
  most: number;
}

interface HeatProps {
  since: number;
  until: number;
  step: number;
  columns: Map<number, Histogram>;
  box: Box | null;
  onBox: (box: Box | null) => void;
  height?: number;
}

/** Steps of the histograms (16 a power of two) that make one row of cells. */
const STEPS_A_ROW = 8;
const LEFT = 62;
const BOTTOM = 22;
/** Distances of labels that people can count in. */
const EVERY_MS = [10e3, 30e3, 60e3, 120e3, 300e3, 600e3, 1800e3, 3600e3, 7200e3, 21600e3, 43200e3, 86400e3];

interface Scale {
  /** first and one past the last row */
  low: number;
  high: number;
  rows: Map<number, Float64Array>;
  most: number;
}

/** Steps, the last of which may not be over. */
const lengthOf = ({ since, until, step }: { since: number; until: number; step: number }) => Math.max(1, Math.ceil((until - since) / step));

function scaleOf({ columns, since, until, step }: HeatProps): Scale {
  const length = lengthOf({ since, until, step });
  const rows = new Map<number, Float64Array>();
  let most = 0;
  for (const [at, histogram] of columns) {
    const index = Math.floor((at - since) / step);
    if (index < 0 || index >= length) continue;
    for (const [bucket, number] of histogram) {
      const row = Math.floor(bucket / STEPS_A_ROW);
      let cells = rows.get(row);
      if (!cells) rows.set(row, (cells = new Float64Array(length)));
      cells[index]! += number;
      most = Math.max(most, cells[index]!);
    }
  }
  const used = [...rows.keys()];
  if (!used.length) return { low: 0, high: 1, rows, most };
  return { low: Math.min(...used) - 1, high: Math.max(...used) + 2, rows, most };
}

const rowBound = (row: number) => lowerBound(Math.max(0, row * STEPS_A_ROW));

function draw(canvas: HTMLCanvasElement, props: HeatProps, scale: Scale, dragged: Box | null): void {
  const ratio = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  const wide = ((width - LEFT) * props.step) / (props.until - props.since);
  const high = (height - BOTTOM) / (scale.high - scale.low);
  const y = (row: number) => (height - BOTTOM) - (row - scale.low) * high;
  drawAxes(context, props, { width, height, y });
  context.fillStyle = color("--heat");
  for (const [row, cells] of scale.rows)
    cells.forEach((number, index) => {
      if (!number) return;
      context.globalAlpha = 0.14 + 0.86 * Math.sqrt(number / scale.most);
      context.fillRect(LEFT + index * wide, y(row + 1) + 0.5, Math.max(wide - 0.5, 1), Math.max(high - 0.5, 1));
    });
  context.globalAlpha = 1;
  const box = dragged ?? props.box;
  if (!box) return;
  const x = (at: number) => LEFT + ((at - props.since) / (props.until - props.since)) * (width - LEFT);
  const top = y(rowOf(box.most));
  context.strokeStyle = color("--accent");
  context.lineWidth = 1.5;
  context.strokeRect(x(box.since), top, Math.max(x(box.until) - x(box.since), 2), Math.max(y(rowOf(box.least)) - top, 2));
}

function rowOf(ns: number): number {
  return (ns < 16 ? ns : 16 * (Math.log2(ns) - 4) + 16) / STEPS_A_ROW;
}

interface Frame {
  width: number;
  height: number;
  y: (row: number) => number;
}

function drawAxes(context: CanvasRenderingContext2D, props: HeatProps, { width, height, y }: Frame): void {
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = color("--faint");
  context.strokeStyle = color("--line-soft");
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  let last = Infinity;
  for (let power = 0; power < 13; power++)
    for (const part of [1, 2, 5]) {
      const ns = part * 10 ** power;
      const at = Math.round(y(rowOf(ns))) + 0.5;
      if (at < 6 || at > height - BOTTOM - 4 || last - at < 26) continue;
      last = at;
      context.beginPath();
      context.moveTo(LEFT, at);
      context.lineTo(width, at);
      context.stroke();
      context.fillText(duration(ns), LEFT - 8, at);
    }
  context.textAlign = "center";
  const span = props.until - props.since;
  const labels = Math.max(1, Math.floor((width - LEFT) / 90));
  const every = EVERY_MS.find((one) => span / one <= labels) ?? EVERY_MS.at(-1)!;
  const zone = new Date().getTimezoneOffset() * 60e3;
  for (let at = Math.ceil((props.since - zone) / every) * every + zone; at < props.until; at += every) {
    const x = LEFT + ((at - props.since) / span) * (width - LEFT);
    if (x > LEFT + 20 && x < width - 20) context.fillText(time(at).replace(/:00$/, ""), x, height - 8);
  }
}

export function Heat(props: HeatProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const start = useRef<{ x: number; y: number } | null>(null);
  const dragged = useSignal<Box | null>(null);
  const hint = useSignal("");
  const scale = scaleOf(props);
  const isDark = darkness.value;
  useEffect(() => {
    const element = canvas.current!;
    const observer = new ResizeObserver(() => draw(element, props, scale, dragged.peek()));
    observer.observe(element);
    return () => observer.disconnect();
  });
  const shown = dragged.value;
  useEffect(() => draw(canvas.current!, props, scale, shown), [shown, isDark]);

  const length = lengthOf(props);
  const cellOf = (x: number, y: number) => {
    const { clientWidth: width, clientHeight: height } = canvas.current!;
    const column = Math.min(length - 1, Math.max(0, Math.floor(((x - LEFT) / (width - LEFT)) * ((props.until - props.since) / props.step))));
    const share = Math.min(1, Math.max(0, (height - BOTTOM - y) / (height - BOTTOM)));
    return { column, row: Math.min(scale.high - 1, scale.low + Math.floor(share * (scale.high - scale.low))) };
  };
  const boxOf = (a: { x: number; y: number }, b: { x: number; y: number }): Box => {
    const [one, other] = [cellOf(a.x, a.y), cellOf(b.x, b.y)];
    const [first, last] = [Math.min(one.column, other.column), Math.max(one.column, other.column)];
    const [low, high] = [Math.min(one.row, other.row), Math.max(one.row, other.row)];
    return {
      since: props.since + first * props.step,
      until: props.since + (last + 1) * props.step,
      least: Math.round(rowBound(low)),
      most: Math.round(rowBound(high + 1)),
    };
  };
  const onMove = (event: PointerEvent) => {
    const at = { x: event.offsetX, y: event.offsetY };
    const { column, row } = cellOf(at.x, at.y);
    const number = scale.rows.get(row)?.[column] ?? 0;
    hint.value = `${time(props.since + column * props.step)}  ${duration(rowBound(row))} – ${duration(rowBound(row + 1))}: ${count(number)}`;
    if (start.current) dragged.value = boxOf(start.current, at);
  };
  return (
    <figure class="chart box heat">
      <figcaption>
        <b>Latency</b>
        <span class="reading">{hint.value}</span>
        <span class="legend quiet">
          {props.box ? (
            <button class="button small" data-close onClick={() => props.onBox(null)}>
              {time(props.box.since)} – {time(props.box.until)}, {duration(props.box.least)} – {duration(props.box.most)} ×
            </button>
          ) : (
            "click a cell or drag a box to list what is in it"
          )}
        </span>
      </figcaption>
      <canvas
        ref={canvas}
        role="img"
        aria-label={`Latencies over time, from ${duration(rowBound(scale.low + 1))} to ${duration(rowBound(scale.high - 1))}. The list below has the same requests.`}
        onPointerDown={(event) => {
          start.current = { x: event.offsetX, y: event.offsetY };
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={onMove}
        onPointerLeave={() => (hint.value = "")}
        onPointerUp={(event) => {
          const from = start.current;
          start.current = null;
          dragged.value = null;
          if (from) props.onBox(boxOf(from, { x: event.offsetX, y: event.offsetY }));
        }}
      />
    </figure>
  );
}
