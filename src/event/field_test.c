/* SPDX-License-Identifier: Apache-2.0 */
/* Reading fields by their rows, and addresses as text. */
#include "event/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../tests/sample_kind.h"
#include "event/kind.h"
#include "event/request.h"

static const char *text_of(const char *name, const struct sample_event *event)
{
	static char scratch[FIELD_SCRATCH_BYTES];
	const struct field *field = field_find(&sample_kind, name);

	assert_non_null(field);
	return field_text(field, event, scratch, sizeof(scratch));
}

static void reads_every_type(void **state)
{
	struct sample_event event = sample_event();

	assert_string_equal(text_of("time_ns", &event), "1500000000");
	assert_string_equal(text_of("tiny", &event), "255");
	assert_string_equal(text_of("port", &event), "8080");
	assert_string_equal(text_of("count", &event), "42");
	assert_string_equal(text_of("balance", &event), "-5");
	assert_string_equal(text_of("drift", &event), "-9223372036854775808");
	assert_string_equal(text_of("is_error", &event), "false");
	assert_string_equal(text_of("path", &event), "/var/data");
	assert_string_equal(text_of("code", &event), "404");
	assert_string_equal(text_of("color", &event), "blue");
	assert_string_equal(text_of("origin", &event), "10.0.0.7");
	assert_string_equal(text_of("statement", &event), "SELECT 1");
	assert_string_equal(text_of("pid", &event), "123");
	assert_null(field_find(&sample_kind, "missing"));
}

static void empties_are_empty_text(void **state)
{
	struct sample_event event = { .header.kind = &sample_kind, .color = 9 };

	assert_string_equal(text_of("statement", &event), "");
	assert_string_equal(text_of("origin", &event), "");
	assert_string_equal(text_of("color", &event), "");
	for (unsigned int i = 0; i < sample_kind.field_count; i++) {
		if (sample_fields[i].type != FIELD_WORD)
			assert_true(field_is_empty(&sample_fields[i], &event));
	}
	event = sample_event();
	assert_false(field_is_empty(field_find(&sample_kind, "origin"), &event));
	assert_false(field_is_empty(field_find(&sample_kind, "statement"), &event));
	assert_false(field_is_empty(field_find(&sample_kind, "port"), &event));
}

static void codes_are_numbers_only_when_nothing_is_lost(void **state)
{
	uint64_t value = 0;

	assert_true(field_code_number("404", &value));
	assert_int_equal(value, 404);
	assert_true(field_code_number("0", &value));
	assert_int_equal(value, 0);
	assert_true(field_code_number("999999999999999999", &value));
	assert_false(field_code_number("9999999999999999999", &value));
	assert_false(field_code_number("08006", &value));
	assert_false(field_code_number("", &value));
	assert_false(field_code_number("42P01", &value));
	assert_false(field_code_number("-1", &value));
}

static void columns_have_an_affinity(void **state)
{
	static const char *const expected[FIELD_TYPE_COUNT] = {
		[FIELD_CODE] = "NUMERIC",
		[FIELD_TEXT] = "TEXT",
		[FIELD_TEXT_LONG] = "TEXT",
		[FIELD_WORD] = "TEXT",
		[FIELD_ADDRESS] = "TEXT",
	};

	for (unsigned int type = 0; type < FIELD_TYPE_COUNT; type++) {
		struct field field = { .type = type };
		assert_string_equal(
			field_sql_type(&field), expected[type] ? expected[type] : "INTEGER");
	}
}

static void addresses_go_both_ways(void **state)
{
	static const char *const texts[] = { "10.0.0.7", "0.0.0.0", "::1", "2001:db8::7",
		"fe80::1" };
	char text[ADDRESS_TEXT_BYTES];
	struct address address;

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		assert_int_equal(address_parse(texts[i], &address), 0);
		assert_string_equal(address_format(&address, text, sizeof(text)), texts[i]);
	}
	assert_int_equal(address_parse("::ffff:1.2.3.4", &address), 0);
	assert_true(address_is_ipv4(&address));
	assert_string_equal(address_format(&address, text, sizeof(text)), "1.2.3.4");
	assert_int_equal(address_parse("1.2.3", &address), -EINVAL);
	assert_int_equal(address_parse("1.2.3.4.5", &address), -EINVAL);
	assert_int_equal(address_parse("", &address), -EINVAL);
	assert_int_equal(address_parse("host", &address), -EINVAL);
}

static void addresses_are_judged(void **state)
{
	struct address address, network;

	address_parse("127.3.2.1", &address);
	assert_true(address_is_loopback(&address));
	address_parse("::1", &address);
	assert_true(address_is_loopback(&address));
	address_parse("::", &address);
	assert_true(address_is_empty(&address));
	assert_false(address_is_loopback(&address));

	address_parse("10.7.255.1", &address);
	address_parse("10.6.0.0", &network);
	assert_true(address_in_network(&address, &network, ADDRESS_IPV4_PREFIX + 15));
	assert_false(address_in_network(&address, &network, ADDRESS_IPV4_PREFIX + 16));
	assert_true(address_in_network(&address, &network, 0));
	assert_true(address_in_network(&address, &address, 128));
	assert_false(address_in_network(&address, &network, 128));
}

static void kinds_are_whole(void **state)
{
	const struct event_kind *kinds[] = { &request_kind, &sample_kind };
	struct fail fail = { 0 };

	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		if (kind_check(kinds[i], &fail) < 0)
			fail_msg("%s", fail.text);
	}
	assert_ptr_equal(kind_find(kinds, 2, "request"), &request_kind);
	assert_null(kind_find(kinds, 2, "tcp"));
}

static void defects_are_found(void **state)
{
	struct fail fail;
	struct field fields[3];
	struct event_kind kind = sample_kind;

	kind.fields = fields;
	kind.field_count = 3;
#define WITH(change)                                                                               \
	memcpy(fields, sample_fields, sizeof(fields));                                             \
	change;                                                                                    \
	assert_int_equal(kind_check(&kind, &fail), -EINVAL)
	memcpy(fields, sample_fields, sizeof(fields));
	assert_int_equal(kind_check(&kind, &fail), 0);
	WITH(fields[0].name = "other");
	WITH(fields[1].name = "Tiny");
	WITH(fields[1].name = "port");
	WITH(fields[1].help = NULL);
	WITH(fields[1].help = "A sentence.");
	WITH(fields[1].size = 2);
	WITH(fields[1].offset = kind.size);
	WITH(fields[1].type = FIELD_WORD);
	WITH(kind.compact = "{tiny} {missing}");
	WITH(kind.compact = "{tiny");
	WITH(kind.compact = "<{tiny}");
	WITH(kind.compact = "{}");
	kind.compact = "{kind} <[{tiny|port}]>{port=a,b} {tiny^port}";
	assert_int_equal(kind_check(&kind, &fail), 0);
#undef WITH
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_type),
		cmocka_unit_test(empties_are_empty_text),
		cmocka_unit_test(codes_are_numbers_only_when_nothing_is_lost),
		cmocka_unit_test(columns_have_an_affinity),
		cmocka_unit_test(addresses_go_both_ways),
		cmocka_unit_test(addresses_are_judged),
		cmocka_unit_test(kinds_are_whole),
		cmocka_unit_test(defects_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
