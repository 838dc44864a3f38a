#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# People who use the shop: visitors.py HOST:PORT RATE [COUNT]. So many requests a second, to the end or COUNT of them.
import http.client
import random
import sys
import time

host, rate = sys.argv[1], float(sys.argv[2])
count = int(sys.argv[3]) if len(sys.argv) > 3 else 0
chance = random.Random(7)
connection = http.client.HTTPConnection(host, timeout=30)
paths = [(30, "GET", "/"), (40, "GET", "/products/{}"), (14, "GET", "/cart/{}"), (6, "POST", "/cart/{}"),
         (4, "POST", "/checkout"), (4, "GET", "/search?q=lamp&token=hunter2"), (2, "GET", "/account/{}")]
due, done = time.monotonic(), 0
while not count or done < count:
    _, method, path = chance.choices(paths, [weight for weight, _, _ in paths])[0]
    body = b"{}" if method == "POST" else None
    try:
        connection.request(method, path.format(chance.randint(1, 400)), body, {"Authorization": "Bearer s3cret"})
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        connection.close()
        time.sleep(0.2)
    done += 1
    due += chance.expovariate(rate)
    time.sleep(max(0.0, due - time.monotonic()))
