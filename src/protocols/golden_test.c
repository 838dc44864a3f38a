/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded conversations, for every protocol alike. tests/golden/protocols/NAME/CASE.in holds what
 * a client sent over one connection, CASE.out what the server sent, CASE.json what NAME's parser
 * has to make of both. Each side is fed whole, split in two at every byte, and byte by
 * byte: the result must be the same. tools/record-exchange makes cases from real programs.
 */
#include "protocols/message.h"

#include <dirent.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "../tests/golden.h"

#define FOLDER		 "tests/golden/protocols"
#define MESSAGES_MAXIMUM 64
#define CASES_MAXIMUM	 1024

struct exchange {
	const struct protocol *protocol;
	char name[64];
};

/* One direction of a connection while its bytes come in. */
struct side {
	const struct protocol *protocol;
	const struct side *requests; /* for answers: the other side; NULL for requests */
	size_t answered;	     /* requests whose final answer was seen */
	struct message messages[MESSAGES_MAXIMUM];
	uint64_t body_bytes[MESSAGES_MAXIMUM];
	size_t count;
	bool is_in_body;
	struct body_scan scan;
	const char *end; /* why nothing more is read */
};

static const struct message no_request;

/* An exact copy, so that the sanitizer sees a parser that reads on. */
static struct slice copy_slice(struct slice source)
{
	uint8_t *copy = malloc(MAX(source.length, 1U));

	assert_non_null(copy);
	if (source.length > 0)
		memcpy(copy, source.data, source.length);
	return (struct slice){ copy, source.length };
}

static int parse(const struct side *side, struct slice bytes, unsigned int flags,
	struct message *ret_message)
{
	const struct message *request = &no_request;
	struct slice copy = copy_slice(bytes);
	int result;

	if (side->requests && side->answered < side->requests->count)
		request = &side->requests->messages[side->answered];
	result = side->requests ? side->protocol->response(copy, flags, request, ret_message)
				: side->protocol->request(copy, flags, ret_message);
	free((void *)copy.data);
	return result;
}

/* Reads a head; returns the bytes used, 0 when there is no whole one. */
static size_t take_head(struct side *side, struct slice bytes)
{
	struct message *message = &side->messages[side->count];
	int result = parse(side, bytes, 0, message);

	if (result < 0)
		side->end = strerrorname_np(-result);
	if (result <= 0)
		return 0;
	assert_in_range(message->head_bytes, 1, bytes.length);
	side->answered += !message->is_interim;
	side->body_bytes[side->count++] = 0;
	side->is_in_body = message->body != BODY_NONE;
	side->scan = (struct body_scan){ 0 };
	if (message->body == BODY_TUNNEL)
		side->end = "tunnel";
	else if (side->count == MESSAGES_MAXIMUM)
		side->end = "too many messages";
	return message->head_bytes;
}

static size_t take_body(struct side *side, struct slice bytes)
{
	const struct message *message = &side->messages[side->count - 1];
	uint64_t *seen = &side->body_bytes[side->count - 1];
	size_t used = bytes.length;

	if (message->body == BODY_LENGTH) {
		used = (size_t)MIN(message->body_bytes - *seen, bytes.length);
		side->is_in_body = *seen + used < message->body_bytes;
	} else if (message->body == BODY_CHUNKED) {
		struct slice copy = copy_slice(bytes);
		int result = side->protocol->body(&side->scan, copy, &used);

		free((void *)copy.data);
		assert_true(used <= bytes.length);
		assert_true(result != 0 || used == bytes.length);
		if (result < 0) {
			side->end = strerrorname_np(-result);
			return 0;
		}
		side->is_in_body = result == 0;
	}
	*seen += used;
	return used;
}

/* Goes on at *at with the first available bytes of the side. */
static void advance(struct side *side, struct slice bytes, size_t available, size_t *at)
{
	while (!side->end && *at < available) {
		struct slice rest = { bytes.data + *at, available - *at };
		size_t used = side->is_in_body ? take_body(side, rest) : take_head(side, rest);

		*at += used;
		if (used == 0)
			return;
	}
}

