# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What every e2e test shares; source it first: . "$(dirname "$0")/lib.sh"
#
#   e2e_begin                 root, build/skep, a temporary folder $E2E_DIR and a cgroup $E2E_CGROUP of its own,
#                             or "skip" and the end; everything is removed when the script ends, however it ends
#   skep_start [FLAG…]        an agent on $E2E_DIR/agent that watches only $E2E_CGROUP, ready when this returns 0;
#                             sets $SKEP_PID; its messages are in $E2E_DIR/agent.log
#   skep_stop                 SIGTERM, waits; returns the agent's exit code
#   skep COMMAND…             a command that talks to that agent
#   skep_status FILTER        what jq finds in `skep status -o json`
#   in_scope COMMAND…         runs a command inside the watched cgroup, in the foreground
#   start_in_scope COMMAND…   the same in the background; sets $STARTED_PID; ends with the test
#   free_port                 prints a port that nobody uses now, for TCP and UDP
#   wait_until SECONDS COMMAND…   0 as soon as the command succeeds, 1 when the time is over
#   ok NAME | not_ok NAME REASON | skip NAME REASON       one line a case
#   expect NAME WANTED FOUND  ok when both texts are equal      need COMMAND…   skip all when one is missing
#
# A script ends with e2e_end, whose exit code says whether a case failed.

E2E_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
E2E_NAME=$(basename "$0")
SKEP=${SKEP:-$E2E_ROOT/build/skep}
E2E_DIR='' E2E_CGROUP='' SKEP_PID='' STARTED_PID=''
E2E_FAILED=0
# The system's own programs first: wrappers in front of them are processes of their own.
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
# What tests share in Python leaves no files beside it.
export PYTHONDONTWRITEBYTECODE=1
E2E_PIDS=()

ok() { echo "ok $E2E_NAME: $1"; }
skip() { echo "skip $E2E_NAME: $1: $2"; }
not_ok() {
	echo "not ok $E2E_NAME: $1: $2"
	E2E_FAILED=$((E2E_FAILED + 1))
}

expect() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted '$2', found '$3'"; fi
}

need() {
	local command
	for command in "$@"; do
		command -v "$command" >/dev/null && continue
		skip all "$command is not installed (make deps)"
		exit 0
	done
}

wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

free_port() {
	# Below what the kernel gives to clients (ip_local_port_range), so that none of them takes it meanwhile.
	python3 - <<'END'
import random, socket
while True:
    port = random.randrange(10000, 32768)
    try:
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagram:
            stream.bind(("", port))
            datagram.bind(("", port))
    except OSError:
        continue
    print(port)
    break
END
}

e2e_cgroup_root() {
	awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts
}

# Ends one process that this script started, gently first.
e2e_end_process() {
	kill -TERM "$1" 2>/dev/null || return 0
	wait_until 10 e2e_is_gone "$1" || kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

e2e_is_gone() {
	local state
	state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return 0
	[ "${state%% *}" = Z ]
}

e2e_clean() {
	local pid
	trap - EXIT INT TERM
	for pid in "${E2E_PIDS[@]}" $SKEP_PID; do
		e2e_end_process "$pid"
	done
	if [ -n "$E2E_CGROUP" ] && [ -d "$E2E_CGROUP" ]; then
		# Only processes that in_scope put there can be in it.
		while read -r pid; do kill -KILL "$pid" 2>/dev/null; done <"$E2E_CGROUP/cgroup.procs"
		wait_until 5 rmdir "$E2E_CGROUP"
	fi
	[ -z "$E2E_DIR" ] || rm -rf "$E2E_DIR"
}

e2e_begin() {
	local root
	need python3 jq curl
	[ "$(id -u)" -eq 0 ] || { skip all "needs root"; exit 0; }
	[ -x "$SKEP" ] || { not_ok all "$SKEP is not built (make)"; exit 1; }
	root=$(e2e_cgroup_root)
	[ -n "$root" ] || { skip all "no cgroup v2 tree is mounted"; exit 0; }
	trap e2e_clean EXIT
	trap 'exit 130' INT TERM
	E2E_DIR=$(mktemp -d "${TMPDIR:-/tmp}/skep-e2e.XXXXXX")
	E2E_CGROUP=$root/skep-e2e-$$
	mkdir "$E2E_CGROUP" || { E2E_CGROUP=''; skip all "cannot make a cgroup under $root"; exit 0; }
}

skep() {
	local command=$1
	shift
	"$SKEP" "$command" --dir "$E2E_DIR/agent" "$@"
}

skep_status() { skep status -o json | jq -r "$1"; }

skep_start() {
	local listen=(--listen off) flag
	for flag in "$@"; do
		[[ $flag = --listen* ]] && listen=()
	done
	"$SKEP" run --dir "$E2E_DIR/agent" --scope "cgroup:$E2E_CGROUP" "${listen[@]}" "$@" \
		>"$E2E_DIR/agent.log" 2>&1 &
	SKEP_PID=$!
	wait_until 10 test -S "$E2E_DIR/agent/socket" && skep status --wait 20 >/dev/null && return 0
	sed 's/^/# /' "$E2E_DIR/agent.log"
	return 1
}

skep_stop() {
	local code
	kill -TERM "$SKEP_PID" 2>/dev/null
	wait_until 15 e2e_is_gone "$SKEP_PID" || kill -KILL "$SKEP_PID" 2>/dev/null
	wait "$SKEP_PID"
	code=$?
	SKEP_PID=''
	return "$code"
}

in_scope() { (echo "$BASHPID" >"$E2E_CGROUP/cgroup.procs" && exec "$@"); }

start_in_scope() {
	(echo "$BASHPID" >"$E2E_CGROUP/cgroup.procs" && exec "$@") &
	STARTED_PID=$!
	E2E_PIDS+=("$STARTED_PID")
}

e2e_end() {
	[ "$E2E_FAILED" -eq 0 ]
	exit
}
