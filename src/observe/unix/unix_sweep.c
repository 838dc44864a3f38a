/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of live connections, and the listings that are held against it. A namespace is listed
 * through a netlink socket that stays open as long as connections in it are known.
 */
#include "observe/unix/unix_sweep.h"

#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/map.h"
#include "event/request.h"
#include "node/diag.h"
#include "node/node.h"

#define NAMESPACES_MAXIMUM 64
#define PAUSE_MINIMUM_NS   (80 * NS_PER_MS)
#define PAUSE_MAXIMUM_NS   (2 * NS_PER_S)
#define PAUSE_FACTOR	   500

enum { SERVER, CLIENT };

struct live {
	struct unix_record ends[2]; /* size 0: not ours, or closed */
	uint64_t server_inode;	    /* 0 until a listing told */
	uint64_t sent[2];	    /* as far as it was noted */
	uint32_t network_namespace;
	bool is_listed[2];  /* in the listing under way */
	bool has_peer;	    /* the client, there */
	bool has_been_made; /* it was accepted */
	bool is_half;	    /* one end is closed */
};

struct place {
	uint32_t inode; /* 0: free */
	uint32_t pid;	/* of a process that lived there */
	int fd;
	bool is_used; /* by a connection, as the last sweep found */
};

struct unix_sweep {
	const struct node *node;
	struct map *by_connection; /* uint64_t → struct live; mostly the client's inode */
	struct map *by_server;	   /* inode → connection */
	struct place places[NAMESPACES_MAXIMUM];
	unix_sweep_closed *closed;
	void *context;
	uint64_t next_ns;
	uint64_t listing_ns; /* of CPU, during this sweep */
	uint64_t left_out;
};

struct unix_sweep *unix_sweep_new(const struct node *node, unix_sweep_closed *closed, void *context)
{
	struct unix_sweep *sweep = calloc(1, sizeof(*sweep));

	if (!sweep)
		return NULL;
	sweep->node = node;
	sweep->closed = closed;
	sweep->context = context;
	for (size_t i = 0; i < NAMESPACES_MAXIMUM; i++)
		sweep->places[i].fd = -1;
	sweep->by_connection = map_new(sizeof(uint64_t), sizeof(struct live), UNIX_SWEEP_MAXIMUM);
	sweep->by_server = map_new(sizeof(uint64_t), sizeof(uint64_t), UNIX_SWEEP_MAXIMUM);
	if (sweep->by_connection && sweep->by_server)
		return sweep;
	unix_sweep_free(sweep);
	return NULL;
}

static void place_leave(struct place *place)
{
	fd_closep(&place->fd);
	*place = (struct place){ .fd = -1 };
}

void unix_sweep_free(struct unix_sweep *sweep)
{
	if (!sweep)
		return;
	for (size_t i = 0; i < NAMESPACES_MAXIMUM; i++)
		place_leave(&sweep->places[i]);
	map_free(sweep->by_connection);
	map_free(sweep->by_server);
	free(sweep);
}

/* ---- namespaces ---- */

/* NULL when all are taken. */
static struct place *place_find(struct unix_sweep *sweep, uint32_t inode)
{
	struct place *free_one = NULL;

	for (size_t i = 0; i < NAMESPACES_MAXIMUM; i++) {
		struct place *place = &sweep->places[i];

		if (place->inode == inode)
			return place;
		if (!place->inode && !free_one)
			free_one = place;
	}
	return free_one;
}

/* A process of the connection mostly lives where its socket does. */
static void place_enter(struct unix_sweep *sweep, const struct unix_record *record)
{
	struct network_namespace namespace = { record->network_namespace, record->owner.pid };
	struct place *place = place_find(sweep, namespace.inode);

	if (!place)
		return;
	place->inode = namespace.inode;
	place->is_used = true;
	if (place->fd >= 0)
		return;
	place->pid = namespace.pid;
	place->fd = diag_open(node_root_fd(sweep->node), &namespace);
	if (place->fd >= 0)
		return;
	namespace.pid = place->pid = (uint32_t)getpid();
	place->fd = diag_open(node_root_fd(sweep->node), &namespace);
}

/* ---- connections ---- */

void unix_sweep_add(struct unix_sweep *sweep, const struct unix_record *record)
{
	struct live *live;

	if (!record->connection)
		return;
	live = map_add(sweep->by_connection, &record->connection, NULL);
	if (!live) {
		sweep->left_out++;
		return;
	}
	live->ends[record->role == ROLE_CLIENT] = *record;
	live->network_namespace = record->network_namespace;
	live->has_been_made |= record->role == ROLE_SERVER;
	place_enter(sweep, record);
}

void unix_sweep_note(struct unix_sweep *sweep, const struct unix_record *record)
{
	struct live *live = map_find(sweep->by_connection, &record->connection);

	if (live && (record->role == ROLE_SERVER || record->role == ROLE_CLIENT))
		live->sent[record->role == ROLE_CLIENT] = record->bytes_sent;
}

uint64_t unix_sweep_noted(const struct unix_sweep *sweep, uint64_t connection, uint8_t role)
{
	const struct live *live = map_find(sweep->by_connection, &connection);

	return live ? live->sent[role == ROLE_CLIENT] : 0;
}

