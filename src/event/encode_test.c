/* SPDX-License-Identifier: Apache-2.0 */
/* Events in every format, against golden files. */
#include "event/encode.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../tests/golden.h"
#include "../tests/sample_kind.h"
#include "base/str.h"
#include "event/request.h"

/* 2026-01-31T12:34:56.123456Z when the monotonic clock is at 0. */
static const struct clock_map clock_map = { .wall_minus_monotonic_ns = 1769862896123456789 };

static struct request_event served(void)
{
	struct request_event event;

	request_event_init(&event);
	event.header.id = 9;
	event.process.pid = 123;
	event.role = ROLE_SERVER;
	event.local_port = 8080;
	event.peer_port = 5123;
	event.request_bytes = 210;
	event.response_bytes = 3482;
	event.duration_ns = 1200000;
	event.first_byte_ns = 1000000;
	event.connection = 77;
	str_set(event.process.comm, "api");
	str_set(event.process.service, "shop-api");
	str_set(event.process.container, "shop-api-1");
	address_parse("10.0.0.2", &event.local_address);
	address_parse("10.0.0.7", &event.peer_address);
	str_set(event.protocol, "http");
	str_set(event.operation, "GET");
	str_set(event.target, "/cart/{id}");
	str_set(event.detail, "/cart/42");
	str_set(event.status, "200");
	str_set(event.host, "shop.example");
	return event;
}

static struct request_event queried(void)
{
	struct request_event event;

	request_event_init(&event);
	event.header.time_ns = 2 * NS_PER_S;
	event.role = ROLE_CLIENT;
	event.is_error = true;
	event.is_incomplete = true;
	event.duration_ns = 90000;
	event.peer_port = 5432;
	str_set(event.process.comm, "api");
	str_set(event.peer_service, "postgres");
	str_set(event.protocol, "postgresql");
	str_set(event.operation, "SELECT");
	str_set(event.target, "orders");
	str_set(event.detail, "select * from orders where id = ?");
	str_set(event.status, "08006");
	return event;
}

/* Everything from outside that could do harm. */
static struct sample_event hostile(void)
{
	struct sample_event event = sample_event();

	str_set(event.path, "\033[2Ja,\"b\"\n\xff\xe2\x80\xae");
	str_set(event.process.service, "\033]0;x\007");
	event.statement = "a\xc2\x9b";
	event.is_error = true;
	event.origin = (struct address){ 0 };
	return event;
}

static void encode_all(const struct encoder *encoder, struct buf *out)
{
	struct request_event first = served(), second = queried();
	struct sample_event third = sample_event(), fourth = hostile();

	encode_heading(encoder, &request_kind, out);
	encode_event(encoder, &first.header, out);
	encode_event(encoder, &second.header, out);
	encode_heading(encoder, &sample_kind, out);
	encode_event(encoder, &third.header, out);
	assert_int_equal(encode_event(encoder, &fourth.header, out), 0);
}

static void setup_zone(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
}

static void formats_are_golden(void **state)
{
	setup_zone();
	for (unsigned int format = 0; format < FORMAT_COUNT; format++) {
		for (int has_color = 0; has_color < 2; has_color++) {
			struct encoder encoder = { format, has_color, &clock_map };
			_cleanup_(buf_done)
			struct buf out;
			char name[64];

			buf_init(&out, 1 << 16);
			encode_all(&encoder, &out);
			snprintf(name, sizeof(name), "event/%s%s.txt", output_format_words[format],
				has_color ? "-color" : "");
			/* Machines get no colours. */
			if (format >= FORMAT_JSON)
				snprintf(name, sizeof(name), "event/%s.txt",
					output_format_words[format]);
			golden_check(name, buf_text(&out));
		}
	}
}

static void json_has_every_field(void **state)
{
	struct encoder encoder = { FORMAT_JSON, false, &clock_map };
	struct request_event event = served();
	_cleanup_(buf_done)
	struct buf out;

	buf_init(&out, 1 << 16);
	assert_int_equal(encode_event(&encoder, &event.header, &out), 0);
	json_t *object = json_loads(buf_text(&out), 0, NULL);
	assert_non_null(object);
	assert_int_equal(json_object_size(object), request_kind.field_count + 4);
	assert_int_equal(json_integer_value(json_object_get(object, "status")), 200);
	assert_string_equal(json_string_value(json_object_get(object, "role")), "server");
	assert_string_equal(
		json_string_value(json_object_get(object, "time")), "2026-01-31T12:34:56.123456Z");
	assert_int_equal(
		json_integer_value(json_object_get(object, "time_ns")), 1769862896123456789);
	assert_true(json_is_false(json_object_get(object, "is_error")));
	assert_string_equal(json_string_value(json_object_get(object, "pod")), "");
	json_decref(object);
}

static void a_full_buffer_is_told(void **state)
{
	struct request_event event = served();

	for (unsigned int format = 0; format < FORMAT_COUNT; format++) {
		struct encoder encoder = { format, false, &clock_map };
		_cleanup_(buf_done)
		struct buf out;
		buf_init(&out, 20);
		assert_int_equal(encode_event(&encoder, &event.header, &out), -ENOBUFS);
	}
}

static void sources_keep_their_color(void **state)
{
	unsigned int seen = 0;
	char name[16];

	assert_int_equal(encode_source_color("shop-api"), encode_source_color("shop-api"));
	for (unsigned int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "service-%u", i);
		seen |= 1U << (encode_source_color(name) % 32);
	}
	assert_true(__builtin_popcount(seen) >= 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_are_golden),
		cmocka_unit_test(json_has_every_field),
		cmocka_unit_test(a_full_buffer_is_told),
		cmocka_unit_test(sources_keep_their_color),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
