// SPDX-License-Identifier: Apache-2.0
// The time range: usual spans, two points in time, steps to earlier and later, and going on or standing still.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { change, go, parameter } from "../address";
import { time, utc } from "../format";
import { iso, isPaused, isRelative, range, SPAN_DEFAULT, SPANS } from "../range";
import { Icon } from "./icons";

const NAMES: Record<string, string> = {
  "5m": "5 minutes",
  "15m": "15 minutes",
  "1h": "Hour",
  "6h": "6 hours",
  "24h": "Day",
  "7d": "Week",
};

function label(): string {
  const since = parameter("since") || SPAN_DEFAULT;
  if (range.value.isLive) return `Last ${NAMES[since]?.toLowerCase() ?? since}`;
  return `${time(range.value.since)} – ${time(range.value.until)}`;
}

function set(since: number, until: number): void {
  go(change({ since: iso(since), until: iso(until) }));
}

function move(by: number): void {
  const { since, until } = range.value;
  const width = (until - since) / 2;
  if (until + by * width >= Date.now()) go(change({ since: null, until: null }));
  else set(since + by * width, until + by * width);
}

/** "2026-01-31T14:03:07" of the viewer's zone, as date inputs take it. */
function local(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60e3).toISOString().slice(0, 19);
}

function Choices({ close }: { close: () => void }) {
  const since = useRef<HTMLInputElement>(null);
  const until = useRef<HTMLInputElement>(null);
  const current = range.value.isLive ? parameter("since") || SPAN_DEFAULT : "";
  const apply = (event: Event) => {
    event.preventDefault();
    const [start, end] = [Date.parse(since.current!.value), Date.parse(until.current!.value)];
    if (start < end) set(start, end);
    close();
  };
  return (
    <div class="menu" role="dialog" aria-label="Time range">
      <div class="spans">
        {SPANS.map((span) => (
          <a
            href={change({ since: span === SPAN_DEFAULT ? null : span, until: null })}
            aria-current={span === current ? "true" : undefined}
            onClick={close}
          >
            {NAMES[span]}
          </a>
        ))}
      </div>
      <form onSubmit={apply}>
        <label>
          From <input type="datetime-local" step="1" ref={since} defaultValue={local(range.value.since)} />
        </label>
        <label>
          To <input type="datetime-local" step="1" ref={until} defaultValue={local(range.value.until)} />
        </label>
        <button>Show</button>
      </form>
      <p class="quiet">
        {utc(range.value.since)}
        <br />
        {utc(range.value.until)}
      </p>
    </div>
  );
}

export function RangePicker() {
  const isOpen = useSignal(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const onClick = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) isOpen.value = false;
    };
    document.addEventListener("click", onClick);
    return () => document.removeEventListener("click", onClick);
  }, []);
  const isMoving = range.value.isLive && !isPaused.value;
  const toggle = () => {
    if (range.value.isLive) isPaused.value = !isPaused.value;
    else {
      isPaused.value = false;
      const span = parameter("since");
      go(change({ since: isRelative(span) ? span : null, until: null }));
    }
  };
  return (
    <div class="range" ref={root}>
      <button onClick={() => move(-1)} aria-label="Earlier" title="Earlier">
        <Icon name="left" />
      </button>
      <button
        id="range"
        aria-haspopup="dialog"
        aria-expanded={isOpen.value}
        title={`${utc(range.value.since)} to ${utc(range.value.until)} (t)`}
        onClick={() => (isOpen.value = !isOpen.value)}
      >
        <Icon name="clock" />
        <span>{label()}</span>
      </button>
      <button onClick={() => move(1)} aria-label="Later" title="Later" disabled={range.value.isLive}>
        <Icon name="right" />
      </button>
      <button
        id="pause"
        class={isMoving ? "live" : ""}
        onClick={toggle}
        title={isMoving ? "Live: follows what happens. Pause (p)" : "Standing still. Go on (p)"}
        aria-pressed={!isMoving}
      >
        <Icon name={isMoving ? "pause" : "play"} />
        <span>{isMoving ? "Live" : "Paused"}</span>
      </button>
      {isOpen.value && <Choices close={() => (isOpen.value = false)} />}
    </div>
  );
}
