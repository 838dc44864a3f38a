/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Copies the current task's stacks into a record. The walk is left to user space, which has the
 * unwind rules of every file and no limit of instructions; docs/decisions/ has the figures.
 */
#ifndef SKEP_STACK_BPF_H
#define SKEP_STACK_BPF_H

#include "bpf/emit.h"
#include "bpf/task.h"
#include "doors/stack_record.h"

#include <linux/bpf_perf_event.h>

/* From when on user space is woken before its timer. */
#define STACK_WAKE_BYTES  (512 * 1024)
/* A power of two from the kernel's frames up. */
#define STACK_KERNEL_ROOM 1024

/* Stacks are large: they have a ring of their own, so that they never take the place of telemetry.
 * Its reader sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} stacks SEC(".maps");

struct stack_scratch {
	struct stack_record record;
	__u8 bytes[STACK_KERNEL_ROOM + STACK_BYTES_MAXIMUM];
};

/*
 * By CPU, as user space sizes it (a value of a per-CPU map has 32 KiB at most). Written and read by
 * one run of a program at a time: they do not interrupt each other.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stack_scratch);
} scratch_by_cpu SEC(".maps");

/* arch/x86/include/asm/page_64_types.h, arch/arm64/include/asm/memory.h: without KASAN, which no
 * distribution has on. Read only where the kernel has no helper (before 5.15). */
#define KERNEL_STACK_BYTES 16384

#if defined(__TARGET_ARCH_arm64)
/* The user's registers come first; what follows differs between kernels, and so does the size. */
struct pt_regs {
	struct user_pt_regs user_regs;
} __attribute__((preserve_access_index));
#endif

/* Who runs, and nothing of its stacks yet. */
static __always_inline void begin_stack(
	struct stack_record *record, struct task_struct *task, __u16 source, __u16 type)
{
	__u64 ids = bpf_get_current_pid_tgid();

	record->header.source = source;
	record->header.type = type;
	record->header.time_ns = bpf_ktime_get_ns();
	record->task.pid = ids >> 32;
	record->task.thread = (__u32)ids;
	record->task.start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	record->flags = 0;
	record->stack_bytes = 0;
	record->kernel_bytes = 0;
	record->weight = 1;
	bpf_get_current_comm(record->thread, sizeof(record->thread));
	BPF_CORE_READ_STR_INTO(&record->comm, task, group_leader, comm);
}

/* The registers with which user code entered the kernel. NULL for a thread of the kernel. */
static __always_inline struct pt_regs *user_registers(struct task_struct *task)
{
	if (BPF_CORE_READ(task, flags) & TASK_FLAG_KERNEL)
		return NULL;
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return (struct pt_regs *)((char *)BPF_CORE_READ(task, stack) + KERNEL_STACK_BYTES -
				  bpf_core_type_size(struct pt_regs));
}

/*
 * Through volatile: a context is read at places that the verifier knows, so that clang may not
 * choose between it and a copy first.
 */
static __always_inline void take_registers(
	struct stack_record *record, const volatile bpf_user_pt_regs_t *registers)
{
	record->ip = PT_REGS_IP(registers);
	record->sp = PT_REGS_SP(registers);
	record->bp = PT_REGS_FP(registers);
	record->flags |= STACK_HAS_USER;
}

static __always_inline void take_kernel_stack(void *context, struct stack_scratch *scratch)
{
	long bytes = bpf_get_stack(context, scratch->bytes, STACK_KERNEL_FRAMES * 8, 0);

	if (bytes > 0)
		scratch->record.kernel_bytes = bytes;
}

/* The bytes from sp up, behind the kernel's frames. */
static __always_inline void copy_stack(struct stack_scratch *scratch)
{
	__u32 at = scratch->record.kernel_bytes;
	__u64 sp = scratch->record.sp;

	for (int piece = 0; piece < STACK_PIECES; piece++) {
		__u64 from = sp + piece * STACK_PIECE_BYTES;
		/* The mapping may end within a piece: at the end of a page. */
		__u32 room = 4096 - (from & 4095);
		__u8 *to;

		/* Masked anew for each, so that the verifier sees the bound. */
		barrier_var(at);
		to = scratch->bytes + (at & (STACK_KERNEL_ROOM - 1)) + piece * STACK_PIECE_BYTES;
		if (bpf_probe_read_user(to, STACK_PIECE_BYTES, (void *)from)) {
			if (room < STACK_PIECE_BYTES &&
				!bpf_probe_read_user(to, room, (void *)from))
				scratch->record.stack_bytes += room;
			return;
		}
		scratch->record.stack_bytes += STACK_PIECE_BYTES;
	}
	scratch->record.flags |= STACK_IS_CUT;
}

/* Hands the record over; false when there is no room. */
static __always_inline bool send_stack(struct stack_scratch *scratch)
{
	__u32 bytes = sizeof(scratch->record) + scratch->record.kernel_bytes +
		      scratch->record.stack_bytes;
	__u64 wake;

	if (bytes > sizeof(*scratch))
		bytes = sizeof(*scratch);
	scratch->record.header.size = bytes;
	wake = bpf_ringbuf_query(&stacks, BPF_RB_AVAIL_DATA) >= STACK_WAKE_BYTES
		       ? BPF_RB_FORCE_WAKEUP
		       : BPF_RB_NO_WAKEUP;
	return !bpf_ringbuf_output(&stacks, scratch, bytes, wake);
}

#endif
