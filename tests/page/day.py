#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# A store of a day: day.py STORE [EXCHANGES]. Fills a store that an agent made, while none runs on it, with so many
# exchanges (10 million) of twenty services over the last 24 hours: single rows, and the exact counts in the buckets
# that an agent would have by then (10 s in the last hour, a minute before it). Rows are seen from both ends.
import math
import random
import sqlite3
import sys
import time

path = sys.argv[1]
exchanges = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000
DAY, HOUR = 86400, 3600
chance = random.Random(4)
now = int(time.time())
services = [f"service-{n:02}" for n in range(20)]
# server, client, operation, target, its share of the load, its median duration
routes = []
for n, server in enumerate(services):
    for m in range(3):
        client = services[(n * 7 + m + 1) % len(services)]
        routes.append((server, client, ["GET", "GET", "POST"][m], f"/part-{m}/{{id}}", 1 / (1 + n), 2e6 * (1 + n % 5 + m)))
total_share = sum(route[4] for route in routes)


def step_of(ns):
    if ns < 16:
        return ns
    power = int(math.log2(ns)) - 4
    return 16 + power * 16 + int(ns / 2**power) - 16


def histogram(durations):
    steps = {}
    for ns in durations:
        steps[step_of(ns)] = steps.get(step_of(ns), 0) + 1
    return " ".join(f"{step}:{count}" for step, count in sorted(steps.items()))


def buckets():
    start = (now - DAY) // 60 * 60
    edge = (now - HOUR) // 60 * 60
    yield from ((at, 60) for at in range(start, edge, 60))
    yield from ((at, 10) for at in range(edge, now // 10 * 10, 10))


def both_ends(route):
    server, client = route[:2]
    return (("server", server, client), ("client", client, server))


database = sqlite3.connect(path, isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = OFF")
single = """INSERT INTO request (time_ns, protocol, role, operation, target, detail, status, is_error, duration_ns,
    first_byte_ns, request_bytes, response_bytes, pid, comm, service, peer_service, local_address, local_port,
    peer_address, peer_port, connection, weight) VALUES (?, 'http', ?, ?, ?, ?, ?, ?, ?, ?, 120, ?, ?, ?, ?, ?,
    '127.0.0.1', 8080, '127.0.0.1', ?, ?, 1)"""
counted = """INSERT INTO request_rate (time_ns, bucket_ns, protocol, role, operation, target, status, is_error, service,
    peer_service, count, error_count, request_bytes, response_bytes, duration_sum_ns, duration_max_ns, histogram)
    VALUES (?, ?, 'http', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
for at, length in buckets():
    rows, counts = [], []
    for number, route in enumerate(routes):
        server, client, operation, target, share, median = route
        wanted = exchanges / 2 * length / DAY * share / total_share
        count = int(wanted) + (chance.random() < wanted % 1)
        durations = [int(median * chance.lognormvariate(0, 0.6)) for _ in range(count)]
        failed = sum(chance.random() < 0.004 for _ in range(count))
        for role, mine, other in both_ends(route):
            for index, took in enumerate(durations):
                status = 500 if index < failed else 200
                moment = at * 10**9 + int((index + 0.5) / count * length * 10**9) + number
                detail = target.replace("{id}", str(took % 1000))
                rows.append((moment, role, operation, target, detail, status, status == 500, took, took // 2, took % 4000,
                             1000 + number, "python3", mine, other, 40000 + index % 100, number * 100 + index % 100))
            for status, part in ((500, durations[:failed]), (200, durations[failed:])):
                if part:
                    counts.append((at * 10**9, length * 10**9, role, operation, target, status, status == 500, mine, other,
                                   len(part), len(part) if status == 500 else 0, 120 * len(part), 900 * len(part),
                                   sum(part), max(part), histogram(part)))
    rows.sort()
    database.execute("BEGIN")
    database.executemany(single, rows)
    database.executemany(counted, counts)
    database.execute("COMMIT")
database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
print(database.execute("SELECT (SELECT count(*) FROM request), (SELECT count(*) FROM request_rate)").fetchone())
