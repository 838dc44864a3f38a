// SPDX-License-Identifier: Apache-2.0
// Who talks to whom: services and outside peers, edges with what is spoken, rate, errors and latency.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { change, go, link, parameter } from "../address";
import { sql, useLoaded, view } from "../api";
import { isOfRates, quotedTerm, split } from "../filter";
import { count, duration, percent, rate } from "../format";
import { BETWEEN_GROUPS, edgeId, picture, place, shapeOf, UNKNOWN } from "../graph";
import type { Edge, MapNode, Picture, Place } from "../graph";
import { IgnoredTerms } from "../parts/filter_bar";
import { Icon } from "../parts/icons";
import { Empty, Problem, stateOf } from "../parts/state";
import { iso, range } from "../range";
import { inert } from "../text";

const LABELS_MAXIMUM = 40;
const ZOOM_MOST = 1.25;
const NARROW = matchMedia("(max-width: 900px)");
const HEIGHT_LEAST = 200;

/** A smooth line through the points that dagre gives. */
function curve(points: { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  let text = `M${first!.x} ${first!.y}`;
  for (let index = 0; index < rest.length - 1; index++) {
    const [at, next] = [rest[index]!, rest[index + 1]!];
    const isLast = index === rest.length - 2;
    const end = isLast ? next : { x: (at.x + next.x) / 2, y: (at.y + next.y) / 2 };
    text += `Q${at.x} ${at.y} ${end.x} ${end.y}`;
  }
  if (rest.length === 1) text += `L${rest[0]!.x} ${rest[0]!.y}`;
  return text;
}

const nameOf = (id: string) => (id === UNKNOWN ? "" : id);

const failing = (part: { requests: number; errors: number }) => part.requests > 0 && part.errors / part.requests >= 0.01;

interface EdgeProps {
  edge: Edge;
  points: { x: number; y: number }[];
  seconds: number;
  most: number;
  hasLabel: boolean;
}

function EdgeLine({ edge, points, seconds, most, hasLabel }: EdgeProps) {
  const id = edgeId(edge);
  const isChosen = parameter("edge") === id;
  const middle = points[Math.floor(points.length / 2)]!;
  const width = 1 + 3.5 * Math.sqrt(edge.requests / most);
  const text = `${rate(edge.requests / seconds)}  ${duration(edge.p99)}`;
  const href = change({ edge: isChosen ? null : id });
  const what = `${id}: ${edge.protocols.join(", ")}, ${text} (p99), errors ${percent(edge.errors / edge.requests)}`;
  return (
    <a class={`edge ${failing(edge) ? "failing" : ""} ${isChosen ? "chosen" : ""}`} href={href} aria-label={inert(what)}>
      <title>{inert(what)}</title>
      <path class="hit" d={curve(points)} />
      <path d={curve(points)} stroke-width={width} marker-end="url(#arrow)" />
      {(hasLabel || isChosen) && (
        <text x={middle.x} y={middle.y - 6}>
          {text}
        </text>
      )}
    </a>
  );
}

function NodeBox({ node, at, isOutside, seconds }: { node: MapNode; at: Place; isOutside: boolean; seconds: number }) {
  const isGroup = node.members.length > 1;
  const expanded = parameter("expand").split(BETWEEN_GROUPS).filter(Boolean);
  const href = isGroup ? change({ expand: [...expanded, node.id].join(BETWEEN_GROUPS) }) : link("/service", { service: nameOf(node.members[0]!) });
  const figures = node.served ? `${rate(node.served / seconds)}  ${duration(node.p99)}` : "only calls";
  const isBad = failing({ requests: node.served, errors: node.errors });
  return (
    <g transform={`translate(${at.x - at.width / 2} ${at.y - at.height / 2})`}>
    <a
      class={`node ${isOutside ? "outside" : ""} ${isBad ? "failing" : ""} ${isGroup ? "many" : ""}`}
      href={href}
    >
      <title>{`${inert(node.label)}, ${figures}${isOutside ? ", not watched" : ""}`}</title>
      {isGroup && <rect class="behind" x="4" y="-4" width={at.width} height={at.height} rx="8" />}
      <rect width={at.width} height={at.height} rx="8" />
      <text class="name" x="12" y="18">
        {inert(node.label, Math.floor((at.width - 20) / 7))}
      </text>
      <text class="figures" x="12" y="34">
        {isBad ? `${percent(node.errors / node.served)} errors  ${duration(node.p99)}` : figures}
      </text>
    </a>
    </g>
  );
}

interface GraphProps {
  shown: Picture;
  outside: Set<string>;
  seconds: number;
}

/** The part of the map that is in view; nothing but the pointer changes it. */
function useZoom(width: number, height: number) {
  const root = useRef<SVGSVGElement>(null);
  const box = useSignal({ x: 0, y: 0, width, height });
  const fit = () => {
    const element = root.current;
    if (!element) return;
    // No higher than what is drawn.
    const most = Math.max(HEIGHT_LEAST, 0.62 * innerHeight);
    const scale = Math.min(element.clientWidth / width, most / height, ZOOM_MOST);
    element.style.height = `${Math.max(HEIGHT_LEAST, Math.min(most, height * scale + 24))}px`;
    const [wide, high] = [element.clientWidth / scale, element.clientHeight / scale];
    box.value = { x: (width - wide) / 2, y: (height - high) / 2, width: wide, height: high };
  };
  useEffect(() => {
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(root.current!);
    return () => observer.disconnect();
  }, [width, height]);
  const zoom = (by: number, x = 0.5, y = 0.5) => {
    const now = box.value;
    box.value = {
      x: now.x + now.width * x * (1 - by),
      y: now.y + now.height * y * (1 - by),
      width: now.width * by,
      height: now.height * by,
    };
  };
  const drag = useRef<{ x: number; y: number; isMoved: boolean } | null>(null);
  const handlers = {
    onWheel: (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const bounds = root.current!.getBoundingClientRect();
      zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, (event.clientX - bounds.x) / bounds.width, (event.clientY - bounds.y) / bounds.height);
    },
    onPointerDown: (event: PointerEvent) => {
      drag.current = { x: event.clientX, y: event.clientY, isMoved: false };
    },
    onPointerMove: (event: PointerEvent) => {
      const from = drag.current;
      if (!from || !event.buttons) return;
      const scale = box.value.width / root.current!.clientWidth;
      box.value = { ...box.value, x: box.value.x - (event.clientX - from.x) * scale, y: box.value.y - (event.clientY - from.y) * scale };
      drag.current = { x: event.clientX, y: event.clientY, isMoved: true };
    },
    // What was dragged was not meant.
    onClickCapture: (event: Event) => {
      if (drag.current?.isMoved) event.preventDefault();
      drag.current = null;
    },
  };
  return { root, box, zoom, fit, handlers };
}

