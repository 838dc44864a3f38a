// SPDX-License-Identifier: Apache-2.0
// Map, connections, processes, query: what they show is what the agent has.
import { readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { base, equal, expectErrors, holds, number, open, test, until } from "./browser.mjs";

await test("map: nodes and edges, an edge lists what is in it, a node leads to its service", async () => {
  const page = await open("/map?since=15m");
  for (const edge of ["visitors → nginx", "nginx → shop", "shop → cart", "shop → payments"])
    await page.waitForSelector(`.map .edge[aria-label^="${edge}: http"]`);
  const before = await page.locator('.map .node:has(.name:text-is("shop")) rect').boundingBox();
  await page.locator('.map .edge[aria-label^="shop → payments"]').focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/edge=/);
  await page.waitForFunction(() => document.querySelectorAll("table.compact tbody tr").length === 1);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.querySelectorAll("table.compact tbody tr").length > 3);
  await new Promise((resolve) => setTimeout(resolve, 5500));
  const after = await page.locator('.map .node:has(.name:text-is("shop")) rect').boundingBox();
  holds(Math.abs(before.x - after.x) < 1 && Math.abs(before.y - after.y) < 1, "the layout moves while it updates");
  await page.click('.map .node:has(.name:text-is("cart"))');
  await page.waitForURL(/\/service\?.*service=cart/);
});

await test("map: an edge's row opens its requests, seen from both ends", async () => {
  const page = await open("/map?since=15m");
  await page.click('table.compact tr:has-text("shop"):has-text("payments")');
  await page.waitForURL(/\/requests\?.*from=shop/);
  await page.waitForSelector('.list .row:has-text("/charge")');
});

await test("service: its figures and those of its endpoints are of the same time", async () => {
  // Longer than the agent has been there.
  const page = await open("/service?service=cart&since=1h");
  await page.waitForSelector('section[aria-labelledby="endpoints"] tbody tr');
  const numberOf = (text) => Number(/^([\d.]+)/.exec(text.trim())[1]);
  await until("they agree", async () => {
    const tile = numberOf(await page.textContent(".totals dd"));
    const endpoints = await page.locator('section[aria-labelledby="endpoints"] tbody tr td:nth-child(2)').allTextContents();
    const sum = endpoints.map(numberOf).reduce((all, one) => all + one, 0);
    // Endpoints are asked for less often, and what is young counts late.
    return tile > 0 && Math.abs(tile - sum) < 0.15 * tile;
  });
});

await test("status: limits, what is shed, and every feature in a narrow window", async () => {
  const page = await open("/status");
  await page.waitForSelector('dt:text-is("Memory") + dd:has-text("of at most 256")');
  await page.waitForSelector('dt:text-is("CPU now") + dd:has-text("of at most 100")');
  await page.waitForSelector('dt:text-is("Shed now") + dd:text-is("nothing")');
  await page.setViewportSize({ width: 420, height: 860 });
  const table = page.locator("table.features").first();
  const { clientWidth, scrollWidth } = await table.evaluate((element) => ({ clientWidth: element.parentElement.clientWidth, scrollWidth: element.parentElement.scrollWidth }));
  equal(scrollWidth, clientWidth, "width of the features");
  for (const text of ["cgroup_skb", "perf_event"]) holds((await table.innerText()).includes(text), `${text} is not shown`);
  await page.route("**/api/status", async (route) => {
    const answer = await route.fetch();
    const status = await answer.json();
    status.agent.shedding = "events (memory)";
    await route.fulfill({ response: answer, json: status });
  });
  await page.waitForSelector('[role="alert"]:has-text("events (memory)")');
});

await test("connections: who connects to whom, and one connection in detail", async () => {
  const page = await open("/connections?since=15m");
  await page.waitForSelector('.few tr:has-text("shop")');
  const connects = number("SELECT count(*) FROM tcp WHERE event = 'connect' AND service = 'nginx'");
  holds(connects > 0, "no connection in the store");
  await page.click('.list .row:has-text("connect")');
  await page.waitForSelector(".detail .ends");
  await page.click(".detail summary");
  await page.waitForSelector('.detail .fields:has-text("connection")');
});

await test("processes: the tree has what runs, and short-lived ones of the past", async () => {
  for (let index = 0; index < 5; index++)
    spawnSync("sh", ["-c", `echo $$ >"${process.env.PAGE_CGROUP}/cgroup.procs" && exec /usr/bin/env -i /bin/sleep 0`]);
  spawnSync("sh", ["-c", `echo $$ >"${process.env.PAGE_CGROUP}/cgroup.procs" && exec /bin/false`]);
  await until("the ends in the store", () => number("SELECT count(*) FROM exit WHERE comm = 'sleep'") >= 5);
  const page = await open("/processes?since=15m");
  await page.waitForSelector('.row.tree:has-text("visitors")');
  await page.waitForSelector('.row.tree.past:has-text("sleep"):has-text("× 5")');
  await page.click('.row.tree.past:has-text("sleep")');
  await page.waitForFunction(() => [...document.querySelectorAll(".row.tree.past")].filter((row) => row.textContent.includes("sleep")).length === 5);
  await page.waitForSelector('.row.tree.past:has-text("false"):has-text("ended 1")');
  await page.click('.choice a:has-text("Ended")');
  await page.waitForSelector('.list .row:has-text("sleep")');
});

