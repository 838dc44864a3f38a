// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Stacks of threads that wait, or that want a CPU and have none. In: switches from one thread to
 * another, and what wakes threads. Out: stacks in the ring of the stack door, and what came of
 * each.
 *
 * The stack is taken while the thread still runs, at its switch out: only then its memory can be
 * read everywhere (docs/decisions/).
 */
#include "doors/stack.bpf.h"
#include "profile/offcpu/offcpu_choice.h"
#include "profile/offcpu/offcpu_record.h"

const volatile __u32 scope_pid; /* 0: every process */
/* Stacks of a CPU in a turn; beyond them fewer are taken. */
const volatile __u32 stacks_a_turn = 16;

/* Written by user space: waiting that a sample stands for. */
volatile __u32 us_a_sample = 50000;

/* include/linux/sched.h: TASK_DEAD of state, EXIT_DEAD and EXIT_ZOMBIE, which never end. */
#define STATE_DEAD 0xb0

/* By thread. Written at switches out and by who wakes, read and emptied at switches in. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct offcpu_wait);
} waits SEC(".maps");

#define PLACES 32768 /* a power of two */

/* Learnt at switches in. Races of two CPUs for a slot cost an estimate, which is not exact anyway.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PLACES);
	__type(key, __u32);
	__type(value, struct offcpu_place);
} places SEC(".maps");

struct turn {
	__u64 number;
	__u64 taken;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct turn);
} turn_of_cpu SEC(".maps");

/* Renamed in 5.14. */
struct task_struct___named_state {
	volatile long state;
} __attribute__((preserve_access_index));

struct task_struct___since_5_14 {
	unsigned int __state;
} __attribute__((preserve_access_index));

static __always_inline __u32 task_state(struct task_struct *task)
{
	struct task_struct___since_5_14 *now = (void *)task;
	struct task_struct___named_state *old = (void *)task;

	if (bpf_core_field_exists(now->__state))
		return BPF_CORE_READ(now, __state);
	return (__u32)BPF_CORE_READ(old, state);
}

/* ---- who wakes ---- */

