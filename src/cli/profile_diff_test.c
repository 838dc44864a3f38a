/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/str.h"
#include "cli/profile_diff.h"

static struct profile_tree *tree_of(const char *folded, int wanted)
{
	struct profile_tree *tree = profile_tree_new(&profile_measure_cpu);
	FILE *stream = fmemopen((void *)folded, strlen(folded), "r");
	struct fail fail = { 0 };

	assert_non_null(tree);
	assert_non_null(stream);
	assert_int_equal(profile_read_folded(stream, tree, &fail), wanted);
	fclose(stream);
	return tree;
}

static char *changes_of(const char *before, const char *after, int wanted)
{
	_cleanup_(profile_tree_freep)
	struct profile_tree *first = tree_of(before, 0), *second = tree_of(after, 0);
	struct profile_tree *trees[2] = { first, second };
	_cleanup_(freep)
	struct profile_change *changes = NULL;
	char *text = NULL;
	size_t count, length;
	FILE *stream = open_memstream(&text, &length);

	assert_non_null(stream);
	assert_int_equal(profile_compare(trees, &changes, &count), 0);
	assert_int_equal(profile_write_changes(changes, count, trees, 0, stream), wanted);
	fclose(stream);
	return text;
}

static void what_changed_is_named(void **state)
{
	_cleanup_(freep)
	char *text = changes_of("main;parse 400\nmain;render 600\n",
		"main;parse 420\nmain;render 380\nmain;compress 200\n", 2);

	assert_string_equal(text,
		"           SELF                   TOTAL         FUNCTION\n"
		" 0.0 % → 20.0 %  +20.0   0.0 % → 20.0 %  +20.0  compress\n"
		"60.0 % → 38.0 %  -22.0  60.0 % → 38.0 %  -22.0  render\n"
		"\n"
		"2 of 4 functions changed more than chance makes likely; 1000 samples before, "
		"1000 after\n");
}

static void chance_is_no_change(void **state)
{
	_cleanup_(freep)
	char *text = changes_of("main;a 48\nmain;b 52\n", "main;a 56\nmain;b 44\n", 0);

	assert_string_equal(text,
		"0 of 3 functions changed more than chance makes likely; 100 samples before, "
		"100 after\n");
}

/* Three of three samples are no proof, however different the shares are. */
static void few_samples_prove_nothing(void **state)
{
	_cleanup_(freep)
	char *text = changes_of("main;a 3\n", "main;b 3\n", 0);

	assert_non_null(strstr(text, "0 of 3 functions"));
}

/* A caller whose callee grew: it is not slower itself, but it is where to look. */
static void callers_change_in_total(void **state)
{
	_cleanup_(freep)
	char *text = changes_of("main;handle;copy 100\nmain;idle 900\n",
		"main;handle;copy 300\nmain;idle 700\n", 3);

	assert_non_null(strstr(text, "10.0 % → 30.0 %  +20.0  handle\n"));
}

/* The two-proportion z-test: 40 and 60 of 100 give z = 2.828, p = 0.00468 (tables of the normal
 * distribution). */
static void the_test_is_the_books(void **state)
{
	_cleanup_(profile_tree_freep)
	struct profile_tree *before = tree_of("a 40\nb 60\n", 0),
			    *after = tree_of("a 60\nb 40\n", 0);
	struct profile_tree *trees[2] = { before, after };
	_cleanup_(freep)
	struct profile_change *changes = NULL;
	size_t count;

	assert_int_equal(profile_compare(trees, &changes, &count), 0);
	assert_int_equal(count, 2);
	assert_in_range((int)(changes[0].chance * 100000), 467, 468);
	assert_true(changes[0].is_certain);
}

static void lines_that_are_no_stacks_are_refused(void **state)
{
	static const char *const lines[] = { "main\n", "main x\n", "a 1\nb -2\n", "a 1x\n" };

	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
		profile_tree_free(tree_of(lines[i], -EINVAL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_changed_is_named),
		cmocka_unit_test(chance_is_no_change),
		cmocka_unit_test(few_samples_prove_nothing),
		cmocka_unit_test(callers_change_in_total),
		cmocka_unit_test(the_test_is_the_books),
		cmocka_unit_test(lines_that_are_no_stacks_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
