// SPDX-License-Identifier: Apache-2.0
// From "something is slow" to the one exchange that shows it, in at most three clicks; and the requests page.
import { equal, holds, number, open, rule, skep, test, until } from "./browser.mjs";

const PATIENCE = 90_000;
const slow = "FROM request WHERE service = 'cart' AND role = 'server' AND duration_ns > 200000000";

await test("a service that turns slow for certain paths: two clicks from the overview to a slow exchange of it", async () => {
  await until("a time before", () => number("SELECT count(DISTINCT time_ns) FROM request_rate") >= 5, PATIENCE);
  rule("cart", { slow: { "/carts/3": 250 } });
  await until("slow requests in the store", () => number(`SELECT count(*) ${slow}`) > 20, PATIENCE);
  const page = await open("/?since=5m");
  page.setDefaultTimeout(PATIENCE);
  await page.waitForSelector('.findings a:has(.tag.slower):has-text("cart GET /carts/{id}")');
  await page.waitForSelector('.services tr:has(.level.bad):has(a:text-is("cart"))');
  await page.click('.findings a:has(.tag.slower):has-text("cart GET /carts/{id}")');
  await page.waitForURL(/\/service\?.*service=cart/);
  await page.click('[data-exchange]:has-text("/carts/3")');
  await page.waitForSelector('.detail .statement:has-text("/carts/3")');
  await page.waitForSelector('.detail .figures:has-text("2")');
  const took = await page.textContent('.detail .figures > div:has-text("Took") dd');
  holds(parseFloat(took) >= 200 && took.includes("ms") || took.endsWith("\u202fs"), `took ${took}`);
  await page.waitForSelector('.detail .ends:has-text("shop"):has-text("cart")');
  await page.waitForFunction(() => document.querySelectorAll(".detail .timing li").length >= 2);
});

await test("it is a deep link; back closes it, forward opens it", async () => {
  const page = await open("/service?service=cart&since=5m");
  await page.click("[data-exchange]");
  await page.waitForSelector(".detail .statement");
  const statement = await page.textContent(".detail .statement");
  const other = await open(page.url().replace(/^https?:\/\/[^/]+/, ""));
  await other.waitForSelector(".detail .statement");
  equal(await other.textContent(".detail .statement"), statement);
  await page.goBack();
  await page.waitForSelector(".detail", { state: "detached" });
  await page.goForward();
  await page.waitForSelector(".detail .statement");
});

await test("an exchange of the shop shows what it asked meanwhile", async () => {
  const page = await open("/service?service=shop&since=5m&filter=operation=POST%20target=/checkout");
  await page.click("[data-exchange]");
  await page.waitForSelector('.detail .timing:has-text("payments POST"), .detail .timing:has-text("payments GET /charge")');
});

await test("requests: the list is that of the command line", async () => {
  const page = await open("/requests?since=15m&role=both&filter=service=payments%20status=500");
  const wanted = () => number("SELECT count(*) FROM request WHERE service = 'payments' AND status = 500");
  await until("errors of payments", () => wanted() >= 1, PATIENCE);
  await until("as many rows", async () => {
    const shown = await page.textContent(".list footer span");
    return Math.abs(Number.parseInt(shown, 10) - wanted()) <= 1 && /shown/.test(shown);
  });
  equal(await page.locator('.list .row:not(:has-text("500"))').count(), 0, "rows that do not match");
  const lines = skep("watch", "request", "--since", "15m", "--where", "service=payments status=500", "-o", "json");
  holds(lines.includes('"service":"payments"'), "the command line has them too");
});

await test("requests: a filter that counts cannot answer has a heat map all the same", async () => {
  const page = await open("/requests?since=15m&filter=duration%3E200ms");
  await page.waitForSelector(".list .row");
  const took = await page.locator(".list .row").first().innerText();
  holds(/\d\u202fm?s/.test(took), took);
  await page.hover(".heat canvas", { position: { x: 400, y: 80 } });
  await page.waitForFunction(() => document.querySelector(".heat .reading").textContent.length > 5);
});

await test("requests: a box in the heat map lists what is in it", async () => {
  const page = await open("/requests?since=5m");
  await page.waitForSelector(".list .row");
  const box = await page.locator(".heat canvas").boundingBox();
  await page.mouse.move(box.x + 80, box.y + 4);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 4, box.y + 50, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/box=/);
  const [, , least] = new URL(page.url()).searchParams.get("box").split(",").map(Number);
  const ns = (text) => parseFloat(text) * { ns: 1, µs: 1e3, ms: 1e6, s: 1e9 }[/[nµm]?s$/.exec(text)[0]];
  await until("only what takes that long", async () => {
    const took = await page.locator(".list .row").evaluateAll((rows) => rows.map((row) => row.children[6].textContent));
    return took.length > 0 && took.every((text) => ns(text) >= least * 0.99);
  });
  await page.keyboard.press("Escape");
  await page.waitForURL((url) => !url.searchParams.has("box"));
});

await test("requests: live goes on at the top and stands still for who reads below", async () => {
  const page = await open("/requests?since=5m");
  await page.waitForSelector(".list .row");
  const first = () => page.locator(".list .row").first().locator("span").first().textContent();
  const before = await first();
  await until("newer ones", async () => (await first()) !== before);
  await page.locator(".list .rows").evaluate((rows) => rows.scrollTo(0, 3000));
  await page.waitForSelector('.list footer button:has-text("newest")');
  const top = await page.locator('.list .row[aria-rowindex="110"]').textContent();
  const until_ = Date.now() + 7000;
  await until("two refreshes", () => Date.now() > until_);
  equal(await page.locator('.list .row[aria-rowindex="110"]').textContent(), top, "a row that is read");
  await page.click('.list footer button:has-text("newest")');
  await until("newer ones again", async () => (await first()) > before);
});

await test("keys go through the list and open a row", async () => {
  const page = await open("/requests?since=5m&filter=service=shop");
  await page.waitForSelector(".list .row");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".detail .statement");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".detail", { state: "detached" });
});