static __always_inline int handle_waking(void *context, struct task_struct *task)
{
	__u32 thread = BPF_CORE_READ(task, pid);
	struct offcpu_wait *wait = bpf_map_lookup_elem(&waits, &thread);
	struct offcpu_waker *record;
	long bytes;

	if (!wait || wait->woken_ns || wait->is_preempted)
		return 0;
	wait->woken_ns = bpf_ktime_get_ns();
	/* Without it the sample has no waker. */
	record = bpf_ringbuf_reserve(&stacks, sizeof(*record), 0);
	if (!record)
		return 0;
	record->header.source = SOURCE_offcpu_feature;
	record->header.type = OFFCPU_WAKER;
	record->header.size = sizeof(*record);
	record->header.time_ns = wait->woken_ns;
	record->begin_ns = wait->begin_ns;
	record->thread = thread;
	record->waker_pid = (__u32)bpf_get_current_pid_tgid();
	bpf_get_current_comm(record->waker, sizeof(record->waker));
	bytes = bpf_get_stack(context, record->frames, sizeof(record->frames), 0);
	record->frame_bytes = bytes > 0 ? bytes : 0;
	record->reserved = 0;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

/* ---- switches ---- */

static __always_inline struct offcpu_place *find_place(__u64 place)
{
	__u32 slot = place & (PLACES - 1);

	return bpf_map_lookup_elem(&places, &slot);
}

/* How often it gave up its CPU; the switch under way is in it. */
static __always_inline __u64 task_switches(struct task_struct *task)
{
	return BPF_CORE_READ(task, nvcsw) + BPF_CORE_READ(task, nivcsw);
}

/* A thread has a CPU again. */
static __always_inline void end_wait(struct task_struct *task, __u32 thread)
{
	struct offcpu_wait *wait = bpf_map_lookup_elem(&waits, &thread);
	struct offcpu_place *place;
	struct offcpu_end *record;
	__u64 now_ns, until_ns;

	if (!wait)
		return;
	/* The kernel skipped this program when that wait ended. */
	if (wait->switches != task_switches(task)) {
		count_loss(NESTED);
		bpf_map_delete_elem(&waits, &thread);
		return;
	}
	now_ns = bpf_ktime_get_ns();
	until_ns = wait->woken_ns ? wait->woken_ns : now_ns;
	place = find_place(wait->place);
	if (place)
		offcpu_learn(place, wait->place >> 48, until_ns - wait->begin_ns);
	record = bpf_ringbuf_reserve(&stacks, sizeof(*record), 0);
	if (record) {
		record->header.source = SOURCE_offcpu_feature;
		record->header.type = OFFCPU_END;
		record->header.size = sizeof(*record);
		record->header.time_ns = now_ns;
		record->begin_ns = wait->begin_ns;
		record->woken_ns = wait->woken_ns;
		record->thread = thread;
		record->reserved = 0;
		bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	} else {
		count_loss(RING_FULL);
	}
	bpf_map_delete_elem(&waits, &thread);
}

static __always_inline bool is_shedding(struct turn **ret_turn)
{
	__u64 number = bpf_ktime_get_ns() >> OFFCPU_TURN_SHIFT;
	__u32 zero = 0;
	struct turn *turn = bpf_map_lookup_elem(&turn_of_cpu, &zero);

	*ret_turn = turn;
	if (!turn)
		return true;
	if (turn->number != number) {
		turn->number = number;
		turn->taken = 0;
	}
	return turn->taken >= stacks_a_turn;
}

/* The chosen one: noted first, so that its end is seen even if the stack finds no room. */
static __always_inline void take_wait(
	void *context, struct stack_scratch *scratch, const struct offcpu_wait *wait)
{
	__u32 thread = scratch->record.task.thread;

	count_one(COUNT_SEEN);
	if (bpf_map_update_elem(&waits, &thread, wait, BPF_NOEXIST)) {
		if (bpf_map_update_elem(&waits, &thread, wait, BPF_ANY)) {
			count_loss(STATE_FULL);
			return;
		}
		/* The end of the one before was skipped. */
		count_loss(NESTED);
	}
	take_kernel_stack(context, scratch);
	copy_stack(scratch);
	if (send_stack(scratch))
		return;
	count_loss(RING_FULL);
	bpf_map_delete_elem(&waits, &thread);
}

static __always_inline void begin_wait(
	void *context, struct task_struct *task, struct stack_scratch *scratch, bool is_preempted)
{
	struct pt_regs *registers = user_registers(task);
	struct offcpu_wait wait = { .is_preempted = is_preempted };
	struct offcpu_place *place;
	bpf_user_pt_regs_t saved;
	struct turn *turn;

	if (!registers || bpf_probe_read_kernel(&saved, sizeof(saved), registers))
		return;
	wait.place = offcpu_place_of(bpf_get_current_pid_tgid() >> 32,
		is_preempted ? 0 : PT_REGS_IP(&saved), is_preempted ? 0 : PT_REGS_SP(&saved));
	place = find_place(wait.place);
	if (!place)
		return;
	wait.weight = offcpu_weight(place, wait.place >> 48, us_a_sample, is_shedding(&turn));
	if (wait.weight > 1 && bpf_get_prandom_u32() % wait.weight)
		return;
	if (turn)
		turn->taken++;
	begin_stack(&scratch->record, task, SOURCE_offcpu_feature, OFFCPU_BEGIN);
	take_registers(&scratch->record, &saved);
	scratch->record.flags |= STACK_IS_SWITCH | (is_preempted ? STACK_IS_PREEMPTED : 0);
	scratch->record.weight = wait.weight;
	wait.begin_ns = scratch->record.header.time_ns;
	wait.switches = task_switches(task);
	take_wait(context, scratch, &wait);
}

static __always_inline int handle_switch(
	void *context, bool is_forced, struct task_struct *before, struct task_struct *after)
{
	__u32 thread = BPF_CORE_READ(after, pid), cpu = bpf_get_smp_processor_id(), state;
	struct stack_scratch *scratch;

	if (thread)
		end_wait(after, thread);
	if (task_is_kernel(before) || !scope_has_current() ||
		(scope_pid && bpf_get_current_pid_tgid() >> 32 != scope_pid))
		return 0;
	state = task_state(before);
	if (state & STATE_DEAD)
		return 0;
	scratch = bpf_map_lookup_elem(&scratch_by_cpu, &cpu);
	if (scratch)
		begin_wait(context, before, scratch, is_forced || state == 0);
	else
		lose(STATE_FULL);
	return 0;
}

/* ---- doors ---- */

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool is_forced, struct task_struct *before, struct task_struct *after)
{
	return handle_switch(ctx, is_forced, before, after);
}

SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct *task)
{
	return handle_waking(ctx, task);
}

SEC("raw_tp/sched_switch")
int BPF_PROG(on_switch_raw, bool is_forced, struct task_struct *before, struct task_struct *after)
{
	return handle_switch(ctx, is_forced, before, after);
}

SEC("raw_tp/sched_waking")
int BPF_PROG(on_waking_raw, struct task_struct *task)
{
	return handle_waking(ctx, task);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
