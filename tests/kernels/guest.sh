#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the kernels tier checks inside a guest. Prints a line "ok WHAT" or "not ok WHAT: REASON" per
# check, and returns 1 if any is not ok. The machine itself comes first, so that a broken guest is
# not taken for a broken skep.
failed=0

check() { # WHAT COMMAND...
	what=$1
	shift
	if output=$("$@" 2>&1); then
		echo "ok $what"
	else
		echo "not ok $what${output:+: $output}"
		failed=1
	fi
}

is_mounted() { # TYPE FOLDER
	grep -q "^[^ ]* $2 $1 " /proc/mounts
}

equals() { # WANTED HAVE
	[ "$1" = "$2" ] || {
		echo "wanted $1, have $2"
		return 1
	}
}

check_machine() {
	check "kernel $(uname -r) has BTF" test -s /sys/kernel/btf/vmlinux
	check 'cgroup2 is mounted' is_mounted cgroup2 /sys/fs/cgroup
	check 'bpffs is mounted' is_mounted bpf /sys/fs/bpf
	check 'tracefs is mounted' is_mounted tracefs /sys/kernel/tracing
	check 'BPF LSM is on' grep -qw bpf /sys/kernel/security/lsm
	check 'loopback is up' ping -c 1 -q 127.0.0.1
}

check_machine
exit "$failed"
