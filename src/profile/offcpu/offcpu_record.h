/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the kernel half of `offcpu` sends: a stack where a thread gives up its CPU (struct
 * stack_record), and once it has one again, how long that took.
 */
#ifndef SKEP_OFFCPU_RECORD_H
#define SKEP_OFFCPU_RECORD_H

#include "doors/stack_record.h"

enum offcpu_type {
	OFFCPU_BEGIN, /* struct stack_record; weight: one over the probability of its being taken */
	OFFCPU_WAKER, /* struct offcpu_waker */
	OFFCPU_END,   /* struct offcpu_end */
};

#define OFFCPU_WAKER_FRAMES 64

/* Who woke a thread whose stack was taken. */
struct offcpu_waker {
	struct record_header header;
	__u64 begin_ns;	 /* of the stack */
	__u32 thread;	 /* that waits */
	__u32 waker_pid; /* thread that ran where it was woken; 0: the idle one */
	char waker[16];	 /* its name */
	__u32 frame_bytes;
	__u32 reserved;
	__u64 frames[OFFCPU_WAKER_FRAMES]; /* of the kernel, the innermost first */
};

/* A wait whose stack was taken, as the kernel half keeps it. */
struct offcpu_wait {
	__u64 begin_ns;
	__u64 woken_ns;
	__u64 place;
	__u64 switches; /* of the thread when it gave up its CPU */
	__u32 weight;
	__u32 is_preempted;
};

struct offcpu_end {
	struct record_header header; /* time_ns: it has a CPU again */
	__u64 begin_ns;		     /* of the stack */
	__u64 woken_ns;		     /* 0: nobody had to */
	__u32 thread;
	__u32 reserved;
};

_Static_assert(sizeof(struct offcpu_waker) == 568, "layout");
_Static_assert(sizeof(struct offcpu_end) == 40, "layout");

#endif
