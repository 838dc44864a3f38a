#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the kernels tier checks inside a guest. Prints a line "ok WHAT" or "not ok WHAT: REASON" per
# check, other lines for the reader, and returns 1 if any is not ok. The machine itself comes first,
# so that a broken guest is not taken for a broken skep. Nothing but this script's own processes
# runs here, so the agent watches all of it.
agent=/tmp/agent
failed=0

check() { # WHAT COMMAND...
	what=$1
	shift
	if output=$("$@" 2>&1); then
		echo "ok $what"
	else
		echo "not ok $what${output:+: $output}"
		failed=1
		return 1
	fi
}

is_mounted() { # TYPE FOLDER
	grep -q "^[^ ]* $2 $1 " /proc/mounts
}

equals() { # WANTED FOUND
	[ "$1" = "$2" ] || {
		echo "wanted '$1', found '$2'"
		return 1
	}
}

wait_until() { # SECONDS COMMAND...
	end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$end" ] || return 1
		sleep 0.1
	done
}

check_machine() {
	check "kernel $(uname -r) has BTF" test -s /sys/kernel/btf/vmlinux
	check 'cgroup2 is mounted' is_mounted cgroup2 /sys/fs/cgroup
	check 'bpffs is mounted' is_mounted bpf /sys/fs/bpf
	check 'tracefs is mounted' is_mounted tracefs /sys/kernel/tracing
	check 'BPF LSM is on' grep -qw bpf /sys/kernel/security/lsm
	check 'loopback is up' ping -c 1 -q 127.0.0.1
	check 'no BPF program is loaded' equals 0 "$(programs)"
}

programs() {
	bpftool -j prog show | jq length
}

no_program_stays() {
	equals 0 "$(programs)"
}

status() { # FILTER
	skep status --dir "$agent" -o json | jq -r "$1"
}

start_agent() { # FLAG...
	skep run --dir "$agent" --listen off "$@" >/tmp/agent.log 2>&1 &
	agent_pid=$!
	wait_until 30 test -S "$agent/socket" && skep status --dir "$agent" --wait 60 >/dev/null && return
	cat /tmp/agent.log
	return 1
}

start_servers() {
	mkdir /tmp/www
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /tmp/key.pem -out /tmp/cert.pem \
		-config /dev/null -subj /CN=localhost 2>/dev/null || return
	echo hello >/tmp/www/index.html
	cat >/tmp/nginx.conf <<-END
		user root;
		worker_processes 1;
		pid /tmp/nginx.pid;
		events {}
		http {
			access_log off;
			client_body_temp_path /tmp/body;
			proxy_temp_path /tmp/proxy;
			fastcgi_temp_path /tmp/fastcgi;
			uwsgi_temp_path /tmp/uwsgi;
			scgi_temp_path /tmp/scgi;
			server {
				listen 127.0.0.1:8080;
				listen 127.0.0.1:8443 ssl;
				ssl_certificate /tmp/cert.pem;
				ssl_certificate_key /tmp/key.pem;
				ssl_protocols TLSv1.2 TLSv1.3;
				listen unix:/tmp/nginx.sock;
				location / { return 200 "ok\n"; }
				location /missing/ { return 404; }
			}
		}
	END
	nginx -e stderr -c /tmp/nginx.conf -p /tmp && httpd -p 127.0.0.1:8081 -h /tmp/www
}

# Keep-alive from curl to nginx, a connection an exchange from wget to httpd.
exchange() {
	curl -sS -o /dev/null 'http://127.0.0.1:8080/item/[1-200]' || return
	curl -sS -o /dev/null 'http://127.0.0.1:8080/missing/[1-30]' || return
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		wget -q -O /dev/null http://127.0.0.1:8081/index.html || return
	done
}

# The stream of rows has begun once it shows an exchange that it was to show.
is_watching() {
	wget -q -O /dev/null http://127.0.0.1:8080/probe
	grep -q '"detail":"/probe"' /tmp/rows
}

# "role status detail-without-number weight" of every row, added up.
rows() {
	jq -r 'select(.detail != "/probe" and .is_encrypted == false)
		| "\(.role) \(.status) \(.detail | sub("[0-9]+$"; "")) \(.weight)"' /tmp/rows |
		awk '{ sum[$1 " " $2 " " $3] += $4 } END { for (i in sum) print i, sum[i] }' | sort
}

wanted_rows='client 200 /index.html 10
client 200 /item/ 200
client 404 /missing/ 30
server 200 /index.html 10
server 200 /item/ 200
server 404 /missing/ 30'

wanted_connections='accept server 10
close client 10
close server 10
connect client 10'

# "event role number" of the connections between wget and httpd.
connections() {
	skep sql --dir "$agent" -o json "SELECT event, role, count(*) AS n FROM tcp WHERE event <> 'listen'
		AND 8081 IN (local_port, peer_port) GROUP BY event, role ORDER BY event, role" |
		jq -r '"\(.event) \(.role) \(.n)"'
}

