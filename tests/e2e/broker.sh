# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the tests of message brokers share; source it after lib.sh with PROTOCOL set.
#
#   broker_folder                a folder $BROKER_DIR that an unprivileged server may write in
#   start_unprivileged COMMAND…  a server inside the watched cgroup, as nobody, in that folder
#   is_open PORT                 whether somebody listens there
#   work SCRIPT ARGUMENT…        a client inside the watched cgroup; what it prints is in $done_work, a JSON object
#                                "operation": how many it did
#   expect_work NAME             that what the clients did since then is what is recorded, at both ends: rows by their
#                                weight, rates, nothing lost, nothing unsettled
#   expect_request NAME WANTED COLUMNS WHERE   rows as JSON arrays on one line

BROKER_DIR='' done_work='{}' all_work='{}'

broker_folder() {
	chmod 711 "$E2E_DIR"
	BROKER_DIR=$E2E_DIR/server
	mkdir "$BROKER_DIR" && chown nobody "$BROKER_DIR"
}
start_unprivileged() {
	start_in_scope setpriv --reuid nobody --regid nogroup --clear-groups env -C "$BROKER_DIR" HOME="$BROKER_DIR" "$@" \
		>"$E2E_DIR/server.log" 2>&1
}
is_open() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

ask() { skep sql -o json "$1" | jq -c "${2:-.}"; }
mine="protocol = '$PROTOCOL'"
feature() { skep_status ".features[] | select(.name == \"$PROTOCOL\") | $1"; }
# {"PUB": 3, …}, from rows and from rates.
weighed() { skep sql -o json "SELECT operation, sum(weight) AS n FROM request WHERE $mine AND role = '$1' GROUP BY operation" | jq -Sc -s 'map({key: .operation, value: .n}) | from_entries'; }
rated() { skep sql -o json "SELECT operation, sum(count) AS n FROM request_rate WHERE $mine AND role = '$1' GROUP BY operation" | jq -Sc -s 'map({key: .operation, value: .n}) | from_entries'; }
sums_are() { [ "$(weighed client)" = "$1" ] && [ "$(weighed server)" = "$1" ] && [ "$(rated client)" = "$1" ] && [ "$(rated server)" = "$1" ]; }

work() {
	done_work=$(in_scope python3 "$E2E_ROOT/tests/e2e/$1" "${@:2}") || done_work='{"failed": 1}'
	add_work "$done_work"
}
add_work() { all_work=$(jq -Sc -n --argjson a "$all_work" --argjson b "$1" '[$a, $b | to_entries[]] | group_by(.key) | map({key: .[0].key, value: (map(.value) | add)}) | from_entries'); }
expect_work() {
	wait_until 20 sums_are "$all_work"
	expect "$1: rows of the clients" "$all_work" "$(weighed client)"
	expect "$1: rows of the server" "$all_work" "$(weighed server)"
	expect "$1: rates" "$all_work $all_work" "$(rated client) $(rated server)"
	expect "$1: nothing lost, all settled" "0 0" "$(feature '([.lost[]] | add // 0)') $(feature '.seen - .reported - ([.lost[]] | add // 0)')"
}

rows() { skep sql -o json "SELECT $1 FROM request WHERE $mine AND $2" | jq -c '[.[]]' | tr '\n' ' ' | sed 's/ $//'; }
has_rows() { [ "$(rows "$2" "$3")" = "$1" ]; }
expect_request() {
	wait_until 10 has_rows "$2" "$3" "$4"
	expect "$1" "$2" "$(rows "$3" "$4")"
}

# tshark as a witness: what goes over the port from now on; then one line for each value of a field. Asked once, at
# the end.
broker_capture() { # PORT
	BROKER_PORT=$1
	tshark -q -i lo -B 64 -f "tcp port $1" -w "$E2E_DIR/witness.pcap" >"$E2E_DIR/tshark.log" 2>&1 &
	BROKER_TSHARK=$!
	E2E_PIDS+=("$BROKER_TSHARK")
	wait_until 20 test -s "$E2E_DIR/witness.pcap"
}
broker_captured() { # PROTOCOL FILTER FIELD
	sleep 1
	e2e_end_process "$BROKER_TSHARK"
	tshark -r "$E2E_DIR/witness.pcap" -d "tcp.port==$BROKER_PORT,$1" -Y "$2 && !tcp.analysis.retransmission" -T fields -e "$3" 2>/dev/null | tr ',' '\n'
}
