/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the event of an exchange that is over.
 */
#include "base/str.h"
#include "doors/stream_clients.h"
#include "doors/stream_connection.h"

static void fill_origin(struct request_event *event, const struct packet_common *origin,
	const struct protocol *protocol)
{
	request_event_init(event);
	event->process.pid = origin->owner.pid;
	event->process.start_ns = origin->owner.start_ns;
	event->process.network_namespace = origin->ends.network_namespace;
	event->role = origin->role;
	memcpy(&event->local_address, origin->ends.local_address, sizeof(event->local_address));
	memcpy(&event->peer_address, origin->ends.peer_address, sizeof(event->peer_address));
	event->local_port = origin->ends.local_port;
	event->peer_port = origin->ends.peer_port;
	event->connection = origin->cookie;
	str_set(event->protocol, protocol->name);
}

static void fill_exchange(struct request_event *event, const struct exchange *exchange)
{
	const struct message *request = &exchange->request;

	event->header.time_ns = exchange->request_ns;
	event->duration_ns = exchange->last_ns - exchange->request_ns;
	if (exchange->answer_ns)
		event->first_byte_ns = exchange->answer_ns - exchange->request_ns;
	event->request_bytes = exchange->request_bytes;
	event->response_bytes = exchange->answer_bytes;
	event->is_error =
		exchange->is_error || (exchange->is_client_error && event->role == ROLE_CLIENT);
	str_set(event->operation, request->operation);
	str_set(event->status, exchange->status);
	str_set(event->host, request->host);
	str_set(event->target, request->target);
	str_set(event->detail, request->detail);
	if (request->protocol)
		str_set(event->protocol, request->protocol);
	event->fingerprint = request->fingerprint;
	event->request_messages = request->request_messages;
	event->response_messages = request->response_messages;
}

bool stream_is_foreign(const struct stream *stream, const struct packet_common *origin)
{
	return stream->options.scope_pid && origin->owner.pid != stream->options.scope_pid;
}

void stream_report(struct stream *stream, const struct connection *connection,
	const struct exchange *exchange, bool is_incomplete)
{
	struct request_event *event = &stream->event;

	if (stream_is_foreign(stream, &connection->origin))
		return;
	fill_origin(event, &connection->origin, connection->protocol);
	fill_exchange(event, exchange);
	stream_clients_name(stream->clients, event);
	event->is_incomplete = is_incomplete;
	event->is_encrypted = connection->tls != NULL;
	if (!exchange->answer_ns && is_incomplete)
		event->is_error = true;
	stream->counts[connection->origin.protocol].seen++;
	stream->counts[connection->origin.protocol].reported++;
	stream->told_protocol = connection->origin.protocol;
	stream->options.exchange(stream->options.context, event);
}

void stream_finish(struct stream *stream, struct connection *connection, bool is_incomplete)
{
	const struct exchange *exchange = connection->first;

	/* No answer was seen, which does not mean that there was none. */
	if (exchange->is_cut && !exchange->answer_ns)
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_RING_FULL);
	else
		stream_report(stream, connection, exchange, is_incomplete);
	connection_drop_first(connection);
}
