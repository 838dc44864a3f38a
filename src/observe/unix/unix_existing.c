/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scan at the start. In: the unix sockets of all network namespaces with who has them open;
 * out: the ends that belong to the scope, by their inode.
 */
#include "observe/unix/unix_existing.h"

#include "base/map.h"
#include "engine/scope_members.h"
#include "event/request.h"

/* During the scan: all sockets, by inode. */
#define FOUND_MAXIMUM 131072

struct listening_key {
	uint32_t network_namespace;
	char path[UNIX_PATH_BYTES];
};

struct unix_existing {
	struct map *by_inode;  /* uint64_t → struct unix_old */
	struct map *gone;      /* uint64_t → char: connections that the kernel half told of */
	struct map *found;     /* uint64_t → struct unix_socket */
	struct map *listening; /* struct listening_key → char */
	struct scope_members *members;
	uint64_t left_out;
};

struct unix_existing *unix_existing_new(void)
{
	struct unix_existing *existing = calloc(1, sizeof(*existing));

	if (!existing)
		return NULL;
	existing->by_inode =
		map_new(sizeof(uint64_t), sizeof(struct unix_old), UNIX_EXISTING_MAXIMUM);
	existing->gone = map_new(sizeof(uint64_t), 1, UNIX_EXISTING_MAXIMUM);
	existing->found = map_new(sizeof(uint64_t), sizeof(struct unix_socket), FOUND_MAXIMUM);
	existing->listening = map_new(sizeof(struct listening_key), 1, FOUND_MAXIMUM);
	if (existing->by_inode && existing->gone && existing->found && existing->listening)
		return existing;
	unix_existing_free(existing);
	return NULL;
}

/* What only the scan needs. */
static void free_scan(struct unix_existing *existing)
{
	map_free(existing->gone);
	map_free(existing->found);
	map_free(existing->listening);
	scope_members_free(existing->members);
	existing->gone = existing->found = existing->listening = NULL;
	existing->members = NULL;
}

void unix_existing_free(struct unix_existing *existing)
{
	if (!existing)
		return;
	free_scan(existing);
	map_free(existing->by_inode);
	free(existing);
}

/* ---- the scan ---- */

static struct listening_key key_of(const struct unix_socket *socket)
{
	struct listening_key key;

	memset(&key, 0, sizeof(key));
	key.network_namespace = socket->network_namespace;
	memcpy(key.path, socket->path, strnlen(socket->path, sizeof(key.path) - 1));
	return key;
}

static void visit_socket(void *context, const struct unix_socket *socket)
{
	struct unix_existing *existing = context;
	struct listening_key key = key_of(socket);
	struct unix_socket *found;

	if (socket->state == SOCKET_LISTEN) {
		map_add(existing->listening, &key, NULL);
		return;
	}
	if (socket->state != SOCKET_ESTABLISHED || !socket->inode)
		return;
	found = map_add(existing->found, &socket->inode, NULL);
	if (found)
		*found = *socket;
	else
		existing->left_out++;
}

int unix_existing_scan(struct unix_existing *existing, const struct agent *agent)
{
	int r = scope_members_new(&agent->scope, &existing->members);

	if (r < 0)
		return r;
	r = unix_socket_scan(agent->node, visit_socket, existing);
	return r < 0 && r != -E2BIG ? r : 0;
}

void unix_existing_forget(struct unix_existing *existing, uint64_t connection)
{
	if (existing->gone && connection)
		map_add_evict(existing->gone, &connection, NULL);
}

/* ---- what it found ---- */

/* Who has the listener's name was connected to. Unknown for pairs, which have no name at all. */
static enum request_role role_of(const struct unix_existing *existing,
	const struct unix_socket *socket, const struct unix_socket *peer)
{
	struct listening_key key = key_of(socket);
	bool peer_has_name = peer && peer->path[0];

	if (!socket->path[0])
		return peer_has_name ? ROLE_CLIENT : ROLE_UNKNOWN;
	if (!peer_has_name)
		return ROLE_SERVER;
	return map_find(existing->listening, &key) ? ROLE_SERVER : ROLE_CLIENT;
}

static void report_end(struct unix_existing *existing, const struct unix_socket *socket,
	unix_existing_end *report, void *context)
{
	const struct unix_socket *peer = map_find(existing->found, &socket->peer_inode);
	enum request_role role = role_of(existing, socket, peer);
	uint64_t connection = role == ROLE_CLIENT ? socket->inode : socket->peer_inode;
	struct unix_socket named = *socket;
	struct unix_old *old;

	if (role == ROLE_UNKNOWN || map_find(existing->gone, &connection) ||
		!scope_members_has(existing->members, socket->pid, socket->network_namespace))
		return;
	old = map_add(existing->by_inode, &socket->inode, NULL);
	if (!old) {
		existing->left_out++;
		return;
	}
	*old = (struct unix_old){ connection, (uint8_t)role, peer ? peer->pid : 0 };
	if (role == ROLE_CLIENT)
		memcpy(named.path, peer->path, sizeof(named.path));
	report(context, &named, old);
}

uint64_t unix_existing_report(
	struct unix_existing *existing, unix_existing_end *report, void *context)
{
	MAP_FOREACH(existing->found, socket) {
		report_end(existing, socket, report, context);
	}
	free_scan(existing);
	return existing->left_out;
}

void unix_existing_complete(struct unix_existing *existing, struct unix_record *record)
{
	const struct unix_old *old = map_find(existing->by_inode, &record->inode);

	if (!old)
		return;
	record->role = old->role;
	if (old->connection)
		record->connection = old->connection;
	if (!record->peer_pid)
		record->peer_pid = old->peer_pid;
	map_remove(existing->by_inode, &record->inode);
}