static struct side *read_side(
	const struct side *like, struct slice bytes, size_t split, size_t step)
{
	struct side *side = calloc(1, sizeof(*side));
	size_t at = 0;

	assert_non_null(side);
	side->protocol = like->protocol;
	side->requests = like->requests;
	for (size_t available = split; available < bytes.length; available += step)
		advance(side, bytes, available, &at);
	advance(side, bytes, bytes.length, &at);
	if (!side->end && side->is_in_body &&
		side->messages[side->count - 1].body == BODY_UNTIL_CLOSE)
		side->end = "close";
	else if (!side->end)
		side->end = at < bytes.length || side->is_in_body ? "cut" : "whole";
	return side;
}

static void set_text(json_t *object, const char *key, const char *text)
{
	json_t *value = json_string(text);

	if (!value)
		fail_msg("%s is not UTF-8", key);
	if (text[0] != '\0')
		json_object_set_new(object, key, json_incref(value));
	json_decref(value);
}

static void set_flag(json_t *object, const char *key, bool is_set)
{
	if (is_set)
		json_object_set_new(object, key, json_true());
}

static json_t *message_json(const struct message *message, uint64_t body_bytes)
{
	static const char *const bodies[] = {
		[BODY_NONE] = "",
		[BODY_LENGTH] = "length",
		[BODY_CHUNKED] = "chunked",
		[BODY_UNTIL_CLOSE] = "until close",
		[BODY_TUNNEL] = "tunnel",
	};
	json_t *object = json_object();
	char client[ADDRESS_TEXT_BYTES];

	set_text(object, "operation", message->operation);
	set_text(object, "status", message->status);
	set_text(object, "host", message->host);
	set_text(object, "target", message->target);
	set_text(object, "detail", message->detail);
	set_text(object, "client_address",
		address_format(&message->client_address, client, sizeof(client)));
	json_object_set_new(object, "head_bytes", json_integer(message->head_bytes));
	if (message->prefix_bytes)
		json_object_set_new(object, "prefix_bytes", json_integer(message->prefix_bytes));
	set_text(object, "body", bodies[message->body]);
	if (message->body != BODY_NONE && message->body != BODY_TUNNEL)
		json_object_set_new(object, "body_bytes", json_integer((json_int_t)body_bytes));
	set_flag(object, "is_interim", message->is_interim);
	set_flag(object, "is_error", message->is_error);
	set_flag(object, "is_client_error", message->is_client_error);
	set_flag(object, "is_ambiguous", message->is_ambiguous);
	set_flag(object, "is_head_request", message->is_head_request);
	set_flag(object, "is_connect_request", message->is_connect_request);
	set_flag(object, "wants_upgrade", message->wants_upgrade);
	set_flag(object, "expects_continue", message->expects_continue);
	return object;
}

static json_t *side_json(const struct side *side)
{
	json_t *object = json_object();
	json_t *list = json_array();

	for (size_t index = 0; index < side->count; index++)
		json_array_append_new(
			list, message_json(&side->messages[index], side->body_bytes[index]));
	json_object_set_new(object, "messages", list);
	json_object_set_new(object, "end", json_string(side->end));
	return object;
}

/* A head that is cut anywhere gives something or is refused; it is never waited for. */
static void check_cuts(const struct side *like, struct slice bytes)
{
	struct message message;

	for (size_t length = 0; length < bytes.length; length++) {
		int result =
			parse(like, (struct slice){ bytes.data, length }, MESSAGE_CUT, &message);

		assert_true(result == 1 || result == -EBADMSG);
		assert_true(result < 0 || message.head_bytes <= length);
	}
}

static struct side *check_side(const struct side *like, struct slice bytes, const char *name)
{
	struct side *whole = read_side(like, bytes, bytes.length, 1);
	json_t *expected = side_json(whole);

	for (size_t split = 0; split < bytes.length; split++) {
		/* Split 0 stands for byte by byte. */
		struct side *side = read_side(like, bytes, split, split == 0 ? 1 : bytes.length);
		json_t *found = side_json(side);

		if (!json_equal(expected, found))
			fail_msg("%s: split at %zu gives: %s", name, split,
				json_dumps(found, JSON_INDENT(2)));
		json_decref(found);
		free(side);
	}
	json_decref(expected);
	check_cuts(like, bytes);
	return whole;
}

