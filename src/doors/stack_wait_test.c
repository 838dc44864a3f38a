/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/str.h"
#include "doors/stack_wait.h"

/* Ends of stacks as they were seen on 5.10, 6.1, 6.12 and 6.18. */
static const char *const seen[][2] = {
	{ "do_syscall_64_[k];__x64_sys_futex_[k];do_futex_[k];futex_wait_[k];__futex_wait_[k];"
	  "futex_do_wait_[k]",
		"lock" },
	{ "__x64_sys_futex_[k];do_futex_[k];futex_wait_[k];futex_wait_queue_me_[k]", "lock" },
	{ "__x64_sys_clock_nanosleep_[k];common_nsleep_[k];hrtimer_nanosleep_[k];do_nanosleep_[k]",
		"sleep" },
	{ "ksys_read_[k];vfs_read_[k];anon_pipe_read_[k]", "pipe" },
	{ "ksys_read_[k];new_sync_read_[k];pipe_read_[k]", "pipe" },
	{ "sock_recvmsg_[k];tcp_recvmsg_[k];tcp_recvmsg_locked_[k];sk_wait_data_[k];wait_woken_[k];"
	  "schedule_timeout_[k]",
		"network" },
	{ "unix_stream_recvmsg_[k];unix_stream_read_generic_[k];schedule_timeout_[k]", "network" },
	{ "do_accept_[k];inet_accept_[k];inet_csk_accept_[k];schedule_timeout_[k]", "network" },
	{ "do_epoll_wait_[k];ep_poll_[k];schedule_hrtimeout_range_clock_[k]", "poll" },
	{ "do_sys_poll_[k];do_poll.constprop.0_[k];poll_schedule_timeout.constprop.0_[k];"
	  "schedule_hrtimeout_range_clock_[k]",
		"poll" },
	{ "do_fsync_[k];ext4_sync_file_[k];blkdev_issue_flush_[k];submit_bio_wait_[k];"
	  "wait_for_completion_io_[k];schedule_timeout_[k]",
		"disk" },
	{ "filemap_read_[k];filemap_get_pages_[k];folio_wait_bit_common_[k];io_schedule_[k]",
		"disk" },
	{ "asm_exc_page_fault_[k];exc_page_fault_[k];do_user_addr_fault_[k];handle_mm_fault_[k];"
	  "filemap_fault_[k];folio_wait_bit_common_[k];io_schedule_[k]",
		"page_fault" },
	{ "__do_sys_wait4_[k];kernel_wait4_[k];do_wait_[k]", "child" },
	{ "vm_mmap_pgoff_[k];down_write_killable_[k];rwsem_down_write_slowpath_[k]",
		"kernel_lock" },
	{ "ext4_file_write_iter_[k];rwsem_down_write_slowpath_[k]", "kernel_lock" },
	{ "tty_read_[k];n_tty_read_[k];wait_woken_[k];schedule_timeout_[k]", "terminal" },
	{ "__x64_sys_rt_sigsuspend_[k];sigsuspend_[k]", "signal" },
	{ "something_new_[k];schedule_timeout_[k]", "other" },
	{ "", "other" },
	/* A program's own functions say nothing. */
	{ "main;do_nanosleep", "other" },
	{ "pipe_read_[k];main", "other" },
};

static void kinds_of_waits_are_told_by_functions(void **state)
{
	for (unsigned int i = 0; i < ARRAY_LENGTH(seen); i++)
		assert_string_equal(stack_state_names[stack_wait_of(seen[i][0])], seen[i][1]);
}

static void each_state_has_a_name(void **state)
{
	for (unsigned int i = 0; i < STATE_COUNT; i++)
		assert_non_null(stack_state_names[i]);
	assert_null(stack_state_names[STATE_COUNT]);
}

static void the_scheduler_is_no_place(void **state)
{
	assert_true(stack_wait_is_scheduler("schedule"));
	assert_true(stack_wait_is_scheduler("__schedule"));
	assert_true(stack_wait_is_scheduler("preempt_schedule_irq"));
	assert_false(stack_wait_is_scheduler("schedule_timeout"));
	assert_false(stack_wait_is_scheduler("do_nanosleep"));
}

static void interrupts_and_faults_are_told_from_calls(void **state)
{
	assert_true(stack_wait_is_interrupt("asm_sysvec_apic_timer_interrupt"));
	assert_true(stack_wait_is_exception("asm_sysvec_apic_timer_interrupt"));
	assert_true(stack_wait_is_exception("asm_exc_page_fault"));
	assert_false(stack_wait_is_interrupt("asm_exc_page_fault"));
	assert_false(stack_wait_is_exception("entry_SYSCALL_64_after_hwframe"));
	assert_false(stack_wait_is_exception("el0_svc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_of_waits_are_told_by_functions),
		cmocka_unit_test(each_state_has_a_name),
		cmocka_unit_test(the_scheduler_is_no_place),
		cmocka_unit_test(interrupts_and_faults_are_told_from_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
