// SPDX-License-Identifier: Apache-2.0
// Runs the files named NAME.test.mjs beside this one, all without arguments, one after the other in one browser.
import { readdirSync } from "node:fs";
import { end, test } from "./browser.mjs";

const here = new URL(".", import.meta.url);
const wanted = process.argv.slice(2);
const files = readdirSync(here).filter((name) => name.endsWith(".test.mjs"));
for (const name of files.sort()) {
  if (wanted.length && !wanted.includes(name.replace(".test.mjs", ""))) continue;
  try {
    await import(new URL(name, here));
  } catch (error) {
    await test(name, () => Promise.reject(error));
  }
}
await end();
