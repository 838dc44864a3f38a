// SPDX-License-Identifier: Apache-2.0
// The agent about itself: features, doors and reasons, losses, what it costs, what the store holds, what this
// machine allows.
import type { ComponentChildren } from "preact";
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { document_, useLoaded } from "../api";
import { bytes, count, duration, exact, percent, time } from "../format";
import { Level } from "./overview";
import { Problem, stateOf } from "../parts/state";
import { inert } from "../text";

const REFRESH_MS = 5000;
const tick = signal(0);

interface Feature {
  name: string;
  summary: string;
  state: "on" | "off";
  door: string | null;
  reason: string | null;
  seen: number;
  reported: number;
  lost: Record<string, number>;
}

function losses(lost: Record<string, number>): string {
  const found = Object.entries(lost).filter(([, number]) => number > 0);
  return found.map(([reason, number]) => `${reason} ${exact(number)}`).join(", ") || "0";
}

function isLosing(feature: Feature): boolean {
  return Object.values(feature.lost).some((number) => number > 0);
}

function Features({ features }: { features: Feature[] }) {
  return (
    <table class="features">
      <thead>
        <tr>
          <th>Feature</th>
          <th class="number">Seen</th>
          <th class="number">Reported</th>
          <th>Lost</th>
          <th>Door, or why it is off</th>
        </tr>
      </thead>
      <tbody>
        {features.map((feature) => (
          <tr key={feature.name}>
            <td class="name">
              <Level level={feature.state === "off" ? 1 : isLosing(feature) ? 1 : 0} />
              <span>
                <b>{feature.name}</b> <span class="quiet">{feature.summary}</span>
              </span>
            </td>
            <td class="number" data-name="seen">{exact(feature.seen)}</td>
            <td class="number" data-name="reported">{exact(feature.reported)}</td>
            <td class={isLosing(feature) ? "bad" : "quiet"} data-name="lost">{losses(feature.lost)}</td>
            <td class={feature.state === "off" ? "wrap" : "quiet"}>
              {feature.state === "off" ? <>off: {feature.reason}</> : feature.door}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Facts({ facts }: { facts: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface Program {
  id: number;
  name: string;
  type: string;
  feature: string | null;
  runs: number;
  run_time_ns: number;
  memory_bytes: number;
  owners: { pid: number; comm: string }[];
}

/** Every program of the machine: skep's own first, then those of others. */
function Programs() {
  const loaded = useLoaded((abort) => {
    tick.value;
    return document_("/api/programs", abort);
  });
  const { value, error } = loaded.value;
  if (!value) return error ? <Problem text={error} /> : null;
  const programs: Program[] = value.programs;
  const isOwn = (program: Program) => Boolean(program.feature);
  const sorted = programs.toSorted((a, b) => Number(isOwn(b)) - Number(isOwn(a)) || b.run_time_ns - a.run_time_ns);
  return (
    <table class="compact programs">
      <thead>
        <tr>
          <th>Program</th>
          <th>Kind</th>
          <th>Of</th>
          <th class="number">Runs</th>
          <th class="number">A run</th>
          <th class="number">Memory</th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((program) => (
          <tr key={program.id}>
            <td>
              <code>{inert(program.name, 40) || program.id}</code>
            </td>
            <td class="quiet">{program.type}</td>
            <td class={isOwn(program) ? "quiet" : ""}>
              {isOwn(program)
                ? `skep, ${program.feature}`
                : inert(program.owners.map((owner) => `${owner.comm} ${owner.pid}`).join(", "), 80) || "the kernel, or pinned"}
            </td>
            <td class="number">{exact(program.runs)}</td>
            <td class="number">{program.runs ? duration(program.run_time_ns / program.runs) : ""}</td>
            <td class="number">{bytes(program.memory_bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface Finding {
  check: string;
  grade: "good" | "note" | "bad";
  found: string;
  effect: string;
  fix: string;
}

const GRADES = { good: 0, note: 1, bad: 2 } as const;

/** What `skep doctor` says: what lacks first, with what follows and the fix; the rest on demand. */
function Doctor() {
  const loaded = useLoaded((abort) => document_("/api/doctor", abort));
  const { value, error } = loaded.value;
  if (!value) return error ? <Problem text={error} /> : null;
  const findings: Finding[] = value;
  const lacking = findings.filter(({ grade }) => grade !== "good").toSorted((a, b) => GRADES[b.grade] - GRADES[a.grade]);
  const fine = findings.filter(({ grade }) => grade === "good");
  return (
    <div class="doctor">
      {lacking.length > 0 && (
        <table class="features">
          <thead>
            <tr>
              <th>Check</th>
              <th>Found</th>
              <th>What follows, and the fix</th>
            </tr>
          </thead>
          <tbody>
            {lacking.map((finding) => (
              <tr key={finding.check}>
                <td class="name">
                  <Level level={GRADES[finding.grade]} />
                  <b>{finding.check}</b>
                </td>
                <td class="wrap">{inert(finding.found)}</td>
                <td class="wrap">
                  {finding.effect}
                  {finding.effect && finding.fix && "; "}
                  {finding.fix && <>fix: {finding.fix}</>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <details>
        <summary>{lacking.length ? `${fine.length} checks are fine` : "Nothing is missing"}</summary>
        <dl class="facts">
          {fine.map((finding) => (
            <div key={finding.check}>
              <dt>{finding.check}</dt>
              <dd>{inert(finding.found)}</dd>
            </div>
          ))}
        </dl>
      </details>
    </div>
  );
}

const limited = (used: number, most: number) => (most ? `${bytes(used)} of at most ${bytes(most)}` : bytes(used));

export function Status() {
  useEffect(() => {
    const timer = setInterval(() => document.hidden || tick.value++, REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const status = useLoaded((abort) => {
    tick.value;
    return document_("/api/status", abort);
  });
  const loaded = status.value;
  if (!loaded.value) return stateOf(loaded);
  const { agent, store, node, features } = loaded.value;
  const share = agent.cpu_seconds / (agent.uptime_ns / 1e9);
  return (
    <div class="page">
      <h1 class="unseen">Status</h1>
      {loaded.error && <Problem text={loaded.error} />}
      {store?.problem && <Problem text={`Nothing is stored: ${store.problem}`} />}
      {agent.shedding && <Problem text={`Less is watched or kept: ${agent.shedding}. It is near or beyond its limits (--memory-limit, --cpu-limit).`} />}
      {agent.unmasked && <Problem text="Secrets are stored as they are (--unmask)." />}
      <section aria-labelledby="features">
        <header>
          <h2 id="features">Features</h2>
          <span class="quiet">seen = reported + lost</span>
        </header>
        <div class="scroll" tabIndex={0}>
          <Features features={features} />
        </div>
      </section>
      <div class="columns">
        <section aria-labelledby="agent">
          <header>
            <h2 id="agent">Agent</h2>
          </header>
          <Facts
            facts={[
              ["CPU", `${percent(share)} of a core`],
              ["Memory", limited(agent.resident_bytes, agent.memory_limit_bytes)],
              ["Kernel maps", bytes(agent.kernel_map_bytes)],
              ["CPU now", agent.cpu_limit_percent ? `${agent.cpu_percent} of at most ${agent.cpu_limit_percent}\u202f%` : `${agent.cpu_percent}\u202f%`],
              ["Shed now", agent.shedding ? <span class="bad">{agent.shedding}</span> : "nothing"],
              ["Held back", agent.held_ns ? duration(agent.held_ns) : "never"],
              ["Up", duration(agent.uptime_ns)],
              ["Since", time(agent.start_time / 1e6)],
              ["Process", agent.pid],
              ["Version", agent.version],
            ]}
          />
        </section>
        {store && (
          <section aria-labelledby="store">
            <header>
              <h2 id="store">Store</h2>
            </header>
            <Facts
              facts={[
                ["On disk", limited(store.bytes, store.maximum_bytes)],
                ["Rows written", count(store.written)],
                ["Stand for others", count(store.sampled)],
                ["Expired", count(store.expired)],
                ["Lost", <span class={store.lost + store.shed + store.uncounted ? "bad" : ""}>{count(store.lost + store.shed + store.uncounted)}</span>],
                ["Keys of rates", exact(store.keys)],
                ["Last commit", duration(store.commit_ns)],
                ["Longest commit", duration(store.commit_longest_ns)],
              ]}
            />
          </section>
        )}
        <section aria-labelledby="node">
          <header>
            <h2 id="node">Node</h2>
          </header>
          <Facts
            facts={[
              ["Name", node.hostname],
              ["Kernel", `Linux ${node.kernel}`],
              ["Architecture", node.architecture],
              ["Watches", node.scope || "the whole host"],
            ]}
          />
        </section>
      </div>
      <section aria-labelledby="doctor">
        <header>
          <h2 id="doctor">This machine</h2>
          <span class="quiet">what it allows and lacks, as <code>skep doctor</code> says it</span>
        </header>
        <div class="scroll" tabIndex={0}>
          <Doctor />
        </div>
      </section>
      <section aria-labelledby="programs">
        <header>
          <h2 id="programs">BPF programs</h2>
          <span class="quiet">all of this machine; the kernel counts and times them while this page is open</span>
        </header>
        <div class="scroll" tabIndex={0}>
          <Programs />
        </div>
      </section>
    </div>
  );
}
