// SPDX-License-Identifier: Apache-2.0
// The filter language of the command line (src/event/filter.h): its terms, which of them a table can answer, and
// what may come next where someone types. The agent judges; here nothing is refused.
import { fields } from "./schema";
import type { Field, Kind } from "./schema";

export interface Term {
  /** as it was written, with its sign and values */
  text: string;
  name: string;
  start: number;
  end: number;
}

const TERM = /(!*)\s*([\w.-]+)(?:\s*(==?|!=|!~|<=?|>=?|~)\s*((?:'[^']*'|"[^"]*"|[^\s,|'"]+|\|)*))?/gy;

/** Up to the first place that is no term. */
export function terms(text: string): Term[] {
  const found: Term[] = [];
  TERM.lastIndex = 0;
  for (;;) {
    while (/[\s,]/.test(text[TERM.lastIndex] ?? "")) TERM.lastIndex++;
    const start = TERM.lastIndex;
    const match = TERM.exec(text);
    if (!match) return found;
    found.push({ text: match[0], name: match[2]!.replaceAll("-", "_"), start, end: TERM.lastIndex });
  }
}

const ALIASES: Record<string, string[]> = {
  method: ["operation"],
  path: ["detail", "target"],
  address: ["local_address", "peer_address"],
  port: ["local_port", "peer_port"],
  from: ["service", "peer_service"],
  to: ["service", "peer_service"],
};
const ALIAS_HELP: Record<string, string> = {
  method: "operation: GET, SELECT, PRODUCE",
  path: "path or statement",
  address: "address of either end",
  port: "port of either end",
  from: "the client: a service, container, pod, name or address",
  to: "the server, or the host that was asked for",
};

function fieldOf(kind: Kind, name: string): Field | undefined {
  const names = [name, `is_${name}`, `has_${name}`, `${name}_ns`, `${name}_bytes`];
  return fields[kind].find((field) => names.includes(field.name) && field.unit !== "time");
}

/** Whether the exact counts (request_rate) have what the term asks for; else only single requests do. */
export function isOfRates(term: Term): boolean {
  if (term.name === "path") return false;
  if (ALIASES[term.name] && term.name !== "method") return ["from", "to"].includes(term.name);
  return fieldOf("request", ALIASES[term.name]?.[0] ?? term.name)?.isKey ?? false;
}

export function isOfKind(kind: Kind, term: Term): boolean {
  return (ALIASES[term.name] ?? [term.name]).some((name) => fieldOf(kind, name));
}

/** The part of a filter that a table can answer, and the terms that it cannot. */
export function split(text: string, accepts: (term: Term) => boolean): { kept: string; ignored: Term[] } {
  const all = terms(text);
  return { kept: all.filter(accepts).map((term) => term.text).join(" "), ignored: all.filter((term) => !accepts(term)) };
}

export function quoted(value: string): string {
  if (/^[^\s,|'"]+$/.test(value)) return value;
  return value.includes("'") ? `"${value.replaceAll('"', "")}"` : `'${value}'`;
}

/** "" as a value is written in quotes. */
export function quotedTerm(name: string, value: string): string {
  return `${name}=${value ? quoted(value) : "''"}`;
}

/** The filter with name=value in place of other values of the name; "" takes the name away. */
export function withValue(text: string, name: string, value: string): string {
  const others = terms(text).filter((one) => one.name !== name || one.text.startsWith("!"));
  return [...others.map((one) => one.text), ...(value ? [`${name}=${quoted(value)}`] : [])].join(" ");
}

export function valueOf(text: string, name: string): string {
  const term = terms(text).find((one) => one.name === name && !one.text.startsWith("!"));
  return term?.text.replace(/^[\w.-]+\s*==?\s*/, "").replace(/^(['"])(.*)\1$/, "$2") ?? "";
}

export interface Choice {
  text: string;
  help: string;
}

export interface Completion {
  /** where what is chosen goes */
  start: number;
  end: number;
  choices: Choice[];
  /** the field whose values are wanted from the store, "" for none */
  valuesOf: string;
}

/** Field names without the endings that the language lets people leave out. */
function shortName(field: Field): string {
  return field.name.replace(/^(is|has)_/, "").replace(/_(ns|bytes)$/, "");
}

function names(): Choice[] {
  const found = new Map<string, string>();
  // What requests have comes first: it is asked for most.
  for (const [kind, list] of Object.entries(fields).sort(([a], [b]) => Number(b === "request") - Number(a === "request")))
    for (const field of list) {
      const name = shortName(field);
      if (field.unit !== "time" && !found.has(name)) found.set(name, kind === "request" ? field.help : `${field.help} (${kind})`);
    }
  return [...Object.entries(ALIAS_HELP), ...found].map(([text, help]) => ({ text, help }));
}

function wordsOf(name: string): Choice[] {
  for (const list of Object.values(fields)) {
    const field = list.find((one) => one.name === name || shortName(one) === name);
    if (field?.type === "bool") return ["yes", "no"].map((text) => ({ text, help: "" }));
    if (field?.words) return field.words.filter(Boolean).map((text) => ({ text, help: "" }));
  }
  return name === "status" ? ["2xx", "3xx", "4xx", "5xx"].map((text) => ({ text, help: "" })) : [];
}

export function complete(text: string, cursor: number): Completion {
  const before = text.slice(0, cursor);
  const word = /[^\s,]*$/.exec(before)![0];
  const sign = /^(!*)([\w-]+)(==?|!=|!~|<=?|>=?|~)(.*)$/.exec(word);
  if (sign) {
    const name = sign[2]!.replaceAll("-", "_");
    const value = sign[4]!.slice(sign[4]!.lastIndexOf("|") + 1).replace(/^['"]/, "");
    const field = fieldOf("request", ALIASES[name]?.[0] ?? name);
    const column = ["from", "to"].includes(name) ? "service" : field?.isKey ? field.name : "";
    const choices = wordsOf(name);
    return { start: cursor - value.length, end: cursor, choices, valuesOf: choices.length ? "" : column };
  }
  const typed = word.replace(/^!*/, "").replaceAll("-", "_");
  const all = names();
  const choices = all
    .filter((choice) => choice.text.startsWith(typed))
    .concat(all.filter((choice) => !choice.text.startsWith(typed) && choice.text.includes(typed)));
  return { start: cursor - typed.length, end: cursor, choices, valuesOf: "" };
}
