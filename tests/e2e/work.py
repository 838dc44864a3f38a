# SPDX-License-Identifier: Apache-2.0
"""What the programs that make connections for the e2e tests share."""
import os
import signal
import sys


def in_child(work, *arguments):
    """Runs work in a process of its own; its pid."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        try:
            work(*arguments)
            os._exit(0)
        finally:
            os._exit(1)
    return pid


def end(*pids):
    for pid in pids:
        _, status = os.waitpid(pid, 0)
        if status:
            sys.exit(f"child {pid} ended with {status}")


def read_all(connection):
    total = 0
    while data := connection.recv(65536):
        total += len(data)
    return total
