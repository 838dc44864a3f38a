/* SPDX-License-Identifier: Apache-2.0 */
/* The screen of top without a terminal: what keys do, what is drawn, at any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/str.h"
#include "cli/top_draw.h"
#include "event/inert.h"

#define LINES_MAXIMUM 60
#define LINE_BYTES    2048

/* What was put, as lines of text: pieces come from left to right. */
struct picture {
	unsigned int width, height;
	char lines[LINES_MAXIMUM][LINE_BYTES];
};

static void put(
	void *context, unsigned int y, unsigned int x, enum top_style style, const char *text)
{
	struct picture *picture = context;
	char *line;
	size_t at;

	assert_true(y < picture->height);
	assert_true(x + inert_columns(text) <= picture->width);
	line = picture->lines[y];
	/* The bar of the selected row lies under its cells. */
	if (text[0] == ' ' && x == 0 && strspn(text, " ") == strlen(text))
		return;
	at = inert_columns(line);
	assert_true(at <= x);
	snprintf(line + strlen(line), LINE_BYTES - strlen(line), "%*s%s", (int)(x - at), "", text);
}

static void draw(
	struct top_model *model, struct picture *picture, unsigned int width, unsigned int height)
{
	const struct top_canvas canvas = { width, height, put, picture };

	*picture = (struct picture){ .width = width, .height = height };
	top_draw(model, &canvas);
}

static bool shows(const struct picture *picture, const char *text)
{
	for (unsigned int y = 0; y < picture->height; y++)
		if (strstr(picture->lines[y], text))
			return true;
	return false;
}

/* ---- answers ---- */

static struct top_snapshot *snapshot_for(struct top_model *model)
{
	struct top_snapshot *snapshot = calloc(1, sizeof(*snapshot));

	top_model_wish(model, &snapshot->wish);
	snapshot->rows.kind = top_screen_kind(snapshot->wish.screen);
	snapshot->totals = (struct top_totals){ .requests = 600,
		.errors = 6,
		.p99_ns = 182000000,
		.window_ns = 60000000000,
		.busy_cores = 1.25,
		.cores = 2,
		.memory_bytes = 4UL << 30,
		.available_bytes = 1UL << 30,
		.host = "node" };
	return snapshot;
}

static void add_load(
	struct top_snapshot *snapshot, const char *service, const char *target, uint64_t p99_ns)
{
	struct top_load *load = top_rows_add(&snapshot->rows);

	str_set(load->service, service);
	str_set(load->operation, target[0] ? "GET" : "");
	str_set(load->target, target);
	load->role = ROLE_SERVER;
	load->requests = 120;
	load->window_ns = 60000000000;
	load->p50_ns = p99_ns / 2;
	load->p99_ns = load->max_ns = load->badness_ns = p99_ns;
}

static void take_services(struct top_model *model)
{
	struct top_snapshot *snapshot = snapshot_for(model);

	add_load(snapshot, "cart", "", 2000000);
	add_load(snapshot, "reports", "", 250000000);
	add_load(snapshot, "shop\033[31m", "", 3000000);
	add_load(snapshot, "在庫管理サービス", "", 4000000);
	top_model_take(model, snapshot);
}

static void take_exchanges(struct top_model *model)
{
	struct top_snapshot *snapshot = snapshot_for(model);
	struct request_event *event = top_rows_add(&snapshot->rows);

	*event = (struct request_event){ .header = { &request_kind, 1795794560000000000, 77 },
		.role = ROLE_SERVER,
		.duration_ns = 250000000,
		.first_byte_ns = 200000000,
		.operation = "GET",
		.detail = "/report/7",
		.status = "200" };
	top_model_take(model, snapshot);
}

static void walk(struct top_model *model)
{
	take_services(model);
	top_model_key(model, TOP_KEY_ENTER);
	struct top_snapshot *snapshot = snapshot_for(model);
	add_load(snapshot, "reports", "/list", 1000000);
	add_load(snapshot, "reports", "/report/{id}", 250000000);
	top_model_take(model, snapshot);
	top_model_key(model, TOP_KEY_ENTER);
	take_exchanges(model);
	top_model_key(model, TOP_KEY_ENTER);
	top_model_take(model, snapshot_for(model));
}

/* ---- cases ---- */

