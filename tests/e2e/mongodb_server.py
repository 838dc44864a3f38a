# SPDX-License-Identifier: Apache-2.0
"""mongodb_server PORT: answers MongoDB's wire protocol as far as the tests ask, since Debian has no server: documents
in memory, found by equality, in batches; errors with their codes. Documents are read and written by the client
library's own bson, so that both ends of each byte are not ours. What was asked is counted: {"counts": 1}."""
import collections
import socketserver
import struct
import sys

import bson

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
MORE_TO_COME = 2
HELLO = {"ismaster": True, "isWritablePrimary": True, "maxBsonObjectSize": 16 << 20, "maxMessageSizeBytes": 48000000,
         "maxWriteBatchSize": 100000, "minWireVersion": 0, "maxWireVersion": 13, "readOnly": False, "ok": 1.0}


class Failure(Exception):
    def __init__(self, code, name, text):
        super().__init__(text)
        self.answer = {"ok": 0.0, "errmsg": text, "code": code, "codeName": name}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Connection)
        self.collections = collections.defaultdict(list)
        self.cursors = {}
        self.counts = collections.Counter()

    def run(self, command):
        name = next(iter(command))
        place = f"{command.get('$db', 'admin')}.{command[name]}"
        self.counts[name] += 1
        if name in ("ismaster", "isMaster", "hello"):
            return HELLO
        if name == "counts":
            return {"counts": dict(self.counts), "ok": 1.0}
        if name in ("ping", "endSessions"):
            return {"ok": 1.0}
        run = getattr(self, "run_" + name, None)
        if not run:
            raise Failure(59, "CommandNotFound", f"no such command: '{name}'")
        return {**run(place, command), "ok": 1.0}

    def run_insert(self, place, command):
        kept = self.collections[place]
        errors = []
        for index, document in enumerate(command["documents"]):
            if any(other["_id"] == document["_id"] for other in kept[-1000:]):
                errors.append({"index": index, "code": 11000, "errmsg": "E11000 duplicate key error"})
            else:
                kept.append(document)
        answer = {"n": len(command["documents"]) - len(errors)}
        return {**answer, "writeErrors": errors} if errors else answer

    def matching(self, place, query):
        if any(key.startswith("$") for key in query):
            raise Failure(2, "BadValue", "unknown top level operator")
        return [document for document in self.collections[place]
                if all(document.get(key) == value for key, value in query.items())]

    def run_find(self, place, command):
        found = self.matching(place, command.get("filter", {}))
        if "limit" in command:
            found = found[:command["limit"]]
        size = command.get("batchSize", 101)
        first, rest = found[:size], found[size:]
        number = len(self.cursors) + 1 if rest else 0
        if rest:
            self.cursors[number] = rest
        return {"cursor": {"firstBatch": first, "id": bson.int64.Int64(number), "ns": place}}

    def run_getMore(self, place, command):
        rest = self.cursors.pop(command["getMore"], None)
        if rest is None:
            raise Failure(43, "CursorNotFound", "cursor not found")
        size = command.get("batchSize", len(rest))
        batch, rest = rest[:size], rest[size:]
        if rest:
            self.cursors[command["getMore"]] = rest
        return {"cursor": {"nextBatch": batch, "id": bson.int64.Int64(command["getMore"] if rest else 0),
                           "ns": place}}

    def run_delete(self, place, command):
        before = len(self.collections[place])
        for one in command["deletes"]:
            gone = self.matching(place, one["q"])[:one["limit"] or None]
            self.collections[place] = [document for document in self.collections[place] if document not in gone]
        return {"n": before - len(self.collections[place])}


class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        number = 1
        while True:
            header = self.rfile.read(16)
            if len(header) < 16:
                return
            length, asked, _, operation = struct.unpack("<iiii", header)
            body = self.rfile.read(length - 16)
            number += 1
            if operation == OP_QUERY:
                name_end = body.index(b"\0", 4)
                answer = self.answer(bson.decode(body[name_end + 9:]))
                self.send(number, asked, OP_REPLY, struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(answer))
                continue
            flags = struct.unpack("<I", body[:4])[0]
            answer = self.answer(self.command_of(body[4:]))
            if not flags & MORE_TO_COME:
                self.send(number, asked, OP_MSG, struct.pack("<IB", 0, 0) + bson.encode(answer))

    def command_of(self, sections):
        command, lists = {}, {}
        while sections:
            kind, size = sections[0], struct.unpack("<i", sections[1:5])[0]
            section, sections = sections[1:1 + size], sections[1 + size:]
            if kind == 0:
                command = bson.decode(section)
            else:
                name_end = section.index(b"\0", 4)
                lists[section[4:name_end].decode()] = list(bson.decode_all(section[name_end + 1:]))
        return {**command, **lists}

    def answer(self, command):
        try:
            return self.server.run(command)
        except Failure as failure:
            return failure.answer

    def send(self, number, asked, operation, body):
        self.wfile.write(struct.pack("<iiii", 16 + len(body), number, asked, operation) + body)


if __name__ == "__main__":
    Server(int(sys.argv[1])).serve_forever()
