/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scan at the start. In: the sockets of all network namespaces with who has them open, from
 * node/socket.h; out: the connections that belong to the scope, by socket cookie.
 */
#include "observe/tcp/tcp_existing.h"

#include <netinet/in.h>

#include "base/map.h"
#include "engine/scope_members.h"
#include "event/request.h"
#include "node/node.h"
#include "node/socket.h"

#define PORTS_MAXIMUM 65536

struct port_key {
	uint32_t network_namespace;
	uint32_t port;
};

struct tcp_existing {
	struct map *by_cookie; /* uint64_t → struct tcp_existing_connection */
	struct map *gone; /* uint64_t → char: what the kernel half told of before the report */
	struct map *listening;	       /* struct port_key → char */
	struct scope_members *members; /* during the scan */
	struct socket_list found;
};

struct tcp_existing *tcp_existing_new(void)
{
	struct tcp_existing *existing = calloc(1, sizeof(*existing));

	if (!existing)
		return NULL;
	existing->by_cookie = map_new(
		sizeof(uint64_t), sizeof(struct tcp_existing_connection), TCP_EXISTING_MAXIMUM);
	existing->gone = map_new(sizeof(uint64_t), 1, TCP_EXISTING_MAXIMUM);
	existing->listening = map_new(sizeof(struct port_key), 1, PORTS_MAXIMUM);
	if (existing->by_cookie && existing->gone && existing->listening)
		return existing;
	tcp_existing_free(existing);
	return NULL;
}

/* What only the scan needs. */
static void free_scan(struct tcp_existing *existing)
{
	socket_list_done(&existing->found);
	map_free(existing->gone);
	map_free(existing->listening);
	scope_members_free(existing->members);
	existing->gone = existing->listening = NULL;
	existing->members = NULL;
}

void tcp_existing_free(struct tcp_existing *existing)
{
	if (!existing)
		return;
	free_scan(existing);
	map_free(existing->by_cookie);
	free(existing);
}

/* ---- the scan ---- */

static void visit_socket(void *context, const struct socket_entry *socket)
{
	struct tcp_existing *existing = context;
	struct port_key key = { socket->network_namespace, socket->local_port };

	if (socket->state == SOCKET_LISTEN) {
		map_add(existing->listening, &key, NULL);
		return;
	}
	/* Without a cookie its close could not be told from that of another. */
	if (socket->state != SOCKET_ESTABLISHED || !socket->cookie ||
		!scope_members_has(existing->members, socket->pid, socket->network_namespace))
		return;
	struct socket_entry *entry = socket_list_append(&existing->found);
	if (entry)
		*entry = *socket;
}

int tcp_existing_scan(struct tcp_existing *existing, const struct agent *agent)
{
	int r;

	r = scope_members_new(&agent->scope, &existing->members);
	if (r < 0)
		return r;
	r = socket_scan(agent->node, IPPROTO_TCP, visit_socket, existing);
	return r < 0 && r != -E2BIG ? r : 0;
}

void tcp_existing_forget(struct tcp_existing *existing, uint64_t cookie)
{
	if (existing->gone && cookie)
		map_add_evict(existing->gone, &cookie, NULL);
}

/* ---- what it found ---- */

static void fill_event(
	struct tcp_event *event, const struct socket_entry *socket, enum request_role role)
{
	*event = (struct tcp_event){
		.header = { .kind = &tcp_kind, .time_ns = clock_monotonic_ns() },
		.process = { .pid = socket->pid,
			.start_ns = socket->start_ns,
			.network_namespace = socket->network_namespace },
		.event = TCP_STEP_EXISTING,
		.role = (uint8_t)role,
		.owner = socket->pid ? TCP_OWNER_SCAN : TCP_OWNER_UNKNOWN,
		.is_start_unknown = true,
		.local_port = socket->local_port,
		.peer_port = socket->peer_port,
		.local_address = socket->local,
		.peer_address = socket->peer,
		.connection = socket->cookie,
	};
	/* The listing names an IPv6 socket that speaks IPv4 by its mapped address too. */
	event->family = tcp_family_of(!address_is_ipv4(&socket->local), &socket->local);
}

uint64_t tcp_existing_report(
	struct tcp_existing *existing, tcp_existing_event *report, void *context)
{
	uint64_t left_out = existing->found.is_cut;

	for (size_t i = 0; i < existing->found.count; i++) {
		const struct socket_entry *socket = &existing->found.items[i];
		struct port_key key = { socket->network_namespace, socket->local_port };
		bool is_server = map_find(existing->listening, &key) != NULL;
		struct tcp_existing_connection *connection;
		struct tcp_event event;

		if (map_find(existing->gone, &socket->cookie))
			continue;
		connection = map_add(existing->by_cookie, &socket->cookie, NULL);
		if (!connection) {
			left_out++;
			continue;
		}
		connection->start_ns = socket->start_ns;
		connection->pid = socket->pid;
		connection->role = is_server ? ROLE_SERVER : ROLE_CLIENT;
		fill_event(&event, socket, connection->role);
		report(context, &event);
	}
	free_scan(existing);
	return left_out;
}

bool tcp_existing_complete(struct tcp_existing *existing, struct tcp_event *event)
{
	const struct tcp_existing_connection *connection =
		map_find(existing->by_cookie, &event->connection);

	if (!connection)
		return false;
	event->role = connection->role;
	if (connection->pid) {
		event->process.pid = connection->pid;
		event->process.start_ns = connection->start_ns;
		event->owner = TCP_OWNER_SCAN;
	}
	event->is_start_unknown = true;
	map_remove(existing->by_cookie, &event->connection);
	return true;
}