function GraphView({ shown, outside, seconds }: GraphProps) {
  const shape = shapeOf(shown);
  const isNarrow = useSignal(NARROW.matches);
  useEffect(() => {
    const look = () => (isNarrow.value = NARROW.matches);
    NARROW.addEventListener("change", look);
    return () => NARROW.removeEventListener("change", look);
  }, []);
  const placed = useMemo(() => place(shown, isNarrow.value), [shape, isNarrow.value]);
  const { root, box, zoom, fit, handlers } = useZoom(placed.width, placed.height);
  const most = Math.max(...shown.edges.map((edge) => edge.requests), 1);
  const view = box.value;
  return (
    <div class="map box">
      <div class="zoom">
        <button class="plain" aria-label="Closer" onClick={() => zoom(1 / 1.25)}>
          +
        </button>
        <button class="plain" aria-label="Farther" onClick={() => zoom(1.25)}>
          −
        </button>
        <button class="plain" aria-label="Everything" title="Everything" onClick={fit}>
          <Icon name="overview" />
        </button>
      </div>
      <svg ref={root} viewBox={`${view.x} ${view.y} ${view.width} ${view.height}`} role="group" aria-label="Map of services" {...handlers}>
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">
            <path d="M1 1 7 4 1 7" />
          </marker>
        </defs>
        {shown.edges.map((edge) => (
          <EdgeLine
            key={edgeId(edge)}
            edge={edge}
            points={placed.edges.get(edgeId(edge)) ?? []}
            seconds={seconds}
            most={most}
            hasLabel={shown.edges.length <= LABELS_MAXIMUM}
          />
        ))}
        {shown.nodes.map((node) => (
          <NodeBox
            key={node.id}
            node={node}
            at={placed.nodes.get(node.id)!}
            isOutside={node.members.every((name) => outside.has(name))}
            seconds={seconds}
          />
        ))}
      </svg>
    </div>
  );
}

