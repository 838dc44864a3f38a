#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The guest's first process: mounts what a node has, runs /script in /skep, prints "MARKER CODE" on
# the console and powers off.
export PATH=/skep:/usr/sbin:/usr/bin HOME=/root TERM=dumb
busybox mount -t proc proc /proc
busybox --install -s /usr/bin
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs run /run
mount -t tmpfs tmp /tmp
mount -t securityfs security /sys/kernel/security
mount -t tracefs tracing /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
hostname guest
cd /skep || exit
/script </dev/null
echo "$(cat /marker) $?"
poweroff -f