static void test_exchange(void **state)
{
	const struct exchange *exchange = *state;
	struct side like = { .protocol = exchange->protocol };
	_cleanup_(buf_done)
	struct buf sent = { .maximum = GOLDEN_BYTES_MAXIMUM };
	_cleanup_(buf_done)
	struct buf answered = { .maximum = GOLDEN_BYTES_MAXIMUM };
	_cleanup_(freep)
	struct side *requests = NULL;
	_cleanup_(freep)
	struct side *responses = NULL;
	char path[320];
	json_t *found;
	char *text;

	snprintf(path, sizeof(path), FOLDER "/%s/%s.in", like.protocol->name, exchange->name);
	assert_return_code(file_read(AT_FDCWD, path, &sent), 0);
	snprintf(path, sizeof(path), FOLDER "/%s/%s.out", like.protocol->name, exchange->name);
	assert_return_code(file_read(AT_FDCWD, path, &answered), 0);
	requests =
		check_side(&like, (struct slice){ (const uint8_t *)sent.data, sent.length }, path);
	like.requests = requests;
	responses = check_side(
		&like, (struct slice){ (const uint8_t *)answered.data, answered.length }, path);
	found = json_pack(
		"{s:o, s:o}", "requests", side_json(requests), "responses", side_json(responses));
	text = json_dumps(found, JSON_INDENT(2));
	json_decref(found);
	snprintf(path, sizeof(path), "protocols/%s/%s.json", like.protocol->name, exchange->name);
	golden_check(path, text);
	free(text);
}

/* Appends the cases of a protocol to the list; returns how many there are. */
static size_t find_cases(const struct protocol *protocol, struct exchange *exchanges, size_t room)
{
	char path[128];
	struct dirent **entries;
	size_t count = 0;
	int found;

	snprintf(path, sizeof(path), FOLDER "/%s", protocol->name);
	found = scandir(path, &entries, NULL, alphasort);
	for (int index = 0; index < found; index++) {
		char *suffix = strrchr(entries[index]->d_name, '.');

		if (suffix && strcmp(suffix, ".in") == 0 && count < room) {
			struct exchange *exchange = &exchanges[count++];

			exchange->protocol = protocol;
			snprintf(exchange->name, sizeof(exchange->name), "%.*s",
				(int)(suffix - entries[index]->d_name), entries[index]->d_name);
		}
		free(entries[index]);
	}
	if (found >= 0)
		free(entries);
	return count;
}

static bool is_folder_filled(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry = NULL;

	while (folder && (entry = readdir(folder)) != NULL && entry->d_name[0] == '.')
		;
	if (folder)
		closedir(folder);
	return entry != NULL;
}

static void test_each_protocol_is_complete(void **state)
{
	static struct exchange exchanges[CASES_MAXIMUM];
	size_t count;
	const struct protocol *const *protocols = protocols_all(&count);

	for (size_t index = 0; index < count; index++) {
		const struct protocol *protocol = protocols[index];
		char path[128];

		if (!protocol->summary || protocol->summary[0] == '\0')
			fail_msg("%s has no summary", protocol->name);
		if (find_cases(protocol, exchanges, CASES_MAXIMUM) == 0)
			fail_msg("%s has no case in " FOLDER, protocol->name);
		snprintf(path, sizeof(path), "tests/fuzz/%s_fuzz.c", protocol->name);
		if (access(path, R_OK) < 0)
			fail_msg("%s has no %s", protocol->name, path);
		snprintf(path, sizeof(path), "tests/fuzz/seeds/%s", protocol->name);
		if (!is_folder_filled(path))
			fail_msg("%s has no seeds in %s", protocol->name, path);
	}
}

int main(void)
{
	static struct exchange exchanges[CASES_MAXIMUM];
	static struct CMUnitTest tests[CASES_MAXIMUM + 1];
	size_t protocol_count;
	const struct protocol *const *protocols = protocols_all(&protocol_count);
	size_t count = 0;

	/* Those with a memory read both sides together: dialogue_golden_test.c. */
	for (size_t index = 0; index < protocol_count; index++)
		if (!protocols[index]->dialogue)
			count += find_cases(
				protocols[index], exchanges + count, CASES_MAXIMUM - count);
	for (size_t index = 0; index < count; index++)
		tests[index] = (struct CMUnitTest){ .name = exchanges[index].name,
			.test_func = test_exchange,
			.initial_state = &exchanges[index] };
	tests[count] = (struct CMUnitTest)cmocka_unit_test(test_each_protocol_is_complete);
	return _cmocka_run_group_tests("golden", tests, count + 1, NULL, NULL);
}
