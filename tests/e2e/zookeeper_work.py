#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""zookeeper_work.py PORT CASE [COUNT]: the kazoo client over a real ZooKeeper; prints how often it did what."""
import collections
import json
import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException

done = collections.Counter()


class Client:
    """Counts each call under the name that the protocol has for it."""
    def __init__(self, timeout=90):
        self.kazoo = KazooClient(f"127.0.0.1:{sys.argv[1]}", timeout=timeout)
        self.kazoo.start(timeout=30)
        done["connect"] += 1

    def __call__(self, word, method, *arguments, **options):
        done[word] += 1
        try:
            return getattr(self.kazoo, method)(*arguments, **options)
        except KazooException:
            return None

    def close(self):
        done["closeSession"] += 1
        self.kazoo.stop()
        self.kazoo.close()


def shapes():
    client, fired = Client(), threading.Event()
    client("create", "create", "/shop", b"geheim")
    client("create", "create", "/shop", b"again")
    client("create", "create", "/shop/lock-", b"", ephemeral=True, sequence=True)
    client("create", "create", "/shop/42", b"")
    client("getData", "get", "/shop", watch=lambda event: fired.set())
    client("setData", "set", "/shop", b"geheim" * 50000)
    fired.wait(10)
    done["notification"] += 1
    client("getData", "get", "/shop")
    client("exists", "exists", "/none")
    client("setData", "set", "/shop", b"", version=77)
    client("getChildren", "get_children", "/shop")
    client("getACL", "get_acls", "/shop")
    client("sync", "sync", "/shop")
    client("delete", "delete", "/shop")
    client("auth", "add_auth", "digest", "joe:geheim")
    for paths in (("/shop/a", "/shop/a"), ("/shop/b", "/gone")):
        transaction = client.kazoo.transaction()
        transaction.create(paths[0], b"geheim")
        transaction.delete(paths[1])
        transaction.commit()
        done["multi"] += 1
    client.close()


def many(count):
    """Many on their way at a time, as a client that does not wait has."""
    client = Client()
    client("create", "create", "/load", b"")
    for start in range(0, count, 100):
        asked = [client("setData", "set_async", "/load", b"%d" % number) for number in range(start, start + 100)]
        asked += [client("getData", "get_async", "/load") for _ in range(100)]
        for one in asked:
            one.get(timeout=20)
    client.close()


def idle():
    """A client that has nothing to ask pings."""
    client = Client(timeout=3)
    time.sleep(2.5)
    client.close()


globals()[sys.argv[2]](*map(int, sys.argv[3:]))
print(json.dumps(done))