static void three_keys_lead_to_the_slow_exchange(void **state)
{
	struct picture picture;
	struct top_model model;
	struct top_wish wish;

	top_model_init(&model, TOP_SERVICES, 60000000000);
	walk(&model);
	top_model_wish(&model, &wish);
	assert_int_equal(wish.screen, TOP_EXCHANGE);
	assert_string_equal(wish.service, "reports");
	assert_string_equal(wish.target, "/report/{id}");
	draw(&model, &picture, 100, 24);
	assert_true(shows(&picture, "GET /report/7"));
	assert_true(shows(&picture, "200ms to the first byte"));
	assert_true(shows(&picture, "not seen"));
	top_model_key(&model, TOP_KEY_ESCAPE);
	top_model_key(&model, TOP_KEY_ESCAPE);
	top_model_key(&model, TOP_KEY_ESCAPE);
	top_model_wish(&model, &wish);
	assert_int_equal(wish.screen, TOP_SERVICES);
	top_model_done(&model);
}

static void the_first_picture(void **state)
{
	struct picture picture;
	struct top_model model;

	top_model_init(&model, TOP_SERVICES, 60000000000);
	draw(&model, &picture, 100, 12);
	assert_true(shows(&picture, "Asking the agent"));
	take_services(&model);
	draw(&model, &picture, 100, 12);
	assert_non_null(strstr(picture.lines[0], "10.0 req/s"));
	assert_non_null(strstr(picture.lines[0], "errors 1.0 %"));
	assert_non_null(strstr(picture.lines[0], "cpu 1.2 of 2 cores"));
	assert_non_null(strstr(picture.lines[0], "lost 0"));
	assert_non_null(strstr(picture.lines[0], "● live"));
	assert_non_null(strstr(picture.lines[2], "worst first"));
	assert_non_null(strstr(picture.lines[3], "SERVICE"));
	assert_non_null(strstr(picture.lines[4], "›reports"));
	assert_non_null(strstr(picture.lines[11], "q quit   ? help"));
	assert_false(shows(&picture, "\033"));
	assert_true(shows(&picture, "在庫管理サービス"));
	top_model_done(&model);
}

static void fits_any_size(void **state)
{
	static const uint32_t keys[] = { 0, '?', '/', 0 };
	struct picture picture;
	struct top_model model;

	top_model_init(&model, TOP_SERVICES, 60000000000);
	for (size_t k = 0; k < ARRAY_LENGTH(keys); k++) {
		if (k == 0)
			take_services(&model);
		if (k == 3) {
			top_model_key(&model, TOP_KEY_ESCAPE);
			walk(&model);
		}
		if (keys[k])
			top_model_key(&model, keys[k]);
		for (unsigned int height = 1; height < 30; height++)
			for (unsigned int width = 1; width < 140; width += 1 + width / 20)
				draw(&model, &picture, width, height);
		if (keys[k] == '?')
			top_model_key(&model, ' ');
	}
	top_model_done(&model);
}

static void small_terminals_show_rows(void **state)
{
	struct picture picture;
	struct top_model model;

	top_model_init(&model, TOP_SERVICES, 60000000000);
	take_services(&model);
	draw(&model, &picture, 20, 5);
	assert_non_null(strstr(picture.lines[0], "live"));
	assert_non_null(strstr(picture.lines[1], "SERVICE"));
	assert_non_null(strstr(picture.lines[2], "›reports"));
	assert_non_null(strstr(picture.lines[4], "q quit   ? help"));
	draw(&model, &picture, 20, 1);
	assert_non_null(strstr(picture.lines[0], "›reports"));
	top_model_done(&model);
}

static void the_selection_follows_its_row(void **state)
{
	struct top_model model;
	struct top_snapshot *snapshot;

	top_model_init(&model, TOP_SERVICES, 60000000000);
	take_services(&model);
	top_model_key(&model, 'j');
	assert_string_equal(
		((const struct top_load *)top_model_row(&model))->service, "在庫管理サービス");
	snapshot = snapshot_for(&model);
	add_load(snapshot, "在庫管理サービス", "", 900000000);
	add_load(snapshot, "reports", "", 250000000);
	top_model_take(&model, snapshot);
	assert_string_equal(
		((const struct top_load *)top_model_row(&model))->service, "在庫管理サービス");
	/* Back at the top it is the worst that is followed. */
	top_model_key(&model, 'g');
	take_services(&model);
	assert_string_equal(((const struct top_load *)top_model_row(&model))->service, "reports");
	top_model_done(&model);
}

static void type(struct top_model *model, const char *text)
{
	for (; *text; text++)
		top_model_key(model, (unsigned char)*text);
}

