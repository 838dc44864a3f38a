// SPDX-License-Identifier: Apache-2.0
// Hostile data is inert, what is not there is said, axe finds nothing serious, and the page outlives its agent.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { axePath, base, browser, directory, equal, expectErrors, holds, number, open, PATIENCE, test, until } from "./browser.mjs";

const PAGES = ["/", "/map", "/service?service=shop", "/requests", "/connections", "/processes", "/query", "/query?view=endpoints", "/status"];

async function settled(page) {
  await page.waitForLoadState("networkidle").catch(() => {});
  await page.waitForFunction(() => !document.querySelector(".loading"));
}

await test("axe finds nothing serious on any page, light and dark", async () => {
  const page = await open("/requests?since=15m");
  await page.waitForSelector(".list .row");
  await page.click(".list .row");
  await page.waitForURL(/open=/);
  const detail = page.url().replace(/^https?:\/\/[^/]+/, "");
  const axe = readFileSync(axePath, "utf8");
  const found = [];
  for (const colorScheme of ["light", "dark"])
    for (const path of [...PAGES, detail]) {
      const one = await browser.newPage();
      await one.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await one.goto(page.url().replace(/^(https?:\/\/[^/]+).*/, "$1") + path);
      await one.waitForSelector("main");
      await settled(one);
      await one.evaluate(axe);
      const { violations } = await one.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
      for (const { id, impact, nodes } of violations)
        if (["serious", "critical"].includes(impact)) found.push(`${path} ${colorScheme}: ${id} at ${nodes[0].target}`);
      await one.close();
    }
  equal(found.join("; "), "");
});

await test("markup, controls, right-to-left, broken UTF-8 and 64 kB in a path are inert", async () => {
  const port = JSON.parse(readFileSync(`${directory}/world/ready`, "utf8")).edge;
  const hostile = [
    "/%3Cscript%3Ealert(1)%3C/script%3E/<img src=x onerror=alert(1)>",
    "/right\u202eexe.txt\u2066",
    "/bell\x07\x1b[31mred\x9b0m",
    "/broken\xff\xfe\xc0\xaf\xed\xa0\x80",
    `/${"long".repeat(16 * 1024)}`,
  ];
  for (const path of hostile) {
    const request = Buffer.from(`GET ${path.replaceAll(" ", "\t")} HTTP/1.1\r\nHost: <b>host</b>\r\nConnection: close\r\n\r\n`, path.includes("\xff") ? "latin1" : "utf8");
    await new Promise((resolve) => {
      // Whoever is watched must send it: the shop's own cgroup.
      const child = spawn("sh", ["-c", `echo $$ >"${process.env.PAGE_CGROUP}/cgroup.procs" && exec /usr/bin/python3 -c 'import socket, sys
s = socket.create_connection(("127.0.0.1", ${port})); s.sendall(sys.stdin.buffer.read()); s.shutdown(socket.SHUT_WR)
while s.recv(65536): pass'`], { stdio: ["pipe", "ignore", "ignore"] });
      child.on("exit", resolve);
      child.stdin.end(request);
    });
  }
  await until("the hostile ones in the store", () => number("SELECT count(*) FROM request WHERE detail LIKE '/right%' OR detail LIKE '/%script%'") >= 2, 3 * PATIENCE);
  const page = await open("/requests?since=15m&role=both&filter=path~right|script|long|bell|broken");
  let hasAsked = false;
  page.on("dialog", () => (hasAsked = true));
  await page.waitForSelector('.list .row:has-text("script")');
  equal(await page.locator(".list script, .list img, .list b").count(), 0, "elements made of data");
  const text = await page.locator(".list").innerText();
  holds(!/[\u202a-\u202e\u2066-\u2069\x07\x1b]/.test(text), "a control is shown as it is");
  await page.click('.list .row:has-text("right")');
  await page.waitForSelector(".detail .statement");
  holds(!/[\u202a-\u202e\u2066-\u2069]/.test(await page.locator(".detail").innerText()), "a control in the detail");
  for (const path of ["/?since=15m", "/service?since=15m&service=nginx", "/service?service=%3Cscript%3Ealert(1)%3C/script%3E", "/map?since=15m&edge=%3Cimg%20src=x%3E"]) {
    const other = await open(path);
    await settled(other);
    equal(await other.locator("main script, main img").count(), 0, path);
    await other.close();
  }
  equal(hasAsked, false, "a script of data ran");
});

await test("the address is no way in: odd parameters are taken as text", async () => {
  expectErrors(/400/);
  for (const path of ["/requests?open=__proto__:1", "/requests?open=request:abc", "/requests?box=1,2", "/?since=never&until=%00", "/service", "/processes?kind=constructor", "/connections?kind=__proto__", "/query?view=nope&as=chart"]) {
    const page = await open(path);
    await settled(page);
    holds((await page.locator("main").innerText()) !== undefined, path);
    await page.close();
  }
});

await test("empty pages say what to do", async () => {
  const nothing = "since=2020-01-01T00:00:00.000Z&until=2020-01-01T01:00:00.000Z";
  for (const path of ["/", "/map", "/requests", "/service?service=shop"]) {
    const page = await open(`${path}${path.includes("?") ? "&" : "?"}${nothing}`);
    await page.waitForSelector(".empty h2");
    await page.close();
  }
});

await test("the agent is gone: the page says so, keeps what it has, and goes on when it is back", async () => {
  expectErrors(/ERR_CONNECTION|Failed to load resource|ERR_INCOMPLETE|ERR_EMPTY/);
  const page = await open("/");
  await page.waitForSelector(".services tbody tr");
  process.kill(Number(process.env.PAGE_AGENT_PID), "SIGTERM");
  await page.waitForSelector('[role=alert]:has-text("does not answer")');
  holds((await page.locator(".services tbody tr").count()) > 3, "what was known is gone");
  await until("the old one is gone", () => !existsSync(`${directory}/agent/socket`));
  const words = ["run", "--dir", `${directory}/agent`, "--scope", `cgroup:${process.env.PAGE_CGROUP}`, "--listen", base.replace("http://", "")];
  const agent = spawn(process.env.PAGE_SKEP, words, { stdio: "ignore" });
  try {
    await page.waitForSelector('[role=alert]:has-text("does not answer")', { state: "detached" });
    await page.click('nav a:has-text("Requests")');
    await page.waitForSelector(".list .row");
  } finally {
    const ended = new Promise((resolve) => agent.on("exit", resolve));
    agent.kill();
    await ended;
  }
});

