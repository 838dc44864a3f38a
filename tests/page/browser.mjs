// SPDX-License-Identifier: Apache-2.0
// What the page's tests share: the browser, the agent's address, waiting for what the agent has, and one line a case.
// Whatever a page logs as an error, throws, or asks of another host fails the case that it happened in.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(new URL("../../ui/package.json", import.meta.url));
const { chromium } = require("playwright-core");
export const axePath = require.resolve("axe-core/axe.min.js");

export const directory = process.env.PAGE_DIR;
const SECONDS = 1000;
export const PATIENCE = 30 * SECONDS;

export function skep(...words) {
  const [command, ...rest] = words;
  return execFileSync(process.env.PAGE_SKEP, [command, "--dir", `${directory}/agent`, ...rest], { encoding: "utf8" });
}

export const address = JSON.parse(skep("status", "-o", "json")).agent.url;
export const base = address.replace(/\/\?token=.*/, "");

export function number(sql) {
  return Number(skep("sql", "-o", "csv", sql).split("\n")[1]);
}

export async function until(what, test, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await test();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const profile = mkdtempSync(join(tmpdir(), "skep-page."));
export const browser = await chromium.launchPersistentContext(profile, {
  executablePath: "/usr/bin/chromium",
  viewport: { width: 1280, height: 800 },
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

let problems = [];
/** Console errors that a case expects, as a regular expression. */
let expected = null;
export function expectErrors(pattern) {
  expected = pattern;
}

function watch(page) {
  const add = (text) => expected?.test(text) || problems.push(text);
  page.setDefaultTimeout(PATIENCE);
  page.on("pageerror", (error) => add(`threw ${error.message}`));
  page.on("console", (message) => message.type() === "error" && add(`logged ${message.text()}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${base}/`) && !request.url().startsWith("blob:")) problems.push(`asked ${request.url()}`);
  });
}
browser.on("page", watch);

export async function open(path = "/") {
  const page = await browser.newPage();
  if (!(await browser.cookies()).length) {
    await page.goto(address);
    await page.waitForSelector("main");
  }
  await page.goto(base + path);
  await page.waitForSelector("main");
  return page;
}

export function equal(found, wanted, what = "found") {
  if (found !== wanted) throw new Error(`${what}: wanted ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`);
}

export function holds(condition, what) {
  if (!condition) throw new Error(what);
}

let failures = 0;
export async function test(name, run) {
  problems = [];
  expected = null;
  const before = new Set(browser.pages());
  try {
    await run();
    if (problems.length) throw new Error(problems.join("; "));
    console.log(`ok page: ${name}`);
  } catch (error) {
    failures++;
    console.log(`not ok page: ${name}: ${String(error.message).replaceAll("\n", " ").slice(0, 600)}`);
  }
  for (const page of browser.pages()) if (!before.has(page)) await page.close();
}

export async function end() {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
  process.exitCode = failures ? 1 : 0;
}

/** The rules of a service of the shop (service.py), changed while it runs. */
export function rule(name, changes) {
  const path = `${directory}/world/rules/${name}.json`;
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path)), ...changes }));
}
