/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of top's tables: values as text, what fits, order. Rows out of JSON. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/str.h"
#include "cli/top_column.h"
#include "event/inert.h"

static const char *rate(double value)
{
	static char text[16];

	return top_rate_text(text, sizeof(text), value);
}

static const char *percent(double value)
{
	static char text[16];

	return top_percent_text(text, sizeof(text), value);
}

static void numbers_are_short(void **state)
{
	assert_string_equal(rate(0), "0");
	assert_string_equal(rate(0.001), "<0.01");
	assert_string_equal(rate(0.25), "0.25");
	assert_string_equal(rate(12.34), "12.3");
	assert_string_equal(rate(812.4), "812");
	assert_string_equal(rate(15234), "15.2k");
	assert_string_equal(rate(2500000), "2.5M");
	assert_string_equal(percent(0), "0 %");
	assert_string_equal(percent(0.01), "<0.1 %");
	assert_string_equal(percent(0.44), "0.4 %");
	assert_string_equal(percent(99.7), "100 %");
}

static void sparks_show_the_shape(void **state)
{
	const uint64_t values[] = { 0, 1, 50, 100 }, nothing[] = { 0, 0 };
	struct buf text = { 0 };

	buf_init(&text, 256);
	top_spark(values, ARRAY_LENGTH(values), &text);
	assert_string_equal(buf_text(&text), " ▁▄█");
	buf_clear(&text);
	top_spark(nothing, ARRAY_LENGTH(nothing), &text);
	assert_string_equal(buf_text(&text), "  ");
	buf_done(&text);
}

static void columns_fit_any_width(void **state)
{
	struct top_slot slots[TOP_COLUMNS_MAXIMUM];

	for (int screen = 0; screen < TOP_EXCHANGE; screen++)
		for (unsigned int width = 0; width < 250; width++) {
			unsigned int end = 1, count = top_columns_fit(
						      &top_layouts[screen], 1, width, 40, slots);

			assert_true(count >= 1);
			for (unsigned int i = 0; i < count; i++) {
				assert_true(slots[i].x >= end || slots[i].width == 0);
				assert_true(slots[i].width == 0 ||
					    slots[i].x + slots[i].width <= 1 + width);
				end = slots[i].x + slots[i].width;
			}
		}
}

static void narrow_tables_keep_what_matters(void **state)
{
	struct top_slot slots[TOP_COLUMNS_MAXIMUM];
	unsigned int count = top_columns_fit(&top_layouts[TOP_SERVICES], 1, 19, 16, slots);

	assert_int_equal(count, 2);
	assert_string_equal(slots[0].column->title, "SERVICE");
	assert_string_equal(slots[1].column->title, "P99");
	count = top_columns_fit(&top_layouts[TOP_SERVICES], 1, 200, 16, slots);
	assert_int_equal(count, top_layouts[TOP_SERVICES].column_count);
	assert_int_equal(slots[0].width, 16);
}

/* Every column names a field of its rows, so that it can be sorted; ranks are there once. */
static void columns_name_fields(void **state)
{
	static const struct event_kind *const kinds[] = { &top_service_kind, &top_connection_kind,
		&top_process_kind, &top_program_kind, &top_endpoint_kind, &request_kind };

	for (int screen = 0; screen <= TOP_EXCHANGES; screen++) {
		const struct top_layout *layout = &top_layouts[screen];

		assert_true(layout->column_count < TOP_COLUMNS_MAXIMUM);
		assert_non_null(field_find(kinds[screen], layout->first_order));
		for (unsigned int i = 0; i < layout->column_count; i++)
			assert_non_null(field_find(kinds[screen], layout->columns[i].field));
	}
}

