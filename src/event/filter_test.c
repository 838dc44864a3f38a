/* SPDX-License-Identifier: Apache-2.0 */
/* Filters from expressions and from flags, for every type of field. */
#include "event/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../tests/sample_kind.h"
#include "base/str.h"
#include "event/request.h"

static const struct event_kind *const kinds[] = { &request_kind, &sample_kind };
static struct fail failure;

static struct filter *compile(const char *expression)
{
	struct filter *filter = NULL;

	assert_int_equal(filter_new(kinds, ARRAY_LENGTH(kinds), &filter, &failure), 0);
	if (filter_add_expression(filter, expression, &failure) < 0)
		fail_msg("%s: %s", expression, failure.text);
	return filter;
}

static bool holds(const char *expression, const void *event)
{
	_cleanup_(filter_freep)
	struct filter *filter = compile(expression);

	return filter_matches(filter, event);
}

struct expectation {
	const char *expression;
	bool holds;
};

static void check_all(const struct expectation *cases, size_t count, const void *event)
{
	for (size_t i = 0; i < count; i++) {
		if (holds(cases[i].expression, event) != cases[i].holds)
			fail_msg("'%s' should be %s", cases[i].expression,
				cases[i].holds ? "true" : "false");
	}
}

#define CHECK(event, ...)                                                                          \
	do {                                                                                       \
		static const struct expectation cases_[] = { __VA_ARGS__ };                        \
		check_all(cases_, ARRAY_LENGTH(cases_), (event));                                  \
	} while (0)

static void every_type_is_compared(void **state)
{
	struct sample_event event = sample_event();

	CHECK(&event, { "", true }, { "tiny=255", true }, { "tiny=254", false },
		{ "port=8080", true }, { "port>8079 port<8081", true }, { "port>8080", false },
		{ "count>=42,count<=42", true }, { "count!=42", false }, { "count<42", false },
		{ "count=40-50", true }, { "count=1-41|43-50", false }, { "count=1|42", true });
	CHECK(&event, { "balance=-5", true }, { "balance<0", true }, { "balance>-6", true },
		{ "balance>=-4", false }, { "balance=-10--1", true }, { "balance=-4-4", false },
		{ "drift<0", true }, { "drift=-9223372036854775808", true },
		{ "drift<-9223372036854775808", false }, { "balance<=9223372036854775807", true });
	CHECK(&event, { "is_error=no", true }, { "!is_error", true }, { "error", false },
		{ "is_error=false", true }, { "is-error!=0", false }, { "error=yes", false });
	CHECK(&event, { "path=/var/data", true }, { "path=/var", false }, { "path~^/var", true },
		{ "path!~^/var", false }, { "path~'(data|log)$'", true }, { "path~data|log", true },
		{ "path='/var/data'", true }, { "path!=\"/a b\"", true },
		{ "statement='SELECT 1'", true }, { "statement~(?i)select", true },
		{ "statement='SELECT 1'|x", true });
	CHECK(&event, { "code=404", true }, { "code=4xx", true }, { "code=5xx|404", true },
		{ "code>=500", false }, { "code=400-499", true }, { "code<405", true },
		{ "code~^4", true }, { "code=5XX", false });
	CHECK(&event, { "color=blue", true }, { "color=red", false }, { "color=red|blue", true },
		{ "color!=none", true }, { "color~^bl", true });
	CHECK(&event, { "origin=10.0.0.7", true }, { "origin=10.0.0.0/8", true },
		{ "origin=10.0.0.8", false }, { "origin=11.0.0.0/8|10.0.0.6/31", true },
		{ "origin=::/0", true }, { "origin=0.0.0.0/0", true },
		{ "origin=fe80::/10", false }, { "origin~^10[.]", true });
	CHECK(&event, { "delay=1ms-2ms", true }, { "delay>100ms", false }, { "delay>1ms", true },
		{ "delay_ns=1200000", true }, { "delay_ns=1200us", true }, { "delay>0", true },
		{ "size>3KiB", true }, { "size_bytes=3482", true }, { "size=1K-4K", true },
		{ "size>1M", false }, { "load_percent>90%", true }, { "load_percent=97", true });
	CHECK(&event, { "pid=123", true }, { "comm=worker service=shop-api", true },
		{ "comm = worker , service = x", false }, { "container=shop|other", true },
		{ "!comm=worker", false }, { "! ! comm=worker", true }, { "pod=''", true });
}

