/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of waits by function names of Linux 5.10 to 7.x: see stack_wait.h. The innermost function
 * that a rule knows decides; names are compared by their beginnings, so that the compiler's
 * suffixes (".isra.0") and variants of a function are the same.
 */
#include "doors/stack_wait.h"

#include "base/str.h"

const char *const stack_state_names[STATE_COUNT + 1] = { "running", "preempted", "lock",
	"kernel_lock", "disk", "network", "poll", "sleep", "pipe", "page_fault", "child",
	"terminal", "signal", "other", NULL };

static const struct rule {
	const char *beginning;
	enum stack_state state;
} rules[] = {
	{ "futex_", STATE_LOCK },
	{ "__futex_", STATE_LOCK },
	{ "do_futex", STATE_LOCK },
	{ "mutex_lock", STATE_KERNEL_LOCK },
	{ "__mutex_lock", STATE_KERNEL_LOCK },
	{ "rwsem_down_", STATE_KERNEL_LOCK },
	{ "down_read", STATE_KERNEL_LOCK },
	{ "down_write", STATE_KERNEL_LOCK },
	{ "__down", STATE_KERNEL_LOCK },
	{ "percpu_rwsem_wait", STATE_KERNEL_LOCK },
	{ "__percpu_", STATE_KERNEL_LOCK },
	{ "rt_mutex_", STATE_KERNEL_LOCK },
	{ "__rt_mutex_", STATE_KERNEL_LOCK },
	{ "io_cqring_wait", STATE_POLL },
	{ "read_events", STATE_POLL },
	{ "ep_poll", STATE_POLL },
	{ "do_epoll_wait", STATE_POLL },
	{ "do_sys_poll", STATE_POLL },
	{ "do_poll", STATE_POLL },
	{ "do_select", STATE_POLL },
	{ "core_sys_select", STATE_POLL },
	{ "eventfd_read", STATE_POLL },
	{ "timerfd_read", STATE_SLEEP },
	{ "inotify_read", STATE_POLL },
	{ "signalfd_", STATE_SIGNAL },
	{ "sk_wait_data", STATE_NETWORK },
	{ "sk_stream_wait_", STATE_NETWORK },
	{ "__skb_wait_for_more_packets", STATE_NETWORK },
	{ "__skb_recv_", STATE_NETWORK },
	{ "inet_csk_accept", STATE_NETWORK },
	{ "inet_csk_wait_for_connect", STATE_NETWORK },
	{ "inet_wait_for_connect", STATE_NETWORK },
	{ "__inet_stream_connect", STATE_NETWORK },
	{ "inet_stream_connect", STATE_NETWORK },
	{ "tcp_", STATE_NETWORK },
	{ "udp_", STATE_NETWORK },
	{ "unix_", STATE_NETWORK },
	{ "netlink_", STATE_NETWORK },
	{ "packet_recvmsg", STATE_NETWORK },
	{ "sock_recvmsg", STATE_NETWORK },
	{ "sock_sendmsg", STATE_NETWORK },
	{ "lock_sock_nested", STATE_NETWORK },
	{ "__lock_sock", STATE_NETWORK },
	{ "pipe_", STATE_PIPE },
	{ "anon_pipe_", STATE_PIPE },
	{ "wait_for_partner", STATE_PIPE },
	{ "fifo_open", STATE_PIPE },
	{ "io_schedule", STATE_DISK },
	{ "bit_wait_io", STATE_DISK },
	{ "wait_on_page_", STATE_DISK },
	{ "__wait_on_page", STATE_DISK },
	{ "folio_wait_", STATE_DISK },
	{ "__folio_lock", STATE_DISK },
	{ "__lock_page", STATE_DISK },
	{ "__wait_on_buffer", STATE_DISK },
	{ "wait_for_completion_io", STATE_DISK },
	{ "submit_bio_wait", STATE_DISK },
	{ "blk_", STATE_DISK },
	{ "blkdev_", STATE_DISK },
	{ "balance_dirty_pages", STATE_DISK },
	{ "jbd2_", STATE_DISK },
	{ "ext4_", STATE_DISK },
	{ "xfs_", STATE_DISK },
	{ "btrfs_", STATE_DISK },
	{ "nfs_", STATE_DISK },
	{ "fuse_", STATE_DISK },
	{ "request_wait_answer", STATE_DISK },
	{ "p9_client_", STATE_DISK },
	{ "overlayfs_", STATE_DISK },
	{ "writeback_", STATE_DISK },
	{ "wb_wait_", STATE_DISK },
	{ "do_wait", STATE_CHILD },
	{ "kernel_wait", STATE_CHILD },
	{ "do_nanosleep", STATE_SLEEP },
	{ "hrtimer_nanosleep", STATE_SLEEP },
	{ "common_nsleep", STATE_SLEEP },
	{ "alarm_timer_nsleep", STATE_SLEEP },
	{ "n_tty_", STATE_TERMINAL },
	{ "tty_", STATE_TERMINAL },
	{ "do_sigtimedwait", STATE_SIGNAL },
	{ "sigsuspend", STATE_SIGNAL },
	{ "do_signal_stop", STATE_SIGNAL },
	{ "ptrace_stop", STATE_SIGNAL },
	{ "__do_sys_pause", STATE_SIGNAL },
	{ "__x64_sys_pause", STATE_SIGNAL },
	{ "__arm64_sys_pause", STATE_SIGNAL },
};

