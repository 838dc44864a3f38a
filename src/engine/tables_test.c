/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that features bring is whole: kinds with their fields, options, sentences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine/config.h"
#include "engine/feature.h"
#include "event/filter.h"
#include "event/kind.h"

#define KINDS_MAXIMUM  64
#define TABLES_MAXIMUM 64

static void kinds_are_whole(void **state)
{
	const struct event_kind *kinds[KINDS_MAXIMUM];
	struct fail fail = { 0 };
	size_t count = features_kinds(kinds, KINDS_MAXIMUM);

	assert_in_range(count, 1, KINDS_MAXIMUM - 1);
	for (size_t i = 0; i < count; i++) {
		if (kind_check(kinds[i], &fail) < 0)
			fail_msg("%s", fail.text);
		assert_ptr_equal(kind_find(kinds, count, kinds[i]->name), kinds[i]);
	}
}

static void features_are_whole(void **state)
{
	size_t count;
	const struct feature *const *features = features_all(&count);

	for (size_t i = 0; i < count; i++) {
		const struct feature *feature = features[i];
		if (!feature->name || !feature->summary || !feature->open || !feature->counts ||
			!feature->door || !feature->close)
			fail_msg("feature %zu lacks a member", i);
	}
}

/* All options of the agent share one namespace: flags and keys of the configuration file. */
static void options_of_the_agent_are_whole(void **state)
{
	static struct config config;
	struct option_table tables[TABLES_MAXIMUM] = {
		{ config_rows, config_row_count, &config },
	};
	unsigned int table_count = 1;
	struct fail fail = { 0 };
	size_t count;
	const struct feature *const *features = features_all(&count);

	for (size_t i = 0; i < count && table_count < TABLES_MAXIMUM; i++) {
		if (features[i]->option_count == 0)
			continue;
		void *values = calloc(1, features[i]->options_bytes);
		assert_non_null(values);
		tables[table_count++] = (struct option_table){ features[i]->options,
			features[i]->option_count, values };
	}
	if (option_check(tables, table_count, &fail) < 0)
		fail_msg("%s", fail.text);
	for (unsigned int i = 1; i < table_count; i++)
		free(tables[i].values);
}

static void options_of_filters_are_whole(void **state)
{
	static struct filter_options options;
	const struct option_table table = { filter_rows, filter_row_count, &options };
	struct fail fail = { 0 };

	if (option_check(&table, 1, &fail) < 0)
		fail_msg("%s", fail.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_whole),
		cmocka_unit_test(features_are_whole),
		cmocka_unit_test(options_of_the_agent_are_whole),
		cmocka_unit_test(options_of_filters_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
