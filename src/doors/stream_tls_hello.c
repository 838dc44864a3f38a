/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a handshake that is in clear, and the keys that follow from it: see stream_tls.h.
 */
#include "doors/stream_tls.h"

static int transcript_hash(const struct stream_tls *tls, uint8_t *ret_hash)
{
	const struct slice part = { (const uint8_t *)tls->transcript.data, tls->transcript.length };

	return tls_hash(tls->suite, &part, 1, ret_hash);
}

/* A hash stands in the place of the first ClientHello (RFC 8446, 4.4.1). */
static int transcript_retry(struct stream_tls *tls, struct slice retry)
{
	uint8_t message[TLS_HANDSHAKE_HEAD + TLS_HASH_BYTES] = { TLS_MESSAGE_HASH };
	size_t bytes = tls_hash_bytes(tls->suite);

	message[3] = (uint8_t)bytes;
	if (transcript_hash(tls, message + TLS_HANDSHAKE_HEAD) < 0)
		return -ENOTSUP;
	buf_clear(&tls->transcript);
	buf_append(&tls->transcript, message, TLS_HANDSHAKE_HEAD + bytes);
	return buf_append(&tls->transcript, retry.data, retry.length);
}

static void got_server_hello(
	struct stream *stream, struct connection *connection, struct slice message)
{
	struct stream_tls *tls = connection->tls;
	struct tls_hello *hello = &tls->session.server;

	if (tls_read_server_hello(message, hello) < 0) {
		stream_tls_end(stream, connection, STREAM_NOT_TLS);
		return;
	}
	tls->suite = tls_suite_find(hello->cipher);
	if (!tls->suite || tls->suite->version != hello->version) {
		tls->suite = NULL;
		stream_tls_end(stream, connection, STREAM_NO_CIPHER);
		return;
	}
	if (hello->is_retry) {
		if (transcript_retry(tls, message) < 0)
			stream_tls_end(stream, connection, STREAM_LIMIT);
		return;
	}
	if (hello->version == TLS_VERSION_12)
		hello->is_resumed = hello->session_bytes > 0 &&
				    hello->session_bytes == tls->session.client.session_bytes &&
				    memcmp(hello->session, tls->session.client.session,
					    hello->session_bytes) == 0;
	if (tls->session.client.has_early_data) {
		stream_tls_end(stream, connection, STREAM_EARLY_DATA);
		return;
	}
	tls->room = key_store_take_room(stream->keys);
	if (!tls->room || buf_append(&tls->transcript, message.data, message.length) < 0)
		stream_tls_end(stream, connection, STREAM_LIMIT);
}

static void got_message(struct stream *stream, struct connection *connection, enum side_name name,
	struct slice message)
{
	struct stream_tls *tls = connection->tls;

	if (name == SIDE_REQUEST && message.data[0] == TLS_CLIENT_HELLO) {
		if (tls_read_client_hello(message, &tls->session.client) < 0)
			stream_tls_end(stream, connection, STREAM_NOT_TLS);
		else if (buf_append(&tls->transcript, message.data, message.length) < 0)
			stream_tls_end(stream, connection, STREAM_LIMIT);
	} else if (name == SIDE_ANSWER && message.data[0] == TLS_SERVER_HELLO &&
		   tls->session.client.version && !tls->room) {
		got_server_hello(stream, connection, message);
	}
	/* What follows in clear, in TLS 1.2, tells nothing that is needed. */
}

void stream_tls_hello(struct stream *stream, struct connection *connection, enum side_name name,
	struct slice body)
{
	struct stream_tls *tls = connection->tls;
	struct buf *messages = &tls->halves[name].messages;
	size_t used = 0, length;

	if (buf_append(messages, body.data, body.length) < 0) {
		stream_tls_end(stream, connection, STREAM_LIMIT);
		return;
	}
	while (!tls->is_over) {
		struct slice rest = { (const uint8_t *)messages->data + used,
			messages->length - used };

		if (tls_handshake_length(rest, &length) <= 0)
			break;
		got_message(stream, connection, name, (struct slice){ rest.data, length });
		used += length;
	}
	if (tls->is_over)
		return;
	memmove(messages->data, messages->data + used, messages->length - used);
	messages->length -= used;
}

/* ---- keys ---- */

static const char *const traffic_labels[] = { "c ap traffic", "s ap traffic" };
static const char *const handshake_labels[] = { "c hs traffic", "s hs traffic" };

/* TLS 1.3: the handshake secret, by the hash of both hellos, and the keys of the handshake. */
static int find_handshake_secret(struct stream *stream, struct stream_tls *tls)
{
	size_t bytes = tls_hash_bytes(tls->suite);
	uint8_t hash[TLS_HASH_BYTES];
	const uint8_t *secret;
	int r = transcript_hash(tls, hash);

	if (r < 0)
		return r;
	secret = key_store_find(stream->keys, KEY_HANDSHAKE, (struct slice){ hash, bytes });
	if (!secret)
		return -ENOENT;
	for (size_t i = 0; i < ARRAY_LENGTH(handshake_labels) && r == 0; i++)
		r = tls_direction_derive(
			tls->suite, secret, handshake_labels[i], hash, &tls->room->directions[i]);
	/* The handshake secret itself is not needed any more, only what follows from it. */
	return r < 0 ? r : tls_master_secret(tls->suite, secret, tls->room->secret);
}

/* TLS 1.2: the master secret, by both randoms. */
static int find_master_secret(struct stream *stream, struct stream_tls *tls)
{
	struct tls_master master = { NULL, tls->session.client.random, tls->session.server.random };
	uint8_t randoms[2 * TLS_RANDOM_BYTES];

	memcpy(randoms, master.server_random, TLS_RANDOM_BYTES);
	memcpy(randoms + TLS_RANDOM_BYTES, master.client_random, TLS_RANDOM_BYTES);
	master.secret = key_store_find(
		stream->keys, KEY_MASTER, (struct slice){ randoms, sizeof(randoms) });
	if (!master.secret)
		return -ENOENT;
	return tls_directions_expand(tls->suite, &master, &tls->room->directions[SIDE_REQUEST],
		&tls->room->directions[SIDE_ANSWER]);
}

/* The keys of a direction's data, by the master secret, which the handshake secret led to. */
static int find_traffic_keys(struct stream *stream, struct stream_tls *tls, enum side_name name)
{
	const struct slice master = { tls->room->secret, tls_hash_bytes(tls->suite) };
	const uint8_t *hash = key_store_find(stream->keys, KEY_TRAFFIC, master);

	if (!hash)
		return -ENOENT;
	return tls_direction_derive(tls->suite, tls->room->secret, traffic_labels[name], hash,
		&tls->room->directions[name]);
}

int stream_tls_find_keys(struct stream *stream, struct stream_tls *tls, enum side_name name)
{
	struct half *half = &tls->halves[name];
	int r;

	if (half->has_keys)
		return 0;
	if (!tls->has_secret) {
		r = tls->suite->version == TLS_VERSION_13 ? find_handshake_secret(stream, tls)
							  : find_master_secret(stream, tls);
		if (r < 0)
			return r;
		tls->has_secret = true;
	}
	if (tls->suite->version == TLS_VERSION_13 && half->phase == HALF_TRAFFIC) {
		r = find_traffic_keys(stream, tls, name);
		if (r < 0)
			return r;
	}
	half->has_keys = true;
	return 0;
}
