// SPDX-License-Identifier: Apache-2.0
// What surrounds every page: navigation, filter, time range, theme, keys, and what is said when the agent is gone.
import { effect, signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { go, link, path } from "../address";
import { CANCELLED, connection, document_, useLoaded, waiting } from "../api";
import { pages } from "../pages";
import type { Page } from "../pages";
import { FilterBar } from "./filter_bar";
import { Icon } from "./icons";
import { RangePicker } from "./range_picker";

const areKeysShown = signal(false);
const themeStored = "skep.theme";
/** "" follows the system. */
const theme = signal(localStorage.getItem(themeStored) ?? "");

function isDark(): boolean {
  return theme.value ? theme.value === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** What draws on canvas has to know when colours change. */
export const darkness = signal(isDark());

effect(() => {
  if (theme.value) document.documentElement.dataset.theme = theme.value;
  else delete document.documentElement.dataset.theme;
  darkness.value = isDark();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (darkness.value = isDark()));

function toggleTheme(): void {
  theme.value = isDark() ? "light" : "dark";
  localStorage.setItem(themeStored, theme.value);
}

function Navigation({ current }: { current: Page }) {
  return (
    <nav aria-label="Pages">
      <a class="brand" href={link("/")} aria-label="skep, Overview">
        <Icon name="skep" />
        <b>skep</b>
      </a>
      {pages
        .filter((page) => page.key)
        .map((page) => (
          <a href={link(page.path)} aria-current={page === current ? "page" : undefined} title={`${page.name} (g ${page.key})`}>
            <Icon name={page.icon} />
            <span>{page.name}</span>
          </a>
        ))}
      <span class="grow" />
      <Node />
    </nav>
  );
}

function Node() {
  const status = useLoaded((abort) => document_("/api/status", abort));
  const node = status.value.value?.node;
  return (
    <a class="node" href={link("/status")} title={node ? `${node.hostname}, Linux ${node.kernel}` : "the agent"}>
      <i class={`dot ${connection.value}`} />
      <span>{node?.hostname ?? "…"}</span>
    </a>
  );
}

const PATIENCE_MS = 400;

/** Shown when an answer takes longer than people wait without a sign. */
function Waiting() {
  const isLong = useSignal(false);
  const isAsking = waiting.value.size > 0;
  useEffect(() => {
    if (!isAsking) return void (isLong.value = false);
    const timer = setTimeout(() => (isLong.value = true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isAsking]);
  if (!isLong.value) return null;
  const share = Math.min(...waiting.value.values());
  return (
    <div class="running" role="status">
      <i />
      <span>The store is reading… {share > 0 && `${Math.round(100 * share)}\u202f%`}</span>
      <button class="button small" onClick={() => [...waiting.value.keys()].forEach((one) => one.abort(CANCELLED))}>
        Cancel
      </button>
    </div>
  );
}

function Gone() {
  if (connection.value === "fine") return null;
  return (
    <div class="gone" role="alert">
      {connection.value === "gone" ? (
        <>
          <b>The agent does not answer.</b> What is shown is from before; this page goes on by itself once it is back.
          Start it with <code>skep run</code>.
        </>
      ) : (
        <>
          <b>The token is not valid any more.</b> Open the address that <code>skep status</code> shows.
        </>
      )}
    </div>
  );
}

const KEYS: [string, string][] = [
  ["/", "filter"],
  ["t", "time range"],
  ["p", "pause or go on"],
  ["j k ↓ ↑", "next and previous row"],
  ["Enter", "open it"],
  ["Esc", "close, leave a field"],
  ["d", "light or dark"],
  ["?", "these keys"],
];

function Keys() {
  if (!areKeysShown.value) return null;
  const close = () => (areKeysShown.value = false);
  return (
    <div class="veil" onClick={close}>
      <div class="keys" role="dialog" aria-modal="true" aria-label="Keys" onClick={(event) => event.stopPropagation()}>
        <header>
          <h2>Keys</h2>
          <button class="plain" onClick={close} aria-label="Close" ref={(button) => button?.focus()}>
            <Icon name="close" />
          </button>
        </header>
        <dl>
          {pages
            .filter((page) => page.key)
            .map((page) => (
              <div>
                <dt>
                  <kbd>g</kbd> <kbd>{page.key}</kbd>
                </dt>
                <dd>{page.name}</dd>
              </div>
            ))}
          {KEYS.map(([keys, what]) => (
            <div>
              <dt>
                {keys.split(" ").map((key) => (
                  <>
                    <kbd>{key}</kbd>{" "}
                  </>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </div>
    </div>
  );
}

/** The rows that j and k go through: the nearest list that says so. */
function moveRow(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")].filter((row) => row.offsetParent);
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

let isAfterG = false;

function onKey(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (event.key === "Escape") {
    if (areKeysShown.value) areKeysShown.value = false;
    else if (target.matches("input, textarea")) target.blur();
    else document.querySelector<HTMLElement>("[data-close]")?.click();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || target.matches("input, textarea, select, [contenteditable]")) return;
  if (target.shadowRoot) return;
  const page = isAfterG ? pages.find((one) => one.key === event.key) : undefined;
  isAfterG = event.key === "g";
  const actions: Record<string, () => void> = {
    "/": () => document.querySelector<HTMLElement>("#filter")?.focus(),
    "?": () => (areKeysShown.value = true),
    t: () => document.querySelector<HTMLElement>("#range")?.click(),
    p: () => document.querySelector<HTMLElement>("#pause")?.click(),
    d: toggleTheme,
    j: () => moveRow(1),
    k: () => moveRow(-1),
    ArrowDown: () => moveRow(1),
    ArrowUp: () => moveRow(-1),
  };
  if (page) go(link(page.path));
  else if (actions[event.key]) actions[event.key]!();
  else return;
  event.preventDefault();
}

export function Shell() {
  const current = pages.find((page) => page.path === path.value) ?? pages[0]!;
  useEffect(() => {
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => {
    document.title = `${current.name} · skep`;
  }, [current]);
  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <Navigation current={current} />
      <div class="body">
        <header class="bar">
          {current.isOfTime ? <FilterBar /> : <span class="grow" />}
          {current.isOfTime && <RangePicker />}
          <button class="plain" onClick={toggleTheme} title="Light or dark (d)" aria-label="Light or dark">
            <Icon name={darkness.value ? "sun" : "moon"} />
          </button>
          <button class="plain" onClick={() => (areKeysShown.value = true)} title="Keys (?)" aria-label="Keys">
            <Icon name="keys" />
          </button>
        </header>
        <Gone />
        <Waiting />
        <main id="main" tabIndex={-1} aria-label={current.name} key={current.path}>
          <current.component />
        </main>
      </div>
      <Keys />
    </>
  );
}
