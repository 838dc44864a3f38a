/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL functions that filters need: see store_match.h. A pattern or network that is the same for all
 * rows is read once, SQLite keeps it with the statement.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "engine/store_match.h"

#include <pcre2.h>

#include "base/str.h"
#include "event/field.h"

/* As for filters: a pattern with nested repeats could take hours on one text. */
#define MATCH_STEPS    20000
#define MATCH_DEPTH    1000
#define MATCH_HEAP_KIB 256

struct pattern {
	pcre2_code *code;
	pcre2_match_context *context;
	pcre2_match_data *data;
};

static void pattern_free(void *opaque)
{
	struct pattern *pattern = opaque;

	pcre2_code_free(pattern->code);
	pcre2_match_context_free(pattern->context);
	pcre2_match_data_free(pattern->data);
	free(pattern);
}

static struct pattern *pattern_new(sqlite3_context *context, sqlite3_value *value)
{
	struct pattern *pattern = calloc(1, sizeof(*pattern));
	const uint8_t *text = sqlite3_value_text(value);
	PCRE2_SIZE offset;
	int error;

	if (!pattern || !text) {
		free(pattern);
		return NULL;
	}
	pattern->code = pcre2_compile(text, (PCRE2_SIZE)sqlite3_value_bytes(value),
		PCRE2_NEVER_UTF | PCRE2_NEVER_UCP, &error, &offset, NULL);
	pattern->context = pcre2_match_context_create(NULL);
	pattern->data = pcre2_match_data_create(1, NULL);
	if (!pattern->code || !pattern->context || !pattern->data) {
		pattern_free(pattern);
		sqlite3_result_error(context, "this is not a regular expression", -1);
		return NULL;
	}
	pcre2_set_match_limit(pattern->context, MATCH_STEPS);
	pcre2_set_depth_limit(pattern->context, MATCH_DEPTH);
	pcre2_set_heap_limit(pattern->context, MATCH_HEAP_KIB);
	return pattern;
}

/* X REGEXP Y calls it with the pattern first. */
static void on_regexp(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct pattern *pattern = sqlite3_get_auxdata(context, 0);
	const uint8_t *text = sqlite3_value_text(values[1]);
	int result;

	if (!pattern) {
		pattern = pattern_new(context, values[0]);
		if (!pattern)
			return;
		sqlite3_set_auxdata(context, 0, pattern, pattern_free);
		/* Without memory SQLite frees it at once. */
		pattern = sqlite3_get_auxdata(context, 0);
	}
	if (!pattern) {
		sqlite3_result_error_nomem(context);
		return;
	}
	result = pcre2_match(pattern->code, text ? text : (const uint8_t *)"",
		(PCRE2_SIZE)sqlite3_value_bytes(values[1]), 0, 0, pattern->data, pattern->context);
	sqlite3_result_int(context, result >= 0);
}

static bool read_address(sqlite3_value *value, struct address *ret_address)
{
	const char *text = (const char *)sqlite3_value_text(value);

	return text && address_parse(text, ret_address) == 0 && !address_is_empty(ret_address);
}

static void on_in_network(sqlite3_context *context, int count, sqlite3_value **values)
{
	int bits = sqlite3_value_int(values[2]);
	const char *wanted = (const char *)sqlite3_value_text(values[1]);
	struct address address, network;

	sqlite3_result_int(
		context, bits >= 0 && bits <= 128 && read_address(values[0], &address) && wanted &&
				 address_parse(wanted, &network) == 0 &&
				 address_in_network(&address, &network, (unsigned int)bits));
}

int store_match_register(sqlite3 *database)
{
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
	int code = sqlite3_create_function_v2(
		database, "regexp", 2, flags, NULL, on_regexp, NULL, NULL, NULL);

	if (code != SQLITE_OK)
		return code;
	return sqlite3_create_function_v2(
		database, "in_network", 3, flags, NULL, on_in_network, NULL, NULL, NULL);
}
