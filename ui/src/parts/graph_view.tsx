// SPDX-License-Identifier: Apache-2.0
// The picture of a map: nodes and edges where layout.ts puts them, closer and farther, and where the view is in the
// whole when not all of it is seen.
import { signal, useSignal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { change, link, parameter } from "../address";
import { duration, percent, rate } from "../format";
import { BETWEEN_GROUPS, edgeId, UNKNOWN } from "../graph";
import type { Edge, MapNode, Picture } from "../graph";
import { acrossIn, MARGIN, place, SCALE_LEGIBLE, shapeOf } from "../layout";
import type { Place, Placed, Point, Room } from "../layout";
import { inert } from "../text";
import { Icon } from "./icons";
import { NARROW, useNarrow } from "./virtual";

const LABELS_MAXIMUM = 40;
const ZOOM_MOST = 1.25;
const HEIGHT_LEAST = 200;
const HEIGHT_PART = 0.72;
/** Widths of a window within it have the same layout. */
const ROOM_STEP = 40;
/** Farther away only names are shown, larger. */
const SCALE_FAR = 0.6;
const OVERVIEW = { width: 132, height: 88 };

/** The node that someone points at: what it has to do with stands out. */
const pointed = signal("");

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

export const nameOf = (id: string) => (id === UNKNOWN ? "" : id);

export const failing = (part: { requests: number; errors: number }) => part.requests > 0 && part.errors / part.requests >= 0.01;

interface EdgeProps {
  edge: Edge;
  points: { x: number; y: number }[];
  seconds: number;
  most: number;
  hasLabel: boolean;
}

/** near and away: what to do with the pointed node, and what not. */
const nearness = (...ends: string[]) => (!pointed.value ? "" : ends.includes(pointed.value) ? "near" : "away");

function EdgeLine({ edge, points, seconds, most, hasLabel }: EdgeProps) {
  const id = edgeId(edge);
  const near = nearness(edge.client, edge.server);
  const isChosen = parameter("edge") === id;
  const middle = points[Math.floor(points.length / 2)]!;
  const width = hasLabel ? 1 + 3.5 * Math.sqrt(edge.requests / most) : 0.75 + 1.75 * Math.sqrt(edge.requests / most);
  const text = `${rate(edge.requests / seconds)}  ${duration(edge.p99)}`;
  const href = change({ edge: isChosen ? null : id });
  const what = `${id}: ${edge.protocols.join(", ")}, ${text} (p99), errors ${percent(edge.errors / edge.requests)}`;
  return (
    <a class={`edge ${failing(edge) ? "failing" : ""} ${isChosen ? "chosen" : ""} ${near}`} href={href} aria-label={inert(what)}>
      <title>{inert(what)}</title>
      <path class="hit" d={curve(points)} />
      <path d={curve(points)} stroke-width={width} marker-end="url(#arrow)" />
      {(hasLabel || isChosen || near === "near") && (
        <text x={middle.x} y={middle.y - 6}>
          {text}
        </text>
      )}
    </a>
  );
}

interface NodeProps {
  node: MapNode;
  at: Place;
  isOutside: boolean;
  seconds: number;
  /** it and those that it calls or that call it */
  around: Set<string>;
  show: (at: Place) => void;
}

function NodeBox({ node, at, isOutside, seconds, around, show }: NodeProps) {
  const isGroup = node.members.length > 1;
  const expanded = parameter("expand").split(BETWEEN_GROUPS).filter(Boolean);
  const href = isGroup ? change({ expand: [...expanded, node.id].join(BETWEEN_GROUPS) }) : link("/service", { service: nameOf(node.members[0]!) });
  const figures = node.served ? `${rate(node.served / seconds)}  ${duration(node.p99)}` : "only calls";
  const isBad = failing({ requests: node.served, errors: node.errors });
  return (
    <g transform={`translate(${at.x - at.width / 2} ${at.y - at.height / 2})`}>
    <a
      class={`node ${isOutside ? "outside" : ""} ${isBad ? "failing" : ""} ${isGroup ? "many" : ""} ${nearness(...around)}`}
      href={href}
      onPointerEnter={() => (pointed.value = node.id)}
      onPointerLeave={() => (pointed.value = "")}
      onFocus={(event) => {
        if (!event.currentTarget.matches(":focus-visible")) return;
        pointed.value = node.id;
        show(at);
      }}
      onBlur={() => (pointed.value = "")}
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

interface Box extends Point, Room {}

const heightMost = () => Math.max(HEIGHT_LEAST, HEIGHT_PART * innerHeight);

/** What there is room for, in steps, so that a layout does not change with every pixel. */
function useRoom(root: { current: SVGSVGElement | null }): Signal<Room> {
  const measure = (width: number): Room => ({ width: Math.max(1, Math.floor(width / ROOM_STEP)) * ROOM_STEP, height: heightMost() });
  const room = useSignal(measure(innerWidth - (NARROW.matches ? 32 : 210)));
  useEffect(() => {
    const look = () => {
      const next = measure(root.current?.clientWidth ?? room.value.width);
      if (next.width !== room.value.width || next.height !== room.value.height) room.value = next;
    };
    const observer = new ResizeObserver(look);
    observer.observe(root.current!);
    return () => observer.disconnect();
  }, []);
  return room;
}

/** The part of the map that is in view; nothing but who looks changes it. */
function useZoom(root: { current: SVGSVGElement | null }, { width, height }: Room, isNarrow: boolean) {
  const box = useSignal<Box>({ x: 0, y: 0, width, height });
  /** All of it, or as much as can be read of it, from where it begins. */
  const fit = (isLegible: boolean) => {
    const element = root.current;
    if (!element) return;
    const most = heightMost();
    const whole = Math.min(element.clientWidth / width, most / height, ZOOM_MOST);
    const across = acrossIn({ width: element.clientWidth, height: most }, { width, height }, isNarrow);
    const scale = whole >= SCALE_LEGIBLE || !isLegible ? whole : Math.max(SCALE_LEGIBLE, Math.min(1, across));
    // No higher than what is drawn.
    element.style.height = `${Math.max(HEIGHT_LEAST, Math.min(most, height * scale + 24))}px`;
    const [wide, high] = [element.clientWidth / scale, element.clientHeight / scale];
    const begin = (length: number, seen: number, isLong: boolean) => (isLong && seen < length ? 0 : (length - seen) / 2);
    box.value = { x: begin(width, wide, width > height), y: begin(height, high, height >= width), width: wide, height: high };
  };
  useEffect(() => {
    fit(true);
    // Its height is made here.
    let known = root.current!.clientWidth;
    const observer = new ResizeObserver(([entry]) => {
      const now = entry!.contentRect.width;
      if (now && now !== known) fit(true);
      known = now;
    });
    observer.observe(root.current!);
    return () => observer.disconnect();
  }, [width, height, isNarrow]);
  const zoom = (by: number, x = 0.5, y = 0.5) => {
    const now = box.value;
    box.value = {
      x: now.x + now.width * x * (1 - by),
      y: now.y + now.height * y * (1 - by),
      width: now.width * by,
      height: now.height * by,
    };
  };
  const centre = ({ x, y }: Point) => (box.value = { ...box.value, x: x - box.value.width / 2, y: y - box.value.height / 2 });
  /** Who moves by keys sees where that is. */
  const show = (at: Place) => {
    const { x, y, width: wide, height: high } = box.value;
    const isSeen = at.x - at.width / 2 >= x && at.x + at.width / 2 <= x + wide && at.y - at.height / 2 >= y && at.y + at.height / 2 <= y + high;
    if (!isSeen) centre(at);
  };
  return { box, zoom, fit, centre, show };
}

/** Dragging moves the view; what was dragged was not meant as a click. */
function useDrag(root: { current: SVGSVGElement | null }, { box, zoom }: ReturnType<typeof useZoom>) {
  const drag = useRef<{ x: number; y: number; isMoved: boolean } | null>(null);
  return {
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
    onClickCapture: (event: Event) => {
      if (drag.current?.isMoved) event.preventDefault();
      drag.current = null;
    },
  };
}

/** The whole, small, and what is seen of it; a press goes there. */
function Overview({ placed, box, centre }: { placed: Placed; box: Box; centre: (to: Point) => void }) {
  const scale = Math.min(OVERVIEW.width / placed.width, OVERVIEW.height / placed.height);
  const go = (event: PointerEvent) => {
    if (!event.buttons) return;
    const bounds = (event.currentTarget as Element).getBoundingClientRect();
    centre({ x: (event.clientX - bounds.x) / scale, y: (event.clientY - bounds.y) / scale });
  };
  const [x, y] = [Math.max(0, box.x), Math.max(0, box.y)];
  return (
    <svg
      class="whole"
      aria-hidden="true"
      width={placed.width * scale}
      height={placed.height * scale}
      viewBox={`0 0 ${placed.width} ${placed.height}`}
      onPointerDown={go}
      onPointerMove={go}
    >
      {[...placed.nodes].map(([id, at]) => (
        <rect key={id} x={at.x - at.width / 2} y={at.y - at.height / 2} width={at.width} height={at.height} />
      ))}
      <rect class="seen" x={x} y={y} width={Math.min(placed.width, box.x + box.width) - x} height={Math.min(placed.height, box.y + box.height) - y} />
    </svg>
  );
}

function aroundOf(shown: Picture): Map<string, Set<string>> {
  const around = new Map(shown.nodes.map(({ id }) => [id, new Set([id])]));
  for (const { client, server } of shown.edges) {
    around.get(client)!.add(server);
    around.get(server)!.add(client);
  }
  return around;
}

export function GraphView({ shown, outside, seconds }: GraphProps) {
  const shape = shapeOf(shown);
  const root = useRef<SVGSVGElement>(null);
  const isNarrow = useNarrow();
  const room = useRoom(root).value;
  const placed = useMemo(() => place(shown, isNarrow, room), [shape, isNarrow, room]);
  const around = useMemo(() => aroundOf(shown), [shape]);
  const look = useZoom(root, placed, isNarrow);
  const { box, zoom, fit, centre, show } = look;
  const most = Math.max(...shown.edges.map((edge) => edge.requests), 1);
  const view = box.value;
  const isWithin = (at: number, seen: number, length: number) => at < MARGIN && at + seen > length - MARGIN;
  const isAllSeen = isWithin(view.x, view.width, placed.width) && isWithin(view.y, view.height, placed.height);
  const isFar = (root.current?.clientWidth ?? view.width) / view.width < SCALE_FAR;
  return (
    <div class="map box">
      <div class="zoom">
        <button class="plain" aria-label="Closer" title="Closer" onClick={() => zoom(1 / 1.25)}>
          +
        </button>
        <button class="plain" aria-label="Farther" title="Farther" onClick={() => zoom(1.25)}>
          −
        </button>
        <button class="plain" aria-label="Everything" title="Everything" onClick={() => fit(false)}>
          <Icon name="whole" />
        </button>
      </div>
      {!isAllSeen && <Overview placed={placed} box={view} centre={centre} />}
      <svg
        ref={root}
        class={`picture ${isFar ? "far" : ""} ${shown.edges.length > LABELS_MAXIMUM ? "dense" : ""}`}
        viewBox={`${view.x} ${view.y} ${view.width} ${view.height}`}
        role="group"
        aria-label="Map of services"
        {...useDrag(root, look)}
      >
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
            around={around.get(node.id)!}
            show={show}
          />
        ))}
      </svg>
    </div>
  );
}
