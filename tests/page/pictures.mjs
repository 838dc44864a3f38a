// SPDX-License-Identifier: Apache-2.0
// Takes the pictures of docs/pictures: node pictures.mjs DIR [NAME…], started by tests/page/pictures. What names the machine
// is replaced; all else is as the agent has it.
import { spawnSync } from "node:child_process";
import { address, base, browser, end, number, rule, until } from "./browser.mjs";
import { answerWithCrowd } from "./crowd.mjs";
import { documentOf, screenOf } from "./terminal.mjs";

const [directory, ...names] = process.argv.slice(2);
const isWanted = (name) => names.length === 0 || names.includes(name);
const MINUTES = Number(process.env.PICTURES_MINUTES ?? 4);
const PATIENCE = 600_000;
const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 420, height: 860 } };

const pages = [
  { name: "overview", path: "/?since=5m", ready: ".findings li, .services tr" },
  { name: "map", path: "/map?since=5m", ready: ".map .node" },
  { name: "map-500", path: "/map?since=5m", ready: ".map .node", prepare: answerWithCrowd },
  { name: "service", path: "/service?service=cart&since=5m", ready: "[data-exchange]" },
  { name: "requests", path: "/requests?since=5m", ready: ".list .row" },
  { name: "exchange", path: "/service?service=shop&since=5m&filter=operation=GET+target=%2Fcart%2F%7Bid%7D", ready: "[data-exchange]", click: "[data-exchange]", then: ".detail .timing li a" },
  { name: "connections", path: "/connections?since=5m", ready: ".list .row" },
  { name: "processes", path: "/processes?since=5m", ready: ".row.tree" },
  { name: "query", path: "/query?view=timeline&p.since=10m&p.step=10s&as=chart", ready: ".chart" },
  { name: "status", path: "/status", ready: ".facts" },
];

function run(...words) {
  spawnSync("sh", ["-c", `echo $$ >"${process.env.PAGE_CGROUP}/cgroup.procs" && exec "$@"`, "sh", ...words]);
}

await until("a time before", () => number("SELECT count(DISTINCT time_ns) FROM request_rate") >= 6 * MINUTES - 9, PATIENCE);
rule("cart", { slow: { "/carts/3": 180 } });
for (let index = 0; index < 6; index++) run("/usr/bin/env", "-i", "/bin/date");
run("/bin/false");
await until("it is slow", () => number("SELECT count(DISTINCT time_ns) FROM request_rate") >= 6 * MINUTES, PATIENCE);

const first = await browser.newPage();
await first.goto(address);
await first.waitForSelector("main");
await browser.route("**/api/status", async (route) => {
  const answer = await route.fetch();
  const status = await answer.json();
  Object.assign(status.node, { hostname: "hive", kernel: "6.12", scope: "cgroup:/shop" });
  status.agent.version = status.agent.version.replace("-dirty", "");
  await route.fulfill({ response: answer, json: status });
});
await browser.route("**/api/programs*", async (route) => {
  const answer = await route.fetch();
  const programs = await answer.json();
  programs.programs = programs.programs.filter((program) => program.feature);
  await route.fulfill({ response: answer, json: programs });
});

// Where the servers' files happen to lie.
const root = new URL("../..", import.meta.url).pathname;
await browser.route("**/api/events*", async (route) => {
  const answer = await route.fetch();
  const text = (await answer.text()).replaceAll(`${process.env.PAGE_DIR}/world`, "/srv/shop").replaceAll(`${root}tests/page`, "/srv/shop");
  await route.fulfill({ response: answer, body: text });
});

for (const [size, viewport] of Object.entries(SIZES))
  for (const colorScheme of ["light", "dark"])
    for (const { name, path, ready, prepare, click, then } of pages.filter((page) => isWanted(page.name))) {
      const page = await browser.newPage();
      if (prepare) await prepare(page);
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.goto(base + path);
      await page.waitForSelector(ready);
      if (click) {
        await page.locator(click).first().click();
        await page.waitForSelector(then);
      }
      // Two looks at the processes give their CPU; charts and lists are there by then.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      await page.screenshot({ path: `${directory}/${name}-${colorScheme}-${size}.png` });
      await page.close();
    }

// ---- skep top

if (isWanted("top")) {
  const command = [process.env.PAGE_SKEP, "top", "--dir", `${process.env.PAGE_DIR}/agent`];
  const screen = await screenOf(`${process.env.PAGE_DIR}/tmux`, [112, 24], command, /cpu [\d.]+ of[^]*shop[^]*catalog[^]*\d %/);
  for (const scheme of ["light", "dark"]) {
    const page = await browser.newPage();
    await page.setContent(documentOf(screen, scheme));
    await page.locator("pre").screenshot({ path: `${directory}/top-${scheme}.png` });
    await page.close();
  }
}
await end();