connections_are_all() {
	equals "$wanted_connections" "$(connections)"
}

# "role version encrypted number" of what goes through TLS, with two suites and both versions.
exchange_tls() {
	curl -skS -o /dev/null 'https://127.0.0.1:8443/tls/[1-50]' &&
		curl -skS -o /dev/null --tls-max 1.2 'https://127.0.0.1:8443/tls/[1-50]' &&
		curl -skS -o /dev/null --tls13-ciphers TLS_CHACHA20_POLY1305_SHA256 'https://127.0.0.1:8443/tls/[1-50]'
}

wanted_tls='client 1.2 1 50
client 1.3 1 100
server 1.2 1 50
server 1.3 1 100'

rows_tls() {
	skep sql --dir "$agent" -o json "SELECT role, version, is_encrypted, count(DISTINCT request.id) AS n
		FROM request JOIN tls USING (connection, role) WHERE detail LIKE '/tls/%' AND status = 200
		GROUP BY 1, 2, 3 ORDER BY 1, 2" | jq -r '"\(.role) \(.version) \(.is_encrypted) \(.n)"'
}

tls_is_all() {
	equals "$wanted_tls" "$(rows_tls)"
}

rows_are_all() {
	equals "$wanted_rows" "$(rows)"
}

# What syslogd sends on: "sender role datagrams".
datagrams() {
	skep sql --dir "$agent" -o json "SELECT pid, role, sum(packets_sent) AS n FROM udp WHERE peer_port = 5514
		GROUP BY pid, role" | jq -r '"\(.pid) \(.role) \(.n)"'
}

datagrams_are_all() {
	equals "$syslogd_pid client 6" "$(datagrams)"
}

send_datagrams() {
	syslogd -n -O /tmp/messages -R 127.0.0.1:5514 &
	syslogd_pid=$!
	wait_until 20 test -S /dev/log
	for number in 1 2 3 4 5 6; do
		logger "message $number"
	done
}

# Functions can be entered on arm64 since 6.4 (direct calls in its ftrace).
case $(uname -m)-$(uname -r) in
aarch64-5.* | aarch64-6.[0-3].*) function_door=kprobe ;;
*) function_door=fentry ;;
esac

# The door of each feature on Debian's kernels, which else all allow the same: a feature that takes another, or is off,
# is told by its line.
wanted_doors="amqp cgroup_skb
dns cgroup_skb
exec tp_btf
http cgroup_skb
http2 cgroup_skb
kafka cgroup_skb
memcached cgroup_skb
mongodb cgroup_skb
mqtt cgroup_skb
mysql cgroup_skb
nats cgroup_skb
offcpu tp_btf
oncpu perf_event
postgresql cgroup_skb
redis cgroup_skb
tcp tp_btf, sockops
tls uprobe EVP_KDF_derive, cgroup_skb
udp cgroup_skb
unix $function_door, tp_btf
zookeeper cgroup_skb"

doors() {
	status '.features[] | "\(.name) \(if .state == "on" then .door else .reason end)"' | sort
}

# Samples come all the time: at any moment some are seen and not reported yet.
all_is_reported() {
	equals '' "$(status '.features[] | select((.name | endswith("cpu") | not) and .seen != .reported) | .name')"
}

burn() {
	jq -n '[range(100000) | tostring | length] | add' >/tmp/sum
}

# From the program's start down to the library's function that works.
is_profiled() {
	skep profile --dir "$agent" --since 10m --comm jq -o folded | grep -q '__libc_start_main[^;]*;.*;jq_next'
}

# A program that reads from a pipe in which nothing is for seconds, part of which it needs to start.
rest() {
	{
		sleep 5
		echo 1
	} | jq . >/tmp/rested
}

# Microseconds. Others of its name wait for pipes too.
rest_is_profiled() {
	rested=$(skep profile --dir "$agent" --waiting --since 10m --comm jq --state pipe -o folded |
		awk '/__libc_start_main.*pipe_read_\[k\];\[waiting: pipe\] / { n += $NF } END { print n + 0 }')
	[ "$rested" -gt 1000000 ] || {
		skep profile --dir "$agent" --waiting --since 10m --comm jq -o folded
		return 1
	}
}

