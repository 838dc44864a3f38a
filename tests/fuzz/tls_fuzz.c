/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS from arbitrary bytes. The first byte chooses: 0 to 2 a ClientHello, a ServerHello,
 * EncryptedExtensions; 3 a record's head; else pieces of a connection whose secrets are known, each
 * behind two bytes: direction (1) and whether its second half was not sent up (2), length. What
 * must hold: nothing is written without success, texts are printable, a connection is told once.
 */
#include "../tests/tls_conversation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static void check_text(const char *text, size_t size)
{
	REQUIRE(memchr(text, '\0', size) != NULL);
	for (; *text; text++)
		REQUIRE((uint8_t)*text >= ' ' && *text != 0x7f);
}

static void check_hello(uint8_t mode, struct slice bytes)
{
	struct tls_hello hello, before;
	int r;

	memset(&hello, 0, sizeof(hello));
	before = hello;
	if (mode == 0)
		r = tls_read_client_hello(bytes, &hello);
	else if (mode == 1)
		r = tls_read_server_hello(bytes, &hello);
	else
		r = tls_read_encrypted_extensions(bytes, &hello);
	REQUIRE(r == 0 || r == -EBADMSG);
	REQUIRE(r == 0 || memcmp(&hello, &before, sizeof(hello)) == 0);
	REQUIRE(hello.session_bytes <= sizeof(hello.session));
	check_text(hello.server_name, sizeof(hello.server_name));
	check_text(hello.alpn, sizeof(hello.alpn));
}

static void check_head(struct slice bytes)
{
	struct tls_head head = { 0 };
	int whole = tls_read_head(bytes, &head);

	for (size_t length = 0; length < MIN(bytes.length, TLS_RECORD_HEAD); length++) {
		int r = tls_read_head((struct slice){ bytes.data, length }, &head);

		REQUIRE(r != 1 && (whole < 0 || r == 0));
	}
	REQUIRE(whole != 1 || (head.length > 0 && head.length <= TLS_RECORD_LONGEST));
}

static void note_exchange(void *context, struct request_event *event)
{
	REQUIRE(event->is_encrypted);
	check_text(event->detail, sizeof(event->detail));
}

static void note_session(void *context, const struct stream_session *session)
{
	unsigned int *count = context;

	REQUIRE(session->outcome < STREAM_OUTCOMES);
	(*count)++;
}

static void check_connection(uint8_t role, struct slice bytes)
{
	unsigned int sessions = 0;
	const struct stream_options options = { .maximum_connections = 2,
		.exchange = note_exchange,
		.session = note_session,
		.context = &sessions };
	const struct packet_close close = {
		.common = { .cookie = 7, .protocol = PROTOCOL_tls, .flags = PACKET_IS_ORDERED }
	};
	size_t places[2] = { 0, 0 };
	struct feature_counts counts = { 0 };
	struct fail fail;
	struct key_store *store;
	struct stream *stream;

	REQUIRE(key_store_new(4, 2, &store, &fail) == 0);
	REQUIRE(stream_new(&options, &stream) == 0 && stream_use_keys(stream, store) == 0);
	conversation_tell_secrets(store);
	while (bytes.length > 2) {
		struct conversation_piece piece = { .role = role };
		size_t side = bytes.data[0] & 1;

		piece.length = MIN(bytes.data[1], bytes.length - 2);
		piece.bytes = (struct slice){ bytes.data + 2,
			bytes.data[0] & 2 ? piece.length / 2 : piece.length };
		piece.place = places[side];
		piece.flags = side ? PACKET_IS_ANSWER : 0;
		if (piece.length > 0)
			conversation_send(stream, &piece);
		places[side] += piece.length;
		bytes.data += 2 + piece.length;
		bytes.length -= 2 + piece.length;
	}
	stream_close(stream, &close);
	REQUIRE(sessions == (places[0] + places[1] > 0));
	REQUIRE(stream_in_flight(stream) == 0);
	stream_add_counts(stream, PROTOCOL_http, &counts);
	for (size_t i = 0; i < COUNT_MAXIMUM; i++)
		counts.reported += counts.lost[i];
	REQUIRE(counts.seen == counts.reported);
	stream_free(stream);
	key_store_free(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { data + 1, size - 1 };

	if (size == 0)
		return 0;
	if (data[0] < 3)
		check_hello(data[0], bytes);
	else if (data[0] == 3)
		check_head(bytes);
	else
		check_connection(data[0] & 1 ? ROLE_SERVER : ROLE_CLIENT, bytes);
	return 0;
}
