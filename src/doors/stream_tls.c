/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handshake, keys and records of one TLS connection: see stream_tls.h.
 *
 * A secret comes before its own end sends the first record that it protects, in the same ring. So a
 * record of the other end may wait for it; one of the watched end does not: then it was never seen.
 */
#include "doors/stream_tls.h"

#include "doors/stream_dialogue.h"

#include "base/map.h"
#include "base/str.h"

struct stream_tls *stream_tls_new(void)
{
	struct stream_tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return NULL;
	buf_init(&tls->transcript, TRANSCRIPT_BYTES_MAXIMUM);
	for (size_t i = 0; i < ARRAY_LENGTH(tls->halves); i++) {
		buf_init(&tls->halves[i].record, RECORD_BYTES_MAXIMUM);
		buf_init(&tls->halves[i].messages, TRANSCRIPT_BYTES_MAXIMUM);
	}
	return tls;
}

static void forget(struct stream *stream, struct stream_tls *tls)
{
	while (tls->first) {
		struct waiting *waiting = tls->first;

		tls->first = waiting->next;
		free(waiting);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(tls->halves); i++) {
		buf_done(&tls->halves[i].record);
		buf_done(&tls->halves[i].messages);
	}
	buf_done(&tls->transcript);
	key_store_give_back(stream->keys, TAKE(tls->room));
}

void stream_tls_free(struct stream *stream, struct stream_tls *tls)
{
	if (!tls)
		return;
	forget(stream, tls);
	free(tls);
}

static void tell(
	struct stream *stream, const struct connection *connection, enum stream_outcome outcome)
{
	struct stream_tls *tls = connection->tls;

	if (tls->is_told)
		return;
	tls->is_told = true;
	tls->session.origin = &connection->origin;
	tls->session.outcome = outcome;
	tls->session.suite = tls->suite ? tls->suite->name : NULL;
	if (!stream_is_foreign(stream, tls->session.origin))
		stream->options.session(stream->options.context, &tls->session);
}

/* A connection that ends tells by how far it came. */
static enum stream_outcome outcome_of_end(const struct stream_tls *tls)
{
	if (tls->session.done_ns)
		return STREAM_READ;
	return tls->room && !tls->has_secret && !tls->session.alert ? STREAM_NO_SECRET
								    : STREAM_FAILED;
}

void stream_tls_end(
	struct stream *stream, struct connection *connection, enum stream_outcome outcome)
{
	struct stream_tls *tls = connection->tls;

	if (tls->is_over)
		return;
	tls->is_over = true;
	if (tls->is_told && outcome == STREAM_LOST)
		stream->broken_sessions++;
	tell(stream, connection, outcome == STREAM_ENDED ? outcome_of_end(tls) : outcome);
	forget(stream, tls);
}

/* Its records cannot be told any more: the exchanges that are open are lost with it. */
static void lose(struct stream *stream, struct connection *connection)
{
	stream_tls_end(stream, connection, STREAM_LOST);
	connection_lose_order(stream, connection);
}

/* ---- protected records ---- */

static void handshake_is_done(
	struct stream *stream, struct connection *connection, uint64_t time_ns)
{
	struct stream_tls *tls = connection->tls;

	tls->session.done_ns = time_ns;
	buf_done(&tls->transcript);
	buf_done(&tls->halves[SIDE_REQUEST].messages);
	buf_done(&tls->halves[SIDE_ANSWER].messages);
}

/* Its client speaks first, and what it says must be a request. */
static bool is_http(const struct connection *connection, enum side_name name, struct slice bytes)
{
	struct message message;

	return name == SIDE_REQUEST && !str_equal(connection->tls->session.server.alpn, "h2") &&
	       connection->protocol->request(bytes, 0, &message) >= 0;
}

static void got_data(struct stream *stream, struct connection *connection, enum side_name name,
	struct side_input input)
{
	struct stream_tls *tls = connection->tls;

