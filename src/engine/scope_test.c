/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forms of --scope, the mount of the v2 tree, and what can be resolved without any right.
 */
#include "engine/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"

static void the_forms_are_checked(void **state)
{
	static const char *const good[] = { "", "cgroup:/a/b", "cgroup:a", "netns:/run/netns/x",
		"pid:1", "pid:4194304" };
	static const char *const bad[] = { "host", "cgroup:", "cgroup", "netns:", "pid:", "pid:0",
		"pid:-1", "pid:1x", "pid:99999999999", " pid:1" };
	struct fail fail;

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++)
		assert_int_equal(scope_check(good[i], NULL), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		assert_int_equal(scope_check(bad[i], &fail), -EINVAL);
		assert_non_null(strstr(fail.text, "expected cgroup:PATH, netns:PATH or pid:N"));
	}
}

static void expect_mount(const char *mountinfo, const char *expected)
{
	char text[1024], found[64] = "";

	assert_true(str_set(text, mountinfo));
	assert_int_equal(scope_find_mount(text, found, sizeof(found)), expected != NULL);
	assert_string_equal(found, expected ? expected : "");
}

static void the_mount_is_found(void **state)
{
	/* A pure v2 host. */
	expect_mount(
		"25 30 0:23 / /sys rw,nosuid - sysfs sysfs rw\n"
		"29 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
		"/sys/fs/cgroup");
	/* A hybrid one: the controllers are on v1. */
	expect_mount(
		"29 25 0:26 / /sys/fs/cgroup ro shared:4 - tmpfs tmpfs ro\n"
		"30 29 0:27 / /sys/fs/cgroup/unified rw shared:5 master:9 - cgroup2 cgroup2 rw\n"
		"33 29 0:30 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu\n",
		"/sys/fs/cgroup/unified");
	/* A part of the tree, bound somewhere, is passed over. */
	expect_mount("30 29 0:27 /user.slice /mnt/part rw - cgroup2 cgroup2 rw\n"
		     "31 29 0:27 / /mnt/a\\040b\\134c rw - cgroup2 none rw\n",
		"/mnt/a b\\c");
	expect_mount("33 29 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", NULL);
	expect_mount("33 29 0:30 / /cgroup2 rw - ext4 /dev/cgroup2 rw\n", NULL);
	expect_mount("", NULL);
	expect_mount("33 29\n - cgroup2 \n\n", NULL);
}

static void a_namespace_gives_its_inode(void **state)
{
	struct scope scope;
	struct stat status;
	struct fail fail;

	assert_int_equal(scope_open("netns:/proc/self/ns/net", &scope, NULL), 0);
	assert_int_equal(stat("/proc/self/ns/net", &status), 0);
	assert_int_equal(scope.kind, SCOPE_NETNS);
	assert_int_equal(scope.netns_inode, status.st_ino);
	scope_done(&scope);
	assert_int_equal(scope_open("netns:/proc/self/stat", &scope, &fail), -EINVAL);
	assert_int_equal(scope_open("netns:/nowhere", &scope, &fail), -ESRCH);
}

static void a_process_gives_its_number(void **state)
{
	struct scope scope;
	struct fail fail;
	char text[32];

	snprintf(text, sizeof(text), "pid:%d", (int)getpid());
	assert_int_equal(scope_open(text, &scope, NULL), 0);
	assert_int_equal(scope.kind, SCOPE_PID);
	assert_int_equal(scope.pid, getpid());
	scope_done(&scope);
	/* Above the largest pid_max of the kernel. */
	assert_int_equal(scope_open("pid:4194305", &scope, &fail), -ESRCH);
}

static void the_host_needs_nothing(void **state)
{
	struct scope scope;

	assert_int_equal(scope_open("", &scope, NULL), 0);
	assert_int_equal(scope.kind, SCOPE_HOST);
	assert_true(scope.cgroup_fd >= 0 || scope.no_cgroup.code < 0);
	scope_done(&scope);
	assert_int_equal(scope.cgroup_fd, -1);
}

static void a_missing_cgroup_is_named(void **state)
{
	struct scope scope;
	struct fail fail;

	assert_true(scope_open("cgroup:/no/such/group", &scope, &fail) < 0);
	assert_true(fail.text[0] != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_forms_are_checked),
		cmocka_unit_test(the_mount_is_found),
		cmocka_unit_test(a_namespace_gives_its_inode),
		cmocka_unit_test(a_process_gives_its_number),
		cmocka_unit_test(the_host_needs_nothing),
		cmocka_unit_test(a_missing_cgroup_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
