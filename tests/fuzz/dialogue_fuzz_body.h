/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a fuzz target for a protocol with a memory:
 *
 *	extern const struct protocol redis_protocol;
 *	DIALOGUE_FUZZ(redis_protocol)
 *
 * The input is a conversation: a byte that says whose bytes follow (lowest bit: the server's; next
 * bit: they are lost), a byte that says how many, the bytes. tools/dialogue-seed makes such a file
 * from a recorded case. What must hold: without losses the exchanges do not depend on how the bytes
 * are cut; all that begin end once, or are lost; texts are printable; no piece is empty.
 */
#ifndef SKEP_TESTS_DIALOGUE_FUZZ_BODY_H
#define SKEP_TESTS_DIALOGUE_FUZZ_BODY_H

#include "../dialogue.h"

enum fuzz_way { FUZZ_CHUNKS, FUZZ_BYTES, FUZZ_HALVES };

static inline void fuzz_say(struct talk *talk, enum fuzz_way way, enum dialogue_side side,
	const uint8_t *bytes, size_t length)
{
	if (way == FUZZ_BYTES) {
		talk_drip(talk, side, bytes, length);
		return;
	}
	if (way == FUZZ_HALVES && length > 1) {
		talk_feed(talk, side, bytes, length / 2, 0);
		bytes += length / 2;
		length -= length / 2;
	}
	talk_feed(talk, side, bytes, length, 0);
}

/* Returns whether bytes were lost. */
static inline bool fuzz_talk(struct talk *talk, enum fuzz_way way, const uint8_t *data, size_t size)
{
	bool is_lossy = false;

	while (size > 2) {
		enum dialogue_side side = data[0] & 1 ? DIALOGUE_SERVER : DIALOGUE_CLIENT;
		size_t length = MIN((size_t)data[1] + 1, size - 2);

		if (data[0] & 2)
			talk_feed(talk, side, NULL, 0, length);
		else
			fuzz_say(talk, way, side, data + 2, length);
		is_lossy |= (data[0] & 2) != 0;
		data += 2 + length;
		size -= 2 + length;
	}
	return is_lossy;
}

static inline bool fuzz_run(
	const struct protocol *protocol, enum fuzz_way way, struct slice input, struct buf *text)
{
	struct talk talk;
	bool is_lossy;

	talk_init(&talk, protocol);
	is_lossy = fuzz_talk(&talk, way, input.data, input.length);
	/* Where it is found again depends on where packets begin. */
	is_lossy |= talk.has_lost;
	buf_append_string(text, talk_end(&talk));
	TALK_REQUIRE(talk.finished + talk.lost >= talk.reader.begun);
	talk_done(&talk);
	return is_lossy;
}

static inline int dialogue_fuzz(const struct protocol *protocol, const uint8_t *data, size_t size)
{
	struct slice input = { data, size };
	struct buf chunks = { .maximum = TALK_TEXT_MAXIMUM };

	if (!fuzz_run(protocol, FUZZ_CHUNKS, input, &chunks)) {
		for (enum fuzz_way way = FUZZ_BYTES; way <= FUZZ_HALVES; way++) {
			struct buf other = { .maximum = TALK_TEXT_MAXIMUM };

			fuzz_run(protocol, way, input, &other);
			if (strcmp(buf_text(&chunks), buf_text(&other)) != 0) {
				fprintf(stderr, "in chunks:\n%scut otherwise:\n%s",
					buf_text(&chunks), buf_text(&other));
				abort();
			}
			buf_done(&other);
		}
	}
	buf_done(&chunks);
	return 0;
}

#define DIALOGUE_FUZZ(protocol)                                                                    \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);                              \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                               \
	{                                                                                          \
		return dialogue_fuzz(&(protocol), data, size);                                     \
	}

#endif