	if (input.bytes.length == 0 && input.unseen_bytes == 0)
		return;
	if (!tls->is_known && !stream_dialogue_match(stream, connection, name, input.bytes) &&
		!is_http(connection, name, input.bytes)) {
		stream_tls_end(stream, connection, STREAM_NOT_HTTP);
		return;
	}
	if (!tls->is_known) {
		tls->is_known = true;
		tell(stream, connection, STREAM_READ);
	}
	if (connection->protocol->dialogue) {
		stream_dialogue_read(stream, connection, name, input);
		return;
	}
	if (name == SIDE_REQUEST)
		order_settle_request(stream, connection, input.bytes);
	side_read(stream, connection, name, input);
}

/* Alerts of a handshake say why it failed; the one at the end says that it is over. */
static void got_alert(struct stream_tls *tls, struct slice plain)
{
	if (plain.length >= 2 && !tls->session.done_ns)
		tls->session.alert = plain.data[1];
}

/* A Finished is the last message of its flight, and nothing shares its record behind it. */
static bool ends_with_finished(const struct tls_suite *suite, struct slice plain)
{
	size_t bytes = suite->version == TLS_VERSION_13 ? tls_hash_bytes(suite) : 12;
	const uint8_t head[TLS_HANDSHAKE_HEAD] = { TLS_FINISHED, 0, 0, (uint8_t)bytes };

	return plain.length >= sizeof(head) + bytes &&
	       memcmp(plain.data + plain.length - bytes - sizeof(head), head, sizeof(head)) == 0;
}

/* A handshake message under protection: the end of the handshake, or, afterwards, other keys. */
static void got_protected(struct stream *stream, struct connection *connection, enum side_name name,
	const struct side_input *input)
{
	struct stream_tls *tls = connection->tls;
	struct half *half = &tls->halves[name];
	struct slice plain = input->bytes;

	if (half->phase == HALF_TRAFFIC && tls->suite->version == TLS_VERSION_13) {
		if (plain.data[0] == TLS_KEY_UPDATE &&
			tls_direction_update(tls->suite, &tls->room->directions[name]) < 0)
			lose(stream, connection);
		return;
	}
	if (name == SIDE_ANSWER && half->phase == HALF_HANDSHAKE)
		(void)tls_read_encrypted_extensions(plain, &tls->session.server);
	if (!ends_with_finished(tls->suite, plain))
		return;
	if (half->phase == HALF_HANDSHAKE) {
		half->phase = HALF_TRAFFIC;
		half->has_keys = false;
	}
	/* In a full handshake the client's comes first in TLS 1.2, last in TLS 1.3. */
	if (name == SIDE_REQUEST || tls->suite->version == TLS_VERSION_12)
		handshake_is_done(stream, connection, input->time_ns);
}

/* Takes the type and the padding off the end of what TLS 1.3 protects (RFC 8446, 5.4). */
static uint8_t strip_type(struct slice *plain)
{
	while (plain->length > 0) {
		uint8_t last = plain->data[--plain->length];

		if (last)
			return last;
	}
	return 0;
}

/* Opens a record. In TLS 1.3 the end of a record tells its type, so that a long one that is cut can
 * only be data: handshake messages come whole. */
static void open_record(struct stream *stream, struct connection *connection, enum side_name name,
	const struct waiting *record)
{
	struct stream_tls *tls = connection->tls;
	struct tls_direction *direction = &tls->room->directions[name];
	struct tls_record input = { .length = record->length,
		.body = { record->data + TLS_RECORD_HEAD, record->bytes - TLS_RECORD_HEAD } };
	uint8_t bytes[TLS_RECORD_LONGEST], type = record->data[0];
	struct slice plain = { bytes, 0 };
	struct side_input result = { .time_ns = record->time_ns };
	int proof;

	memcpy(input.head, record->data, TLS_RECORD_HEAD);
	proof = tls_open_record(stream->opener, tls->suite, direction, &input, &plain);
	if (proof < 0 || (proof == 0 && tls->halves[name].phase == HALF_HANDSHAKE)) {
		lose(stream, connection);
		return;
	}
	direction->number++;
	if (proof == 0) {
		/* Where only the tag is cut, the type in front of it is there. */
		plain.length = MIN(plain.length, tls_plain_bytes(tls->suite, record->length));
		result.unseen_bytes = tls_plain_bytes(tls->suite, record->length) - plain.length;
	} else if (tls->suite->version == TLS_VERSION_13) {
		type = strip_type(&plain);
	}
	result.bytes = plain;
	if (type == TLS_APPLICATION)
		got_data(stream, connection, name, result);
	else if (type == TLS_HANDSHAKE && plain.length > 0)
		got_protected(stream, connection, name, &result);
	else if (type == TLS_ALERT)
		got_alert(tls, plain);
}

