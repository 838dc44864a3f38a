/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "node/perf_map.h"

/* As node 20 writes them with --perf-basic-prof, and what is none. */
static const char text[] = "7f1e80000000 40 Builtin:ArgumentsAdaptor\n"
			   "7f1e80001000 a0 JS:~burn /srv/burn.js:3:14\n"
			   "7f1e800010a0 10 JS:~next /srv/burn.js:9:14\n"
			   "\n"
			   "no line at all\n"
			   "7f1e80003000 0 nothing\n"
			   "7f1e80001000 a0 JS:*burn /srv/burn.js:3:14\n";

static const char *name_of(struct perf_map *map, uint64_t address)
{
	uint64_t start = 0;
	const char *name = perf_map_find(map, address, &start);

	if (name)
		assert_true(start <= address);
	return name ? name : "";
}

static void check_all(struct perf_map *map)
{
	assert_string_equal(name_of(map, 0x7f1e80000000), "Builtin:ArgumentsAdaptor");
	assert_string_equal(name_of(map, 0x7f1e8000003f), "Builtin:ArgumentsAdaptor");
	assert_string_equal(name_of(map, 0x7f1e80000040), "");
	assert_string_equal(name_of(map, 0x7f1e80001050), "JS:*burn /srv/burn.js:3:14");
	assert_string_equal(name_of(map, 0x7f1e800010a0), "JS:~next /srv/burn.js:9:14");
	assert_string_equal(name_of(map, 0x7f1e80003000), "");
	assert_string_equal(name_of(map, 0), "");
	assert_string_equal(name_of(map, UINT64_MAX), "");
}

static void the_latest_line_of_a_place_is_its_name(void **state)
{
	struct perf_map *map = perf_map_new();

	assert_true(perf_map_add(map, text, strlen(text)));
	check_all(map);
	perf_map_free(map);
}

static void lines_may_be_cut_anywhere(void **state)
{
	struct perf_map *map = perf_map_new();

	for (size_t i = 0; i < strlen(text); i++)
		assert_true(perf_map_add(map, text + i, 1));
	check_all(map);
	perf_map_free(map);
}

static void a_new_function_lies_over_old_ones(void **state)
{
	static const char lines[] = "1000 1000 old\n1400 100 new\n";
	struct perf_map *map = perf_map_new();

	assert_true(perf_map_add(map, lines, strlen(lines)));
	assert_string_equal(name_of(map, 0x1450), "new");
	assert_string_equal(name_of(map, 0x1500), "old");
	assert_true(perf_map_add(map, "1000 1000 newest\n", 17));
	assert_string_equal(name_of(map, 0x1450), "newest");
	perf_map_free(map);
}

static void there_is_an_end(void **state)
{
	struct perf_map *map = perf_map_new();
	char line[32];
	unsigned int taken = 0;

	while (taken <= PERF_MAP_FUNCTIONS_MAXIMUM) {
		int length = snprintf(line, sizeof(line), "%x 1 f\n", taken);

		if (!perf_map_add(map, line, (size_t)length))
			break;
		taken++;
	}
	assert_int_equal(taken, PERF_MAP_FUNCTIONS_MAXIMUM);
	perf_map_free(map);
}

static void only_the_process_itself_is_believed(void **state)
{
	char path[64];
	FILE *stream;
	int fd;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	assert_int_equal(perf_map_open((uint32_t)getpid()), -ENOENT);
	stream = fopen(path, "w");
	fputs(text, stream);
	fclose(stream);
	fd = perf_map_open((uint32_t)getpid());
	unlink(path);
	assert_true(fd >= 0);
	close(fd);
	/* A link, a folder, a pipe. */
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_true(perf_map_open((uint32_t)getpid()) < 0);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(perf_map_open((uint32_t)getpid()), -EPERM);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_latest_line_of_a_place_is_its_name),
		cmocka_unit_test(lines_may_be_cut_anywhere),
		cmocka_unit_test(a_new_function_lies_over_old_ones),
		cmocka_unit_test(there_is_an_end),
		cmocka_unit_test(only_the_process_itself_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
