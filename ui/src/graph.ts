// SPDX-License-Identifier: Apache-2.0
// From edges to a map that can be read: services of one family, and those that play the same part, become one node
// when there are too many. layout.ts says where the nodes stand. Pure.
import type { Row } from "./api";

/** Families, then those with the same neighbours, are made of more than so many nodes. */
const NODES_READABLE = 36;
/** And of all the rest, beyond so many. */
const NODES_MAXIMUM = 60;
const GROUP_LEAST = 3;
/** A family of more than this part of all says little: its own families stand for it. */
const FAMILY_PART = 0.4;
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

/** Beginnings of a name up to its separators, the shortest first: shop/, shop/cart-. */
const stemsOf = (name: string) => [...name.matchAll(/[^/:.-][/:.-]/g)].map((found) => name.slice(0, found.index + 2));

/** The family of each name, "" where it has none: shop-1 and shop-2, team/a and team/b. */
function families(names: string[]): Map<string, string> {
  const found = new Map(names.map((name) => [name, ""]));
  let open = names;
  for (let depth = 0; open.length; depth++) {
    const groups = groupsBy(open, (name) => stemsOf(name)[depth] ?? "");
    const sizes = new Map<string, number>();
    for (const stem of groups.values()) sizes.set(stem, (sizes.get(stem) ?? 0) + 1);
    for (const [name, stem] of groups) found.set(name, stem);
    open = [...groups].filter(([, stem]) => sizes.get(stem)! > FAMILY_PART * names.length).map(([name]) => name);
    for (const name of open) found.set(name, "");
  }
  return found;
}

/** Which group each name belongs to; itself where it stands alone, also as member of a group that is opened. */
function groupNames(rows: Row[], expanded: Set<string>): Map<string, string> {
  const around = neighbours(rows);
  const group = new Map([...around.keys()].map((name) => [name, name]));
  const family = families([...around.keys()]);
  const rules: [number, (name: string) => string][] = [
    [NODES_READABLE, (name) => family.get(name)!],
    [NODES_READABLE, (name) => [...around.get(name)!].sort().join("|")],
    [
      NODES_MAXIMUM,
      (name) => {
        const sides = [...around.get(name)!].map((one) => one.split(" ")[0]);
        return [...new Set(sides)].sort().join();
      },
    ],
  ];
  for (const [most, rule] of rules) {
    if (new Set(group.values()).size <= most) break;
    const alone = [...group].filter(([name, id]) => name === id).map(([name]) => name);
    for (const [name, key] of groupsBy(alone, rule)) group.set(name, `group ${key}`);
  }
  // Only now, so that the others are grouped as they were.
  for (const [name, id] of group) if (expanded.has(id)) group.set(name, name);
  return group;
}

function labelOf(id: string, members: string[]): string {
  if (members.length === 1) return members[0]!;
  const stem = id.slice("group ".length);
  if (members.every((name) => name.startsWith(stem))) return `${stem}… (${members.length})`;
  const target = /^group to ([^|]*)$/.exec(id)?.[1];
  return target ? `${members.length} callers of ${target}` : `${members[0]!} and others (${members.length})`;
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