/* ---- records that wait ---- */

static int keep(struct stream_tls *tls, const struct waiting *record)
{
	size_t size = sizeof(*record) + record->bytes;
	struct waiting *kept;

	if (tls->waiting_bytes + size > WAITING_BYTES_MAXIMUM)
		return -ENOBUFS;
	kept = malloc(size);
	if (!kept)
		return -ENOMEM;
	memcpy(kept, record, size);
	kept->next = NULL;
	if (tls->last)
		tls->last->next = kept;
	else
		tls->first = kept;
	tls->last = kept;
	tls->waiting_bytes += size;
	return 0;
}

static void release(struct stream *stream, struct connection *connection)
{
	struct stream_tls *tls = connection->tls;

	while (tls->first && stream_tls_find_keys(stream, tls, tls->first->name) == 0) {
		struct waiting *waiting = tls->first;

		tls->first = waiting->next;
		if (!tls->first)
			tls->last = NULL;
		tls->waiting_bytes -= sizeof(*waiting) + waiting->bytes;
		open_record(stream, connection, waiting->name, waiting);
		free(waiting);
		if (tls->is_over)
			return;
	}
}

static bool is_of_watched_end(const struct connection *connection, enum side_name name)
{
	return (connection->origin.role == ROLE_CLIENT) == (name == SIDE_REQUEST);
}

static void got_encrypted(struct stream *stream, struct connection *connection, enum side_name name,
	const struct waiting *record)
{
	struct stream_tls *tls = connection->tls;

	if (!tls->room) {
		stream_tls_end(stream, connection, STREAM_NOT_TLS);
		return;
	}
	release(stream, connection);
	if (tls->is_over)
		return;
	if (!tls->first && stream_tls_find_keys(stream, tls, name) == 0)
		open_record(stream, connection, name, record);
	else if (is_of_watched_end(connection, name) || keep(tls, record) < 0)
		stream_tls_end(stream, connection, STREAM_NO_SECRET);
}

/* ---- records ---- */

/* From here on the direction is protected. */
static void protect(struct stream_tls *tls, enum side_name name)
{
	bool is_13 = tls->suite && tls->suite->version == TLS_VERSION_13;

	tls->halves[name].phase = is_13 ? HALF_HANDSHAKE : HALF_TRAFFIC;
}

static void got_record(struct stream *stream, struct connection *connection, enum side_name name,
	const struct waiting *record)
{
	struct stream_tls *tls = connection->tls;
	struct half *half = &tls->halves[name];
	struct slice body = { record->data + TLS_RECORD_HEAD, record->bytes - TLS_RECORD_HEAD };
	uint8_t type = record->data[0];
	bool is_13 = tls->suite && tls->suite->version == TLS_VERSION_13;

	if (type == TLS_CHANGE_CIPHER) {
		/* In TLS 1.3 it means nothing (RFC 8446, 5). */
		if (!is_13 && half->phase == HALF_CLEAR)
			protect(tls, name);
		return;
	}
	if (half->phase == HALF_CLEAR && type == TLS_APPLICATION)
		protect(tls, name);
	if (half->phase != HALF_CLEAR)
		got_encrypted(stream, connection, name, record);
	else if (body.length < record->length)
		lose(stream, connection);
	else if (type == TLS_HANDSHAKE)
		stream_tls_hello(stream, connection, name, body);
	else
		got_alert(tls, body);
}

