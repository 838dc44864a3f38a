/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two recorded TLS conversations of two requests each (tests/golden/tls), the secrets that the key
 * door saw of them, and the way into a stream.
 */
#ifndef SKEP_TESTS_TLS_CONVERSATION_H
#define SKEP_TESTS_TLS_CONVERSATION_H

#include <stdio.h>

#include "doors/key_store.h"
#include "doors/stream.h"

#define CONVERSATION_START 1000

static const struct conversation_secret {
	enum key_kind kind;
	const char *secret;
	const char *context;
} conversation_secrets[] = {
	{ KEY_HANDSHAKE,
		"d1c9c8ca00e1195d1ca3b1e4723f652b6b7bd4185ce357d1f66c38d05380abdc6ffe6f96984f01823e"
		"e1ea0267a4580d",
		"5c730cb2cb80efe1f88bec840ce38042abc68dd12eb8f25250d7a7c5175226d552af4c4f63a9c3ab0c"
		"2645aa0164d4ab" },
	{ KEY_TRAFFIC,
		"891aaa3b870e6a9cbd68dca0e911d9534a62d6785f7727746aaa0cf38ee7f1c8b37fd3b501952f6d10"
		"a81bbb2e69d62e",
		"aba4ba38d317a4e95ea01a08c7986fba80cd0ac939d45d178ed0abe1b9275ccef5807af22749bcc507"
		"844f1c393cc718" },
	{ KEY_MASTER,
		"6286dbd8e16b794d5504e463e7d919d8ab698b1d61ef7ec66c1fc394a60623dbf1838fcc5a2b1854e3"
		"aee69071611a73",
		"5eda1e68ac4d96863e3faa2707dd0e30113b6393c4692a62444f574e4752440163294d49ce025a473d"
		"95e72210c84fb0592537175dfa13df0e2cf381998b240e" },
};

static inline uint8_t conversation_bytes(const char *text, uint8_t *ret_bytes)
{
	uint8_t count = 0;

	for (unsigned int byte; sscanf(text, "%2x", &byte) == 1; text += 2)
		ret_bytes[count++] = (uint8_t)byte;
	return count;
}

static inline void conversation_tell_secrets(struct key_store *store)
{
	for (size_t i = 0; i < ARRAY_LENGTH(conversation_secrets); i++) {
		struct key_slot slot = { .is_used = 1, .kind = conversation_secrets[i].kind };

		slot.secret_bytes = conversation_bytes(conversation_secrets[i].secret, slot.secret);
		slot.context_bytes =
			conversation_bytes(conversation_secrets[i].context, slot.context);
		key_store_add(store, &slot, 1);
	}
}

/* A piece of one direction, from place on; of its length only the first captured bytes are there.
 */
struct conversation_piece {
	struct slice bytes;
	size_t length;
	size_t place;
	uint16_t flags; /* PACKET_IS_ANSWER */
	uint8_t role;
};

static inline void conversation_send(struct stream *stream, const struct conversation_piece *piece)
{
	struct packet_segment *segment = calloc(1, sizeof(*segment) + piece->bytes.length);

	if (!segment)
		abort();
	segment->common.header.time_ns = CONVERSATION_START;
	segment->common.cookie = 7;
	segment->common.protocol = PROTOCOL_tls;
	segment->common.role = piece->role;
	segment->common.flags = PACKET_IS_ORDERED | PACKET_IS_HEAD | piece->flags;
	segment->seq = CONVERSATION_START + (uint32_t)piece->place;
	segment->start_seq = CONVERSATION_START;
	segment->length = (uint32_t)piece->length;
	segment->captured = (uint16_t)piece->bytes.length;
	if (piece->bytes.length > 0)
		memcpy(segment + 1, piece->bytes.data, piece->bytes.length);
	stream_segment(stream, segment);
	free(segment);
}

#endif
