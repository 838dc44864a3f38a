/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searching is memmem's, which is linear; a set of characters is short.
 */
#include "engine/store_text.h"

#include "base/base.h"

static struct slice text_of(sqlite3_value *value)
{
	const uint8_t *text = sqlite3_value_text(value);

	return (struct slice){ text, text ? (size_t)sqlite3_value_bytes(value) : 0 };
}

static struct slice blob_of(sqlite3_value *value)
{
	const uint8_t *blob = sqlite3_value_blob(value);

	return (struct slice){ blob, blob ? (size_t)sqlite3_value_bytes(value) : 0 };
}

static bool has_null(int count, sqlite3_value **values)
{
	for (int i = 0; i < count; i++)
		if (sqlite3_value_type(values[i]) == SQLITE_NULL)
			return true;
	return false;
}

/* Inside a character of UTF-8. The first byte of a text always begins one. */
static bool is_inside(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* ---- instr --------------------------------------------------------------------------------- */

static sqlite3_int64 byte_position(struct slice in, struct slice wanted)
{
	const uint8_t *at = memmem(in.data, in.length, wanted.data, wanted.length);

	return at ? at - in.data + 1 : 0;
}

static sqlite3_int64 character_position(struct slice in, struct slice wanted)
{
	const uint8_t *end = in.data + in.length;
	const uint8_t *at = in.data;
	sqlite3_int64 characters = 1;

	while ((at = memmem(at, (size_t)(end - at), wanted.data, wanted.length)) && at > in.data &&
		is_inside(*at))
		at++;
	if (!at)
		return 0;
	for (const uint8_t *byte = in.data; byte < at; byte++)
		characters += byte == in.data || !is_inside(*byte);
	return characters;
}

static void instr(sqlite3_context *context, int count, sqlite3_value **values)
{
	bool is_bytes = sqlite3_value_type(values[0]) == SQLITE_BLOB &&
			sqlite3_value_type(values[1]) == SQLITE_BLOB;
	struct slice in, wanted;

	if (has_null(count, values))
		return;
	in = is_bytes ? blob_of(values[0]) : text_of(values[0]);
	wanted = is_bytes ? blob_of(values[1]) : text_of(values[1]);
	if (wanted.length == 0)
		sqlite3_result_int(context, 1);
	else if (wanted.length > in.length)
		sqlite3_result_int(context, 0);
	else
		sqlite3_result_int64(context,
			is_bytes ? byte_position(in, wanted) : character_position(in, wanted));
}

/* ---- replace ------------------------------------------------------------------------------- */

static size_t occurrences(struct slice in, struct slice wanted)
{
	const uint8_t *end = in.data + in.length;
	size_t count = 0;

	for (const uint8_t *at = in.data;
		(at = memmem(at, (size_t)(end - at), wanted.data, wanted.length));
		at += wanted.length)
		count++;
	return count;
}

static void write_replaced(char *out, struct slice in, struct slice wanted, struct slice instead)
{
	const uint8_t *end = in.data + in.length;
	const uint8_t *from = in.data;
	const uint8_t *at;

	while ((at = memmem(from, (size_t)(end - from), wanted.data, wanted.length))) {
		out = mempcpy(out, from, (size_t)(at - from));
		out = mempcpy(out, instead.data, instead.length);
		from = at + wanted.length;
	}
	memcpy(out, from, (size_t)(end - from));
}

static void replace(sqlite3_context *context, int count, sqlite3_value **values)
{
	sqlite3 *database = sqlite3_context_db_handle(context);
	struct slice in, wanted, instead;
	uint64_t found, length;
	char *out;

	if (has_null(2, values))
		return;
	in = text_of(values[0]);
	wanted = text_of(values[1]);
	instead = text_of(values[2]);
	if (wanted.length == 0 || wanted.data[0] == '\0') {
		sqlite3_result_value(context, values[0]);
		return;
	}
	if (has_null(count, values))
		return;
	found = occurrences(in, wanted);
	length = in.length + found * instead.length - found * wanted.length;
	if (length > (uint64_t)sqlite3_limit(database, SQLITE_LIMIT_LENGTH, -1)) {
		sqlite3_result_error_toobig(context);
		return;
	}
	out = sqlite3_malloc64(length + 1);
	if (!out) {
		sqlite3_result_error_nomem(context);
		return;
	}
	write_replaced(out, in, wanted, instead);
	out[length] = '\0';
	sqlite3_result_text(context, out, (int)length, sqlite3_free);
}

/* ---- trim ---------------------------------------------------------------------------------- */

enum trim { TRIM_LEFT = 1, TRIM_RIGHT = 2, TRIM_BOTH = TRIM_LEFT | TRIM_RIGHT };

/* The length of the character of the set that stands at that end of the text, 0: none does. */
static size_t at_end(struct slice in, struct slice set, enum trim side)
{
	for (size_t start = 0, end; start < set.length; start = end) {
		const uint8_t *edge = in.data;
		size_t length;

		end = start + 1;
		while (set.data[start] >= 0xc0 && end < set.length && is_inside(set.data[end]))
			end++;
		length = end - start;
		if (length > in.length)
			continue;
		if (side == TRIM_RIGHT)
			edge += in.length - length;
		if (memcmp(edge, set.data + start, length) == 0)
			return length;
	}
	return 0;
}

static void trim(sqlite3_context *context, int count, sqlite3_value **values)
{
	enum trim sides = (enum trim)(intptr_t)sqlite3_user_data(context);
	struct slice in, set;
	size_t length;

	if (has_null(count, values))
		return;
	in = text_of(values[0]);
	/* A NUL ends the set. */
	set = text_of(values[1]);
	set.length = strnlen((const char *)set.data, set.length);
	if (set.length > TRIM_SET_BYTES) {
		sqlite3_result_error(context, "too many characters to trim", -1);
		return;
	}
	while ((sides & TRIM_LEFT) && (length = at_end(in, set, TRIM_LEFT)) > 0)
		in = (struct slice){ in.data + length, in.length - length };
	while ((sides & TRIM_RIGHT) && (length = at_end(in, set, TRIM_RIGHT)) > 0)
		in.length -= length;
	sqlite3_result_text(context, (const char *)in.data, (int)in.length, SQLITE_TRANSIENT);
}

int store_text_register(sqlite3 *database)
{
	static const struct {
		const char *name;
		int arguments;
		intptr_t context;
		void (*call)(sqlite3_context *, int, sqlite3_value **);
	} functions[] = {
		{ "instr", 2, 0, instr },
		{ "replace", 3, 0, replace },
		{ "trim", 2, TRIM_BOTH, trim },
		{ "ltrim", 2, TRIM_LEFT, trim },
		{ "rtrim", 2, TRIM_RIGHT, trim },
	};
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
	int code = SQLITE_OK;

	for (unsigned int i = 0; i < ARRAY_LENGTH(functions) && code == SQLITE_OK; i++)
		code = sqlite3_create_function_v2(database, functions[i].name,
			functions[i].arguments, flags, (void *)functions[i].context,
			functions[i].call, NULL, NULL, NULL);
	return code;
}
