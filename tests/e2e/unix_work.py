# SPDX-License-Identifier: Apache-2.0
"""unix_work.py FOLDER CASE [ARGUMENT...]: makes the connections of one case of the unix test.

Out: one line of JSON with what the test is to find: pids, paths, counts, bytes.
"""
import errno
import http.server
import json
import os
import socket
import socketserver
import sys
import time

from work import end, in_child, read_all

FOLDER = sys.argv[1]


def place(name):
    return name if name.startswith("\0") else os.path.join(FOLDER, name)


def listen(name, kind=socket.SOCK_STREAM, backlog=1024):
    server = socket.socket(socket.AF_UNIX, kind)
    server.bind(place(name))
    server.listen(backlog)
    return server


def answer(server, count, request, response):
    """Reads requests of a known length, answers, closes first."""
    for _ in range(count):
        connection, _ = server.accept()
        left = request
        while left:
            left -= len(connection.recv(left))
        connection.sendall(b"a" * response)
        connection.close()


def ask(name, count, request, kind=socket.SOCK_STREAM):
    for _ in range(count):
        client = socket.socket(socket.AF_UNIX, kind)
        client.connect(place(name))
        client.sendall(b"q" * request)
        read_all(client)
        client.close()


def exchange(name, count, request, response, kind=socket.SOCK_STREAM):
    server = listen(name, kind)
    serving = in_child(answer, server, count, request, response)
    asking = in_child(ask, name, count, request, kind)
    end(asking, serving)
    return {"server": serving, "client": asking}


def short(count="1000"):
    return exchange("short", int(count), 100, 3000) | {"path": place("short")}


def abstract():
    name = f"\0skep-e2e-{os.getpid()}"
    return exchange(name, 5, 10, 20) | {"path": name.replace("\0", "@")}


def seqpacket():
    return exchange("seqpacket", 5, 10, 20, socket.SOCK_SEQPACKET) | {"path": place("seqpacket")}


def failed():
    """Ten of each: no such file, no socket, a socket whose server is gone."""
    with open(place("file"), "w", encoding="ascii"):
        pass
    listen("gone").close()
    for name in ("none", "file", "gone"):
        for _ in range(10):
            client = socket.socket(socket.AF_UNIX)
            client.connect_ex(place(name))
            client.close()
    # So that whoever wants to look at its files still can.
    time.sleep(1)
    return {"client": os.getpid(), "missing": place("none"), "file": place("file"), "gone": place("gone")}


def unread():
    """The server closes without reading what the client sent."""
    server = listen("unread")
    client = socket.socket(socket.AF_UNIX)
    client.connect(place("unread"))
    client.sendall(b"q" * 1000)
    connection, _ = server.accept()
    connection.close()
    client.close()
    return {"pid": os.getpid(), "path": place("unread")}


def busy():
    """The queue of a listener is full, and a connection that nobody accepts ends with the listener."""
    server = listen("busy", backlog=0)
    clients, codes = [], []
    for _ in range(3):
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        codes.append(client.connect_ex(place("busy")))
        clients.append(client)
    server.close()
    for client in clients:
        client.close()
    return {"pid": os.getpid(), "path": place("busy"), "made": codes.count(0), "busy": codes.count(errno.EAGAIN)}


def transfer(total="8000000"):
    """Much data by sendfile, read in odd pieces."""
    total = int(total)
    with open(place("data"), "wb") as data:
        data.truncate(total)
    server = listen("transfer")

    def send():
        connection, _ = server.accept()
        with open(place("data"), "rb") as data:
            sent = 0
            while sent < total:
                sent += os.sendfile(connection.fileno(), data.fileno(), sent, total - sent)
        connection.close()

    def receive():
        client = socket.socket(socket.AF_UNIX)
        client.connect(place("transfer"))
        while client.recv(7777):
            pass
        client.close()

    sending, receiving = in_child(send), in_child(receive)
    end(sending, receiving)
    return {"server": sending, "client": receiving, "path": place("transfer")}


def prefork():
    """The parent listens, children accept."""
    server = listen("prefork")
    children = [in_child(answer, server, 5, 1, 1) for _ in range(2)]
    ask("prefork", 10, 1)
    end(*children)
    return {"children": children, "parent": os.getpid(), "path": place("prefork")}


def others():
    """What is no connection of ours: a pair, and datagrams."""
    left, right = socket.socketpair()
    left.sendall(b"x" * 10)
    right.recv(100)
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(place("datagram"))
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.connect(place("datagram"))
    sender.send(b"y" * 10)
    receiver.recv(100)
    return {"pid": os.getpid()}


def web():
    """An HTTP server whose answers end with the connection, or come in chunks."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def address_string(self):
            return "unix"

        def log_message(self, format, *args):
            pass

        def do_GET(self):
            self.protocol_version = "HTTP/1.1" if self.path == "/chunked" else "HTTP/1.0"
            self.send_response(200)
            if self.path == "/chunked":
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for _ in range(10):
                data = b"x" * 1000
                self.wfile.write(b"3e8\r\n%s\r\n" % data if self.path == "/chunked" else data)
            if self.path == "/chunked":
                self.wfile.write(b"0\r\n\r\n")

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(201)
            self.end_headers()

    with socketserver.UnixStreamServer(place("web"), Handler) as server:
        server.serve_forever()


def old():
    """A connection that is made before the agent starts; ends when the file "close" is there."""
    server = listen("old")
    client = socket.socket(socket.AF_UNIX)
    client.connect(place("old"))
    connection, _ = server.accept()
    with open(place("facts.new"), "w", encoding="ascii") as file:
        json.dump({"pid": os.getpid(), "path": place("old"), "connection": os.fstat(client.fileno()).st_ino}, file)
    os.rename(place("facts.new"), place("facts"))
    while not os.path.exists(place("close")):
        time.sleep(0.05)
    client.sendall(b"q" * 1000)
    connection.recv(1000)
    connection.sendall(b"a" * 500)
    client.recv(500)
    # Long enough for one end to be seen alone.
    client.close()
    time.sleep(0.5)
    connection.close()
    return {}


print(json.dumps(globals()[sys.argv[2]](*sys.argv[3:])))
