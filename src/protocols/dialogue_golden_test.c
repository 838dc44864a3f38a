/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded conversations of protocols with a memory. tests/golden/protocols/NAME/CASE.in holds what
 * a client sent over one connection, CASE.out what the server sent, CASE.turns who said how many
 * bytes in which order, CASE.txt the exchanges. The conversation is read as it was said, byte by
 * byte, and cut in two at every byte: the result must be the same. tools/record-exchange makes
 * cases from real programs.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../tests/dialogue.h"
#include "../tests/golden.h"

#define FOLDER	      "tests/golden/protocols"
#define CASES_MAXIMUM 1024
/* Longer conversations are cut at so many places. */
#define CUTS_MAXIMUM  2000

struct recorded {
	const struct protocol *protocol;
	char name[64];
};

struct conversation {
	struct buf streams[2]; /* by enum dialogue_side */
	struct buf turns;
};

static void read_part(const struct recorded *recorded, const char *end, struct buf *part)
{
	char path[320];

	part->maximum = GOLDEN_BYTES_MAXIMUM;
	snprintf(path, sizeof(path), FOLDER "/%s/%s.%s", recorded->protocol->name, recorded->name,
		end);
	if (file_read(AT_FDCWD, path, part) < 0)
		fail_msg("%s cannot be read", path);
}

static void say(struct talk *talk, enum dialogue_side side, struct slice bytes, size_t cut)
{
	if (cut == 0) {
		talk_drip(talk, side, bytes.data, bytes.length);
		return;
	}
	if (cut < bytes.length) {
		talk_feed(talk, side, bytes.data, cut, 0);
		bytes.data += cut;
		bytes.length -= cut;
	}
	talk_feed(talk, side, bytes.data, bytes.length, 0);
}

/* cut: of the whole conversation, counted in the order in which it was said; 0: each byte alone. */
static void read_conversation(const struct protocol *protocol,
	const struct conversation *conversation, size_t cut, struct buf *text)
{
	const char *line = buf_text(&conversation->turns);
	size_t at[2] = { 0 }, passed = 0;
	struct talk talk;
	char word;
	size_t length;

	talk_init(&talk, protocol);
	while (sscanf(line, "%c %zu", &word, &length) == 2) {
		enum dialogue_side side = word == '<' ? DIALOGUE_SERVER : DIALOGUE_CLIENT;
		const struct buf *stream = &conversation->streams[side];
		struct slice bytes = { (const uint8_t *)stream->data + at[side], length };

		assert_true(at[side] + length <= stream->length);
		if (cut == 0)
			say(&talk, side, bytes, 0);
		else
			say(&talk, side, bytes, cut > passed ? cut - passed : SIZE_MAX);
		at[side] += length;
		passed += length;
		line = strchr(line, '\n') + 1;
	}
	buf_append_string(text, talk_end(&talk));
	talk_done(&talk);
}

/* Whoever speaks first is known by the first bytes. */
static void check_match(const struct protocol *protocol, const struct conversation *conversation)
{
	enum dialogue_side side =
		buf_text(&conversation->turns)[0] == '<' ? DIALOGUE_SERVER : DIALOGUE_CLIENT;
	const struct buf *stream = &conversation->streams[side];

	if (protocol->dialogue->match)
		assert_true(protocol->dialogue->match(
			side, (struct slice){ (const uint8_t *)stream->data, stream->length }));
}

static void test_case(void **state)
{
	const struct recorded *recorded = *state;
	struct conversation conversation = { 0 };
	struct buf whole = { .maximum = TALK_TEXT_MAXIMUM };
	char path[320];
	size_t total, step;

	read_part(recorded, "in", &conversation.streams[DIALOGUE_CLIENT]);
	read_part(recorded, "out", &conversation.streams[DIALOGUE_SERVER]);
	read_part(recorded, "turns", &conversation.turns);
	check_match(recorded->protocol, &conversation);
	total = conversation.streams[0].length + conversation.streams[1].length;
	step = total / CUTS_MAXIMUM + 1;
	read_conversation(recorded->protocol, &conversation, total, &whole);
	for (size_t cut = 0; cut < total; cut += step) {
		struct buf text = { .maximum = TALK_TEXT_MAXIMUM };

		read_conversation(recorded->protocol, &conversation, cut, &text);
		if (strcmp(buf_text(&text), buf_text(&whole)) != 0)
			fail_msg("%s: cut at %zu gives:\n%s", recorded->name, cut, buf_text(&text));
		buf_done(&text);
	}
	snprintf(path, sizeof(path), "protocols/%s/%s.txt", recorded->protocol->name,
		recorded->name);
	golden_check(path, buf_text(&whole));
	buf_done(&whole);
	buf_done(&conversation.streams[0]);
	buf_done(&conversation.streams[1]);
	buf_done(&conversation.turns);
}

static size_t find_cases(const struct protocol *protocol, struct recorded *cases, size_t room)
{
	char path[128];
	struct dirent **entries;
	size_t count = 0;
	int found;

	snprintf(path, sizeof(path), FOLDER "/%s", protocol->name);
	found = scandir(path, &entries, NULL, alphasort);
	for (int index = 0; index < found; index++) {
		const char *suffix = strrchr(entries[index]->d_name, '.');

		if (suffix && strcmp(suffix, ".in") == 0 && count < room) {
			cases[count].protocol = protocol;
			snprintf(cases[count].name, sizeof(cases[count].name), "%.*s",
				(int)(suffix - entries[index]->d_name), entries[index]->d_name);
			count++;
		}
		free(entries[index]);
	}
	if (found >= 0)
		free(entries);
	return count;
}

/* That there is a case of each protocol golden_test.c looks after. */
static void test_bounds_are_set(void **state)
{
	size_t count;
	const struct protocol *const *protocols = protocols_all(&count);

	for (size_t i = 0; i < count; i++) {
		const struct dialogue *dialogue = protocols[i]->dialogue;

		if (dialogue && (!dialogue->read || !dialogue->match || !dialogue->piece_bytes))
			fail_msg("%s lacks read, match or piece_bytes", protocols[i]->name);
	}
}

int main(void)
{
	static struct recorded cases[CASES_MAXIMUM];
	static struct CMUnitTest tests[CASES_MAXIMUM + 1];
	size_t protocol_count;
	const struct protocol *const *protocols = protocols_all(&protocol_count);
	size_t count = 0;

	for (size_t index = 0; index < protocol_count; index++)
		if (protocols[index]->dialogue)
			count += find_cases(protocols[index], cases + count, CASES_MAXIMUM - count);
	for (size_t index = 0; index < count; index++)
		tests[index] = (struct CMUnitTest){ .name = cases[index].name,
			.test_func = test_case,
			.initial_state = &cases[index] };
	tests[count] = (struct CMUnitTest)cmocka_unit_test(test_bounds_are_set);
	return _cmocka_run_group_tests("dialogue golden", tests, count + 1, NULL, NULL);
}