/* The record of the half is over: all its bytes went by. */
static void end_record(
	struct stream *stream, struct connection *connection, enum side_name name, uint64_t time_ns)
{
	struct half *half = &connection->tls->halves[name];
	_cleanup_(freep)
	struct waiting *record = malloc(sizeof(*record) + half->record.length);

	if (!record) {
		lose(stream, connection);
		return;
	}
	*record = (struct waiting){ .name = name,
		.time_ns = time_ns,
		.length = half->seen - TLS_RECORD_HEAD,
		.bytes = half->record.length };
	memcpy(record->data, half->record.data, half->record.length);
	/* A connection that waits for its next request holds little. */
	if (half->record.capacity > RECORD_BYTES_KEPT)
		buf_done(&half->record);
	buf_clear(&half->record);
	half->seen = 0;
	got_record(stream, connection, name, record);
}

/* Takes bytes from the front of the input that belong to the record at hand, up to its end. Returns
 * 0, or -EBADMSG when no record is there. */
static int take_bytes(struct half *half, struct side_input *input, bool *ret_is_over)
{
	bool has_head = half->seen >= TLS_RECORD_HEAD;
	struct tls_head head = { 0 };
	size_t wanted, taken;

	if (has_head && half->record.length < TLS_RECORD_HEAD)
		return -EBADMSG; /* no memory */
	if (has_head &&
		tls_read_head((struct slice){ (const uint8_t *)half->record.data, TLS_RECORD_HEAD },
			&head) != 1)
		return -EBADMSG;
	wanted = TLS_RECORD_HEAD + head.length - half->seen;
	taken = MIN(wanted, input->bytes.length);
	/* Behind a gap nothing more of the record is of use. */
	if (half->record.length == half->seen)
		buf_append(&half->record, input->bytes.data, taken);
	half->seen += taken;
	input->bytes.data += taken;
	input->bytes.length -= taken;
	wanted -= taken;
	if (wanted > 0 && input->unseen_bytes > 0) {
		taken = MIN(wanted, input->unseen_bytes);
		/* Where the next record begins nobody knows. */
		if (!has_head)
			return -EBADMSG;
		half->seen += taken;
		input->unseen_bytes -= taken;
		wanted -= taken;
	}
	*ret_is_over = has_head && wanted == 0;
	return 0;
}

void stream_tls_read(struct stream *stream, struct connection *connection, enum side_name name,
	struct side_input input)
{
	struct stream_tls *tls = connection->tls;

	if (!tls->session.hello_ns)
		tls->session.hello_ns = input.time_ns;
	while (!tls->is_over && (input.bytes.length > 0 || input.unseen_bytes > 0)) {
		bool is_over = false;

		if (take_bytes(&tls->halves[name], &input, &is_over) < 0)
			lose(stream, connection);
		else if (is_over)
			end_record(stream, connection, name, input.time_ns);
	}
}

void stream_tls_older(struct stream *stream, const struct packet_common *origin)
{
	const struct stream_session session = {
		.origin = origin, .hello_ns = origin->header.time_ns, .outcome = STREAM_OLDER
	};

	if (stream->keys && !stream_is_foreign(stream, origin))
		stream->options.session(stream->options.context, &session);
}

int stream_use_keys(struct stream *stream, struct key_store *keys)
{
	if (keys && !stream->opener && tls_opener_new(&stream->opener) < 0)
		return -ENOMEM;
	for (struct connection *connection = map_first(stream->connections); connection && !keys;
		connection = map_next(stream->connections, connection))
		if (connection->tls)
			stream_tls_end(stream, connection, STREAM_ENDED);
	stream->keys = keys;
	return 0;
}

uint64_t stream_broken_sessions(const struct stream *stream)
{
	return stream->broken_sessions;
}
