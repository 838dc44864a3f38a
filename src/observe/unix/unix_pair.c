/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two tables: what is known of each connection's ends, and the records that wait.
 */
#include "observe/unix/unix_pair.h"

#include <string.h>

#include "base/map.h"
#include "event/request.h"

struct pair_end {
	struct unix_party party;
	uint64_t bytes_received, bytes_unread; /* once it is closed */
	bool is_closed;
};

struct pair {
	struct pair_end ends[2]; /* server, client */
};

struct held_key {
	uint64_t connection;
	uint64_t role;
};

struct unix_pairs {
	struct map *by_connection; /* uint64_t → struct pair */
	struct map *held;	   /* struct held_key → struct unix_record, oldest first */
	unix_pairs_report *report;
	void *context;
};

struct unix_pairs *unix_pairs_new(unix_pairs_report *report, void *context)
{
	struct unix_pairs *pairs = calloc(1, sizeof(*pairs));

	if (!pairs)
		return NULL;
	pairs->report = report;
	pairs->context = context;
	pairs->by_connection = map_new(sizeof(uint64_t), sizeof(struct pair), UNIX_PAIRS_MAXIMUM);
	pairs->held =
		map_new(sizeof(struct held_key), sizeof(struct unix_record), UNIX_HELD_MAXIMUM);
	if (pairs->by_connection && pairs->held)
		return pairs;
	unix_pairs_free(pairs);
	return NULL;
}

void unix_pairs_free(struct unix_pairs *pairs)
{
	if (!pairs)
		return;
	map_free(pairs->by_connection);
	map_free(pairs->held);
	free(pairs);
}

static struct pair_end *end_of(struct pair *pair, uint8_t role)
{
	return &pair->ends[role == ROLE_CLIENT];
}

static uint8_t other_role(uint8_t role)
{
	return role == ROLE_CLIENT ? ROLE_SERVER : ROLE_CLIENT;
}

static bool has_pair(const struct unix_record *record)
{
	return record->connection && (record->role == ROLE_SERVER || record->role == ROLE_CLIENT);
}

static struct unix_record *held_find(
	struct unix_pairs *pairs, const struct unix_record *record, uint8_t role)
{
	struct held_key key = { record->connection, role };

	return map_find(pairs->held, &key);
}

/* ---- reporting ---- */

static void report(struct unix_pairs *pairs, const struct unix_record *record, bool is_partial)
{
	struct pair *pair =
		has_pair(record) ? map_find(pairs->by_connection, &record->connection) : NULL;
	struct unix_party peer = { .pid = record->peer_pid };
	struct unix_record copy = *record;

	if (pair && end_of(pair, other_role(record->role))->party.pid)
		peer = end_of(pair, other_role(record->role))->party;
	pairs->report(pairs->context, &copy, &peer, is_partial);
}

static void release(struct unix_pairs *pairs, struct unix_record *held, bool is_partial)
{
	struct held_key key = { held->connection, held->role };

	report(pairs, held, is_partial);
	map_remove(pairs->held, &key);
}

/* Keeps the record until it is released; reports it where there is no room. */
static void hold(struct unix_pairs *pairs, const struct unix_record *record)
{
	struct held_key key = { record->connection, record->role };
	struct unix_record *held = map_add(pairs->held, &key, NULL);

	if (held)
		*held = *record;
	else
		report(pairs, record, true);
}

/* ---- steps ---- */

void unix_pairs_note(
	struct unix_pairs *pairs, uint64_t connection, uint8_t role, struct unix_party party)
{
	struct pair *pair = map_add_evict(pairs->by_connection, &connection, NULL);

	if (pair)
		end_of(pair, role)->party = party;
}

static struct unix_party owner_of(const struct unix_record *record)
{
	struct unix_party party = { record->owner.pid, record->owner.start_ns, "" };

	memcpy(party.comm, record->comm, sizeof(party.comm));
	party.comm[sizeof(party.comm) - 1] = '\0';
	return party;
}

static void note_owner(struct unix_pairs *pairs, const struct unix_record *record)
{
	unix_pairs_note(pairs, record->connection, record->role, owner_of(record));
}

static void take_connected(struct unix_pairs *pairs, const struct unix_record *record)
{
	struct pair *pair;

	note_owner(pairs, record);
	pair = map_find(pairs->by_connection, &record->connection);
	if (pair && end_of(pair, ROLE_SERVER)->party.pid)
		report(pairs, record, false);
	else
		hold(pairs, record);
}

static void take_accepted(struct unix_pairs *pairs, const struct unix_record *record)
{
	struct unix_record *connected = held_find(pairs, record, ROLE_CLIENT);

	note_owner(pairs, record);
	/* A client that does not wait may have closed its end by now. */
	if (connected && connected->header.type == UNIX_CONNECTED)
		release(pairs, connected, false);
	report(pairs, record, false);
}

/* The bytes that an end sent are what the other one read or will never read. */
static void complete(struct unix_record *record, const struct pair_end *other)
{
	record->bytes_sent = other->bytes_received + other->bytes_unread;
}

static void take_closed(struct unix_pairs *pairs, const struct unix_record *record)
{
	struct unix_record *before = held_find(pairs, record, record->role);
	struct unix_record *first;
	struct unix_record copy = *record;
	struct pair *pair = map_add_evict(pairs->by_connection, &record->connection, NULL);
	struct pair_end *own, *other;

	if (before)
		release(pairs, before, false);
	if (!pair) {
		report(pairs, record, true);
		return;
	}
	own = end_of(pair, record->role);
	other = end_of(pair, other_role(record->role));
	own->is_closed = true;
	own->bytes_received = record->bytes_received;
	own->bytes_unread = record->bytes_unread;
	if (!own->party.pid)
		own->party = owner_of(record);
	if (!other->is_closed) {
		hold(pairs, record);
		return;
	}
	first = held_find(pairs, record, other_role(record->role));
	if (first) {
		complete(first, own);
		release(pairs, first, false);
	}
	complete(&copy, other);
	report(pairs, &copy, false);
	map_remove(pairs->by_connection, &record->connection);
}

void unix_pairs_take(struct unix_pairs *pairs, const struct unix_record *record)
{
	if (!has_pair(record)) {
		report(pairs, record, true);
		return;
	}
	switch (record->header.type) {
	case UNIX_CONNECTED:
		take_connected(pairs, record);
		break;
	case UNIX_ACCEPTED:
		take_accepted(pairs, record);
		break;
	case UNIX_CLOSED:
		take_closed(pairs, record);
		break;
	default:
		report(pairs, record, false);
	}
}

void unix_pairs_tick(struct unix_pairs *pairs, uint64_t now_ns)
{
	MAP_FOREACH(pairs->held, value) {
		struct unix_record *held = value;

		if (now_ns < UNIX_HELD_NS || held->header.time_ns > now_ns - UNIX_HELD_NS)
			break;
		release(pairs, held, held->header.type == UNIX_CLOSED);
	}
}

struct unix_party unix_pairs_party(
	const struct unix_pairs *pairs, uint64_t connection, uint8_t role)
{
	struct pair *pair = map_find(pairs->by_connection, &connection);

	return pair ? end_of(pair, role)->party : (struct unix_party){ 0 };
}

size_t unix_pairs_waiting(const struct unix_pairs *pairs)
{
	return map_count(pairs->held);
}
