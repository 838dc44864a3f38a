// SPDX-License-Identifier: Apache-2.0
// A map of 500 services, as the view `map` would answer; rates go up from one answer to the next.

export const AREAS = "orders cart catalog search payments billing users login mail stock prices reviews media ads geo tax fraud audit export import chat video news labels".split(" ");
const PARTS = "api db cache worker-1 worker-2 worker-3 queue index jobs admin web sync batch report events gate view model store proxy".split(" ");

/** 24 areas of 20 services, each behind its api, and what all of them use: what the view `map` would answer. */
export function crowd(round) {
  const rows = [];
  const add = (client, server, requests, errors = 0) =>
    rows.push({ client, server, protocol: "http", requests: requests + 7 * round, errors, p50_ns: 2e6, p99_ns: 9e6 + round * 1e5 });
  AREAS.forEach((area, index) => {
    add("gateway", `${area}-api`, 9000 - 300 * index, index === 4 ? 400 : 0);
    for (const part of PARTS.slice(1)) add(`${area}-api`, `${area}-${part}`, 100 + index);
    add(`${area}-api`, `${AREAS[(index + 5) % AREAS.length]}-api`, 700);
    for (const shared of ["auth", "metrics", "flags"]) add(`${area}-api`, shared, 500);
  });
  for (let index = 0; index < 16; index++) add(`visitor ${index}`, "gateway", 400);
  return rows;
}

/** Has the map of a page show the crowd; how often it has asked. */
export async function answerWithCrowd(page) {
  let round = 0;
  await page.route("**/api/views/map?*", (route) => {
    const body = crowd(round++).map((row) => JSON.stringify(row)).join("\n");
    route.fulfill({ status: 200, contentType: "application/x-ndjson", body });
  });
  const services = [...new Set(crowd(0).flatMap(({ client, server }) => [client, server]))].filter((name) => !name.startsWith("visitor"));
  await page.route("**/api/views/watched?*", (route) => {
    const body = services.map((service) => JSON.stringify({ service, role: "server", requests: 1, first_time_ns: 0 })).join("\n");
    route.fulfill({ status: 200, contentType: "application/x-ndjson", body });
  });
  return () => round;
}