/* ---- listings ---- */

static void note_server(
	struct unix_sweep *sweep, struct live *live, uint64_t connection, uint64_t inode)
{
	uint64_t *noted = map_add(sweep->by_server, &inode, NULL);

	if (!noted)
		return;
	*noted = connection;
	live->server_inode = inode;
}

static void visit_socket(void *context, const struct unix_socket *socket)
{
	struct unix_sweep *sweep = context;
	struct live *live = map_find(sweep->by_connection, &socket->inode);
	const uint64_t *connection;

	if (live) {
		live->is_listed[CLIENT] = true;
		live->has_peer = socket->peer_inode != 0;
		if (live->has_peer && !live->server_inode)
			note_server(sweep, live, socket->inode, socket->peer_inode);
		live->has_been_made |= live->has_peer;
		return;
	}
	connection = map_find(sweep->by_server, &socket->inode);
	live = connection ? map_find(sweep->by_connection, connection) : NULL;
	if (live)
		live->is_listed[SERVER] = true;
}

/* Before accept(2) the server's end has no inode, and no process. Where the listing does not name
 * the other end both are taken to end together. */
static bool server_is_open(const struct live *live, bool tells_peers)
{
	if (live->is_listed[SERVER])
		return true;
	return live->is_listed[CLIENT] && (live->has_peer || !live->has_been_made || !tells_peers);
}

/* which: of the two that may have been closed since the last listing. */
static void end_close(struct unix_sweep *sweep, struct live *live, size_t end, enum unix_end which)
{
	struct unix_record record = live->ends[end];

	if (!record.header.size)
		return;
	live->ends[end].header.size = 0;
	record.header.type = UNIX_CLOSED;
	record.header.time_ns = clock_monotonic_ns();
	record.end = which;
	sweep->closed(sweep->context, &record, !live->ends[!end].header.size);
}

/* What is younger than the listing may have come after its place in it. */
static bool is_younger(const struct live *live, uint64_t began_ns)
{
	return live->ends[SERVER].header.time_ns >= began_ns ||
	       live->ends[CLIENT].header.time_ns >= began_ns;
}

/* False when nothing of it is left. */
static bool judge(struct unix_sweep *sweep, struct live *live, bool tells_peers)
{
	bool is_open[2] = {
		[SERVER] = server_is_open(live, tells_peers),
		[CLIENT] = live->is_listed[CLIENT],
	};

	for (size_t end = SERVER; end <= CLIENT; end++) {
		enum unix_end which = is_open[!end]   ? UNIX_END_FIRST
				      : live->is_half ? UNIX_END_SECOND
						      : UNIX_END_UNKNOWN;

		if (!is_open[end])
			end_close(sweep, live, end, which);
	}
	live->is_half = is_open[SERVER] != is_open[CLIENT];
	if (live->ends[SERVER].header.size || live->ends[CLIENT].header.size)
		return true;
	map_remove(sweep->by_server, &live->server_inode);
	map_remove(sweep->by_connection, map_key(live));
	return false;
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec time = { 0 };

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

/* True when the listing names the other end of each socket. */
static bool list_place(struct unix_sweep *sweep, const struct place *place)
{
	struct network_namespace namespace = { place->inode, place->pid };
	uint64_t began_ns = thread_cpu_ns();
	int r;

	MAP_FOREACH(sweep->by_connection, value) {
		struct live *live = value;

		live->is_listed[SERVER] = live->is_listed[CLIENT] = live->has_peer = false;
	}
	/* Where nobody can be asked any more, nobody lives: all are closed. */
	r = unix_socket_list(node_root_fd(sweep->node), place->fd, &namespace, visit_socket, sweep);
	sweep->listing_ns += thread_cpu_ns() - began_ns;
	return r > 0;
}

static void sweep_place(struct unix_sweep *sweep, struct place *place)
{
	uint64_t began_ns = clock_monotonic_ns();
	bool tells_peers;

	place->is_used = false;
	tells_peers = list_place(sweep, place);
	MAP_FOREACH(sweep->by_connection, value) {
		struct live *live = value;

		if (live->network_namespace == place->inode &&
			(is_younger(live, began_ns) || judge(sweep, live, tells_peers)))
			place->is_used = true;
	}
}

void unix_sweep_tick(struct unix_sweep *sweep, uint64_t now_ns)
{
	uint64_t pause_ns;

	if (now_ns < sweep->next_ns || map_count(sweep->by_connection) == 0)
		return;
	sweep->listing_ns = 0;
	for (size_t i = 0; i < NAMESPACES_MAXIMUM; i++) {
		struct place *place = &sweep->places[i];

		if (!place->inode)
			continue;
		sweep_place(sweep, place);
		if (!place->is_used)
			place_leave(place);
	}
	pause_ns = MAX(PAUSE_MINIMUM_NS, sweep->listing_ns * PAUSE_FACTOR);
	sweep->next_ns = now_ns + MIN(PAUSE_MAXIMUM_NS, pause_ns);
}

uint64_t unix_sweep_left_out(const struct unix_sweep *sweep)
{
	return sweep->left_out;
}