check_agent() {
	start_servers
	check 'servers start' equals 0 $? || return
	start_agent
	check 'agent starts' equals 0 $? || return
	status '.features[] | "# \(.name) \(.state) \(.door // "") \(.reason // "")"'
	check 'each feature takes its best door' equals "$wanted_doors" "$(doors)"
	skep watch request --dir "$agent" -o json >/tmp/rows &
	watch_pid=$!
	check 'rows are streamed' wait_until 30 is_watching
	exchange
	check '240 exchanges are answered' equals 0 $?
	wait_until 20 rows_are_all
	check '240 exchanges are seen from both ends' rows_are_all
	wait_until 20 connections_are_all
	check '10 connections are seen from both ends' connections_are_all
	send_datagrams
	wait_until 30 datagrams_are_all
	check '6 datagrams are seen, and who sent them' datagrams_are_all
	exchange_tls
	check '150 exchanges inside TLS are answered' equals 0 $?
	wait_until 20 tls_is_all
	check '150 exchanges inside TLS are seen from both ends' tls_is_all
	burn
	wait_until 30 is_profiled
	check 'a busy function and its callers are in the profile' is_profiled
	rest
	wait_until 40 rest_is_profiled
	check 'seconds of waiting and its callers are in the profile' rest_is_profiled
	# The thread that walks stacks may fall behind here, where a second of work takes many.
	check 'nothing is lost' equals 0 "$(status '[.features[] | select(.name | endswith("cpu") | not).lost[]] | add // 0')"
	wait_until 20 all_is_reported
	check 'all seen is reported' all_is_reported
	kill -TERM "$watch_pid" "$syslogd_pid" "$agent_pid"
	wait "$agent_pid"
	check 'agent ends with 0' equals 0 $?
	# The kernel lets go of the programs of a cgroup and of sockets in its own time.
	wait_until 20 no_program_stays
	check 'no BPF program stays' no_program_stays
}

unix_row() { # NAME
	status ".features[] | select(.name == \"unix\").$1"
}

# "event role reason bytes-sent-by-the-client number" of what curl does with nginx's socket, and with none. Where
# reasons are found by looking, it is chance whether there still is something to be seen: then none is shown.
unix_rows() {
	reason=reason
	[ "$(unix_row door)" = "${listing:-}" ] && reason="''"
	skep sql --dir "$agent" -o json "SELECT event, role, $reason AS reason,
		sum(CASE role WHEN 'client' THEN bytes_sent END) AS bytes, count(*) AS n FROM unix
		WHERE event <> 'listen' AND comm IN ('curl', 'nginx') AND path LIKE '/tmp/n%.sock'
		GROUP BY 1, 2, 3 ORDER BY 1, 2, 3" |
		jq -r '"\(.event) \(.role) \(.reason) \(.bytes) \(.n)"'
}

unix_rows_are() {
	equals "$1" "$(unix_rows)"
}

# "role status number" of the requests that curl made there.
unix_requests() {
	skep sql --dir "$agent" -o json "SELECT role, status, count(*) AS n FROM request
		GROUP BY role, status ORDER BY role" | jq -r '"\(.role) \(.status) \(.n)"'
}

unix_requests_are() {
	equals "$1" "$(unix_requests)"
}

# Programs may read buffers since 6.12.
check_unix_requests() {
	case $(uname -r) in
	5.* | 6.[0-9].* | 6.1[01].*)
		check "unix: it says that requests are not read" equals 1 \
			"$(unix_row reason | grep -c '^requests are not read before kernel 6.12')"
		;;
	*)
		wait_until 20 unix_requests_are "client 200 5
server 200 5"
		check "unix: 5 requests are seen from both ends" unix_requests_are "client 200 5
server 200 5"
		;;
	esac
}

# Through each door in turn, also those that this kernel has no need of.
check_unix() { # DOOR NAME ROWS
	rm -rf "$agent"
	start_agent --only unix --unix-door "$1"
	check "unix: agent starts through $1" equals 0 $? || return
	check "unix: $1 is $2" equals "$2" "$(unix_row door)"
	for _ in 1 2 3 4 5; do
		curl -sS -o /dev/null -A x -H Accept: --unix-socket /tmp/nginx.sock http://x/ || return
	done
	! curl -sS --unix-socket /tmp/none.sock http://localhost/ 2>/dev/null
	wait_until 20 unix_rows_are "$3"
	check "unix: 5 connections and a failed one through $1" unix_rows_are "$3"
	check_unix_requests
	check "unix: nothing is lost through $1" equals 0 "$(unix_row 'lost | add')"
	kill -TERM "$agent_pid"
	wait "$agent_pid"
	check 'unix: agent ends with 0' equals 0 $?
}

# curl's requests have 42 bytes.
unix_wanted() { # REASON-OF-SERVER REASON-OF-CLIENT
	cat <<-END
		accept server  null 5
		close client $2 210 5
		close server $1 null 5
		connect client  0 5
	END
}

check_unix_doors() {
	told="$(unix_wanted peer_close local_close)
failed client missing 0 1"
	check_unix auto "$function_door, tp_btf" "$told"
	check_unix kprobe 'kprobe, tp_btf' "$told"
	# Since 6.7 a cgroup hook tells of connects; before, only who accepts is seen.
	if grep -q bpf_sock_addr_set_sun_path /proc/kallsyms; then
		listing='tp_btf, cgroup, listing'
		check_unix tracepoint "$listing" "$(unix_wanted '' '')
failed client  0 1"
	else
		listing='tp_btf, listing'
		check_unix tracepoint "$listing" "accept server  null 5
close server  null 5"
	fi
	wait_until 20 no_program_stays
	check 'unix: no BPF program stays' no_program_stays
}

check_machine
check_agent
check_unix_doors
exit "$failed"