static void filters_as_in_watch(void **state)
{
	struct picture picture;
	struct top_model model;

	top_model_init(&model, TOP_SERVICES, 60000000000);
	take_services(&model);
	type(&model, "/p99>3ms");
	draw(&model, &picture, 100, 12);
	assert_non_null(strstr(picture.lines[11], "filter p99>3ms"));
	top_model_key(&model, TOP_KEY_ENTER);
	assert_int_equal(model.shown.count, 2);
	draw(&model, &picture, 100, 12);
	assert_true(shows(&picture, "2 of 4 match p99>3ms"));
	/* It stays for the next answer, and goes when it is emptied. */
	take_services(&model);
	assert_int_equal(model.shown.count, 2);
	type(&model, "/");
	top_model_key(&model, 'U' - '@');
	type(&model, "nonsense=1");
	top_model_key(&model, TOP_KEY_ENTER);
	assert_true(model.is_editing);
	draw(&model, &picture, 100, 12);
	assert_non_null(strstr(picture.lines[11], "nonsense"));
	top_model_key(&model, 'U' - '@');
	top_model_key(&model, TOP_KEY_ENTER);
	assert_int_equal(model.shown.count, 4);
	top_model_done(&model);
}

static void keys_sort_and_switch(void **state)
{
	struct picture picture;
	struct top_model model;
	struct top_wish wish;

	top_model_init(&model, TOP_SERVICES, 60000000000);
	take_services(&model);
	top_model_key(&model, 's');
	draw(&model, &picture, 100, 12);
	assert_true(shows(&picture, "by SERVICE ▲"));
	assert_true(shows(&picture, "SERVICE▲"));
	top_model_key(&model, 'r');
	draw(&model, &picture, 100, 12);
	assert_true(shows(&picture, "by SERVICE ▼"));
	top_model_key(&model, 't');
	assert_string_equal(top_model_window(&model), "5m");
	top_model_key(&model, 'T');
	top_model_key(&model, 'T');
	assert_string_equal(top_model_window(&model), "10s");
	top_model_key(&model, '3');
	top_model_wish(&model, &wish);
	assert_int_equal(wish.screen, TOP_PROCESSES);
	top_model_key(&model, TOP_KEY_TAB);
	top_model_key(&model, TOP_KEY_TAB);
	top_model_wish(&model, &wish);
	assert_int_equal(wish.screen, TOP_SERVICES);
	top_model_key(&model, 'q');
	assert_true(model.is_over);
	top_model_done(&model);
}

static void clicks_select_open_and_sort(void **state)
{
	struct picture picture;
	struct top_model model;
	struct top_wish wish;

	top_model_init(&model, TOP_SERVICES, 60000000000);
	take_services(&model);
	draw(&model, &picture, 100, 12);
	top_model_click(&model, 6, 3);
	assert_int_equal(top_model_level(&model)->selected, 2);
	top_model_click(&model, 3, model.geometry.slots[2].x);
	draw(&model, &picture, 100, 12);
	assert_true(shows(&picture, "REQ/S▼"));
	top_model_click(&model, 4 + (unsigned int)top_model_level(&model)->selected, 3);
	top_model_wish(&model, &wish);
	assert_int_equal(wish.screen, TOP_ENDPOINTS);
	draw(&model, &picture, 100, 12);
	top_model_click(&model, 1, model.geometry.tab_x[1] + 1);
	top_model_wish(&model, &wish);
	assert_int_equal(wish.screen, TOP_CONNECTIONS);
	top_model_done(&model);
}

static void an_agent_that_is_gone_is_told(void **state)
{
	struct picture picture;
	struct top_model model;
	struct top_snapshot *snapshot;

	top_model_init(&model, TOP_SERVICES, 60000000000);
	take_services(&model);
	snapshot = snapshot_for(&model);
	fail_set(&snapshot->fail, -ENOTCONN, "no agent runs");
	top_model_take(&model, snapshot);
	draw(&model, &picture, 100, 12);
	assert_true(shows(&picture, "○ agent gone"));
	assert_true(shows(&picture, "! no agent runs; asking again"));
	assert_true(shows(&picture, "reports"));
	take_services(&model);
	draw(&model, &picture, 100, 12);
	assert_true(shows(&picture, "● live"));
	/* While it is paused nothing moves. */
	top_model_key(&model, 'p');
	top_model_take(&model, snapshot_for(&model));
	draw(&model, &picture, 100, 12);
	assert_true(shows(&picture, "‖ paused"));
	assert_int_equal(model.shown.count, 4);
	top_model_done(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_picture),
		cmocka_unit_test(three_keys_lead_to_the_slow_exchange),
		cmocka_unit_test(fits_any_size),
		cmocka_unit_test(small_terminals_show_rows),
		cmocka_unit_test(the_selection_follows_its_row),
		cmocka_unit_test(filters_as_in_watch),
		cmocka_unit_test(keys_sort_and_switch),
		cmocka_unit_test(clicks_select_open_and_sort),
		cmocka_unit_test(an_agent_that_is_gone_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
