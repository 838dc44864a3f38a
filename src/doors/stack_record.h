/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A stack as the kernel half of a profiling feature copies it: who ran, the kernel's frames as
 * addresses, and of the user's side the registers and the bytes of the stack, which user space
 * walks.
 */
#ifndef SKEP_STACK_RECORD_H
#define SKEP_STACK_RECORD_H

#include "bpf/event.h"

#define STACK_KERNEL_FRAMES 127
/* The stack is read in pieces, up to the first that is not mapped. */
#define STACK_PIECE_BYTES   2048
#define STACK_PIECES	    32
#define STACK_BYTES_MAXIMUM (STACK_PIECE_BYTES * STACK_PIECES)

enum stack_flag {
	STACK_HAS_USER = 1 << 0, /* registers and stack are those of user code */
	STACK_IS_CUT = 1 << 1,	 /* there is more than STACK_BYTES_MAXIMUM */
	STACK_IS_EXACT = 1 << 2, /* user code ran: ip is no return address of a system call */
	/* Taken where the thread gave up its CPU: the scheduler's functions are the innermost. */
	STACK_IS_SWITCH = 1 << 3,
	STACK_IS_PREEMPTED = 1 << 4, /* it could have gone on */
};

/* Followed by the kernel's frames, the innermost first, and the bytes of the user's stack from sp
 * on.
 */
struct stack_record {
	struct record_header header;
	struct task_identity task;
	char comm[16];	 /* of the process */
	char thread[16]; /* of the thread */
	__u64 ip, sp, bp;
	__u32 kernel_bytes;
	__u32 stack_bytes;
	__u32 flags;  /* enum stack_flag */
	__u32 weight; /* how many such things it stands for */
};

_Static_assert(sizeof(struct stack_record) == 104, "layout");

#endif
