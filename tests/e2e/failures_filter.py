#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""failures_filter.py COMMAND…: runs it under a seccomp filter that answers EPERM to bpf(2), as containers have."""
import ctypes, os, platform, struct, sys

BPF_NUMBER = {"x86_64": 321, "aarch64": 280}[platform.machine()]
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
EPERM = 1
# linux/filter.h: code, jump if true, jump if false, k; linux/seccomp.h: the number comes first in seccomp_data.
INSTRUCTIONS = [
    (0x20, 0, 0, 0),  # load the system call's number
    (0x15, 0, 1, BPF_NUMBER),  # is it bpf(2)?
    (0x06, 0, 0, 0x00050000 | EPERM),  # SECCOMP_RET_ERRNO
    (0x06, 0, 0, 0x7FFF0000),  # SECCOMP_RET_ALLOW
]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *instruction) for instruction in INSTRUCTIONS))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(INSTRUCTIONS), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program):
    sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
os.execv(sys.argv[1], sys.argv[1:])
