// SPDX-License-Identifier: Apache-2.0
// Processes as a tree, those of the past included, and their starts and ends one by one.
import { signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { change, link, parameter } from "../address";
import { events, useLoaded } from "../api";
import { isOfKind, split, terms } from "../filter";
import { bytes, duration, percent, time, utc } from "../format";
import { EventDetail } from "../parts/event_detail";
import { Icon } from "../parts/icons";
import { Empty, Problem } from "../parts/state";
import { useWindow } from "../parts/virtual";
import { iso, now, range } from "../range";
import { inert } from "../text";
import { flatten, fold, grow, keep } from "../tree";
import type { Branch, Line } from "../tree";
import { processes, useProcesses } from "../usage";
import { KindList } from "./connections";

const EVENTS_MAXIMUM = 3000;
const closed = signal<ReadonlySet<string>>(new Set());
const opened = signal<ReadonlySet<string>>(new Set());

function toggled(set: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(key)) next.add(key);
  return next;
}

/** The filter as far as it can be judged of a line of the tree. */
function matcher(): (branch: Branch) => boolean {
  const tests = terms(parameter("filter")).map((term) => {
    const found = /^(!?)[\w.-]+\s*(==?|!=|!~|~)\s*(.*)$/.exec(term.text);
    if (!found) return () => true;
    const isNegated = (found[1] === "!") !== found[2]!.startsWith("!");
    const wanted = found[3]!.replace(/^(['"])(.*)\1$/, "$2");
    const isPattern = found[2]!.endsWith("~");
    const pick: Record<string, (branch: Branch) => string> = {
      pid: (branch) => String(branch.pid),
      comm: (branch) => branch.name,
      service: (branch) => branch.service,
      container: (branch) => branch.container,
      args: (branch) => branch.args,
      exe: (branch) => branch.args,
    };
    const value = pick[term.name];
    if (!value) return () => true;
    const test = isPattern ? pattern(wanted) : (text: string) => wanted.split("|").includes(text);
    return (branch: Branch) => test(value(branch)) !== isNegated;
  });
  return (branch) => tests.every((test) => test(branch));
}

function pattern(text: string): (value: string) => boolean {
  try {
    const expression = new RegExp(text);
    return (value) => expression.test(value);
  } catch {
    return () => false;
  }
}

function Row({ line: { branch, depth }, top }: { line: Line; top: number }) {
  const isGroup = branch.count > 1;
  const hasChildren = branch.children.length > 0;
  const isOpen = hasChildren && !closed.value.has(branch.key);
  const toggle = () => {
    if (isGroup) opened.value = toggled(opened.value, branch.key);
    else if (hasChildren) closed.value = toggled(closed.value, branch.key);
  };
  return (
    <div
      class={`row tree ${branch.ended ? "past" : ""}`}
      role="row"
      aria-level={depth + 1}
      aria-expanded={hasChildren ? isOpen : isGroup ? false : undefined}
      data-row
      tabIndex={0}
      style={{ transform: `translateY(${top}px)` }}
      onClick={toggle}
      onKeyDown={(event) => event.key === "Enter" && toggle()}
    >
      <span role="gridcell" class="who" style={{ paddingLeft: `${18 * depth}px` }}>
        <i class={`twig ${isOpen ? "open" : ""}`}>{(hasChildren || isGroup) && <Icon name="right" />}</i>
        <b>{inert(branch.name, 40)}</b>
        {isGroup && <em>× {branch.count}</em>}
        <span class="quiet" title={inert(branch.args)}>
          {inert(branch.args, 300)}
        </span>
      </span>
      <span role="gridcell" class="quiet number">
        {isGroup ? "" : branch.pid}
      </span>
      <span role="gridcell">{branch.service && <a href={link("/service", { service: branch.service, filter: null })}>{inert(branch.service, 60)}</a>}</span>
      <span role="gridcell" class="quiet" title={utc(branch.started)}>
        {time(branch.started)}
      </span>
      <span role="gridcell" class="number">
        {duration(((branch.ended || now.value) - branch.started) * 1e6)}
      </span>
      <span role="gridcell" class={branch.isBad ? "bad" : "quiet"}>
        {branch.ended ? `ended ${inert(branch.exit, 20)}` : "runs"}
      </span>
      <span role="gridcell" class="number">
        {branch.cpu === null ? "" : percent(branch.cpu)}
      </span>
      <span role="gridcell" class="number">
        {branch.bytes ? bytes(branch.bytes) : ""}
      </span>
    </div>
  );
}

function Tree() {
  useProcesses();
  const root = useRef<HTMLDivElement>(null);
  const loaded = useLoaded((abort) => {
    const { since, until, isLive } = range.value;
    const bounds = { since: iso(since), until: isLive ? "" : iso(until), last: EVENTS_MAXIMUM };
    const ask = (kind: "exec" | "exit") => {
      const filter = split(parameter("filter"), (term) => isOfKind(kind, term)).kept;
      return events({ kind, filter, ...bounds }, abort);
    };
    return Promise.all([ask("exec"), ask("exit")]);
  });
  const { value, error } = loaded.value;
  const grown = grow(processes.value ?? [], value?.[0] ?? [], value?.[1] ?? []);
  const lines = flatten(fold(keep(grown, matcher()), new Set(opened.value)), new Set(closed.value));
  const { items, height } = useWindow(root, lines.length);
  const isCut = (value ?? []).some((list) => list.length === EVENTS_MAXIMUM);
  return (
    <div class="list box">
      {error && <Problem text={error} />}
      <div class="rows" ref={root} role="treegrid" aria-label="Processes" aria-rowcount={lines.length}>
        <div class="heading tree" role="row">
          <span role="columnheader">Process</span>
          <span role="columnheader" class="number">
            Pid
          </span>
          <span role="columnheader">Service</span>
          <span role="columnheader">Started</span>
          <span role="columnheader" class="number">
            Life
          </span>
          <span role="columnheader">State</span>
          <span role="columnheader" class="number">
            CPU
          </span>
          <span role="columnheader" class="number">
            Memory
          </span>
        </div>
        <div style={{ height: `${height}px`, position: "relative" }} role="rowgroup">
          {items.map((item) => (
            <Row key={lines[item.index]!.branch.key} line={lines[item.index]!} top={item.start} />
          ))}
        </div>
        {value && processes.value && !lines.length && (
          <Empty title="No process">
            {parameter("filter") ? <a href={change({ filter: null })}>Without the filter</a> : "Nothing runs in what the agent watches."}
          </Empty>
        )}
      </div>
      <footer class="quiet">
        {lines.length} lines: what runs now, and what started or ended in this time
        {isCut && `; of starts and ends only the newest ${EVENTS_MAXIMUM}`}
      </footer>
    </div>
  );
}

export function ProcessesPage() {
  const shown = parameter("kind");
  return (
    <div class={`page tall ${parameter("open") ? "with-detail" : ""}`}>
      <div class="stack">
        <h1 class="unseen">Processes</h1>
        <div class="tools">
          <div class="choice" role="group" aria-label="How">
            {[
              ["", "Tree"],
              ["exec", "Started"],
              ["exit", "Ended"],
            ].map(([kind, name]) => (
              <a href={change({ kind: kind || null, open: null })} aria-current={shown === kind ? "true" : undefined}>
                {name}
              </a>
            ))}
          </div>
        </div>
        {shown === "exec" || shown === "exit" ? <KindList kind={shown} /> : <Tree />}
      </div>
      <EventDetail />
    </div>
  );
}
