/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities go for good, in a child, so that the other tests keep theirs. */
#include "engine/privilege.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cap-ng.h>
#include <cmocka.h>

static bool has(capng_type_t set, unsigned int capability)
{
	capng_get_caps_process();
	return capng_have_capability(set, capability);
}

static int child(void)
{
	if (privilege_keep(1ULL << CAP_SYS_PTRACE) < 0)
		return 1;
	if (!has(CAPNG_EFFECTIVE, CAP_SYS_PTRACE) || has(CAPNG_EFFECTIVE, CAP_KILL) ||
		has(CAPNG_PERMITTED, CAP_KILL))
		return 2;
	if (privilege_keep(0) < 0)
		return 3;
	return has(CAPNG_PERMITTED, CAP_SYS_PTRACE) ? 4 : 0;
}

static void only_what_is_kept_stays(void **state)
{
	pid_t pid;
	int status;

	if (!has(CAPNG_EFFECTIVE, CAP_SYS_PTRACE) || !has(CAPNG_EFFECTIVE, CAP_KILL))
		skip();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void nothing_to_give_up_is_fine(void **state)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(privilege_keep(0) < 0 || privilege_keep(privilege_of_agent) < 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_kept_stays),
		cmocka_unit_test(nothing_to_give_up_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
