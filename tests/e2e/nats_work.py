#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nats_work.py PORT CASE [COUNT]: a small client of NATS that says exactly what a case asks for over a real server, waits
for what comes back, and prints how often it did what."""
import collections
import json
import socket
import sys


class Nats:
    def __init__(self, port, done, **options):
        self.done = done
        self.connection = socket.create_connection(("127.0.0.1", port))
        self.stream = self.connection.makefile("rb")
        self.stream.readline()
        self.verbose = options.get("verbose", False)
        self.sid = 0
        self.inbox = None
        self.replies = set()
        self.send("CONNECT " + json.dumps({"verbose": False, "pedantic": False, "lang": "python", "version": "1",
                                           "headers": True, "no_responders": True, **options}))
        self.ping()

    def send(self, line, payload=None, is_awaited=True):
        verb = line.split()[0]
        self.done[verb.upper()] += 1
        data = line.encode() + b"\r\n"
        if payload is not None:
            data += payload + b"\r\n"
        self.connection.sendall(data)
        if self.verbose and is_awaited:
            self.until("+OK", "-ERR")

    def read(self):
        """One thing that the server says: its words and, of a message, what it carries."""
        words = self.stream.readline().decode().split()
        payload = b""
        if words[0] in ("MSG", "HMSG"):
            payload = self.stream.read(int(words[-1]) + 2)[:-2]
            if words[1] in self.replies:
                self.replies.remove(words[1])
            else:
                self.done[words[0]] += 1
        elif words[0] == "PING":
            self.done["PING"] += 1
            self.connection.sendall(b"PONG\r\n")
        return words, payload

    def until(self, *verbs):
        while True:
            words, payload = self.read()
            if words[0] in verbs:
                return words, payload

    def ping(self):
        self.send("PING", is_awaited=False)
        self.until("PONG")

    def subscribe(self, subject):
        self.sid += 1
        self.send(f"SUB {subject} {self.sid}")

    def publish(self, subject, payload, reply="", headers=None):
        if headers is None:
            self.send(f"PUB {subject} {reply} {len(payload)}", payload)
        else:
            head = b"NATS/1.0\r\n" + headers + b"\r\n\r\n"
            self.send(f"HPUB {subject} {reply} {len(head)} {len(head) + len(payload)}", head + payload)

    def listen(self, inbox):
        self.inbox = inbox
        self.subscribe(inbox + ".*")

    def request(self, subject, payload, number):
        reply = f"{self.inbox}.{number}"
        self.replies.add(reply)
        self.publish(subject, payload, reply)
        return self.until("MSG", "HMSG")


def shapes(port, done, count):
    shop = Nats(port, done, name="shop", user="joe", **{"pass": "geheim"})
    shop.subscribe("orders.>")
    shop.listen("_INBOX.Ab12Cd34Ef56Gh78Ij90Kl")
    shop.publish("orders.42.paid", b"x" * 10)
    shop.publish("orders.43.paid", b"geheim" * 50000, headers=b"Key: geheim")
    shop.until("HMSG")
    shop.request("nobody.there", b"", 1)
    # Who answers has a connection of its own.
    clock = Nats(port, done, name="clock")
    clock.subscribe("clock.time")
    clock.ping()
    reply = "_INBOX.Ab12Cd34Ef56Gh78Ij90Kl.2"
    shop.replies.add(reply)
    shop.publish("clock.time", b"", reply)
    words, _ = clock.until("MSG")
    clock.publish(words[3], b"now")
    clock.ping()
    shop.until("MSG")
    shop.send("UNSUB 1")
    shop.ping()


def jetstream(port, done, count):
    client = Nats(port, done, name="stream")
    client.listen("_INBOX.Zz12Cd34Ef56Gh78Ij90Kl")
    client.request("$JS.API.STREAM.CREATE.events", b'{"name":"events","subjects":["events.*"]}', 1)
    client.request("events.1", b"stored", 2)
    client.request("$JS.API.STREAM.INFO.missing", b"", 3)
    client.ping()


def verbose(port, done, count):
    client = Nats(port, done, name="verbose", verbose=True, pedantic=True)
    client.subscribe("said.*")
    client.publish("said.once", b"1")
    client.publish("said..wrong", b"2")
    client.ping()


def refused(port, done, count):
    client = Nats(port, done, name="refused")
    done["PUB"] += 1
    done["-ERR"] += 1
    # The server refuses the size that it is told, without the payload.
    client.connection.sendall(b"PUB large.payload 5000000\r\n")
    client.until("-ERR")


def many(port, done, count):
    """As fast as it goes: many messages in each segment, each delivered to another connection."""
    receiver = Nats(port, done, name="receiver")
    receiver.subscribe("load.>")
    receiver.ping()
    sender = Nats(port, done, name="sender")
    for start in range(0, count, 500):
        batch = range(start, min(start + 500, count))
        sender.connection.sendall(b"".join(b"PUB load.%d %d\r\n%s\r\n" % (n, n % 300, b"x" * (n % 300)) for n in batch))
        done["PUB"] += len(batch)
        for _ in batch:
            receiver.until("MSG")
    sender.ping()
    receiver.ping()


def main():
    done = collections.Counter()
    globals()[sys.argv[2]](int(sys.argv[1]), done, int(sys.argv[3]) if len(sys.argv) > 3 else 0)
    print(json.dumps(done))


main()
