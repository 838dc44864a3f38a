/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The aggregates share one state: a histogram that grows row by row, and the quantile asked for.
 */
#include "engine/store_function.h"

#include "engine/histogram.h"
#include "engine/store_match.h"

struct aggregate {
	struct histogram histogram;
	double q;
};

static struct slice text_of(sqlite3_value *value)
{
	const uint8_t *text = sqlite3_value_text(value);

	return (struct slice){ text, text ? (size_t)sqlite3_value_bytes(value) : 0 };
}

static struct aggregate *state_of(sqlite3_context *context)
{
	struct aggregate *aggregate = sqlite3_aggregate_context(context, sizeof(*aggregate));

	if (!aggregate)
		sqlite3_result_error_nomem(context);
	return aggregate;
}

static bool take_quantile(sqlite3_context *context, struct aggregate *aggregate, double q)
{
	if (!(q >= 0.0 && q <= 1.0)) {
		sqlite3_result_error(context, "a quantile is between 0 and 1", -1);
		return false;
	}
	aggregate->q = q;
	return true;
}

/* False: an error is set. */
static bool read_histogram(
	sqlite3_context *context, struct aggregate *aggregate, sqlite3_value *value)
{
	int error = histogram_read(&aggregate->histogram, text_of(value));

	if (error == -ENOMEM)
		sqlite3_result_error_nomem(context);
	else if (error != 0)
		sqlite3_result_error(context, "this is not a histogram", -1);
	return error == 0;
}

static void merge_step(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct aggregate *aggregate = state_of(context);

	if (aggregate)
		read_histogram(context, aggregate, values[0]);
}

static void give_histogram(sqlite3_context *context, struct histogram *histogram)
{
	struct buf text;

	buf_init(&text, HISTOGRAM_TEXT_BYTES);
	histogram_write(histogram, &text);
	if (text.error != 0)
		sqlite3_result_error_nomem(context);
	else
		sqlite3_result_text(context, buf_text(&text), (int)text.length, SQLITE_TRANSIENT);
	buf_done(&text);
	histogram_done(histogram);
}

static void merge_final(sqlite3_context *context)
{
	struct aggregate *aggregate = sqlite3_aggregate_context(context, 0);

	if (aggregate)
		give_histogram(context, &aggregate->histogram);
}

static void merge_two(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct aggregate sum = { .q = 0 };
	bool is_good = read_histogram(context, &sum, values[0]) &&
		       read_histogram(context, &sum, values[1]);

	if (is_good)
		give_histogram(context, &sum.histogram);
	else
		histogram_done(&sum.histogram);
}

static void histogram_quantile_step(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct aggregate *aggregate = state_of(context);

	if (aggregate && take_quantile(context, aggregate, sqlite3_value_double(values[1])))
		read_histogram(context, aggregate, values[0]);
}

static void add_number(sqlite3_context *context, struct aggregate *aggregate, sqlite3_value *number,
	sqlite3_int64 weight)
{
	sqlite3_int64 value = sqlite3_value_int64(number);

	if (sqlite3_value_type(number) == SQLITE_NULL || weight <= 0)
		return;
	if (histogram_add(&aggregate->histogram, (uint64_t)MAX(value, 0), (uint64_t)weight) != 0)
		sqlite3_result_error_nomem(context);
}

static void histogram_step(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct aggregate *aggregate = state_of(context);

	if (aggregate)
		add_number(context, aggregate, values[0], sqlite3_value_int64(values[1]));
}

static void quantile_step(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct aggregate *aggregate = state_of(context);
	sqlite3_int64 weight = count > 2 ? sqlite3_value_int64(values[2]) : 1;

	if (aggregate && take_quantile(context, aggregate, sqlite3_value_double(values[1])))
		add_number(context, aggregate, values[0], weight);
}

static void quantile_final(sqlite3_context *context)
{
	struct aggregate *aggregate = sqlite3_aggregate_context(context, 0);

	if (!aggregate)
		return;
	if (aggregate->histogram.count > 0)
		sqlite3_result_int64(context,
			(sqlite3_int64)histogram_quantile(&aggregate->histogram, aggregate->q));
	histogram_done(&aggregate->histogram);
}

int store_functions_register(sqlite3 *database)
{
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
	int code = sqlite3_create_function_v2(
		database, "histogram_merge", 1, flags, NULL, NULL, merge_step, merge_final, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_create_function_v2(database, "histogram_quantile", 2, flags, NULL,
			NULL, histogram_quantile_step, quantile_final, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_create_function_v2(database, "histogram", 2, flags, NULL, NULL,
			histogram_step, merge_final, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_create_function_v2(
			database, "histogram_merge", 2, flags, NULL, merge_two, NULL, NULL, NULL);
	for (int arguments = 2; arguments <= 3 && code == SQLITE_OK; arguments++)
		code = sqlite3_create_function_v2(database, "quantile", arguments, flags, NULL,
			NULL, quantile_step, quantile_final, NULL);
	return code == SQLITE_OK ? store_match_register(database) : code;
}
