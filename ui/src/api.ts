// SPDX-License-Identifier: Apache-2.0
// The agent's API: rows of views and of SQL, events, status. One connection state for the whole page: when the agent
// is gone it is asked again until it is back.
import { effect, signal } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

export type Row = Record<string, any>;
export type Parameters = Record<string, string | number | string[]>;

export class ApiError extends Error {}

/** gone: no answer; refused: the token is not, or no longer, the right one. */
export const connection = signal<"fine" | "gone" | "refused">("fine");
/** Goes up when the agent is back, so that what failed is asked anew. */
export const returned = signal(0);

function address(path: string, parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    for (const one of Array.isArray(value) ? value : [value]) if (one !== "") query.append(name, String(one));
  return query.size ? `${path}?${query}` : path;
}

let retrying = 0;

function lost(): void {
  connection.value = "gone";
  retrying ||= setInterval(async () => {
    const answer = await fetch("/api").catch(() => null);
    if (!answer) return;
    clearInterval(retrying);
    retrying = 0;
    connection.value = answer.status === 401 ? "refused" : "fine";
    returned.value++;
  }, 1000);
}

async function ask(path: string, parameters: Parameters, init: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(address(path, parameters), init);
  } catch (error) {
    if (!init.signal?.aborted) lost();
    throw error;
  }
  if (answer.status === 401) connection.value = "refused";
  else if (connection.value !== "gone") connection.value = "fine";
  if (answer.ok) return answer;
  const text = await answer.text();
  let reason = text.trim() || `the agent answered ${answer.status}`;
  try {
    reason = JSON.parse(text).error ?? reason;
  } catch {
    // The text is the reason then.
  }
  throw new ApiError(reason);
}

/** A failure after the first row comes as a last row that holds nothing but the error. */
async function readRows(answer: Response): Promise<Row[]> {
  const rows: Row[] = [];
  for (const line of (await answer.text()).split("\n")) if (line) rows.push(JSON.parse(line));
  const last = rows.at(-1);
  if (last && typeof last.error === "string" && Object.keys(last).length === 1) throw new ApiError(last.error);
  return rows;
}

export async function view(name: string, parameters: Parameters, signal?: AbortSignal): Promise<Row[]> {
  return readRows(await ask(`/api/views/${name}`, parameters, { signal }));
}

export async function sql(statement: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<Row[]> {
  return readRows(await ask("/api/sql", parameters, { method: "POST", body: statement, signal }));
}

export async function events(parameters: Parameters, signal?: AbortSignal): Promise<Row[]> {
  return (await readRows(await ask("/api/events", parameters, { signal }))).filter((row) => row.kind !== "lost");
}

export async function document_(path: string, signal?: AbortSignal): Promise<any> {
  return (await ask(path, {}, { signal })).json();
}

/** Questions that the agent has not answered yet, and which part of the answer is there. */
export const waiting = signal<ReadonlyMap<AbortController, number>>(new Map());

/** share 1: it is over. */
export function wait(controller: AbortController, share: number): void {
  const next = new Map(waiting.peek());
  if (share < 1) next.set(controller, share);
  else next.delete(controller);
  waiting.value = next;
}

/** For who does not want to wait any longer. */
export const CANCELLED = "cancelled";

export interface Loaded<T> {
  value: T | undefined;
  error: string;
  isLoading: boolean;
}

/** For answers that come in parts: the value so far, and which part of it that is. */
export type Show<T> = (value: T, share: number) => void;

/**
 * What load() gives, asked again when a signal that it or key() reads changes and, where there is a key, that has
 * changed; the old value stays until the new one is there, and what was asked before is cancelled. load returns null
 * when there is nothing to ask.
 */
export function useLoaded<T>(load: (signal: AbortSignal, show: Show<T>) => Promise<T> | null, key?: () => string): ReadonlySignal<Loaded<T>> {
  const state = useMemo(() => signal<Loaded<T>>({ value: undefined, error: "", isLoading: true }), []);
  const latest = useRef({ load, key });
  latest.current = { load, key };
  useEffect(() => {
    let controller = new AbortController();
    let known: string | undefined;
    const stop = effect(() => {
      const wanted = latest.current.key && `${returned.value} ${latest.current.key()}`;
      if (wanted !== undefined && wanted === known) return;
      returned.value;
      const mine = new AbortController();
      const promise = latest.current.load(mine.signal, (value, share) => {
        if (mine.signal.aborted) return;
        wait(mine, share);
        state.value = { value, error: "", isLoading: true };
      });
      if (!promise) return;
      known = wanted;
      controller.abort();
      controller = mine;
      state.value = { ...state.peek(), isLoading: true };
      wait(mine, 0);
      promise.finally(() => wait(mine, 1)).then(
        (value) => {
          if (!mine.signal.aborted) state.value = { value, error: "", isLoading: false };
        },
        (error: Error) => {
          if (mine.signal.reason === CANCELLED) error = new Error(CANCELLED);
          else if (mine.signal.aborted) return;
          known = undefined;
          state.value = { ...state.peek(), error: error.message, isLoading: false };
        },
      );
    });
    return () => {
      stop();
      controller.abort();
    };
  }, []);
  return state;
}
