#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same kernel set up in other ways, one after the other in one guest: cgroups, lockdown, the clock. What a way
# takes from skep must be off with its reason, the rest counts as ever. Prints lines as guest.sh does.
agent=/tmp/agent
failed=0

result() { # WHAT WANTED FOUND
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		echo "not ok $1: wanted '$2', found '$3'"
		failed=1
	fi
}

wait_until() { # SECONDS COMMAND...
	tries=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $((tries -= 1)) -gt 0 ] || return 1
		sleep 0.1
	done
}

start_agent() {
	rm -rf "$agent"
	skep run --dir "$agent" --listen off >/tmp/agent.log 2>&1 &
	agent_pid=$!
	wait_until 30 test -S "$agent/socket" && skep status --dir "$agent" --wait 60 >/dev/null && return
	cat /tmp/agent.log
	return 1
}

features() { # STATE
	skep status --dir "$agent" -o json | jq -r "[.features[] | select(.state == \"$1\") | .name] | join(\" \")"
}

counted() {
	skep sql --dir "$agent" -o json "SELECT coalesce(sum(count), 0) AS n FROM request_rate WHERE role = 'server'" | jq .n
}

has_counted() {
	[ "$(counted)" -ge "$1" ]
}

ask() { # TIMES
	for _ in $(seq "$1"); do
		wget -q -O /dev/null http://127.0.0.1:8081/index.html || return
	done
}

# Everything is on, and twenty requests are twenty.
works() { # WHAT
	start_agent || result "$1: starts" yes no
	result "$1: all is on" "" "$(features off)"
	ask 20
	wait_until 30 has_counted 20
	result "$1: all is counted" 20 "$(counted)"
	kill "$agent_pid"
	wait "$agent_pid"
	result "$1: ends well" 0 $?
	result "$1: nothing is left" 0 "$(bpftool -j prog show | jq length)"
}

mkdir -p /tmp/www
echo hello >/tmp/www/index.html
httpd -p 127.0.0.1:8081 -h /tmp/www

works 'pure cgroup v2'
umount /sys/fs/cgroup
mount -t tmpfs cgroup /sys/fs/cgroup
mkdir /sys/fs/cgroup/pids /sys/fs/cgroup/systemd
mount -t cgroup -o pids cgroup /sys/fs/cgroup/pids || result 'cgroup v1 can be mounted' yes no
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
works 'cgroup v1 alone'
mkdir /sys/fs/cgroup/unified
mount -t cgroup2 cgroup /sys/fs/cgroup/unified
works 'both cgroups'

# ---- the clock: nothing that was stored goes, and what comes after is stored
start_agent || result 'the clock: starts' yes no
ask 10
wait_until 30 has_counted 10
date -s "@$(($(date +%s) + 400 * 86400))" >/dev/null
ask 10
wait_until 30 has_counted 20
result 'the clock jumps 400 days ahead: all is there' 20 "$(counted)"
date -s "@$(($(date +%s) - 800 * 86400))" >/dev/null
ask 10
wait_until 30 has_counted 30
result 'and 800 back: all is there' 30 "$(counted)"
kill "$agent_pid"
wait "$agent_pid"
result 'the clock: ends well' 0 $?

# ---- lockdown, which only ever grows
echo integrity >/sys/kernel/security/lockdown
works 'lockdown=integrity'
echo confidentiality >/sys/kernel/security/lockdown
skep run --dir "$agent" --listen off >/tmp/agent.log 2>&1
result 'lockdown=confidentiality: the kernel lacks it' 5 $?
reasons=$(grep -c '^[a-z]* *off .*this kernel lets no program read its memory (lockdown=confidentiality)$' /tmp/agent.log)
result 'lockdown=confidentiality: each feature says so' "$(grep -c '^[a-z]* *off ' /tmp/agent.log)" "$reasons"
result 'lockdown=confidentiality: nothing is left' 0 "$(bpftool -j prog show | jq length)"
[ "$failed" -eq 0 ] || cat /tmp/agent.log
exit "$failed"
