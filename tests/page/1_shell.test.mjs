// SPDX-License-Identifier: Apache-2.0
// Who gets in, how the page is served, and what surrounds every page.
import { address, base, browser, equal, expectErrors, holds, number, open, skep, test, until } from "./browser.mjs";

await test("without a token the page says what to do", async () => {
  expectErrors(/401/);
  const page = await browser.newPage();
  const answer = await page.goto(`${base}/`);
  equal(answer.status(), 401);
  equal(await page.textContent("h1"), "A token is needed");
});

await test("a wrong token is refused", async () => {
  expectErrors(/401/);
  const page = await browser.newPage();
  await page.goto(`${base}/`);
  await page.fill("input[name=token]", "0".repeat(32));
  await page.press("input[name=token]", "Enter");
  await page.waitForURL(/token=000/);
  equal(await page.textContent("h1"), "A token is needed");
});

await test("the printed address opens the page and the token leaves the address", async () => {
  const page = await browser.newPage();
  await page.goto(`${address}&since=1h`);
  await page.waitForSelector("main");
  equal(page.url(), `${base}/?since=1h`);
  const cookie = (await browser.cookies()).find((one) => one.name.startsWith("skep_"));
  holds(cookie.httpOnly && cookie.sameSite === "Strict", "the cookie is open to scripts or other sites");
});

await test("headers: policy, kind of caching, compression, nothing sent twice", async () => {
  const cookie = (await browser.cookies()).map((one) => `${one.name}=${one.value}`).join("; ");
  const get = (path, headers = {}) => fetch(base + path, { headers: { cookie, ...headers } });
  const page = await get("/");
  const policy = page.headers.get("content-security-policy");
  holds(policy.includes("default-src 'self'") && !policy.includes("unsafe"), policy);
  equal(page.headers.get("cache-control"), "private, no-cache");
  const text = await page.text();
  holds(!/<(script|style)[^>]*>[^<]/.test(text) && !/ (style|on\w+)=/.test(text), "script or style in the document");
  const asset = /src="(\/assets\/[^"]+)"/.exec(text)[1];
  const script = await get(asset, { "accept-encoding": "br" });
  equal(script.headers.get("cache-control"), "private, max-age=31536000, immutable");
  equal(script.headers.get("content-encoding"), "br");
  equal((await get(asset, { "accept-encoding": "gzip" })).headers.get("content-encoding"), "gzip");
  equal((await get(asset, { "if-none-match": script.headers.get("etag") })).status, 304);
  equal((await get("/assets/nothing.js")).status, 404);
  equal((await fetch(base + asset)).status, 401);
});

await test("the overview shows the services with their figures", async () => {
  await until("requests in the store", () => number("SELECT sum(count) FROM request_rate") > 200);
  const page = await open("/");
  for (const name of ["nginx", "shop", "catalog", "cart", "payments"])
    await page.waitForSelector(`.services tbody tr:has-text("${name}")`);
  const shop = await page.textContent('.services tbody tr:has(a:text-is("shop"))');
  holds(/\d\/s/.test(shop) && /\d\u202f(ms|µs)/.test(shop) && /\d\u202f%/.test(shop), `no figures with units: ${shop}`);
  await page.waitForSelector('tr.group:has-text("Only call others") ~ tr:has-text("visitors")');
});

await test("a filter narrows it, completes, and is in the address; back takes it away", async () => {
  const page = await open("/");
  await page.waitForSelector(".services tbody tr");
  await page.keyboard.press("/");
  await page.keyboard.type("serv");
  await page.waitForSelector('#choices li:has-text("service")');
  await page.keyboard.press("Tab");
  await page.waitForSelector('#choices li:has-text("payments")');
  await page.keyboard.type("pay");
  await page.waitForFunction(() => document.querySelectorAll("#choices li").length === 1);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(/filter=service=payments/);
  await page.waitForFunction(() => document.querySelectorAll(".services tbody:first-of-type tr").length === 1);
  await page.goBack();
  await page.waitForFunction(() => document.querySelectorAll(".services tbody:first-of-type tr").length > 3);
  equal(await page.inputValue("#filter"), "");
});

await test("what the agent says about a wrong filter is shown", async () => {
  expectErrors(/400/);
  const page = await open("/?filter=status%3E%3Dmany");
  await page.waitForSelector('.problem:has-text("status")');
});

await test("keys: help, pages, theme, time", async () => {
  const page = await open("/");
  await page.keyboard.press("?");
  await page.waitForSelector('[role=dialog]:has-text("Overview")');
  await page.keyboard.press("Escape");
  await page.waitForSelector("[role=dialog]", { state: "detached" });
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.waitForURL(/\/status/);
  const dark = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = await dark();
  await page.keyboard.press("d");
  holds((await dark()) !== before, "the theme stays");
  await page.keyboard.press("d");
  await page.goBack();
  await page.keyboard.press("t");
  await page.click('.menu a:has-text("Hour")');
  await page.waitForURL(/since=1h/);
  await page.keyboard.press("p");
  await page.waitForSelector('#pause:has-text("Paused")');
});

await test("the status page says what is on and what it costs", async () => {
  const page = await open("/status");
  await page.waitForSelector('tr:has-text("http"):has-text("cgroup_skb")');
  holds(/of a core/.test(await page.textContent("main")), "no cost");
});

await test("the status page says what this machine lacks and the fix, as `skep doctor` does", async () => {
  const findings = JSON.parse(skep("doctor", "-o", "json")).filter(({ check }) => check !== "agent" && check !== "port");
  const page = await open("/status");
  await page.waitForSelector(".doctor details summary");
  await page.click(".doctor details summary");
  const rows = await page.locator(".doctor tbody tr").allInnerTexts();
  equal(rows.length, findings.filter(({ grade }) => grade !== "good").length, "checks that are not fine");
  equal(await page.locator(".doctor dl > div").count(), findings.length - rows.length, "checks that are");
  for (const { check, effect, fix } of findings.filter(({ grade }) => grade !== "good"))
    holds(rows.some((row) => row.includes(check) && row.includes(effect) && row.includes(fix)), `${check} is not there in full`);
});