static void cells_are_inert(void **state)
{
	const struct top_column column = { "SERVICE", "service", TOP_TEXT, 0, 0, true };
	struct top_load load = { .header.kind = &top_service_kind };
	struct buf text = { 0 };

	buf_init(&text, 4096);
	str_set(load.service, "a\033[2J\n\xff\xe2\x80\xae"
			      "b");
	top_cell(&column, &load.header, 100, &text);
	assert_null(strchr(buf_text(&text), '\033'));
	assert_null(strchr(buf_text(&text), '\n'));
	assert_null(strstr(buf_text(&text), "\xe2\x80\xae"));
	buf_clear(&text);
	/* Wide characters take two columns, and are never cut in the middle. */
	str_set(load.service, "注文サービス");
	assert_int_equal(top_cell(&column, &load.header, 12, &text), 12);
	buf_clear(&text);
	assert_true(top_cell(&column, &load.header, 8, &text) <= 8);
	assert_true(inert_columns(buf_text(&text)) <= 8);
	buf_done(&text);
}

static struct top_load *add_load(struct top_rows *rows, const char *service, uint64_t p99_ns)
{
	struct top_load *load = top_rows_add(rows);

	str_set(load->service, service);
	load->role = ROLE_SERVER;
	load->requests = 100;
	load->p99_ns = p99_ns;
	return load;
}

static const char *name_at(const struct top_rows *rows, size_t index)
{
	return ((const struct top_load *)top_rows_at(rows, index))->service;
}

static void the_worst_comes_first(void **state)
{
	struct top_rows rows = { .kind = &top_service_kind };

	add_load(&rows, "fine", 1000);
	add_load(&rows, "slow", 900000);
	add_load(&rows, "failing", 300000)->errors = 50;
	add_load(&rows, "asks slow", 900100)->role = ROLE_CLIENT;
	for (size_t i = 0; i < rows.count; i++) {
		struct top_load *load = top_rows_at(&rows, i);

		load->badness_ns = top_badness(load);
	}
	top_rows_sort(&rows, "badness_ns", false);
	assert_string_equal(name_at(&rows, 0), "failing");
	assert_string_equal(name_at(&rows, 1), "slow");
	assert_string_equal(name_at(&rows, 2), "asks slow");
	top_rows_sort(&rows, "service", true);
	assert_string_equal(name_at(&rows, 0), "asks slow");
	top_rows_done(&rows);
}

static void equal_rows_stay_where_they_are(void **state)
{
	struct top_rows rows = { .kind = &top_service_kind };
	char first[EVENT_SERVICE_BYTES];

	add_load(&rows, "one", 5);
	add_load(&rows, "two", 5);
	top_rows_sort(&rows, "p99_ns", false);
	str_set(first, name_at(&rows, 0));
	rows.count = 0;
	add_load(&rows, "two", 5);
	add_load(&rows, "one", 5);
	top_rows_sort(&rows, "p99_ns", false);
	assert_string_equal(name_at(&rows, 0), first);
	top_rows_done(&rows);
}

static void rows_come_out_of_json(void **state)
{
	struct request_event event = { .header.kind = &request_kind };
	json_t *object = json_loads("{\"operation\": \"GET\", \"status\": 404, \"is_error\": 1,"
				    " \"role\": \"client\", \"duration_ns\": 1500.7, \"pid\": 7,"
				    " \"peer_address\": \"10.1.2.3\", \"host\": null, \"more\": 1}",
		0, NULL);
	char address[ADDRESS_TEXT_BYTES];

	top_row_read(&request_kind, object, &event);
	json_decref(object);
	assert_string_equal(event.operation, "GET");
	assert_string_equal(event.status, "404");
	assert_true(event.is_error);
	assert_int_equal(event.role, ROLE_CLIENT);
	assert_int_equal(event.duration_ns, 1500);
	assert_int_equal(event.process.pid, 7);
	assert_string_equal(
		address_format(&event.peer_address, address, sizeof(address)), "10.1.2.3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_short),
		cmocka_unit_test(sparks_show_the_shape),
		cmocka_unit_test(columns_fit_any_width),
		cmocka_unit_test(narrow_tables_keep_what_matters),
		cmocka_unit_test(columns_name_fields),
		cmocka_unit_test(cells_are_inert),
		cmocka_unit_test(the_worst_comes_first),
		cmocka_unit_test(equal_rows_stay_where_they_are),
		cmocka_unit_test(rows_come_out_of_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
