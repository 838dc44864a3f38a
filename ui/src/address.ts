// SPDX-License-Identifier: Apache-2.0
// Where the page is: the address holds all state. What comes in: clicks on links, back and forward. What goes out:
// signals of the path and of each parameter, and hrefs that keep the time range and the filter.
import { computed, signal } from "@preact/signals";

/** What every page shares; links keep these. */
const SHARED = ["since", "until", "filter"];

export type Changes = Record<string, string | null>;

const here = signal(new URL(location.href));

export const path = computed(() => here.value.pathname);

export function parameter(name: string): string {
  return here.value.searchParams.get(name) ?? "";
}

function write(query: URLSearchParams, changes: Changes): string {
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  // These are allowed in the value of a parameter and easier to read as they are.
  const text = query.toString().replaceAll("%3A", ":").replaceAll("%2F", "/").replaceAll("%3D", "=");
  return text ? `?${text}` : "";
}

/** The address of a page with the shared parameters kept. */
export function link(to: string, changes: Changes = {}): string {
  const query = new URLSearchParams();
  for (const name of SHARED) {
    const value = here.value.searchParams.get(name);
    if (value) query.set(name, value);
  }
  return to + write(query, changes);
}

/** The address of this page with some parameters changed. */
export function change(changes: Changes): string {
  return here.value.pathname + write(new URLSearchParams(here.value.searchParams), changes);
}

export function go(href: string, isReplaced = false): void {
  const next = new URL(href, location.href);
  if (next.href === here.value.href) return;
  const isOtherPage = next.pathname !== here.value.pathname;
  if (isReplaced) history.replaceState(null, "", next);
  else history.pushState(null, "", next);
  here.value = next;
  if (isOtherPage) scrollTo(0, 0);
}

export function startAddress(): void {
  addEventListener("popstate", () => (here.value = new URL(location.href)));
  // One listener serves every link; those for other tabs and downloads stay the browser's.
  document.addEventListener("click", (event) => {
    // Of HTML or of SVG: only attributes are the same in both.
    const anchor = (event.target as Element).closest?.("a");
    const href = anchor?.getAttribute("href");
    if (!anchor || !href || event.defaultPrevented || event.button !== 0) return;
    if (anchor.hasAttribute("target") || anchor.hasAttribute("download") || href.startsWith("#")) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const to = new URL(href, location.href);
    if (to.origin !== location.origin || to.pathname.startsWith("/api") || to.pathname === "/metrics") return;
    event.preventDefault();
    go(to.href);
  });
}
