// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Samples of what runs on each CPU. In: the clock event of each CPU (perf_event). Out: the stacks
 * of the task that was running, in the ring of the stack door.
 */
#include "doors/stack.bpf.h"

const volatile __u32 scope_pid; /* 0: every process */

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

SEC("perf_event")
int on_sample(struct bpf_perf_event_data *context)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct stack_scratch *scratch;
	__u32 cpu = bpf_get_smp_processor_id();

	if (!scope_has_current() || (scope_pid && bpf_get_current_pid_tgid() >> 32 != scope_pid))
		return 0;
	count_one(COUNT_SEEN);
	scratch = bpf_map_lookup_elem(&scratch_by_cpu, &cpu);
	if (!scratch) {
		count_loss(STATE_FULL);
		return 0;
	}
	begin_stack(&scratch->record, task, SOURCE_oncpu_feature, 0);
	if (!is_user_mode(&context->regs))
		take_kernel_stack(context, scratch);
	take_user(context, scratch, task);
	if (!send_stack(scratch))
		count_loss(RING_FULL);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
