// SPDX-License-Identifier: Apache-2.0
// page.mjs ADDRESS: opens the page in Chromium some times, prints how many milliseconds each took to show services
// with their figures, and leaves the last one open until its input ends.
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { chromium } = createRequire(new URL("../../ui/package.json", import.meta.url))("playwright-core");
const [address] = process.argv.slice(2);
const ROUNDS = 5;
const profile = mkdtempSync(join(tmpdir(), "skep-bench-page."));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: "/usr/bin/chromium",
  viewport: { width: 1280, height: 800 },
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const first = await browser.newPage();
await first.goto(address);
await first.waitForSelector("main");
const base = new URL(address).origin;
const times = [];
for (let round = 0; round < ROUNDS; round++) {
  const page = await browser.newPage();
  const client = await browser.newCDPSession(page);
  await client.send("Network.setCacheDisabled", { cacheDisabled: true });
  const began = performance.now();
  await page.goto(`${base}/`);
  await page.waitForSelector(".services tbody td.number");
  times.push(performance.now() - began);
  if (round < ROUNDS - 1) await page.close();
}
await first.close();
console.log(JSON.stringify(times));
await new Promise((resolve) => process.stdin.on("end", resolve).resume());
await browser.close();
rmSync(profile, { recursive: true, force: true });
