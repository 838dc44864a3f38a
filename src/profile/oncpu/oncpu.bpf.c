// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Samples of what runs on each CPU. In: the clock event of each CPU (perf_event). Out: the stacks
 * of the task that was running, in the ring of the stack door.
 */
#include "bpf/task.h"
#include "doors/stack.bpf.h"

const volatile __u32 scope_pid; /* 0: every process */

/* From when on user space is woken before its timer. */
#define WAKE_BYTES (512 * 1024)

/* arch/x86/include/asm/segment.h: the privilege level in the code segment; arm64: the mode in
 * pstate. */
static __always_inline bool is_user_mode(const bpf_user_pt_regs_t *registers)
{
#if defined(__TARGET_ARCH_x86)
	return registers->cs & 3;
#else
	return !(registers->pstate & 0xf);
#endif
}

static __always_inline void take_user(struct bpf_perf_event_data *context,
	struct stack_scratch *scratch, struct task_struct *task)
{
	bpf_user_pt_regs_t saved;
	struct pt_regs *registers;

	take_registers(&scratch->record, &context->regs);
	scratch->record.flags |= STACK_IS_EXACT;
	if (!is_user_mode(&context->regs)) {
		scratch->record.flags = 0;
		registers = user_registers(task);
		if (!registers || bpf_probe_read_kernel(&saved, sizeof(saved), registers))
			return;
		take_registers(&scratch->record, &saved);
	}
	copy_stack(scratch);
}

static __always_inline void fill_head(struct stack_record *record, struct task_struct *task)
{
	__u64 ids = bpf_get_current_pid_tgid();

	record->header.source = SOURCE_oncpu_feature;
	record->header.type = 0;
	record->header.time_ns = bpf_ktime_get_ns();
	record->task.pid = ids >> 32;
	record->task.thread = (__u32)ids;
	record->task.start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	record->flags = 0;
	record->stack_bytes = 0;
	record->kernel_bytes = 0;
	record->reserved = 0;
	bpf_get_current_comm(record->thread, sizeof(record->thread));
	BPF_CORE_READ_STR_INTO(&record->comm, task, group_leader, comm);
}

static __always_inline void take_kernel(
	struct bpf_perf_event_data *context, struct stack_scratch *scratch)
{
	long bytes;

	if (is_user_mode(&context->regs))
		return;
	bytes = bpf_get_stack(context, scratch->bytes, STACK_KERNEL_FRAMES * 8, 0);
	if (bytes > 0)
		scratch->record.kernel_bytes = bytes;
}

SEC("perf_event")
int on_sample(struct bpf_perf_event_data *context)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct stack_scratch *scratch;
	__u32 cpu = bpf_get_smp_processor_id(), bytes;
	__u64 wake;

	if (!scope_has_current() || (scope_pid && bpf_get_current_pid_tgid() >> 32 != scope_pid))
		return 0;
	count_one(COUNT_SEEN);
	scratch = bpf_map_lookup_elem(&scratch_by_cpu, &cpu);
	if (!scratch) {
		count_loss(STATE_FULL);
		return 0;
	}
	fill_head(&scratch->record, task);
	take_kernel(context, scratch);
	take_user(context, scratch, task);
	bytes = sizeof(scratch->record) + scratch->record.kernel_bytes +
		scratch->record.stack_bytes;
	if (bytes > sizeof(*scratch))
		bytes = sizeof(*scratch);
	scratch->record.header.size = bytes;
	wake = bpf_ringbuf_query(&stacks, BPF_RB_AVAIL_DATA) >= WAKE_BYTES ? BPF_RB_FORCE_WAKEUP
									   : BPF_RB_NO_WAKEUP;
	if (bpf_ringbuf_output(&stacks, scratch, bytes, wake))
		count_loss(RING_FULL);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
