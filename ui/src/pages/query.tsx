// SPDX-License-Identifier: Apache-2.0
// Questions to the store: SQL with completion, the prepared ones with their parameters; a table or a chart, CSV or JSON.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { change, go, parameter } from "../address";
import { document_, sql, useLoaded, view } from "../api";
import type { Row } from "../api";
import { count, duration } from "../format";
import type { Editor, Schema } from "../parts/editor";
import { makeEditor } from "../parts/editor";
import { canChart, Picture, Table } from "../parts/result";
import { Empty, Problem } from "../parts/state";
import { fields } from "../schema";
import { inert } from "../text";

const ROWS_MAXIMUM = 100_000;
const TIMEOUT = "60s";
const FIRST = `SELECT service, operation, target, count(*) AS requests, quantile(duration_ns, 0.99) AS p99_ns
FROM request
GROUP BY service, operation, target
ORDER BY p99_ns DESC
LIMIT 50`;

interface ViewParameter {
  name: string;
  type: string;
  table: string | null;
  default: string;
  help: string;
}

interface View {
  name: string;
  summary: string;
  parameters: ViewParameter[];
  sql: string;
}

interface Answer {
  rows: Row[];
  tookMs: number;
}

/** What is typed and not asked yet; what was asked is in the address. */
const draft = signal("");
const search = signal("");

async function schemaOf(): Promise<{ schema: Schema; functions: string[] }> {
  const [columns, functions] = await Promise.all([
    sql("SELECT m.name AS tab, p.name AS col FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS p WHERE m.type IN ('table', 'view') ORDER BY m.name, p.cid"),
    sql("SELECT DISTINCT name FROM pragma_function_list WHERE builtin = 0 ORDER BY name"),
  ]);
  const schema: Schema = {};
  for (const { tab, col } of columns) {
    const kind = tab === "request_rate" || !(tab in fields) ? "request" : tab;
    const help = fields[kind as keyof typeof fields].find((field) => field.name === col)?.help ?? "";
    (schema[tab] ??= []).push({ label: col, detail: help.slice(0, 60), type: "property" });
  }
  return { schema, functions: functions.map((row) => row.name) };
}

function SqlEditor({ text, run }: { text: string; run: () => void }) {
  const root = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  useEffect(() => {
    let isGone = false;
    schemaOf()
      .catch(() => ({ schema: {}, functions: [] }))
      .then(({ schema, functions }) => {
        if (isGone) return;
        editor.current = makeEditor(root.current!, draft.peek(), schema, functions, { run, change: (next) => (draft.value = next) });
      });
    return () => {
      isGone = true;
      editor.current?.destroy();
    };
  }, []);
  useEffect(() => {
    draft.value = text;
    editor.current?.set(text);
  }, [text]);
  return <div class="editor box" ref={root} />;
}

function given(view: View): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { name } of view.parameters) if (parameter(`p.${name}`)) values[name] = parameter(`p.${name}`);
  return values;
}

function Parameters({ chosen }: { chosen: View }) {
  return (
    <form
      class="parameters"
      onSubmit={(event) => {
        event.preventDefault();
        const data = new FormData(event.currentTarget);
        const changes: Record<string, string | null> = { run: String(Date.now() % 1e6) };
        for (const { name, default: initial } of chosen.parameters) {
          const value = String(data.get(name) ?? "");
          changes[`p.${name}`] = value === initial ? null : value;
        }
        go(change(changes));
      }}
    >
      {chosen.parameters.map((one) => (
        <label title={`${one.help}${one.table ? ` (filter of ${one.table})` : ""}`}>
          <span>{one.name}</span>
          <input class="field" name={one.name} key={`${chosen.name} ${parameter(`p.${one.name}`)}`} defaultValue={parameter(`p.${one.name}`) || one.default} placeholder={one.type} size={one.type === "filter" ? 26 : 9} />
        </label>
      ))}
      <button class="button primary">Run</button>
    </form>
  );
}

async function save(kind: "csv" | "json", ask: () => Promise<Response>, name: string): Promise<void> {
  const answer = await ask();
  const url = URL.createObjectURL(await answer.blob());
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = `${name}.${kind === "csv" ? "csv" : "ndjson"}`;
  anchor.click();
  URL.revokeObjectURL(url);
}

function Output({ answer, ask, name }: { answer: Answer; ask: (format: string) => Promise<Response>; name: string }) {
  const isChart = parameter("as") === "chart" && canChart(answer.rows);
  return (
    <>
      <div class="tools">
        <span class="quiet">
          {count(answer.rows.length)} rows in {duration(answer.tookMs * 1e6)}
          {answer.rows.length >= ROWS_MAXIMUM && ", cut there"}
        </span>
        <span class="grow" />
        {canChart(answer.rows) && (
          <div class="choice" role="group" aria-label="How">
            <a href={change({ as: null })} aria-current={!isChart ? "true" : undefined}>
              Table
            </a>
            <a href={change({ as: "chart" })} aria-current={isChart ? "true" : undefined}>
              Chart
            </a>
          </div>
        )}
        <button class="button" onClick={() => save("csv", () => ask("csv"), name)}>
          CSV
        </button>
        <button class="button" onClick={() => save("json", () => ask("json"), name)}>
          JSON
        </button>
      </div>
      {answer.rows.length === 0 ? <Empty title="No rows" /> : isChart ? <Picture rows={answer.rows} /> : <Table rows={answer.rows} />}
    </>
  );
}

