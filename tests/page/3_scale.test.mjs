// SPDX-License-Identifier: Apache-2.0
// Much and long: a map of 500 services is grouped and stands still, and many live updates leave no memory behind.
import { base, browser, equal, holds, number, open, PATIENCE, test, until } from "./browser.mjs";
import { answerWithCrowd, AREAS, crowd } from "./crowd.mjs";

// ---- 500 services

/** Boxes of all nodes as they are seen: name → rectangle. */
function boxes(page) {
  return page.locator(".map .node").evaluateAll((nodes) =>
    nodes.map((node) => {
      const { x, y, width, height } = node.querySelector("rect:not(.behind)").getBoundingClientRect();
      return { name: node.querySelector(".name").textContent, x, y, width, height };
    }),
  );
}

// Names of 12.5 pixels at this height of a node's 44 are as high as ten.
const LEGIBLE_HEIGHT = 0.8 * 44 - 0.5;

await test("map: 500 services are grouped into few nodes that can be read and stand still while it updates", async () => {
  const services = new Set(crowd(0).flatMap(({ client, server }) => [client, server]));
  equal(services.size, 500, "services");
  const page = await open("/status");
  const rounds = await answerWithCrowd(page);
  await page.click('nav a:has-text("Map")');
  await page.waitForSelector(".map .node");
  const first = await boxes(page);
  holds(first.every(({ height }) => height >= LEGIBLE_HEIGHT), "nodes are too small to read");
  equal(await page.locator(".map .whole").count(), 0, "an overview of what is seen whole");
  holds(first.length <= 60 && first.length > AREAS.length, `${first.length} nodes`);
  for (const [index, one] of first.entries())
    for (const other of first.slice(index + 1))
      holds(one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y || other.y + other.height <= one.y, `${one.name} lies over ${other.name}`);
  equal(await page.locator('main table td:has-text("group ")').count(), 0, "groups by another name than in the map");
  holds(first.some(({ name }) => name.startsWith("gateway")), "who matters most has no node of its own");
  const counted = await page.locator(".map .node .name").allTextContents();
  const members = counted.reduce((sum, name) => sum + Number(/\((\d+)\)|^(\d+) /.exec(name)?.slice(1).find(Boolean) ?? 1), 0);
  equal(members, 500, "services in all nodes");
  await until("it has updated twice", () => rounds() >= 3);
  equal(JSON.stringify(await boxes(page)), JSON.stringify(first), "places after updates");
  await page.locator(".map .node.many").first().focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/expand=/);
  await until("the group is open", async () => (await boxes(page)).length > first.length);
});

await test("map: what is too much for a narrow window is read by moving, with the whole at hand", async () => {
  const page = await open("/status");
  await page.setViewportSize({ width: 420, height: 860 });
  await answerWithCrowd(page);
  await page.goto(`${base}/map`);
  await page.waitForSelector(".map .whole");
  const first = await boxes(page);
  holds(first.every(({ height, x, width }) => height >= LEGIBLE_HEIGHT && x >= 0 && x + width <= 420), "nodes are too small, or cut");
  const whole = await page.locator(".map .whole").boundingBox();
  await page.mouse.click(whole.x + whole.width / 2, whole.y + whole.height - 4);
  await until("the view has moved", async () => (await boxes(page))[0].y < first[0].y);
  await page.click('.map [aria-label="Everything"]');
  await until("all is seen", async () => (await page.locator(".map .whole").count()) === 0);
  await page.locator(".map .node", { has: page.getByText("gateway", { exact: true }) }).hover();
  const away = await page.locator(".map .node.away .name").allTextContents();
  equal(away.join(), "auth and others (3)", "what has nothing to do with the gateway");
});

// ---- many updates

// In place of clocks: what is due every few seconds is due when the test says so, as soon as what was asked before is
// answered and drawn. With `leaks` it keeps what each answer held, as a page does that forgets to let go.
const CLOCK = (leaks) => {
  const due = new Map();
  let [last, open] = [0, 0];
  const kept = [];
  window.setInterval = (run) => due.set(++last, run) && last;
  window.clearInterval = (which) => due.delete(which);
  const counted = (of, name) => {
    const plain = of[name];
    of[name] = async function (...words) {
      open++;
      try {
        const answer = await plain.apply(this, words);
        if (leaks && typeof answer === "string") kept.push([...answer], [...answer]);
        return answer;
      } finally {
        open--;
      }
    };
  };
  counted(window, "fetch");
  counted(Response.prototype, "text");
  counted(Response.prototype, "json");
  const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
  window.update = async (times) => {
    let asked = 0;
    for (let time = 0; time < times; time++) {
      for (const run of [...due.values()]) run();
      asked += Number(open > 0);
      // A page does not wait for an answer for ever either.
      for (let wait = 0; wait < 1000 && (open || !wait); wait++) await pause(2);
      await new Promise(requestAnimationFrame);
    }
    return asked;
  };
};

const FEW = 20;
/** What an hour brings: one each five seconds. */
const HOUR = 720;
// Far less than one answer kept of each update; compilers and caches settle within it.
const BYTES_MAXIMUM = 1e6;
const NODES_MAXIMUM = 500;

async function used(page, client) {
  for (let time = 0; time < 3; time++) await client.send("HeapProfiler.collectGarbage");
  const { metrics } = await client.send("Performance.getMetrics");
  const of = (name) => metrics.find((metric) => metric.name === name).value;
  return { bytes: of("JSHeapUsedSize"), nodes: of("Nodes"), listeners: of("JSEventListeners") };
}

/** What is kept more after an hour's updates than after FEW. */
async function growth(path, leaks = false) {
  const many = leaks ? 3 * FEW : HOUR;
  const page = await browser.newPage();
  await page.addInitScript(CLOCK, leaks);
  await page.goto(base + path);
  await page.waitForSelector("main tbody tr, main .list .row, main .map .node");
  const client = await browser.newCDPSession(page);
  await client.send("Performance.enable");
  await client.send("HeapProfiler.enable");
  await page.evaluate((times) => window.update(times), FEW);
  const before = await used(page, client);
  const asked = await page.evaluate((times) => window.update(times), many - FEW);
  const after = await used(page, client);
  equal(asked, many - FEW, `${path}: updates that asked the agent`);
  await page.close();
  return { bytes: after.bytes - before.bytes, nodes: after.nodes - before.nodes, listeners: after.listeners - before.listeners };
}

const isFlat = ({ bytes, nodes, listeners }) => bytes < BYTES_MAXIMUM && nodes < NODES_MAXIMUM && listeners < NODES_MAXIMUM;

// A range that is full already: a longer one would rightly hold more as it fills.
await until("a minute in the store", () => number("SELECT count(DISTINCT time_ns) FROM request_rate") >= 7, 3 * PATIENCE);
for (const path of ["/?since=1m", "/requests?since=1m"])
  await test(`updates leave no memory behind: ${path}`, async () => {
    const found = await growth(path);
    holds(isFlat(found), JSON.stringify(found));
  });

await test("updates leave no memory behind: a page that keeps what it got is found out", async () => {
  const found = await growth("/?since=1m", true);
  holds(!isFlat(found), JSON.stringify(found));
});
