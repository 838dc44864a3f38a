// SPDX-License-Identifier: Apache-2.0
// Where nodes of a map stand: dagre's layers while those can be read in the room there is; else a block for each
// distance from who begins, its nodes in rows and columns, whatever shape fits the room best. Pure.
import { Graph, layout } from "@dagrejs/dagre";
import { edgeId } from "./graph";
import type { Picture } from "./graph";

/** Below it letters are too small. */
export const SCALE_LEGIBLE = 0.8;
const NODE_HEIGHT = 44;
const BLOCK_WIDTH = 168;
const GAP = 16;
/** between blocks, for what runs there */
const BLOCK_GAP = 64;
export const MARGIN = 12;

export interface Point {
  x: number;
  y: number;
}

export interface Place extends Point {
  width: number;
  height: number;
}

export interface Placed {
  width: number;
  height: number;
  nodes: Map<string, Place>;
  edges: Map<string, Point[]>;
}

export interface Room {
  width: number;
  height: number;
}

/** What a layout depends on: while it is the same the places stay. */
export function shapeOf({ nodes, edges }: Picture): string {
  return `${nodes.map((node) => `${node.id} ${node.label}`).sort().join("\n")}\n\n${edges.map(edgeId).sort().join("\n")}`;
}

const scaleIn = (room: Room, { width, height }: Room) => Math.min(room.width / width, room.height / height);

/** The scale at which all is seen in the direction in which nothing flows. */
export const acrossIn = (room: Room, { width, height }: Room, isNarrow: boolean) => (isNarrow ? room.width / width : room.height / height);

function layered({ nodes, edges }: Picture, isNarrow: boolean): Placed {
  const graph = new Graph();
  graph.setGraph({ rankdir: isNarrow ? "TB" : "LR", nodesep: 22, ranksep: isNarrow ? 56 : 120, edgesep: 14, marginx: MARGIN, marginy: MARGIN });
  const byName = [...nodes].sort((a, b) => a.label.localeCompare(b.label));
  for (const node of byName) {
    const width = Math.min(220, Math.max(112, 34 + 7.4 * Math.max(node.label.length, 14)));
    graph.setNode(node.id, { width, height: NODE_HEIGHT });
  }
  for (const edge of [...edges].sort((a, b) => b.requests - a.requests)) graph.setEdge(edge.client, edge.server, {});
  layout(graph);
  const size = graph.graph() as { width?: number; height?: number };
  return {
    width: size.width ?? 0,
    height: size.height ?? 0,
    nodes: new Map(nodes.map((node) => [node.id, graph.node(node.id) as Place])),
    edges: new Map(edges.map((edge) => [edgeId(edge), (graph.edge(edge.client, edge.server) as { points: Point[] }).points])),
  };
}

/** Nodes by how many calls they are away from who is called by nobody; circles begin where most goes out. */
function distances({ nodes, edges }: Picture): string[][] {
  const calls = new Map(nodes.map(({ id }) => [id, [] as string[]]));
  const callers = new Map(nodes.map(({ id }) => [id, 0]));
  for (const { client, server } of edges) {
    calls.get(client)!.push(server);
    callers.set(server, callers.get(server)! + 1);
  }
  const lead = (id: string) => calls.get(id)!.length - callers.get(id)!;
  const left = nodes.map(({ id }) => id).sort((a, b) => lead(b) - lead(a));
  const found = new Map<string, number>();
  let wave = left.filter((id) => callers.get(id) === 0);
  for (let begun = 0; found.size < nodes.length; begun++) {
    if (wave.length === 0) wave = [left.find((id) => !found.has(id))!];
    for (let distance = 0; wave.length; distance++) {
      for (const id of wave) found.set(id, distance);
      wave = [...new Set(wave.flatMap((id) => calls.get(id)!))].filter((id) => !found.has(id));
    }
  }
  const labels = new Map(nodes.map(({ id, label }) => [id, label]));
  const order = [...found.keys()].sort((a, b) => labels.get(a)!.localeCompare(labels.get(b)!));
  const blocks: string[][] = [];
  for (const id of order) (blocks[found.get(id)!] ??= []).push(id);
  return blocks.filter(Boolean);
}

/** Blocks one beside the other, or below it; `most` nodes across in each. */
function blocksOf(shown: Picture, blocks: string[][], most: number, isNarrow: boolean): Placed {
  const [along, across] = isNarrow ? [NODE_HEIGHT, BLOCK_WIDTH] : [BLOCK_WIDTH, NODE_HEIGHT];
  const extent = Math.min(most, Math.max(...blocks.map(({ length }) => length))) * (across + GAP) - GAP;
  const nodes = new Map<string, Place>();
  let start = MARGIN;
  for (const block of blocks) {
    const lines = Math.ceil(block.length / most);
    const inLine = Math.ceil(block.length / lines);
    block.forEach((id, index) => {
      const line = Math.floor(index / inLine);
      const length = Math.min(inLine, block.length - line * inLine) * (across + GAP) - GAP;
      const u = start + line * (along + GAP) + along / 2;
      const v = MARGIN + (extent - length) / 2 + (index % inLine) * (across + GAP) + across / 2;
      nodes.set(id, { x: isNarrow ? v : u, y: isNarrow ? u : v, width: BLOCK_WIDTH, height: NODE_HEIGHT });
    });
    start += lines * (along + GAP) - GAP + BLOCK_GAP;
  }
  const [length, breadth] = [start - BLOCK_GAP + MARGIN, extent + 2 * MARGIN];
  const edges = new Map(shown.edges.map((edge) => [edgeId(edge), pathOf(nodes.get(edge.client)!, nodes.get(edge.server)!, isNarrow)]));
  return { width: isNarrow ? breadth : length, height: isNarrow ? length : breadth, nodes, edges };
}

/** From the end of one node to the beginning of the other; between nodes of one line, around them. */
function pathOf(from: Place, to: Place, isNarrow: boolean): Point[] {
  const turn = (u: number, v: number): Point => (isNarrow ? { x: v, y: u } : { x: u, y: v });
  const [u1, v1, u2, v2] = isNarrow ? [from.y, from.x, to.y, to.x] : [from.x, from.y, to.x, to.y];
  const half = (isNarrow ? NODE_HEIGHT : BLOCK_WIDTH) / 2;
  if (u2 > u1) {
    const bend = Math.min(BLOCK_GAP, u2 - u1 - 2 * half) / 2;
    return [turn(u1 + half, v1), turn(u1 + half + bend, v1), turn(u2 - half - bend, v2), turn(u2 - half, v2)];
  }
  const out = BLOCK_GAP / 3;
  const [first, last] = u2 === u1 ? [half, half] : [-half, half];
  const side = (u: number, by: number) => u + by + Math.sign(by) * out;
  return [turn(u1 + first, v1), turn(side(u1, first), v1), turn(side(u2, last), v2), turn(u2 + last, v2)];
}

/** From left to right, or downwards where there is little room. */
export function place(shown: Picture, isNarrow: boolean, room: Room): Placed {
  const best = layered(shown, isNarrow);
  if (scaleIn(room, best) >= SCALE_LEGIBLE) return best;
  const blocks = distances(shown);
  // What has to be moved to be seen shall be moved in one direction only.
  const worth = (one: Placed) => scaleIn(room, one) + Number(acrossIn(room, one, isNarrow) >= SCALE_LEGIBLE);
  let found = best;
  for (let most = 1; most <= Math.max(...blocks.map(({ length }) => length)); most++) {
    const one = blocksOf(shown, blocks, most, isNarrow);
    if (worth(one) > worth(found)) found = one;
  }
  return found;
}
