#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Inside a guest whose clock counts instructions: nginx under wrk, without anything, with empty
# programs, with skep. In: nginx, wrk, skep, attach and nginx.conf in /skep, with tls.conf and its certificate; the files plan
# ("STATE SCENARIO..." a line) and seconds, the guest's, of each.
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

lost() {
	skep status --dir "$agent" -o json | jq '.features[] | select(.name == "http").lost | add'
}

# Exchanges in the store, once they and the lost make up what was sent, or as they are after a while.
recorded() { # SENT
	for _ in $(seq 40); do
		count=$(skep sql --dir "$agent" -o json "select coalesce(sum(count), 0) as n from request_rate
			where protocol = 'http' and role = 'server'" | jq .n)
		[ $((count + $(lost))) -ne "$1" ] || break
		usleep 100000
	done
	echo "$count"
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
	url=http://127.0.0.1:18080/ seconds=$(cat /skep/seconds)
	case $1 in
	*file) url=${url}file ;;
	tls) url=https://127.0.0.1:18443/ ;;
	esac
	# Connections come in fewer and more uneven: twice the time.
	case $1 in
	close*) seconds=$((2 * seconds)) && set -- -H 'Connection: close' ;;
	# The handshakes come first, and are not what is measured.
	tls) seconds=$((2 * seconds)) && set -- -c8 ;;
	*) set -- ;;
	esac
	wrk -t1 -c64 -d"$seconds"s "$@" "$url" >/tmp/wrk.log
}

measure() { # STATE SCENARIO
	line=''
	[ -z "$agent_pid" ] || agent_ns=$(cpu_ns "$agent_pid")
	server=$(cpu_ns "$worker")
	load "$2"
	server=$(($(cpu_ns "$worker") - server))
	if [ -n "$agent_pid" ]; then
		meanwhile_ns=$(($(cpu_ns "$agent_pid") - agent_ns))
		sleep 1.1 # the store hands rows to its writer once a second
		agent_ns=$(($(cpu_ns "$agent_pid") - agent_ns))
	fi
	now=$(handled)
	sent=$((now - before - 1))
	if [ -n "$agent_pid" ]; then
		# The question to nginx is an exchange as well.
		counted=$(recorded $((known + sent + 1)))
		line="agent_ns=$agent_ns meanwhile_ns=$meanwhile_ns"
		line="$line recorded=$((counted - known - 1)) lost=$(($(lost) - known_lost))"
		known=$counted known_lost=$(lost)
	fi
	echo "measured $2 $1 sent=$sent server_ns=$server $(awk '
		/^Requests.sec/ { printf "per_second=%s ", $2 }
		/requests in/ { printf "answered=%s ", $1 }' /tmp/wrk.log)$line"
	before=$now
}

measure_all() { # STATE SCENARIO...
	state=$1
	shift
	start_state "$state" || return
	known=0 known_lost=0
	before=$(handled)
	[ -z "$agent_pid" ] || known=$(recorded 1)
	for scenario in "$@"; do
		measure "$state" "$scenario"
	done
	stop_state
}

set -u
mkdir -p "$scope" /tmp/www
head -c 1024 /dev/zero >/tmp/www/file
(echo 0 >"$scope/cgroup.procs" && exec nginx -e stderr -p /tmp -c /skep/nginx.conf) &
until wget -q -O /dev/null http://127.0.0.1:18081/ 2>/dev/null; do usleep 50000; done
worker=$(pidof nginx | tr ' ' '\n' | sort -n | tail -n 1)
while read -r state scenarios; do
	# shellcheck disable=SC2086 # names, split on purpose
	measure_all "$state" $scenarios || echo "failed $state"
done </skep/plan
