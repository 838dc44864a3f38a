/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Histograms: error of a step, sums, quantiles, the text form there and back, hostile texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/histogram.h"

static void quantile_is_near(void **state)
{
	uint64_t value = 1;

	for (int i = 0; i < 2000 && value < UINT64_MAX / 4; i++) {
		_cleanup_(histogram_done)
		struct histogram histogram = { 0 };
		uint64_t found;

		assert_int_equal(histogram_add(&histogram, value, 1), 0);
		found = histogram_quantile(&histogram, 0.5);
		assert_true((double)found >= (double)value * (1 - 1.0 / 32));
		assert_true((double)found <= (double)value * (1 + 1.0 / 32));
		value += value / 29 + 1;
	}
}

static void steps_join_without_gaps(void **state)
{
	for (unsigned int i = 0; i + 1 < HISTOGRAM_STEPS; i++) {
		_cleanup_(histogram_done)
		struct histogram histogram = { 0 };
		uint64_t low = histogram_lower_bound(i);
		uint64_t next = histogram_lower_bound(i + 1);

		assert_true(low < next);
		histogram_add(&histogram, low, 1);
		histogram_add(&histogram, next - 1, 1);
		assert_int_equal(histogram.used, 1);
		assert_int_equal(histogram.steps[0].index, i);
		assert_true(histogram_above(&histogram, 1.0) == next);
	}
}

static void greatest_value_has_a_step(void **state)
{
	_cleanup_(histogram_done)
	struct histogram histogram = { 0 };

	histogram_add(&histogram, UINT64_MAX, 3);
	assert_int_equal(histogram.steps[0].index, HISTOGRAM_STEPS - 1);
	assert_true(histogram_above(&histogram, 0.99) == UINT64_MAX);
}

static void quantiles_of_many(void **state)
{
	_cleanup_(histogram_done)
	struct histogram histogram = { 0 };

	for (uint64_t i = 1; i <= 10000; i++)
		histogram_add(&histogram, i * 1000, 1);
	assert_int_equal(histogram.count, 10000);
	assert_in_range(histogram_quantile(&histogram, 0.5), 4840000, 5160000);
	assert_in_range(histogram_quantile(&histogram, 0.99), 9590000, 10220000);
	assert_in_range(histogram_quantile(&histogram, 0.0), 960, 1040);
	assert_in_range(histogram_quantile(&histogram, 1.0), 9680000, 10320000);
}

static void empty_has_no_quantile(void **state)
{
	struct histogram histogram = { 0 };

	assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
	assert_int_equal(histogram_above(&histogram, 0.5), 0);
}

static int read_text(struct histogram *histogram, const char *text)
{
	return histogram_read(histogram, (struct slice){ (const uint8_t *)text, strlen(text) });
}

static void text_goes_there_and_back(void **state)
{
	_cleanup_(histogram_done)
	struct histogram histogram = { 0 };
	_cleanup_(histogram_done)
	struct histogram again = { 0 };
	_cleanup_(buf_done)
	struct buf text;
	_cleanup_(buf_done)
	struct buf second;

	buf_init(&text, HISTOGRAM_TEXT_BYTES);
	buf_init(&second, HISTOGRAM_TEXT_BYTES);
	histogram_add(&histogram, 5, 2);
	histogram_add(&histogram, 1000, UINT32_MAX);
	histogram_add(&histogram, 7, 1);
	histogram_write(&histogram, &text);
	assert_string_equal(buf_text(&text), "5:2 7:1 111:4294967295");
	assert_int_equal(read_text(&again, buf_text(&text)), 0);
	histogram_write(&again, &second);
	assert_string_equal(buf_text(&text), buf_text(&second));
	assert_int_equal(histogram_merge(&again, &histogram), 0);
	assert_int_equal(again.count, 2 * histogram.count);
}

static void longest_text_fits(void **state)
{
	_cleanup_(histogram_done)
	struct histogram histogram = { 0 };
	_cleanup_(buf_done)
	struct buf text;

	buf_init(&text, HISTOGRAM_TEXT_BYTES);
	for (unsigned int i = 0; i < HISTOGRAM_STEPS; i++)
		histogram_add(&histogram, histogram_lower_bound(i), UINT64_MAX);
	histogram_write(&histogram, &text);
	assert_int_equal(text.error, 0);
}

static void bad_text_is_refused(void **state)
{
	static const char *const texts[] = { "x", "1", "1:", ":1", "1:2:3", "976:1", "1:2,3:4",
		"1:99999999999999999999999", "1:2  3:4", "-1:2" };

	for (unsigned int i = 0; i < ARRAY_LENGTH(texts); i++) {
		_cleanup_(histogram_done)
		struct histogram histogram = { 0 };

		assert_int_equal(read_text(&histogram, texts[i]), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantile_is_near),
		cmocka_unit_test(steps_join_without_gaps),
		cmocka_unit_test(greatest_value_has_a_step),
		cmocka_unit_test(quantiles_of_many),
		cmocka_unit_test(empty_has_no_quantile),
		cmocka_unit_test(text_goes_there_and_back),
		cmocka_unit_test(longest_text_fits),
		cmocka_unit_test(bad_text_is_refused),
	};

	return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
