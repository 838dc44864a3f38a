#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Inside a guest whose clock counts instructions: what watching unix sockets costs those who use them.
# In: skep, attach and load in /skep. Out: a line "measured STATE WHAT COUNT NS AGENT-NS" each, in virtual nanoseconds;
# the agent's share is that of its own process meanwhile.
agent=/tmp/agent
pid=

cpu_ns() { # PID: of all its threads
	sum=0
	for file in /proc/"$1"/task/*/schedstat; do
		read -r ns _ <"$file" && sum=$((sum + ns))
	done
	echo "$sum"
}

wait_for() { # FILE TEXT
	until grep -q "$2" "$1" 2>/dev/null; do
		kill -0 "$pid" 2>/dev/null || {
			cat "$1"
			return 1
		}
		usleep 50000
	done
}

start_state() { # STATE
	pid=
	case $1 in
	off*) return ;;
	empty | calls)
		set -- "$1"
		[ "$1" = empty ] && set -- buffers
		attach "$@" >/tmp/log 2>&1 &
		pid=$!
		wait_for /tmp/log '^attached'
		;;
	*)
		skep run --dir "$agent" --listen off --only unix --unix-door "$1" >/tmp/log 2>&1 &
		pid=$!
		wait_for /tmp/log '^watching' && skep status --dir "$agent" --wait 20 >/dev/null
		;;
	esac
}

measure() { # STATE WHAT COUNT
	before=0 after=0
	case $1 in fentry | kprobe | tracepoint) before=$(cpu_ns "$pid") ;; esac
	ns=$(load "$2" "$3")
	case $1 in fentry | kprobe | tracepoint) after=$(cpu_ns "$pid") ;; esac
	echo "measured $1 $2 $3 $ns $((after - before))"
}

cd /tmp || exit
# What a kernel still does after its boot is not to be in the first figures.
load unix 20000 >/dev/null
load connect 2000 >/dev/null
for state in off empty calls fentry kprobe tracepoint off-again; do
	start_state $state || exit
	measure $state unix 20000
	measure $state connect 2000
	measure $state tcp 10000
	[ -z "$pid" ] || { kill "$pid" && wait "$pid"; }
	rm -rf "$agent"
done
