#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# A small HTTP service of the shop that the page's tests and pictures watch: service.py PORT FILE, run under a link
# that names it. FILE holds JSON: "calls" (path prefix → URLs asked before the answer), "take_ms", and "slow" (path
# prefix → more ms) and "fail" (path prefix → share of 500s), which are read anew whenever the file changes.
import http.client
import json
import os
import random
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, path = int(sys.argv[1]), sys.argv[2]
chance = random.Random(port)
local = threading.local()
rules, changed = {}, 0


def current():
    global rules, changed
    stamp = os.stat(path).st_mtime_ns
    if stamp != changed:
        with open(path) as file:
            rules, changed = json.load(file), stamp
    return rules


def of_path(table, path):
    return next((value for prefix, value in table.items() if path.startswith(prefix)), None)


def call(address, headers):
    host, _, rest = address.partition("/")
    known = local.__dict__.setdefault("connections", {})
    connection = known.setdefault(host, http.client.HTTPConnection(host, timeout=10))
    try:
        connection.request("GET", "/" + rest, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        connection.close()
        return 502


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # head and body in one segment

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        now = current()
        status = 200
        for address in of_path(now.get("calls", {}), self.path) or []:
            status = max(status, call(address.replace("*", self.path.rsplit("/", 1)[-1]), {}))
        take = chance.lognormvariate(0, 0.5) * now.get("take_ms", 1) + (of_path(now.get("slow", {}), self.path) or 0)
        time.sleep(take / 1000)
        if chance.random() < (of_path(now.get("fail", {}), self.path) or 0):
            status = 500
        body = b"x" * chance.randint(200, 4000)
        self.send_response(502 if status >= 500 and status != 500 else status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


Server(("127.0.0.1", port), Handler).serve_forever()
