/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a connection inside stream.c, and of the exchanges that wait in it.
 */
#include "doors/stream_connection.h"

void connection_init(struct connection *connection, const struct packet_common *origin,
	const struct protocol *protocol)
{
	connection->origin = *origin;
	connection->protocol = protocol;
	connection->turn = origin->turn;
	buf_init(&connection->sides[SIDE_REQUEST].head, SIDE_HEAD_BYTES);
	buf_init(&connection->sides[SIDE_ANSWER].head, SIDE_HEAD_BYTES);
}

void connection_drop_first(struct connection *connection)
{
	struct exchange *exchange = connection->first;

	connection->first = exchange->next;
	if (!connection->first)
		connection->last = NULL;
	connection->count--;
	free(exchange);
}

void connection_done(struct connection *connection)
{
	while (connection->first)
		connection_drop_first(connection);
	for (size_t name = 0; name < ARRAY_LENGTH(connection->sides); name++) {
		buf_done(&connection->sides[name].head);
		order_done(&connection->sides[name]);
	}
}

bool connection_is_idle(const struct connection *connection)
{
	const struct side *request = &connection->sides[SIDE_REQUEST];

	/* A body that was answered before its end goes on. */
	return !connection->is_ordered && !connection->is_lost && !connection->is_tunnel &&
	       !connection->is_head_lost && !connection->first && request->head.length == 0 &&
	       request->state != SIDE_LENGTH && request->state != SIDE_CHUNKED;
}

struct exchange *connection_add_exchange(
	struct connection *connection, const struct message *message, uint64_t time_ns)
{
	struct exchange *exchange;

	if (connection->count >= STREAM_PIPELINE_MAXIMUM)
		return NULL;
	exchange = calloc(1, sizeof(*exchange));
	if (!exchange)
		return NULL;
	exchange->request = *message;
	exchange->request_ns = time_ns;
	exchange->last_ns = time_ns;
	exchange->turn = connection->turn;
	if (connection->last)
		connection->last->next = exchange;
	else
		connection->first = exchange;
	connection->last = exchange;
	connection->count++;
	return exchange;
}