function Table({ edges, labels, seconds }: { edges: Edge[]; labels: Map<string, string>; seconds: number }) {
  return (
    <table class="compact">
      <thead>
        <tr>
          <th>Client</th>
          <th>Server</th>
          <th>Protocol</th>
          <th class="number">Requests</th>
          <th class="number">Errors</th>
          <th class="number">p50</th>
          <th class="number">p99</th>
        </tr>
      </thead>
      <tbody>
        {edges.map((edge) => {
          const id = edgeId(edge);
          const filter = `${quotedTerm("from", nameOf(edge.client))} ${quotedTerm("to", nameOf(edge.server))}`;
          const href = link("/requests", { filter, role: "both" });
          return (
            <tr class={`link ${parameter("edge") === id ? "chosen" : ""}`} data-row tabIndex={0} onClick={() => go(href)} onKeyDown={(event) => event.key === "Enter" && go(href)}>
              <td>{inert(labels.get(edge.client) ?? edge.client, 80)}</td>
              <td>
                <a href={href} tabIndex={-1}>
                  {inert(labels.get(edge.server) ?? edge.server, 80)}
                </a>
              </td>
              <td class="quiet">{edge.protocols.join(", ")}</td>
              <td class="number">{rate(edge.requests / seconds)}</td>
              <td class={`number ${failing(edge) ? "bad" : edge.errors ? "" : "zero"}`}>{percent(edge.errors / edge.requests)}</td>
              <td class="number">{duration(edge.p50)}</td>
              <td class="number">{duration(edge.p99)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

export function ServiceMap() {
  const loaded = useLoaded((abort) => {
    const { since, until } = range.value;
    const where = split(parameter("filter"), isOfRates).kept;
    const watched = sql(
      `SELECT service FROM request_rate WHERE time_ns >= ${since}000000 AND time_ns < ${until}000000 GROUP BY service`,
      {},
      abort,
    );
    return Promise.all([view("map", { since: iso(since), until: iso(until), where }, abort), watched]).then(([rows, names]) => ({
      rows,
      watched: new Set(names.map((row) => row.service as string)),
      seconds: (until - since) / 1000,
    }));
  });
  const state = loaded.value;
  if (!state.value) return stateOf(state);
  const { rows, watched, seconds } = state.value;
  const expanded = new Set(parameter("expand").split(BETWEEN_GROUPS).filter(Boolean));
  const shown = picture(rows, expanded);
  const outside = new Set(rows.flatMap((row) => [row.client || UNKNOWN, row.server || UNKNOWN]).filter((name) => !watched.has(name)));
  const chosen = shown.edges.filter((edge) => !parameter("edge") || edgeId(edge) === parameter("edge"));
  const listed = (chosen.length ? chosen : shown.edges).toSorted((a, b) => b.requests - a.requests);
  return (
    <div class="page">
      <h1 class="unseen">Map</h1>
      {state.error && <Problem text={state.error} />}
      <IgnoredTerms />
      {rows.length === 0 ? (
        <Empty title="Nobody talked to anybody in this time">Choose a longer time, or take the filter away.</Empty>
      ) : (
        <>
          <GraphView shown={shown} outside={outside} seconds={seconds} />
          <section aria-labelledby="edges">
            <header>
              <h2 id="edges">{parameter("edge") ? inert(parameter("edge"), 120) : "Who calls whom"}</h2>
              <span class="quiet">{parameter("edge") ? "" : `${count(shown.nodes.length)} nodes, ${count(shown.edges.length)} edges`}</span>
              {(parameter("edge") || expanded.size > 0) && (
                <a class="more" href={change({ edge: null, expand: null })} data-close>
                  {parameter("edge") ? "all edges" : "group again"}
                </a>
              )}
            </header>
            <div class="scroll">
              <Table edges={listed} labels={new Map(shown.nodes.map((node) => [node.id, node.label]))} seconds={seconds} />
            </div>
          </section>
        </>
      )}
    </div>
  );
}