/* Whatever is waited for below it, it is the memory that the program wants. */
static const char *const faults[] = { "exc_page_fault", "do_user_addr_fault", "handle_mm_fault",
	"do_page_fault", "filemap_fault" };

static bool begins(struct slice function, const char *beginning)
{
	size_t length = strlen(beginning);

	return function.length >= length && memcmp(function.data, beginning, length) == 0;
}

static bool is_fault(struct slice function)
{
	for (unsigned int i = 0; i < ARRAY_LENGTH(faults); i++)
		if (begins(function, faults[i]))
			return true;
	return false;
}

static enum stack_state state_of(struct slice function)
{
	for (unsigned int i = 0; i < ARRAY_LENGTH(rules); i++)
		if (begins(function, rules[i].beginning))
			return rules[i].state;
	return STATE_OTHER;
}

enum stack_state stack_wait_of(const char *frames)
{
	static const char kernel[] = "_[k]";
	const size_t suffix = sizeof(kernel) - 1;
	enum stack_state state = STATE_OTHER;
	const char *end = frames + strlen(frames);

	while (end > frames) {
		const char *start = end;
		struct slice function;

		while (start > frames && start[-1] != ';')
			start--;
		function = (struct slice){ (const uint8_t *)start, (size_t)(end - start) };
		if (function.length < suffix || memcmp(end - suffix, kernel, suffix) != 0)
			break;
		if (is_fault(function))
			return STATE_PAGE_FAULT;
		if (state == STATE_OTHER)
			state = state_of(function);
		end = start > frames ? start - 1 : start;
	}
	return state;
}

bool stack_wait_is_scheduler(const char *function)
{
	return str_equal(function, "schedule") ||
	       str_equal(function, "schedule_preempt_disabled") ||
	       str_starts_with(function, "__schedule") ||
	       str_starts_with(function, "preempt_schedule") ||
	       str_starts_with(function, "__cond_resched") || str_equal(function, "_cond_resched");
}

bool stack_wait_is_exception(const char *function)
{
	return stack_wait_is_interrupt(function) || str_starts_with(function, "asm_exc_") ||
	       str_starts_with(function, "el0_da") || str_starts_with(function, "el0_ia");
}

/* arch/x86/include/asm/idtentry.h, arch/arm64/kernel/entry*: what the entry code is called. */
bool stack_wait_is_interrupt(const char *function)
{
	return str_starts_with(function, "asm_sysvec_") ||
	       str_starts_with(function, "asm_common_interrupt") ||
	       str_starts_with(function, "asm_spurious_interrupt") ||
	       str_starts_with(function, "el0_irq") || str_starts_with(function, "el1_irq") ||
	       str_starts_with(function, "el0_interrupt") ||
	       str_starts_with(function, "el1_interrupt");
}
