// SPDX-License-Identifier: Apache-2.0
// Lines over the range. What is dragged over becomes the range; the pointer's time is the same in all charts of a page.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { change, go } from "../address";
import { time } from "../format";
import { iso } from "../range";
import { darkness } from "./shell";

export interface Curve {
  name: string;
  /** a custom property of the style sheet */
  color: string;
  values: (number | null)[];
  isFilled?: boolean;
  dash?: number[];
}

interface ChartProps {
  label: string;
  /** milliseconds */
  times: number[];
  curves: Curve[];
  format: (value: number) => string;
  height?: number;
  isLog?: boolean;
}

const sync = uPlot.sync("range");

export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function optionsOf({ curves, format, height = 150, isLog }: ChartProps, width: number): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: color("--faint"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: color("--line-soft"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    ms: 1,
    padding: [8, 8, 0, 0],
    cursor: { sync: { key: sync.key }, drag: { x: true, y: false, setScale: false }, points: { size: 5 } },
    legend: { show: false },
    scales: {
      x: { time: true },
      y: isLog ? { distr: 3, log: 10 } : { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] },
    },
    axes: [
      { ...axis, size: 24, gap: 4, space: 70, values: (_, splits) => splits.map((at) => time(at).replace(/:00$/, "")) },
      { ...axis, size: 62, gap: 6, space: 32, values: (_, splits) => splits.map((value) => (value === null ? "" : format(value))) },
    ],
    series: [
      {},
      ...curves.map((curve) => ({
        label: curve.name,
        stroke: color(curve.color),
        fill: curve.isFilled ? `color-mix(in srgb, ${color(curve.color)} 14%, transparent)` : undefined,
        width: 1.4,
        dash: curve.dash,
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          if (wide > 4) {
            const since = plot.posToVal(left, "x");
            go(change({ since: iso(since), until: iso(plot.posToVal(left + wide, "x")) }));
          }
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

export function Chart(props: ChartProps) {
  const root = useRef<HTMLDivElement>(null);
  const reading = useRef<HTMLSpanElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data = [props.times, ...props.curves.map((curve) => curve.values)] as uPlot.AlignedData;
  const latest = useRef(props);
  latest.current = props;
  const isDark = darkness.value;
  const names = props.curves.map((curve) => curve.name).join();
  useEffect(() => {
    const element = root.current!;
    const options = optionsOf(props, element.clientWidth);
    options.hooks!.setCursor = [
      (one) => {
        const { curves, times, format } = latest.current;
        const at = one.cursor.idx;
        // The legend shows the values under the pointer.
        reading.current!.textContent =
          at === null || at === undefined
            ? ""
            : `${time(times[at]!)}  ${curves.map((curve) => `${curve.name} ${curve.values[at] == null ? "–" : format(curve.values[at]!)}`).join("  ")}`;
      },
    ];
    const made = new uPlot(options, data, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: made.height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [isDark, names]);
  useEffect(() => {
    plot.current?.setData(data);
  });
  return (
    <figure class="chart box">
      <figcaption>
        <b>{props.label}</b>
        <span class="reading" ref={reading} />
        <span class="legend">
          {props.curves.map((curve) => (
            <span>
              <Swatch color={curve.color} dash={curve.dash} /> {curve.name}
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={root} role="img" aria-label={`${props.label} over time: ${summary(props)}`} />
    </figure>
  );
}

function Swatch({ color: name, dash }: { color: string; dash?: number[] }) {
  return (
    <svg viewBox="0 0 14 6" class="swatch" aria-hidden="true">
      <path d="M0 3h14" stroke={`var(${name})`} stroke-dasharray={dash?.join(" ")} />
    </svg>
  );
}

function summary({ curves, format }: ChartProps): string {
  return curves
    .map((curve) => {
      const known = curve.values.filter((value) => value !== null);
      return known.length ? `${curve.name} ${format(Math.min(...known))} to ${format(Math.max(...known))}` : `${curve.name} none`;
    })
    .join(", ");
}
