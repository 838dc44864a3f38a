#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Inside a guest whose clock counts instructions: nginx under wrk, without anything, with empty
# programs, with skep. In: nginx, wrk, skep, attach and nginx.conf in /skep; SECONDS_EACH, virtual.
# Out: a line "measured SCENARIO STATE NAME=VALUE…" each; times are virtual nanoseconds.
scope=/sys/fs/cgroup/server
agent=/tmp/agent
agent_pid=
empty_pid=

wait_for() { # FILE TEXT PID: the process writes the text, or is gone
	until grep -q "$2" "$1" 2>/dev/null; do
		kill -0 "$3" 2>/dev/null || {
			cat "$1"
			return 1
		}
		usleep 50000
	done
}

cpu_ns() { # PID: of all its threads
	sum=0
	for file in /proc/"$1"/task/*/schedstat; do
		read -r ns _ <"$file" && sum=$((sum + ns))
	done
	echo "$sum"
}

# Requests that nginx has handled, this one included.
handled() {
	wget -q -O - http://127.0.0.1:18081/ | awk 'NR == 3 { print $3 }'
}

agent_count() { # FILTER
	skep status --dir "$agent" -o json | jq ".features[] | select(.name == \"http\") | $1"
}

# Waits until all that was seen is told; a gap that stays shows in the counts.
agent_settled() {
	for _ in $(seq 100); do
		[ "$(agent_count .seen)" != "$(agent_count '.reported + (.lost | add)')" ] || return 0
		usleep 50000
	done
}

start_state() { # STATE
	case $1 in
	on)
		skep run --dir "$agent" --listen off --scope "cgroup:$scope" >/tmp/agent.log 2>&1 &
		agent_pid=$!
		wait_for /tmp/agent.log '^watching' "$agent_pid" &&
			skep status --dir "$agent" --wait 20 >/dev/null
		;;
	empty | calls | calls-both)
		set -- "$1"
		[ "$1" = empty ] && set -- cgroup "$scope"
		attach "$@" >/tmp/empty.log 2>&1 &
		empty_pid=$!
		wait_for /tmp/empty.log '^attached' "$empty_pid"
		;;
	esac
}

stop_state() {
	for pid in $agent_pid $empty_pid; do
		kill -TERM "$pid"
		wait "$pid" 2>/dev/null
	done
	agent_pid=
	empty_pid=
}

load() { # SCENARIO
	case $1 in
	keep) wrk -t1 -c64 -d"$SECONDS_EACH"s http://127.0.0.1:18080/ ;;
	keep-file) wrk -t1 -c64 -d"$SECONDS_EACH"s http://127.0.0.1:18080/file ;;
	close) wrk -t1 -c64 -d"$SECONDS_EACH"s -H 'Connection: close' http://127.0.0.1:18080/ ;;
	close-file) wrk -t1 -c64 -d"$SECONDS_EACH"s -H 'Connection: close' http://127.0.0.1:18080/file ;;
	esac >/tmp/wrk.log
}

measure() { # SCENARIO STATE
	start_state "$2" || return
	line=''
	before=$(handled)
	seen=0 agent_before=0
	if [ -n "$agent_pid" ]; then
		agent_settled
		seen=$(agent_count .reported)
		lost=$(agent_count '.lost | add')
		agent_before=$(cpu_ns "$agent_pid")
	fi
	server=$(cpu_ns "$worker")
	load "$1"
	server=$(($(cpu_ns "$worker") - server))
	if [ -n "$agent_pid" ]; then
		agent_ns=$(($(cpu_ns "$agent_pid") - agent_before))
		agent_settled
		line="agent_ns=$agent_ns recorded=$(($(agent_count .reported) - seen))"
		line="$line lost=$(($(agent_count '.lost | add') - lost))"
	fi
	echo "measured $1 $2 sent=$(($(handled) - before - 1)) server_ns=$server $(awk '
		/^Requests.sec/ { printf "per_second=%s ", $2 }
		/requests in/ { printf "answered=%s ", $1 }' /tmp/wrk.log)$line"
	stop_state
}

set -u
mkdir -p "$scope" /tmp/www
head -c 1024 /dev/zero >/tmp/www/file
(echo 0 >"$scope/cgroup.procs" && exec nginx -e stderr -p /tmp -c /skep/nginx.conf) &
until wget -q -O /dev/null http://127.0.0.1:18081/ 2>/dev/null; do usleep 50000; done
worker=$(pidof nginx | tr ' ' '\n' | sort -n | tail -n 1)
SECONDS_EACH=$(cat /skep/seconds)
while read -r scenario states; do
	for state in $states; do
		measure "$scenario" "$state" || echo "failed $scenario $state"
	done
done </skep/plan
