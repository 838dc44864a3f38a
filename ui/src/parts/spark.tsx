// SPDX-License-Identifier: Apache-2.0
// A line as small as a word: how a number went over the range. The number beside it says what it is.
import type { Line } from "../series";

const WIDTH = 88;
const HEIGHT = 20;

interface SparkProps {
  values: (number | null)[];
  color?: "rate" | "error" | "latency";
  isFilled?: boolean;
}

function pathOf(values: (number | null)[], most: number): string {
  const step = WIDTH / Math.max(values.length - 1, 1);
  let text = "";
  let isDrawing = false;
  values.forEach((value, index) => {
    if (value === null) {
      isDrawing = false;
      return;
    }
    text += `${isDrawing ? "L" : "M"}${(index * step).toFixed(1)} ${(HEIGHT - 1.5 - (value / most) * (HEIGHT - 3)).toFixed(1)}`;
    isDrawing = true;
  });
  return text;
}

export function Spark({ values, color = "rate", isFilled = true }: SparkProps) {
  const most = Math.max(...values.map((value) => value ?? 0));
  if (!(most > 0)) return <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" />;
  const path = pathOf(values, most);
  const first = values.findIndex((value) => value !== null);
  const step = WIDTH / Math.max(values.length - 1, 1);
  const last = values.findLastIndex((value) => value !== null);
  return (
    <svg class={`spark ${color}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {isFilled && values.slice(first, last + 1).every((value) => value !== null) && (
        <path class="area" d={`${path}L${(last * step).toFixed(1)} ${HEIGHT}L${(first * step).toFixed(1)} ${HEIGHT}Z`} />
      )}
      <path d={path} />
    </svg>
  );
}

/** One value for each step of the range; the last, which is not over, is left out. */
export function over(
  line: Line,
  since: number,
  until: number,
  step: number,
  value: (point: NonNullable<ReturnType<Line["get"]>>) => number,
  absent: number | null = 0,
  oldest = 0,
): (number | null)[] {
  const found: (number | null)[] = [];
  for (let time = since; time + step <= until; time += step) {
    const point = line.get(time);
    // Nothing is known of the time before there was an agent.
    found.push(point ? value(point) : time < oldest ? null : absent);
  }
  return found;
}
