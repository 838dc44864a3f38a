# SPDX-License-Identifier: Apache-2.0
"""tcp_work.py CASE [ARGUMENT...]: makes the connections of one case of the tcp test.

Out: one line of JSON with what the test is to find: pids, ports, counts, bytes.
"""
import errno
import json
import os
import signal
import socket
import struct
import sys
import time

from work import end, in_child, read_all

LOOPBACK = "127.0.0.1"
MSG_FASTOPEN = 0x20000000
IPPROTO_MPTCP = 262


def listen(address=LOOPBACK, family=socket.AF_INET, protocol=0, options=()):
    server = socket.socket(family, socket.SOCK_STREAM, protocol)
    for level, option, value in options:
        server.setsockopt(level, option, value)
    server.bind((address, 0) if isinstance(address, str) else address)
    server.listen(1024)
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


def ask(place, count, request, family=socket.AF_INET, protocol=0):
    for _ in range(count):
        client = socket.socket(family, socket.SOCK_STREAM, protocol)
        client.connect(place)
        client.sendall(b"q" * request)
        read_all(client)
        client.close()


def exchange(count, request, response, address=LOOPBACK, family=socket.AF_INET, protocol=0):
    server = listen(address, family, protocol)
    serving = in_child(answer, server, count, request, response)
    asking = in_child(ask, server.getsockname()[:2], count, request, family, protocol)
    end(asking, serving)
    return {"server": serving, "client": asking, "port": server.getsockname()[1],
            "count": count, "request": request, "response": response}


def case_short(count="1000"):
    return exchange(int(count), 100, 3000)


def case_ipv6():
    return exchange(5, 10, 20, "::1", socket.AF_INET6)


def case_mptcp():
    return exchange(5, 10, 20, LOOPBACK, socket.AF_INET, IPPROTO_MPTCP)


def case_mapped():
    """An IPv6 socket that takes IPv4."""
    server = listen("::", socket.AF_INET6, 0, [(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)])
    port = server.getsockname()[1]
    serving = in_child(answer, server, 2, 10, 20)
    asking = in_child(lambda: (ask((LOOPBACK, port), 1, 10),
                               ask(("::ffff:127.0.0.1", port), 1, 10, socket.AF_INET6)))
    end(asking, serving)
    return {"server": serving, "client": asking, "port": port}


def case_refused():
    server = listen()
    place = server.getsockname()
    server.close()
    for _ in range(10):
        client = socket.socket()
        if client.connect_ex(place) != errno.ECONNREFUSED:
            sys.exit("not refused")
        client.close()
    return {"client": os.getpid(), "port": place[1]}


def case_dropped(port):
    """To a port whose packets are dropped: once until the kernel gives up, once until we do."""
    for is_blocking in (True, False):
        client = socket.socket()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
        client.setblocking(is_blocking)
        wanted = errno.ETIMEDOUT if is_blocking else errno.EINPROGRESS
        if client.connect_ex((LOOPBACK, int(port))) != wanted:
            sys.exit("not dropped")
        client.close()
    return {"client": os.getpid()}


def case_rejected(port):
    client = socket.socket()
    code = client.connect_ex((LOOPBACK, int(port)))
    return {"client": os.getpid(), "code": errno.errorcode.get(code, code)}


def case_reset():
    """One end closes without a FIN: by SO_LINGER, and because data was not read."""
    server = listen()
    client = socket.create_connection(server.getsockname())
    accepted, _ = server.accept()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    accepted.close()
    client = socket.create_connection(server.getsockname())
    accepted, _ = server.accept()
    client.sendall(b"unread")
    accepted.close()
    client.close()
    return {"client": os.getpid(), "port": server.getsockname()[1]}


def case_nonblocking():
    server = listen()
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(server.getsockname())
    accepted, _ = server.accept()
    accepted.sendall(b"hello")
    accepted.close()
    client.setblocking(True)
    read_all(client)
    client.close()
    return {"client": os.getpid(), "port": server.getsockname()[1]}


def case_prefork():
    """The parent listens, two children accept, on one socket and on one each (SO_REUSEPORT)."""
    option = [(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)]
    shared = listen()
    first = listen(options=option)
    second = listen(first.getsockname(), options=option)
    one = in_child(answer, shared, 5, 10, 20)
    ask(shared.getsockname(), 5, 10)
    two, three = in_child(serve_any, first, 20), in_child(serve_any, second, 20)
    ask(first.getsockname(), 40, 10)
    for pid in (two, three):
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
    end(one)
    return {"parent": os.getpid(), "shared": one, "each": [two, three],
            "shared_port": shared.getsockname()[1], "each_port": first.getsockname()[1]}


def serve_any(server, response):
    while True:
        answer(server, 1, 10, response)


def case_fastopen():
    """Data on the SYN, both ways of it in one network namespace."""
    server = listen(options=[(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)])
    serving = in_child(answer, server, 3, 10, 20)
    for _ in range(3):
        client = socket.socket()
        client.sendto(b"0123456789", MSG_FASTOPEN, server.getsockname())
        if read_all(client) != 20:
            sys.exit("no answer")
        client.close()
    end(serving)
    return {"client": os.getpid(), "server": serving, "port": server.getsockname()[1]}


def case_transfer(count):
    """One connection that carries count bytes, through sendfile(2)."""
    server = listen()

    def receive():
        connection, _ = server.accept()
        if read_all(connection) != int(count):
            sys.exit("short")
        connection.close()
    serving = in_child(receive)
    client = socket.create_connection(server.getsockname())
    with open("/dev/shm/skep-e2e-transfer-%d" % os.getpid(), "wb+") as file:
        os.unlink(file.name)
        file.truncate(int(count))
        client.sendfile(file)
    client.close()
    end(serving)
    return {"client": os.getpid(), "server": serving, "port": server.getsockname()[1]}


def case_old(folder):
    """Older than the agent: a connection, and a listener of which the first accept never is used."""
    server, idle = listen(), listen()
    client = socket.create_connection(server.getsockname())
    accepted, _ = server.accept()
    client.sendall(b"x" * 1000)
    tell(folder + "/facts", {"pid": os.getpid(), "port": server.getsockname()[1],
                             "idle_port": idle.getsockname()[1],
                             "client_port": client.getsockname()[1]})
    wait_for(folder + "/connect")
    idle_client = socket.create_connection(idle.getsockname())
    idle_accepted, _ = idle.accept()
    wait_for(folder + "/close")
    for connection in (client, accepted, idle_client, idle_accepted):
        connection.close()
    return {}


def tell(path, facts):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(facts, file)
    os.rename(path + ".new", path)


def wait_for(path):
    for _ in range(1200):
        if os.path.exists(path):
            return
        time.sleep(0.05)
    sys.exit(f"no {path}")


if __name__ == "__main__":
    signal.alarm(100)
    print(json.dumps(globals()["case_" + sys.argv[1]](*sys.argv[2:])))
