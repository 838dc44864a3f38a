# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: their output, and the servers, agents and loads that they start.

A benchmark prints a line of JSON a row: {"row", "unit", "value"} and, where they apply, "budget"
("<= 1.05"), "spread" (see middle, same unit) and "note"; or {"row", "skip"} with
the reason why it cannot be measured here. Everything started through Bench ends with it."""
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
HERE = os.path.join(ROOT, "tests/bench")
SKEP = os.environ.get("SKEP", os.path.join(BUILD, "skep"))
ATTACH = os.path.join(BUILD, "tests/bench/empty/attach")


def emit(row, unit, value, budget=None, spread=None, note=None):
    line = {"row": row, "unit": unit, "value": value, "budget": budget, "spread": spread,
            "note": note}
    print(json.dumps({key: item for key, item in line.items() if item is not None}), flush=True)


def skip(row, reason):
    print(json.dumps({"row": row, "skip": reason}), flush=True)


def need(row, *commands):
    """Ends the benchmark, as skipped, unless this machine has what it needs."""
    os.environ["PATH"] += ":/usr/sbin"
    reasons = [f"{command} is not installed (make deps)" for command in commands
               if not shutil.which(command)]
    if os.geteuid() != 0:
        reasons.append("needs root")
    if not cgroup_root():
        reasons.append("no cgroup v2 tree is mounted")
    if reasons:
        skip(row, reasons[0])
        sys.exit(0)


def middle(values):
    """Median, and half the range of the middle half."""
    if len(values) < 2:
        return values[0], 0
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return median, (high - low) / 2


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(seconds, condition, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.01)


def cpu_ns(pid):
    """CPU time of a process, all its threads."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


def cgroup_root():
    with open("/proc/mounts", encoding="utf-8") as mounts:
        found = [line.split()[1] for line in mounts if line.split()[2] == "cgroup2"]
    return found[0] if found else None


class Bench(contextlib.ExitStack):
    """A folder, a cgroup, and the processes of one benchmark."""

    def __init__(self):
        super().__init__()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(130))
        self.folder = self.enter_context(tempfile.TemporaryDirectory(prefix="skep-bench."))
        self.cgroup = os.path.join(cgroup_root(), f"skep-bench-{os.getpid()}")
        os.mkdir(self.cgroup)
        self.callback(self._remove_cgroup)

    def _remove_cgroup(self):
        def is_removed():
            with contextlib.suppress(OSError):
                os.rmdir(self.cgroup)
            return not os.path.exists(self.cgroup)
        wait_until(10, is_removed, "the cgroup to be empty")

    def path(self, name):
        return os.path.join(self.folder, name)

    def in_cgroup(self):
        with open(os.path.join(self.cgroup, "cgroup.procs"), "w", encoding="ascii") as file:
            file.write("0")

    @contextlib.contextmanager
    def process(self, *command, log, is_watched=False, cpu=None):
        """A process in the background; its output goes to log. cpu: None for all."""
        pin = ["taskset", "-c", str(cpu)] if cpu is not None else []
        with open(self.path(log), "w", encoding="utf-8") as output:
            # Nothing else runs in this process, so that preexec_fn is safe.
            child = subprocess.Popen([*pin, *command], stdout=output, stderr=output,
                                     stdin=subprocess.DEVNULL,
                                     preexec_fn=self.in_cgroup if is_watched else None)
        try:
            yield child
        finally:
            child.send_signal(signal.SIGCONT)
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def log_has(self, log, text, child):
        with open(self.path(log), encoding="utf-8") as file:
            content = file.read()
        if child.poll() is not None:
            raise RuntimeError(f"{log}: ended early: {content.strip()}")
        return text in content

    @contextlib.contextmanager
    def empty_programs(self, which):
        """which: cgroup, calls, calls-both or processes, as attach takes it."""
        place = [self.cgroup] if which == "cgroup" else []
        with self.process(ATTACH, which, *place, log="attach.log") as child:
            wait_until(10, lambda: self.log_has("attach.log", "attached", child), "attach")
            yield child

    @contextlib.contextmanager
    def agent(self, *flags, cpu=None):
        """An agent with an empty store that watches the cgroup, ready."""
        directory = self.path("agent")
        shutil.rmtree(directory, ignore_errors=True)
        with self.process(SKEP, "run", "--dir", directory, "--listen", "off", "--scope",
                          f"cgroup:{self.cgroup}", *flags, log="agent.log", cpu=cpu) as child:
            wait_until(10, lambda: self.log_has("agent.log", "watching", child), "the agent")
            agent = Agent(child, directory)
            agent.ask("status", "--wait", "20")
            yield agent

    @contextlib.contextmanager
    def nginx(self, cpu=None):
        server = Nginx(self)
        with self.process("nginx", "-e", "stderr", "-p", self.folder, "-c", server.configuration,
                          log="nginx.log", is_watched=True, cpu=cpu) as child:
            wait_until(10, server.is_ready, "nginx")
            with open(os.path.join(self.cgroup, "cgroup.procs"), encoding="ascii") as file:
                server.worker = max(int(line) for line in file if int(line) != child.pid)
            yield server


class Agent:
    def __init__(self, child, directory):
        self.child, self.pid = child, child.pid
        self.directory = directory

    def ask(self, command, *flags):
        return subprocess.run([SKEP, command, "--dir", self.directory, *flags], check=True,
                              capture_output=True, text=True).stdout

    def status(self):
        return json.loads(self.ask("status", "-o", "json"))

    def sql(self, query):
        """The first row's values."""
        return list(json.loads(self.ask("sql", "-o", "json", query).splitlines()[0]).values())

    def recorded(self, sent, protocol="http"):
        """Served requests of the protocol, whose feature has its name, as the store counts them, as
        its rows' weights restore them, and what is told as lost: once they make up what was sent, or as they are
        after 5 s."""
        end = time.monotonic() + 5
        while True:
            features = self.status()["features"]
            lost = sum(next(one for one in features if one["name"] == protocol)["lost"].values())
            counted, weights = (self.sql(f"select coalesce(sum({what}), 0) from {table} where "
                                         f"protocol = '{protocol}' and role = 'server'")[0]
                                for what, table in (("count", "request_rate"),
                                                    ("weight", "request")))
            if counted + lost == sent == weights + lost or time.monotonic() > end:
                return counted, weights, lost
            time.sleep(0.1)


class Nginx:
    """One worker; see nginx.conf. www/file has 1 KiB."""

    def __init__(self, bench):
        self.port, self.status_port, self.worker = free_port(), free_port(), 0
        self.configuration = bench.path("nginx.conf")
        with open(os.path.join(HERE, "nginx.conf"), encoding="utf-8") as file:
            text = file.read()
        text = text.replace("18080", str(self.port)).replace("18081", str(self.status_port))
        with open(self.configuration, "w", encoding="utf-8") as file:
            file.write(text)
        os.makedirs(bench.path("www"), exist_ok=True)
        with open(bench.path("www/file"), "wb") as file:
            file.write(bytes(1024))

    def is_ready(self):
        with contextlib.suppress(OSError):
            return self.handled() > 0
        return False

    def handled(self):
        """Requests so far, this one included."""
        connection = http.client.HTTPConnection("127.0.0.1", self.status_port, timeout=5)
        with contextlib.closing(connection):
            connection.request("GET", "/")
            return int(connection.getresponse().read().split(b"\n")[2].split()[2])
