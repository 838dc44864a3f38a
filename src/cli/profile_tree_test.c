/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/str.h"
#include "cli/profile_tree.h"

static struct profile_tree *tree_of(const char *const (*stacks)[2])
{
	struct profile_tree *tree = profile_tree_new();

	assert_non_null(tree);
	for (; (*stacks)[0]; stacks++) {
		uint64_t count = strtoull((*stacks)[1], NULL, 10);

		assert_int_equal(profile_tree_add(tree, (*stacks)[0], count, count * 10), 0);
	}
	return tree;
}

typedef int write_profile(struct profile_tree *tree, FILE *stream);

static int write_all(struct profile_tree *tree, FILE *stream)
{
	return profile_write_table(tree, 0, stream);
}

static int write_picture(struct profile_tree *tree, FILE *stream)
{
	return profile_write_svg(tree, "a <title>", stream);
}

static char *text_of(struct profile_tree *tree, write_profile *write)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	assert_non_null(stream);
	assert_int_equal(write(tree, stream), 0);
	fclose(stream);
	return text;
}

static const char *const shop[][2] = {
	{ "main;serve;query", "6" },
	{ "main;serve;render", "3" },
	{ "main;serve;query", "4" },
	{ "main;serve", "1" },
	{ "main;idle", "2" },
	{ NULL, NULL },
};

static void folded_lines_are_sorted_sums(void **state)
{
	_cleanup_(profile_tree_freep)
	struct profile_tree *tree = tree_of(shop);
	_cleanup_(freep)
	char *text = text_of(tree, profile_write_folded);

	assert_string_equal(text, "main;idle 2\n"
				  "main;serve 1\n"
				  "main;serve;query 10\n"
				  "main;serve;render 3\n");
	assert_int_equal(profile_tree_count(tree), 16);
	assert_int_equal(profile_tree_cpu_ns(tree), 160);
}

static void json_has_the_frames_apart(void **state)
{
	static const char *const one[][2] = { { "a;say \"b\"", "2" }, { NULL, NULL } };
	_cleanup_(profile_tree_freep)
	struct profile_tree *tree = tree_of(one);
	_cleanup_(freep)
	char *text = text_of(tree, profile_write_json);

	assert_string_equal(
		text, "{\"frames\":[\"a\",\"say \\\"b\\\"\"],\"count\":2,\"cpu_ns\":20}\n");
}

/* A function that calls itself is in a sample once, however often it stands in the stack. */
static void recursion_counts_once(void **state)
{
	static const char *const stacks[][2] = { { "main;walk;walk;walk", "5" },
		{ "main;walk;leaf;walk", "1" }, { "main", "4" }, { NULL, NULL } };
	_cleanup_(profile_tree_freep)
	struct profile_tree *tree = tree_of(stacks);
	_cleanup_(freep)
	struct profile_function *functions = NULL;
	size_t count;

	assert_int_equal(profile_tree_functions(tree, &functions, &count), 0);
	assert_int_equal(count, 3);
	assert_string_equal(functions[0].name, "walk");
	assert_int_equal(functions[0].self, 6);
	assert_int_equal(functions[0].total, 6);
	assert_string_equal(functions[1].name, "main");
	assert_int_equal(functions[1].self, 4);
	assert_int_equal(functions[1].total, 10);
	assert_string_equal(functions[2].name, "leaf");
	assert_int_equal(functions[2].self, 0);
	assert_int_equal(functions[2].total, 1);
}

static void the_table_says_shares(void **state)
{
	_cleanup_(profile_tree_freep)
	struct profile_tree *tree = tree_of(shop);
	_cleanup_(freep)
	char *text = text_of(tree, write_all);

	assert_string_equal(text, "  SELF    TOTAL                FUNCTION\n"
				  "62.5 %   62.5 %  ████████████  query\n"
				  "18.8 %   18.8 %  ███           render\n"
				  "12.5 %   12.5 %  ██            idle\n"
				  " 6.2 %   87.5 %  █             serve\n"
				  " 0.0 %  100.0 %                main\n"
				  "\n"
				  "16 samples, 160ns of CPU time, 100.0 % of them whole stacks\n");
}

static void markup_in_names_is_text(void **state)
{
	static const char *const one[][2] = {
		{ "main;<script>alert(1)</script>;a & \"b\"\x01\xff", "9" }, { NULL, NULL }
	};
	_cleanup_(profile_tree_freep)
	struct profile_tree *tree = tree_of(one);
	_cleanup_(freep)
	char *text = text_of(tree, write_picture);

	assert_null(strstr(text, "<script"));
	assert_non_null(strstr(text, "&lt;script&gt;alert(1)&lt;/script&gt;"));
	assert_non_null(strstr(text, "a &amp; &quot;b&quot;??"));
	assert_non_null(strstr(text, "a &lt;title&gt;"));
	assert_true(str_ends_with(text, "</svg>\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folded_lines_are_sorted_sums),
		cmocka_unit_test(json_has_the_frames_apart),
		cmocka_unit_test(recursion_counts_once),
		cmocka_unit_test(the_table_says_shares),
		cmocka_unit_test(markup_in_names_is_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