function Views({ views, chosen }: { views: View[]; chosen: string }) {
  const wanted = search.value.toLowerCase();
  const list = views.filter((one) => `${one.name} ${one.summary}`.toLowerCase().includes(wanted));
  return (
    <div class="views">
      <input class="field" type="search" placeholder="Find a question" aria-label="Find a question" value={search.value} onInput={(event) => (search.value = event.currentTarget.value)} />
      <ul>
        <li>
          <a href="/query" aria-current={!chosen ? "true" : undefined}>
            <b>SQL</b>
            <span>of your own</span>
          </a>
        </li>
        {list.map((one) => (
          <li>
            <a href={`/query?view=${one.name}`} aria-current={one.name === chosen ? "true" : undefined} title={one.summary}>
              <b>{one.name}</b>
              <span>{one.summary}</span>
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

function useAnswer(views: View[] | undefined) {
  return useLoaded<Answer>((abort) => {
    const [statement, name] = [parameter("sql"), parameter("view")];
    parameter("run");
    const chosen = views?.find((one) => one.name === name);
    if (!statement && !chosen) return name ? null : Promise.resolve({ rows: [], tookMs: 0 });
    const start = performance.now();
    const asked = statement ? sql(statement, { limit: ROWS_MAXIMUM, timeout: TIMEOUT }, abort) : view(chosen!.name, given(chosen!), abort);
    return asked.then((rows) => ({ rows, tookMs: performance.now() - start }));
  });
}

export function Query() {
  const views = useLoaded<View[]>((abort) => document_("/api/views", abort));
  if (!views.value.value) return <p class="loading">Asking the agent…</p>;
  return <Asked views={views.value.value} />;
}

function Asked({ views }: { views: View[] }) {
  const chosen = views.find((one) => one.name === parameter("view"));
  const answer = useAnswer(views);
  const statement = parameter("sql");
  const run = () => go(change({ sql: draft.peek().trim(), view: null, run: statement === draft.peek().trim() ? String(Date.now() % 1e6) : null }));
  const ask = (format: string) =>
    chosen
      ? fetch(`/api/views/${chosen.name}?${new URLSearchParams({ ...given(chosen), format })}`)
      : fetch(`/api/sql?${new URLSearchParams({ format, timeout: TIMEOUT })}`, { method: "POST", body: statement });
  return (
    <div class="page query">
      <h1 class="unseen">Query</h1>
      <Views views={views} chosen={chosen?.name ?? ""} />
      <div class="stack">
        {chosen ? (
          <div class="box about">
            <h2>{chosen.summary}</h2>
            <Parameters chosen={chosen} />
            <details>
              <summary>Statement</summary>
              <pre>{chosen.sql.replace(/^--.*\n/gm, "").trim()}</pre>
              <a class="more" href={`/query?sql=${encodeURIComponent(plain(chosen))}`}>
                edit it
              </a>
            </details>
          </div>
        ) : (
          <>
            <SqlEditor text={statement || FIRST} run={run} />
            <div class="tools">
              <button class="button primary" onClick={run}>
                Run
              </button>
              <span class="quiet">
                <kbd>Ctrl</kbd> <kbd>Enter</kbd>
              </span>
            </div>
          </>
        )}
        {answer.value.error && <Problem text={inert(answer.value.error)} />}
        {!answer.value.error && answer.value.value && (statement || chosen) && (
          <Output answer={answer.value.value} ask={ask} name={chosen?.name ?? "query"} />
        )}
      </div>
    </div>
  );
}

/** The statement with the defaults of its parameters written in. */
function plain(one: View): string {
  const units: Record<string, number> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86400e9 };
  const ns = (text: string) => {
    const found = /^([\d.]+)(\w+)$/.exec(text);
    return found ? BigInt(Math.round(Number(found[1]) * (units[found[2]!] ?? 1))) : 0n;
  };
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  return one.sql
    .replace(/^--.*\n/gm, "")
    .trim()
    .replace(/:([a-z_]+)/g, (whole, name) => {
      const found = one.parameters.find((parameter) => parameter.name === name);
      if (!found) return whole;
      if (found.type === "time") return String(found.default === "now" ? nowNs : nowNs - ns(found.default));
      if (found.type === "duration") return String(ns(found.default));
      if (found.type === "filter") return "1";
      return found.type === "text" ? `'${found.default}'` : found.default;
    });
}
