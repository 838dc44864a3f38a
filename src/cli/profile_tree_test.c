/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/str.h"
#include "cli/profile_source.h"
#include "pprof.pb-c.h"

static struct profile_tree *tree_of(const char *const (*stacks)[2])
{
	struct profile_tree *tree = profile_tree_new(&profile_measure_cpu);

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
	assert_int_equal(profile_tree_time_ns(tree), 160);
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

static int write_scope(struct profile_tree *tree, FILE *stream)
{
	return profile_write_speedscope(tree, "shop", stream);
}

static void speedscope_has_frames_once(void **state)
{
	static const char *const stacks[][2] = { { "a;b", "2" }, { "a", "1" }, { NULL, NULL } };
	_cleanup_(profile_tree_freep)
	struct profile_tree *tree = tree_of(stacks);
	_cleanup_(freep)
	char *text = text_of(tree, write_scope);

	assert_string_equal(text,
		"{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
		"\"exporter\":\"skep\",\"name\":\"shop\","
		"\"shared\":{\"frames\":[{\"name\":\"b\"},{\"name\":\"a\"}]},"
		"\"profiles\":[{\"type\":\"sampled\",\"name\":\"shop\","
		"\"unit\":\"nanoseconds\",\"samples\":[[1],[1,0]],\"weights\":[10,20],"
		"\"startValue\":0,\"endValue\":30}]}\n");
}

static PprofProfile *unpacked(struct profile_tree *tree)
{
	static uint8_t bytes[65536];
	FILE *stream = tmpfile();
	PprofProfile *profile;
	gzFile file;
	int length;

	assert_non_null(stream);
	assert_int_equal(profile_write_pprof(tree, stream), 0);
	rewind(stream);
	file = gzdopen(dup(fileno(stream)), "rb");
	assert_non_null(file);
	length = gzread(file, bytes, sizeof(bytes));
	assert_in_range(length, 1, sizeof(bytes) - 1);
	assert_int_equal(gzclose(file), Z_OK);
	fclose(stream);
	profile = pprof_profile__unpack(NULL, (size_t)length, bytes);
	assert_non_null(profile);
	return profile;
}

/* The name of a location, which has its function's number. */
static const char *location_name(const PprofProfile *profile, uint64_t id)
{
	assert_in_range(id, 1, profile->n_location);
	assert_int_equal(profile->location[id - 1]->id, id);
	assert_int_equal(profile->location[id - 1]->line[0]->function_id, id);
	assert_int_equal(profile->function[id - 1]->id, id);
	return profile->string_table[profile->function[id - 1]->name];
}

static void pprof_has_the_leaf_first(void **state)
{
	_cleanup_(profile_tree_freep)
	struct profile_tree *tree = tree_of(shop);
	PprofProfile *profile = unpacked(tree);
	const PprofSample *query = profile->sample[2];

	assert_string_equal(profile->string_table[0], "");
	assert_string_equal(profile->string_table[profile->sample_type[0]->type], "samples");
	assert_string_equal(profile->string_table[profile->sample_type[1]->unit], "nanoseconds");
	assert_int_equal(profile->period, 10);
	assert_int_equal(profile->n_sample, 4);
	assert_int_equal(profile->n_function, 5);
	assert_int_equal(query->n_location_id, 3);
	assert_string_equal(location_name(profile, query->location_id[0]), "query");
	assert_string_equal(location_name(profile, query->location_id[2]), "main");
	assert_int_equal(query->value[0], 10);
	assert_int_equal(query->value[1], 100);
	pprof_profile__free_unpacked(profile, NULL);
}

static void pprof_texts_are_utf8(void **state)
{
	static const char *const stacks[][2] = { { "größe;b\xff\xc3", "1" }, { NULL, NULL } };
	_cleanup_(profile_tree_freep)
	struct profile_tree *tree = tree_of(stacks);
	PprofProfile *profile = unpacked(tree);

	assert_string_equal(location_name(profile, 1), "b??");
	assert_string_equal(location_name(profile, 2), "größe");
	pprof_profile__free_unpacked(profile, NULL);
}

/* Waits of a millisecond and of a second, and what was ready to run. */
static void waits_are_weighed_by_their_time(void **state)
{
	static const struct profile_row rows[] = {
		{ .frames = "main;nap",
			.state = "sleep",
			.count = 2,
			.waits = 9,
			.wait_ns = 9000000 },
		{ .frames = "main;ask",
			.state = "network",
			.count = 1,
			.waits = 1,
			.wait_ns = 1000000000,
			.run_queue_ns = 500000 },
		{ .frames = "main;spin", .state = "running", .count = 3, .cpu_ns = 30000000 },
	};
	struct profile_tree *waiting = profile_tree_new(&profile_measure_waiting);
	struct profile_tree *wall = profile_tree_new(&profile_measure_wall);
	char *text;

	for (unsigned int i = 0; i < ARRAY_LENGTH(rows); i++) {
		assert_int_equal(profile_add_row(waiting, &rows[i]), 0);
		assert_int_equal(profile_add_row(wall, &rows[i]), 0);
	}
	text = text_of(waiting, profile_write_folded);
	assert_string_equal(text, "main;ask;[waiting: network] 1000000\n"
				  "main;nap;[waiting: sleep] 9000\n");
	free(text);
	text = text_of(wall, profile_write_folded);
	assert_string_equal(text, "main;ask;[run queue] 500\n"
				  "main;ask;[waiting: network] 1000000\n"
				  "main;nap;[waiting: sleep] 9000\n"
				  "main;spin 30000\n");
	free(text);
	text = text_of(waiting, profile_write_json);
	assert_non_null(strstr(text, "\"count\":9,\"wait_ns\":9000000}"));
	free(text);
	text = text_of(waiting, write_all);
	assert_non_null(strstr(text, "10 waits, 1s of waiting"));
	free(text);
	assert_int_equal(profile_tree_count(waiting), 10);
	assert_int_equal(profile_tree_time_ns(wall), 1039500000);
	profile_tree_free(waiting);
	profile_tree_free(wall);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_are_weighed_by_their_time),
		cmocka_unit_test(folded_lines_are_sorted_sums),
		cmocka_unit_test(json_has_the_frames_apart),
		cmocka_unit_test(recursion_counts_once),
		cmocka_unit_test(the_table_says_shares),
		cmocka_unit_test(markup_in_names_is_text),
		cmocka_unit_test(speedscope_has_frames_once),
		cmocka_unit_test(pprof_has_the_leaf_first),
		cmocka_unit_test(pprof_texts_are_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