static void extremes_of_numbers(void **state)
{
	struct sample_event event = sample_event();

	event.size_bytes = UINT64_MAX;
	CHECK(&event, { "size_bytes=18446744073709551615", true },
		{ "size_bytes>18446744073709551615", false },
		{ "size_bytes>=18446744073709551615", true }, { "size_bytes<0", false },
		{ "size_bytes>=0", true }, { "size_bytes<=0", false });
	event.size_bytes = 0;
	event.drift = INT64_MAX;
	event.code[0] = '\0';
	event.origin = (struct address){ 0 };
	event.statement = NULL;
	CHECK(&event, { "size_bytes<1", true }, { "size_bytes<0", false }, { "drift>0", true },
		{ "drift>9223372036854775807", false }, { "code=5xx", false },
		{ "code!=5xx", true }, { "code=''", true }, { "origin=::/0", false },
		{ "statement=''", true });
}

static struct request_event exchange(enum request_role role)
{
	struct request_event event;

	request_event_init(&event);
	event.role = role;
	event.is_error = true;
	event.duration_ns = 150000000;
	event.local_port = 8080;
	event.peer_port = 5123;
	str_set(event.process.service, "shop-api");
	str_set(event.peer_service, "front");
	str_set(event.operation, "GET");
	str_set(event.status, "503");
	str_set(event.target, "/cart/{id}");
	str_set(event.detail, "/cart/42?x=1");
	str_set(event.host, "shop.example");
	address_parse("10.0.0.2", &event.local_address);
	address_parse("10.0.0.7", &event.peer_address);
	return event;
}

static void names_for_several_fields(void **state)
{
	struct request_event event = exchange(ROLE_SERVER);

	CHECK(&event, { "method=GET", true }, { "path~[{]id", true }, { "path~x=1", true },
		{ "path!~cart", false }, { "address=10.0.0.2", true }, { "address=10.0.0.7", true },
		{ "address=10.0.0.8", false }, { "address!=10.0.0.7", false },
		{ "port=5123", true }, { "port=8080", true }, { "port>9000", false },
		{ "encrypted", false }, { "first-byte=0", true });
	CHECK(&event, { "from=front", true }, { "from=10.0.0.7", true }, { "from=shop-api", false },
		{ "to=shop-api", true }, { "to=10.0.0.0/30", true }, { "to=front", false },
		{ "from!=front", false }, { "to=shop.example", true }, { "from~^fr", true });
	event = exchange(ROLE_CLIENT);
	CHECK(&event, { "from=shop-api", true }, { "from=front", false }, { "to=front", true },
		{ "to=10.0.0.7|x", true }, { "to=shop.example", true }, { "from=10.0.0.2", true });
	event = exchange(ROLE_UNKNOWN);
	CHECK(&event, { "from=shop-api", true }, { "to=front", true });
}

static void a_missing_field_matches_nothing(void **state)
{
	struct request_event request = exchange(ROLE_SERVER);
	struct sample_event sample = sample_event();
	struct event_kind other = sample_kind;

	CHECK(&request, { "color=blue", false }, { "color!=blue", true }, { "tiny<5", false });
	CHECK(&sample, { "status=503", false }, { "!status=503", true }, { "host~.", false });
	sample.header.kind = &other;
	CHECK(&sample, { "tiny=255", false }, { "!tiny=255", true }, { "", true });
}

