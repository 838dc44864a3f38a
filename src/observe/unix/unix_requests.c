/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes segments of an ordered connection out of buffers: one for the server's end and one for the
 * client's, since each is a service of its own.
 */
#include "observe/unix/unix_requests.h"

#include "event/request.h"

/* Ends of connections that carry requests: 1 KiB each. */
#define ENDS_MAXIMUM 8192

struct unix_requests {
	struct stream *stream;
	unix_requests_exchange *exchange;
	void *context;
	struct {
		struct packet_segment segment;
		uint8_t bytes[UNIX_BYTES_MAXIMUM];
	} piece;
};

_Static_assert(PACKET_TAIL_BYTES == UNIX_TAIL_BYTES, "one is copied into the other");

/* The stream knows an end by one number, which the other end must not have. */
static uint64_t cookie_of(uint64_t connection, enum request_role role)
{
	return connection << 1 | (role == ROLE_CLIENT);
}

static void on_exchange(void *context, struct request_event *event)
{
	struct unix_requests *requests = context;

	event->connection >>= 1;
	requests->exchange(requests->context, event);
}

struct unix_requests *unix_requests_new(
	unsigned int message_flags, unix_requests_exchange *exchange, void *context)
{
	struct unix_requests *requests = calloc(1, sizeof(*requests));
	struct stream_options options = {
		.maximum_connections = ENDS_MAXIMUM,
		.message_flags = message_flags,
		.exchange = on_exchange,
		.context = requests,
	};

	if (!requests)
		return NULL;
	requests->exchange = exchange;
	requests->context = context;
	if (stream_new(&options, &requests->stream) == 0)
		return requests;
	free(requests);
	return NULL;
}

void unix_requests_free(struct unix_requests *requests)
{
	if (!requests)
		return;
	stream_free(requests->stream);
	free(requests);
}

static void fill_common(
	struct packet_common *common, const struct unix_bytes *bytes, enum request_role role)
{
	*common = (struct packet_common){
		.header = { .time_ns = bytes->header.time_ns },
		.cookie = cookie_of(bytes->connection, role),
		.owner = bytes->owners[role == ROLE_CLIENT],
		.ends = { .network_namespace = bytes->network_namespace },
		.role = (uint8_t)role,
		.protocol = PROTOCOL_http,
		.flags = PACKET_IS_ORDERED | PACKET_IS_HEAD,
	};
	if (bytes->role == ROLE_SERVER)
		common->flags |= PACKET_IS_ANSWER;
	if (bytes->is_lost_before)
		common->flags |= PACKET_LOST_BEFORE;
}

bool unix_requests_take(struct unix_requests *requests, const struct record_header *record)
{
	static const enum request_role roles[] = { ROLE_SERVER, ROLE_CLIENT };
	const struct unix_bytes *bytes = (const void *)record;
	struct packet_segment *segment = &requests->piece.segment;

	if (record->size < sizeof(*bytes) || bytes->captured > record->size - sizeof(*bytes) ||
		bytes->captured > sizeof(requests->piece.bytes) || bytes->captured > bytes->length)
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(roles); i++) {
		if (!bytes->is_in_scope[i])
			continue;
		*segment = (struct packet_segment){
			.seq = (uint32_t)bytes->offset,
			.start_seq = (uint32_t)bytes->start,
			.length = bytes->length,
			.captured = (uint16_t)bytes->captured,
		};
		fill_common(&segment->common, bytes, roles[i]);
		memcpy(segment->tail, bytes->tail, sizeof(segment->tail));
		memcpy(requests->piece.bytes, bytes + 1, bytes->captured);
		stream_segment(requests->stream, segment);
	}
	return true;
}

void unix_requests_close(struct unix_requests *requests, uint64_t connection)
{
	struct packet_close close = { .common = { .protocol = PROTOCOL_http } };

	close.common.cookie = cookie_of(connection, ROLE_SERVER);
	stream_close(requests->stream, &close);
	close.common.cookie = cookie_of(connection, ROLE_CLIENT);
	stream_close(requests->stream, &close);
}

void unix_requests_add_counts(const struct unix_requests *requests, struct feature_counts *counts)
{
	stream_add_counts(requests->stream, PROTOCOL_http, counts);
}
