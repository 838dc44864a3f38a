/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One agent per directory: the second is refused by name, a dead one stops nobody.
 */
#include "engine/lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

struct place {
	char parent[32];
	char directory[48];
	char file[64];
};

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	memcpy(place->parent, "/tmp/skep-lock-XXXXXX", sizeof("/tmp/skep-lock-XXXXXX"));
	assert_non_null(mkdtemp(place->parent));
	snprintf(place->directory, sizeof(place->directory), "%s/a/b", place->parent);
	snprintf(place->file, sizeof(place->file), "%s/lock", place->directory);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;
	char middle[48];

	snprintf(middle, sizeof(middle), "%s/a", place->parent);
	unlink(place->file);
	rmdir(place->directory);
	rmdir(middle);
	assert_int_equal(rmdir(place->parent), 0);
	free(place);
	return 0;
}

static void the_second_is_refused_by_name(void **state)
{
	struct place *place = *state;
	_cleanup_(fd_closep)
	int first = -1;
	int second = -1;
	struct fail fail;
	char expected[32];

	assert_int_equal(lock_take(place->directory, &first, NULL), 0);
	assert_int_equal(lock_take(place->directory, &second, &fail), -EBUSY);
	snprintf(expected, sizeof(expected), "with pid %d uses", (int)getpid());
	assert_non_null(strstr(fail.text, expected));
	assert_int_equal(second, -1);
	fd_closep(&first);
	assert_int_equal(lock_take(place->directory, &first, NULL), 0);
}

static void a_dead_holder_stops_nobody(void **state)
{
	struct place *place = *state;
	_cleanup_(fd_closep)
	int fd = -1;
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(lock_take(place->directory, &fd, NULL) == 0 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(access(place->file, F_OK), 0);
	assert_int_equal(lock_take(place->directory, &fd, NULL), 0);
}

static void a_folder_that_cannot_be_is_explained(void **state)
{
	int fd = -1;
	struct fail fail;

	assert_true(lock_take("/dev/null/x", &fd, &fail) < 0);
	assert_non_null(strstr(fail.text, "choose a folder with --dir"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_second_is_refused_by_name),
		TEST(a_dead_holder_stops_nobody),
		TEST(a_folder_that_cannot_be_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