static void errors_say_what_was_expected(void **state)
{
	static const struct {
		const char *expression;
		int error;
		const char *text;
	} cases[] = {
		{ "tiny=x", -EINVAL, "tiny: expected a number, got 'x'" },
		{ "tiny=-1", -EINVAL, "tiny: expected a number, got '-1'" },
		{ "count=9-1", -EINVAL, "count: expected a number, got '9-1'" },
		{ "delay>100", -EINVAL,
			"delay: expected a time with its unit, such as 100ms, got '100'" },
		{ "size>big", -EINVAL, "size: expected a size such as 10KiB, got 'big'" },
		{ "error=maybe", -EINVAL, "error: expected yes or no, got 'maybe'" },
		{ "color=green", -EINVAL, "color: expected one of none, red, blue, got 'green'" },
		{ "origin=10.0.0.0/33", -EINVAL,
			"origin: expected an address or a network such as 10.0.0.0/8, got "
			"'10.0.0.0/33'" },
		{ "comm<a", -EINVAL, "comm: has no order, expected =, != or ~ before 'a'" },
		{ "code>x", -EINVAL, "code: expected a number, got 'x'" },
		{ "pid~1", -EINVAL, "pid: ~ needs a text, expected = or <" },
		{ "comm", -EINVAL, "comm: expected =, !=, <, <=, >, >= or ~ and a value after it" },
		{ "comm=", -EINVAL, "comm: expected a value at ''" },
		{ "comm=a|", -EINVAL, "comm: expected a value at ''" },
		{ "comm='a", -EINVAL, "expected a closing ' after 'a" },
		{ "comm='a'b", -EINVAL, "expected a blank after the quote at 'b'" },
		{ "comm;x", -EINVAL, "comm: expected =, !=, <, <=, >, >= or ~ at ';x'" },
		{ "=x", -EINVAL, "expected the name of a field at '=x'" },
		{ "!", -EINVAL, "expected the name of a field at ''" },
		{ "comm~(", -EINVAL, NULL },
		{ "comm~(*UTF)x", -EINVAL, NULL },
		{ "comm=1|2|3|4|5|6|7|8|9", -EINVAL, "comm: at most 8 values in a term" },
		{ "time_ns>5", -EINVAL, "time_ns: bound time with --since and --until" },
		{ "time>5m", -EINVAL, "time: bound time with --since and --until" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		_cleanup_(filter_freep)
		struct filter *filter = compile("");
		int error = filter_add_expression(filter, cases[i].expression, &failure);
		if (error != cases[i].error)
			fail_msg("'%s' gave %d", cases[i].expression, error);
		if (cases[i].text)
			assert_string_equal(failure.text, cases[i].text);
	}
}

static void an_unknown_field_names_the_nearest(void **state)
{
	_cleanup_(filter_freep)
	struct filter *filter = compile("");

	assert_int_equal(filter_add_expression(filter, "sevrice=x", &failure), -ENOENT);
	assert_non_null(strstr(failure.text, "unknown field 'sevrice', did you mean 'service'? "
					     "The fields are protocol, role, operation"));
	assert_int_equal(filter_add_expression(filter, "qqqqqqq=x", &failure), -ENOENT);
	assert_non_null(strstr(failure.text, "unknown field 'qqqqqqq'. The fields are protocol"));
	assert_non_null(strstr(failure.text, "tiny"));
}

static void everything_is_bounded(void **state)
{
	const struct event_kind *many[FILTER_KINDS_MAXIMUM + 1];
	struct filter *none = NULL;
	char text[FILTER_EXPRESSION_MAXIMUM + 2];
	_cleanup_(filter_freep)
	struct filter *filter = compile("");

	for (size_t i = 0; i < ARRAY_LENGTH(many); i++)
		many[i] = &sample_kind;
	assert_int_equal(filter_new(many, ARRAY_LENGTH(many), &none, &failure), -E2BIG);
	memset(text, ' ', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(filter_add_expression(filter, text, &failure), -EINVAL);
	memcpy(text, "comm=", 5);
	memset(text + 5, 'a', FILTER_TEXT_MAXIMUM);
	assert_int_equal(filter_add_expression(filter, text, &failure), -EINVAL);
	for (unsigned int i = 0; i < FILTER_TERMS_MAXIMUM; i++)
		assert_int_equal(filter_add_expression(filter, "tiny=255", &failure), 0);
	assert_int_equal(filter_term_count(filter), FILTER_TERMS_MAXIMUM);
	assert_int_equal(filter_add_expression(filter, "tiny=255", &failure), -EINVAL);
	assert_string_equal(failure.text, "a filter takes at most 32 terms");
}

static void a_slow_pattern_is_given_up(void **state)
{
	struct sample_event event = sample_event();
	_cleanup_(filter_freep)
	struct filter *filter = compile("statement~^(a+)+$");

	event.statement = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";
	assert_false(filter_matches(filter, &event.header));
	assert_int_equal(filter_gave_up(filter), 1);
	event.statement = "aaa";
	assert_true(filter_matches(filter, &event.header));
	assert_int_equal(filter_gave_up(filter), 1);
}

/* Options as a command line gives them, then the filter. */
static int from_flags(struct filter **ret_filter, const char *const *arguments)
{
	static struct filter_options options;
	const struct option_table table = { filter_rows, filter_row_count, &options };
	struct option_result result;
	struct filter *filter = NULL;

	assert_int_equal(option_defaults(&table, 1, &failure), 0);
	assert_int_equal(option_parse(&table, 1, (char **)arguments, &result, &failure), 0);
	assert_int_equal(filter_new(kinds, ARRAY_LENGTH(kinds), &filter, &failure), 0);
	int error = filter_add_terms(filter, &options.terms, &failure);
	if (error < 0)
		filter_free(filter);
	else
		*ret_filter = filter;
	return error;
}

#define FLAGS(ret_filter, ...) from_flags(ret_filter, (const char *const[]){ __VA_ARGS__, NULL })

static void flag_holds(bool expected, const char *name, const char *text)
{
	struct request_event event = exchange(ROLE_SERVER);
	struct filter *filter = NULL;
	bool is_alone = !text;

	assert_int_equal(FLAGS(&filter, name, is_alone ? NULL : text), 0);
	if (filter_matches(filter, &event.header) != expected)
		fail_msg("%s %s", name, text ? text : "");
	filter_free(filter);
}

static void flags_are_terms(void **state)
{
	flag_holds(true, "--service", "shop-api");
	flag_holds(true, "--service", "x|shop-api");
	flag_holds(false, "--container", "shop");
	flag_holds(true, "--pod", "");
	flag_holds(false, "--pid", "7");
	flag_holds(true, "--address", "10.0.0.0/8");
	flag_holds(true, "--from", "front");
	flag_holds(true, "--to", "shop-api");
	flag_holds(true, "--method", "GET");
	flag_holds(true, "--status", "503");
	flag_holds(true, "--status", "5xx");
	flag_holds(true, "--status", ">=500");
	flag_holds(false, "--status", "200-299");
	flag_holds(false, "--status", "!=503");
	flag_holds(true, "--duration", ">100ms");
	flag_holds(true, "--slower", "100ms");
	flag_holds(false, "--slower", "1s");
	flag_holds(true, "--path", "^/cart/(1|42)");
	flag_holds(true, "--where", "status=5xx, method=GET");
}

static void not_turns_the_next_around(void **state)
{
	struct request_event event = exchange(ROLE_SERVER);
	struct filter *filter = NULL;

	assert_int_equal(
		FLAGS(&filter, "--not", "--service", "db", "--status", "5xx", "--not", "--pid=7"),
		0);
	assert_int_equal(filter_term_count(filter), 3);
	assert_true(filter_matches(filter, &event.header));
	filter_free(filter);
	assert_int_equal(FLAGS(&filter, "--not", "--service", "shop-api"), 0);
	assert_false(filter_matches(filter, &event.header));
	filter_free(filter);
	assert_int_equal(FLAGS(&filter, "--not"), -EINVAL);
	assert_string_equal(failure.text, "--not: expected an option to turn around after it");
	assert_int_equal(FLAGS(&filter, "--not", "--where", "pid=1"), -EINVAL);
	assert_int_equal(FLAGS(&filter, "--pid", "x"), -EINVAL);
	assert_string_equal(failure.text, "pid: expected a number, got 'x'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_compared),
		cmocka_unit_test(extremes_of_numbers),
		cmocka_unit_test(names_for_several_fields),
		cmocka_unit_test(a_missing_field_matches_nothing),
		cmocka_unit_test(errors_say_what_was_expected),
		cmocka_unit_test(an_unknown_field_names_the_nearest),
		cmocka_unit_test(everything_is_bounded),
		cmocka_unit_test(a_slow_pattern_is_given_up),
		cmocka_unit_test(flags_are_terms),
		cmocka_unit_test(not_turns_the_next_around),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
