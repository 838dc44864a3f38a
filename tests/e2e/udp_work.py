# SPDX-License-Identifier: Apache-2.0
"""udp_work.py CASE [ARGUMENT...]: exchanges the datagrams of one case of the udp test.

Out: one line of JSON with what the test is to find: pids, ports, datagrams, bytes.
"""
import ctypes
import json
import os
import signal
import socket
import struct
import sys
import time

from work import end, in_child

LOOPBACK = "127.0.0.1"
UDP_SEGMENT = 103  # include/uapi/linux/udp.h


def bound(address=LOOPBACK, family=socket.AF_INET):
    one = socket.socket(family, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    one.bind((address, 0))
    one.settimeout(20)
    return one


def answer(server, count, size):
    for _ in range(count):
        _, peer = server.recvfrom(65536)
        server.sendto(b"a" * size, peer)


def tell(**facts):
    print(json.dumps(facts), flush=True)


def port(one):
    return one.getsockname()[1]


def echo(address=LOOPBACK, family="ipv4", target=None, count="1000"):
    """A connected client asks; the server answers each."""
    target = target or address
    server = bound(target, socket.AF_INET if "." in target else socket.AF_INET6)
    child = in_child(answer, server, int(count), 300)
    client = socket.socket(socket.AF_INET if family == "ipv4" else socket.AF_INET6, socket.SOCK_DGRAM)
    client.connect((address, port(server)))
    client.settimeout(20)
    for _ in range(int(count)):
        client.send(b"q" * 100)
        client.recv(65536)
    end(child)
    tell(client=os.getpid(), server=child, port=port(server), client_port=port(client))


def many(count):
    """One socket, many peers that nobody listens at."""
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.bind((LOOPBACK, 0))
    for number in range(int(count)):
        client.sendto(b"x" * 50, (f"127.99.{number >> 8}.{number & 255}", 9))
    tell(client=os.getpid(), client_port=port(client))


def segments():
    """One send that the kernel cuts into ten datagrams."""
    server = bound()
    client = bound()
    client.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1000)
    client.sendto(b"s" * 10000, server.getsockname())
    sizes = [len(server.recv(65536)) for _ in range(10)]
    tell(client=os.getpid(), port=port(server), client_port=port(client), datagrams=len(sizes), bytes=sum(sizes))


def broadcast():
    receiver = bound("127.255.255.255")
    sender = bound()
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    for _ in range(3):
        sender.sendto(b"b" * 20, receiver.getsockname())
        receiver.recv(100)
    tell(client=os.getpid(), port=port(receiver), client_port=port(sender))


def together():
    """Many by one call (sendmmsg), which Python does not have."""
    server = bound()
    client = bound()
    client.connect(server.getsockname())
    buffer = ctypes.create_string_buffer(b"t" * 30, 30)
    vector = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), 30)
    header = struct.pack("QIIQQQQiiII", 0, 0, 0, ctypes.addressof(vector), 1, 0, 0, 0, 0, 0, 0)
    messages = ctypes.create_string_buffer(header * 8)
    if ctypes.CDLL(None).sendmmsg(client.fileno(), messages, 8, 0) != 8:
        sys.exit("sendmmsg")
    for _ in range(8):
        server.recv(100)
    tell(client=os.getpid(), port=port(server), client_port=port(client))


def multicast():
    group = "239.77.7.7"
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("", 0))
    receiver.settimeout(20)
    receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(LOOPBACK))
    sender = bound()
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LOOPBACK))
    for _ in range(3):
        sender.sendto(b"m" * 20, (group, port(receiver)))
        receiver.recv(100)
    tell(pid=os.getpid(), port=port(receiver), client_port=port(sender))


def handed():
    """A socket that the parent made and three children use, one after the other."""
    server = bound()
    client = bound()
    children = []
    for _ in range(3):
        children.append(in_child(client.sendto, b"h" * 10, server.getsockname()))
        end(children[-1])
        server.recv(100)
    tell(children=children, port=port(server), client_port=port(client))


def flood(count):
    """As fast as it goes; the receiver is slower."""
    server = bound()
    client = bound()
    client.connect(server.getsockname())
    sent = 0
    for _ in range(int(count)):
        try:
            sent += client.send(b"f" * 64, socket.MSG_DONTWAIT) == 64
        except OSError:
            pass
    tell(client=os.getpid(), port=port(server), client_port=port(client), sent=sent)


def steady(seconds):
    """A datagram every 50 ms for a while."""
    server = bound()
    client = bound()
    until, sent = time.monotonic() + float(seconds), 0
    while time.monotonic() < until:
        client.sendto(b"s" * 10, server.getsockname())
        sent += 1
        time.sleep(0.05)
    tell(client=os.getpid(), port=port(server), client_port=port(client), sent=sent)


def name():
    """A question that looks like DNS, and its answer."""
    server = bound()
    client = bound()
    question = struct.pack(">HHHHHH", 77, 0x100, 1, 0, 0, 0) + b"\3web\4test\0" + struct.pack(">HH", 1, 1)
    client.sendto(question, server.getsockname())
    question, peer = server.recvfrom(512)
    server.sendto(question[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0) + question[12:]
                  + b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + b"\x7f\0\0\1", peer)
    client.recv(512)
    tell(client=os.getpid(), port=port(server), client_port=port(client))


def old(directory):
    """Sockets from before; datagrams each time the file DIRECTORY/go comes."""
    server = bound()
    silent = bound()
    client = bound()
    client.connect(server.getsockname())
    facts = dict(pid=os.getpid(), port=port(server), silent=port(silent), client_port=port(client))
    with open(f"{directory}/old.facts", "w", encoding="ascii") as file:
        json.dump(facts, file)
    while not os.path.exists(f"{directory}/go"):
        time.sleep(0.02)
    for _ in range(5):
        client.send(b"o" * 10)
        _, peer = server.recvfrom(100)
        server.sendto(b"o" * 20, peer)
        client.recv(100)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.sendto(b"o" * 30, silent.getsockname())
        silent.recv(100)
    with open(f"{directory}/done", "w", encoding="ascii"):
        pass
    time.sleep(60)


if __name__ == "__main__":
    signal.alarm(100)
    globals()[sys.argv[1]](*sys.argv[2:])
