// SPDX-License-Identifier: Apache-2.0
// What is said while something loads, when it failed, and when there is nothing.
import type { ComponentChildren } from "preact";
import type { Loaded } from "../api";

export function Problem({ text }: { text: string }) {
  return (
    <p class="problem" role="alert">
      {text}
    </p>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
    </div>
  );
}

/** The failure, or a hint that the first answer is still to come; null when there is a value. */
export function stateOf(loaded: Loaded<unknown>) {
  if (loaded.error && loaded.value === undefined) return <Problem text={loaded.error} />;
  if (loaded.value === undefined) return <p class="loading">Asking the agent…</p>;
  return null;
}
