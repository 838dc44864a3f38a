#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What agents leave in the kernel.

kernel_left.py newest           prints the highest number of a BPF program and of a map
kernel_left.py left PROG,MAP    programs and maps with higher numbers that no process holds any more, though they have
                                names of skep's; 1 when there are any
kernel_left.py held PID         the numbers that a process holds, as "prog 12"
kernel_left.py gone FILE        1, with a line each, when any that FILE lists exists
"""
import glob, json, os, re, subprocess, sys

BUILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build")
KINDS = ("prog", "map", "link")


def existing(kind):
    text = subprocess.run(["bpftool", "-j", kind, "show"], capture_output=True, check=True, text=True).stdout
    found = json.loads(text or "[]")
    return {entry["id"]: entry.get("name", "") for entry in found}


def held(pid):
    numbers = set()
    for path in glob.glob(f"/proc/{pid}/fdinfo/*"):
        try:
            with open(path) as file:
                numbers |= set(re.findall(r"^(prog|map|link)_id:\s*(\d+)", file.read(), re.M))
        except OSError:
            continue
    return {(kind, int(number)) for kind, number in numbers}


def own_names():
    names = set()
    for path in glob.glob(f"{BUILD}/**/*.skel.h", recursive=True):
        with open(path) as file:
            names |= set(re.findall(r'->name = "(\w+)"', file.read()))
    assert names, f"no skeletons in {BUILD}"
    return {name[:15] for name in names}


def left(limits):
    names, everywhere = own_names(), held("[0-9]*")
    for kind, limit in zip(KINDS, limits):
        for number, name in existing(kind).items():
            if number > limit and name in names and (kind, number) not in everywhere:
                yield f"{kind} {number} {name}"


def main():
    what = sys.argv[1]
    if what == "newest":
        print(",".join(str(max(existing(kind), default=0)) for kind in ("prog", "map")))
        return 0
    if what == "held":
        print("\n".join(f"{kind} {number}" for kind, number in sorted(held(sys.argv[2]))))
        return 0
    if what == "left":
        found = list(left([int(text) for text in sys.argv[2].split(",")]))
    else:
        with open(sys.argv[2]) as file:
            wanted = {tuple(line.split()) for line in file}
        found = [f"{kind} {number}" for kind in KINDS for number in existing(kind) if (kind, str(number)) in wanted]
    print("\n".join(found))
    return 1 if found else 0


sys.exit(main())
