// SPDX-License-Identifier: Apache-2.0
// From edges to a map that can be read: those that play the same part become one node when there are too many, and
// dagre lays them out. Pure.
import { Graph, layout } from "@dagrejs/dagre";
import type { Row } from "./api";

const NODES_MAXIMUM = 60;
const GROUP_LEAST = 3;
const NODE_HEIGHT = 44;
/** Between groups that are opened, in the address: names may have commas. */
export const BETWEEN_GROUPS = "\n";
/** In place of an empty name, which dagre does not take. */
export const UNKNOWN = "(unknown)";

export interface Edge {
  client: string;
  server: string;
  protocols: string[];
  requests: number;
  errors: number;
  p50: number;
  p99: number;
}

export interface MapNode {
  id: string;
  /** more than one where it is a group */
  members: string[];
  label: string;
  served: number;
  errors: number;
  p99: number;
}

export interface Picture {
  nodes: MapNode[];
  edges: Edge[];
}

export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Placed {
  width: number;
  height: number;
  nodes: Map<string, Place>;
  edges: Map<string, { x: number; y: number }[]>;
}

export const edgeId = (edge: { client: string; server: string }) => `${edge.client} → ${edge.server}`;

function neighbours(rows: Row[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const add = (name: string, other: string) => found.set(name, (found.get(name) ?? new Set()).add(other));
  for (const row of rows) {
    add(row.client, `to ${row.server}`);
    add(row.server, `from ${row.client}`);
  }
  return found;
}

function groupsBy(names: string[], keyOf: (name: string) => string): Map<string, string> {
  const members = new Map<string, string[]>();
  for (const name of names) members.set(keyOf(name), [...(members.get(keyOf(name)) ?? []), name]);
  const group = new Map<string, string>();
  for (const [key, list] of members) if (key && list.length >= GROUP_LEAST) for (const name of list) group.set(name, key);
  return group;
}

/** Names of the same beginning: shop-1 and shop-2, team/a and team/b. */
const stemOf = (name: string) => /^[^\s/:.-]+[/:.-]/.exec(name)?.[0] ?? "";

/** Which group each name belongs to; itself where it stands alone, also as member of a group that is opened. */
function groupNames(rows: Row[], expanded: Set<string>): Map<string, string> {
  const around = neighbours(rows);
  const group = new Map([...around.keys()].map((name) => [name, name]));
  const rules: ((name: string) => string)[] = [
    (name) => [...around.get(name)!].sort().join("|"),
    stemOf,
    (name) => {
      const sides = [...around.get(name)!].map((one) => one.split(" ")[0]);
      return [...new Set(sides)].sort().join();
    },
  ];
  for (const rule of rules) {
    if (new Set(group.values()).size <= NODES_MAXIMUM) break;
    const alone = [...group].filter(([name, id]) => name === id).map(([name]) => name);
    for (const [name, key] of groupsBy(alone, rule)) group.set(name, `group ${key}`);
  }
  // Only now, so that the others are grouped as they were.
  for (const [name, id] of group) if (expanded.has(id)) group.set(name, name);
  return group;
}

function labelOf(id: string, members: string[]): string {
  if (members.length === 1) return members[0]!;
  const stem = stemOf(members[0]!);
  if (stem && members.every((name) => name.startsWith(stem))) return `${stem}… (${members.length})`;
  const target = /^group to ([^|]*)$/.exec(id)?.[1];
  return target ? `${members.length} callers of ${target}` : `${members.length} others`;
}

export function picture(edgeRows: Row[], expanded: Set<string>): Picture {
  const rows = edgeRows.map((row) => ({ ...row, client: row.client || UNKNOWN, server: row.server || UNKNOWN }) as Row);
  const group = groupNames(rows, expanded);
  const nodes = new Map<string, MapNode>();
  const edges = new Map<string, Edge>();
  for (const [name, id] of group) {
    const node = nodes.get(id) ?? { id, members: [], label: "", served: 0, errors: 0, p99: 0 };
    node.members.push(name);
    nodes.set(id, node);
  }
  for (const node of nodes.values()) node.label = labelOf(node.id, node.members);
  for (const row of rows) {
    const [client, server] = [group.get(row.client)!, group.get(row.server)!];
    const node = nodes.get(server)!;
    node.served += row.requests;
    node.errors += row.errors;
    node.p99 = Math.max(node.p99, row.p99_ns);
    if (client === server) continue;
    const id = edgeId({ client, server });
    const edge = edges.get(id) ?? { client, server, protocols: [], requests: 0, errors: 0, p50: 0, p99: 0 };
    edge.requests += row.requests;
    edge.errors += row.errors;
    edge.p50 = Math.max(edge.p50, row.p50_ns);
    edge.p99 = Math.max(edge.p99, row.p99_ns);
    if (!edge.protocols.includes(row.protocol)) edge.protocols.push(row.protocol);
    edges.set(id, edge);
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

/** What a layout depends on: while it is the same the places stay. */
export function shapeOf({ nodes, edges }: Picture): string {
  return `${nodes.map((node) => `${node.id} ${node.label}`).sort().join("\n")}\n\n${edges.map(edgeId).sort().join("\n")}`;
}

/** From left to right, or downwards where there is little room. */
export function place({ nodes, edges }: Picture, isNarrow: boolean): Placed {
  const graph = new Graph();
  graph.setGraph({ rankdir: isNarrow ? "TB" : "LR", nodesep: 22, ranksep: isNarrow ? 56 : 120, edgesep: 14, marginx: 12, marginy: 12 });
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
    edges: new Map(edges.map((edge) => [edgeId(edge), (graph.edge(edge.client, edge.server) as any).points])),
  };
}