await test("query: SQL with completion, as table and chart, in the address", async () => {
  const page = await open("/query");
  await page.waitForSelector(".editor .cm-content");
  await page.click(".editor .cm-content");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("SELECT serv");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await page.keyboard.type("SELECT service, count(*) AS n FROM requ");
  await page.waitForSelector('.cm-tooltip-autocomplete li:has-text("request_rate")');
  await page.keyboard.press("Escape");
  await page.click(".editor .cm-content");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("SELECT service, count(*) AS n FROM request GROUP BY service ORDER BY n DESC");
  await page.keyboard.press("Control+Enter");
  await page.waitForURL(/sql=SELECT/);
  await page.waitForSelector('.result .row:has-text("catalog")');
  await page.click('.choice a:has-text("Chart")');
  await page.waitForSelector('.bars:has-text("catalog") svg rect');
  const other = await open(page.url().replace(/^https?:\/\/[^/]+/, ""));
  await other.waitForSelector('.bars:has-text("catalog")');
});

await test("query: a mistake gets the store's sentence", async () => {
  expectErrors(/400/);
  const page = await open("/query?sql=SELECT%20x%20FROM%20nowhere");
  await page.waitForSelector('.problem:has-text("nowhere")');
});

await test("query: a prepared question with parameters, saved as CSV and JSON", async () => {
  const page = await open("/query?view=endpoints");
  await page.waitForSelector(".result .row");
  await page.fill(".parameters input[name=service]", "payments");
  await page.press(".parameters input[name=service]", "Enter");
  await page.waitForURL(/p.service=payments/);
  await page.waitForFunction(() => document.querySelectorAll(".result .row").length === 1);
  for (const [name, first] of [["CSV", "service,protocol,"], ["JSON", '{"service":"payments"']]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(`button:text-is("${name}")`)]);
    const text = readFileSync(await download.path(), "utf8");
    holds(text.startsWith(first) && text.includes("payments"), text.slice(0, 80));
  }
});

await test("requests: rows of a long time come piece by piece, with a way to cancel", async () => {
  const page = await open("/status");
  // Each first piece is answered, with three rows; older ones do not come.
  const isFirst = (url) => Date.parse(new URL(url).searchParams.get("since")) > Date.now() - 3660e3;
  let held = 0;
  await page.route("**/api/events?*", async (route) => {
    if (!isFirst(route.request().url())) return void held++;
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).split("\n").slice(0, 3).join("\n") });
  });
  await page.route("**/api/views/heat-requests?*", (route) => (isFirst(route.request().url()) ? route.continue() : void held++));
  await page.goto(`${base}/requests?since=24h&filter=duration>0ns`);
  await page.waitForSelector('.running:has-text("%")');
  equal(await page.locator(".list .row").count(), 3, "rows of the first piece");
  const isBlue = (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) if (data[at + 3] && data[at + 2] > data[at] + 40) return true;
    return false;
  };
  await until("the heat map has the first piece", () => page.locator(".heat canvas").evaluate(isBlue));
  await page.click('.running button:has-text("Cancel")');
  await page.waitForSelector('.problem:has-text("cancelled")');
  await page.waitForSelector(".running", { state: "detached" });
  equal(await page.locator(".list .row").count(), 3, "what was there stays");
  const before = held;
  await new Promise((resolve) => setTimeout(resolve, 4000));
  equal(held, before, "questions after it was cancelled");
});

await test("query: a long one can be cancelled", async () => {
  const page = await open("/query?sql=WITH%20RECURSIVE%20a(x)%20AS%20(SELECT%201%20UNION%20ALL%20SELECT%20x%2B1%20FROM%20a)%20SELECT%20max(x)%20FROM%20a");
  await page.click('.running button:has-text("Cancel")');
  await page.waitForSelector('.problem:has-text("cancelled")');
  await page.waitForSelector(".running", { state: "detached" });
});

await test("every kind of the field tables has a place, with its columns", async () => {
  const schema = readFileSync(new URL("../../ui/src/schema.ts", import.meta.url), "utf8");
  const kinds = [...schema.matchAll(/^ {2}kind: "(\w+)";/gm)].map((match) => match[1]);
  holds(kinds.includes("tcp") && kinds.length >= 4, kinds.join());
  for (const kind of kinds) {
    if (kind === "request") continue;
    const page = await open(`/${["exec", "exit"].includes(kind) ? "processes" : "connections"}?since=15m&kind=${kind}`);
    await page.waitForSelector(`.list .rows[aria-label="${kind}"] [role=columnheader]:has-text("Time")`);
    await page.close();
  }
});

await test("100,000 rows: a list goes through them without a dropped second", async () => {
  const page = await open(
    `/query?sql=${encodeURIComponent("WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a WHERE x < 100000) SELECT x, 'row number ' || x AS name, x * 1000 AS took_ns FROM a")}`,
  );
  await page.waitForSelector(".result .row", { timeout: 60_000 });
  const longest = await page.evaluate(async () => {
    const list = document.querySelector(".result .rows");
    let [last, most] = [performance.now(), 0];
    for (let step = 1; step <= 120; step++) {
      list.scrollTop = (list.scrollHeight * step) / 120;
      await new Promise(requestAnimationFrame);
      const at = performance.now();
      most = Math.max(most, at - last);
      last = at;
    }
    return most;
  });
  holds(longest < 1000, `a frame took ${longest} ms`);
  await page.waitForSelector('.result .row:has-text("row number 100000")');
  holds((await page.locator(".result .row").count()) < 100, "all rows are in the document");
});

