// SPDX-License-Identifier: Apache-2.0
// What processes use, from two looks some seconds apart. Shared by the pages that show it: asked for only while one
// of them is open and seen.
import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { connection, document_ } from "./api";

const REFRESH_MS = 5000;
const FIRST_MS = 1000;

export interface Process {
  pid: number;
  parent_pid: number;
  comm: string;
  exe: string;
  service: string;
  container: string;
  uid: number;
  start_time_ns: number;
  cpu_ns: number;
  resident_bytes: number;
  threads: number;
  state: string;
  is_kernel_thread: boolean;
  /** of one core, null until there were two looks */
  cpu: number | null;
}

export const processes = signal<Process[] | null>(null);
let users = 0;
let timer = 0;
let last: { time: number; cpu: Map<string, number> } | null = null;

const keyOf = (process: Process) => `${process.pid} ${process.start_time_ns}`;

async function look(): Promise<void> {
  const isDue = users > 0 && !document.hidden && connection.peek() === "fine";
  const answer = isDue ? await document_("/api/processes").catch(() => null) : null;
  if (answer) {
    const list: Process[] = answer.processes.filter((process: Process) => !process.is_kernel_thread);
    for (const process of list) {
      const before = last?.cpu.get(keyOf(process));
      process.cpu = before === undefined ? null : (process.cpu_ns - before) / (answer.time_ns - last!.time);
    }
    const isFirst = !last;
    last = { time: answer.time_ns, cpu: new Map(list.map((process) => [keyOf(process), process.cpu_ns])) };
    processes.value = list;
    if (users > 0) timer = setTimeout(look, isFirst ? FIRST_MS : REFRESH_MS);
  } else if (users > 0) timer = setTimeout(look, REFRESH_MS);
}

export function useProcesses(): void {
  useEffect(() => {
    if (users++ === 0) {
      clearTimeout(timer);
      last = null;
      look();
    }
    return () => {
      if (--users === 0) clearTimeout(timer);
    };
  }, []);
}

effect(() => {
  if (connection.value !== "fine") last = null;
});

export interface Use {
  cpu: number | null;
  bytes: number;
  count: number;
}

/** Sums by service. */
export function useByService(): Map<string, Use> {
  const sums = new Map<string, Use>();
  for (const process of processes.value ?? []) {
    const sum = sums.get(process.service) ?? { cpu: null, bytes: 0, count: 0 };
    sum.bytes += process.resident_bytes;
    sum.count++;
    if (process.cpu !== null) sum.cpu = (sum.cpu ?? 0) + process.cpu;
    sums.set(process.service, sum);
  }
  return sums;
}
