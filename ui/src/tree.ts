// SPDX-License-Identifier: Apache-2.0
// Processes as a tree: those that run, and those that started or ended in the range. What was started the same way by
// the same parent and is gone becomes one line. Pure.
import type { Row } from "./api";
import type { Process } from "./usage";

export interface Branch {
  key: string;
  pid: number;
  name: string;
  args: string;
  service: string;
  container: string;
  /** milliseconds, 0 when unknown */
  started: number;
  ended: number;
  exit: string;
  isBad: boolean;
  cpu: number | null;
  bytes: number;
  threads: number;
  children: Branch[];
  /** how many alike this line stands for */
  count: number;
}

const TOLERANCE_MS = 50;

function branchOf(process: Process): Branch {
  return {
    key: `${process.pid}`,
    pid: process.pid,
    name: process.comm,
    args: process.exe,
    service: process.service,
    container: process.container,
    started: process.start_time_ns / 1e6,
    ended: 0,
    exit: "",
    isBad: false,
    cpu: process.cpu,
    bytes: process.resident_bytes,
    threads: process.threads,
    children: [],
    count: 1,
  };
}

function branchOfEvent(row: Row): Branch {
  return {
    key: `${row.pid} ${row.time_ns}`,
    pid: row.pid,
    name: row.comm,
    args: row.args ?? row.exe,
    service: row.service,
    container: row.container,
    started: row.kind === "exec" ? row.time_ns / 1e6 : (row.time_ns - row.duration_ns) / 1e6,
    ended: 0,
    exit: "",
    isBad: false,
    cpu: null,
    bytes: 0,
    threads: 0,
    children: [],
    count: 1,
  };
}

function end(branch: Branch, row: Row): void {
  branch.ended = row.time_ns / 1e6;
  branch.exit = row.signal || String(row.exit_code);
  branch.isBad = row.is_error;
  branch.started = Math.min(branch.started, (row.time_ns - row.duration_ns) / 1e6);
}

/** Events the oldest first. Who had a pid at a time: the last one that began with it before. */
export function grow(live: Process[], started: Row[], ended: Row[]): Branch[] {
  const byPid = new Map<number, Branch[]>();
  const parents = new Map<Branch, number>();
  const add = (branch: Branch, parent: number) => {
    byPid.set(branch.pid, [...(byPid.get(branch.pid) ?? []), branch]);
    parents.set(branch, parent);
  };
  for (const process of live) add(branchOf(process), process.parent_pid);
  for (const row of started) {
    const at = row.time_ns / 1e6;
    // A process may run several programs, one after the other: the last one names it.
    const known = byPid.get(row.pid)?.find((branch) => branch.started <= at + TOLERANCE_MS && (!branch.ended || branch.ended >= at));
    const lives = live.some((process) => process.pid === row.pid && process.start_time_ns / 1e6 <= at + TOLERANCE_MS);
    if (known && (lives || parents.has(known))) {
      known.args = row.args || known.args;
      if (!lives) known.name = row.comm;
    } else add(branchOfEvent(row), row.parent_pid);
  }
  for (const row of ended) {
    const at = row.time_ns / 1e6;
    const known = byPid.get(row.pid)?.findLast((branch) => branch.started <= at + TOLERANCE_MS && !branch.ended);
    const isLive = live.some((process) => process.pid === row.pid && process.start_time_ns / 1e6 < at);
    if (isLive) continue;
    if (known) end(known, row);
    else {
      const branch = branchOfEvent(row);
      end(branch, row);
      add(branch, row.parent_pid);
    }
  }
  const roots: Branch[] = [];
  for (const [branch, parentPid] of parents) {
    const parent = byPid
      .get(parentPid)
      ?.findLast((one) => one !== branch && one.started <= branch.started + TOLERANCE_MS && (!one.ended || one.ended + TOLERANCE_MS >= branch.started));
    (parent?.children ?? roots).push(branch);
  }
  return roots;
}

const TOGETHER_LEAST = 3;

/** Children that are gone and look alike, as one line each; keys of those that someone opened stay apart. */
export function fold(branches: Branch[], opened: Set<string>): Branch[] {
  const alike = new Map<string, Branch[]>();
  const result: Branch[] = [];
  for (const branch of branches.toSorted((a, b) => a.started - b.started)) {
    branch.children = fold(branch.children, opened);
    const key = `${branch.name} ${branch.isBad}`;
    if (!branch.ended || branch.children.length) result.push(branch);
    else alike.set(key, [...(alike.get(key) ?? []), branch]);
  }
  for (const list of alike.values()) {
    const [first, last] = [list[0]!, list.at(-1)!];
    const key = `all ${first.key}`;
    if (list.length < TOGETHER_LEAST || opened.has(key)) result.push(...list);
    else result.push({ ...first, key, args: `${list.length} times, the last: ${last.args}`, ended: last.ended, count: list.length });
  }
  return result;
}

export interface Line {
  branch: Branch;
  depth: number;
}

export function flatten(branches: Branch[], closed: Set<string>, depth = 0): Line[] {
  return branches.flatMap((branch) => [
    { branch, depth },
    ...(closed.has(branch.key) ? [] : flatten(branch.children, closed, depth + 1)),
  ]);
}

/** Only what matches, and what leads to it. */
export function keep(branches: Branch[], matches: (branch: Branch) => boolean): Branch[] {
  return branches
    .map((branch) => ({ ...branch, children: keep(branch.children, matches) }))
    .filter((branch) => branch.children.length > 0 || matches(branch));
}
