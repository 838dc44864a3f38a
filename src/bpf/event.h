/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What both halves share: the head of every ring record, who may send
 * one, and the counters that make losses visible. Fixed-width types only; it compiles
 * for BPF and natively.
 */
#ifndef SKEP_BPF_EVENT_H
#define SKEP_BPF_EVENT_H

#include <linux/types.h>

/* Who wrote a record: the doors, then the features in the order of features.def. */
enum record_source {
	SOURCE_NONE,
	SOURCE_packet, /* doors/packet.bpf.c */
	SOURCE_key,    /* doors/key.bpf.c */
#define FEATURE(domain, name) SOURCE_##name##_feature,
#include "features.def"
#undef FEATURE
	SOURCE_COUNT
};

/* Every record in either ring starts with this. */
struct record_header {
	__u16 source;  /* enum record_source */
	__u16 type;    /* private to the source */
	__u32 size;    /* of the whole record in bytes, this header included */
	__u64 time_ns; /* bpf_ktime_get_ns() */
};

/*
 * Per-object counters: key of the per-CPU array `counts`. Invariant, exact when nothing is in
 * flight: seen = reported by user space + the sum of the losses.
 */
enum count {
	COUNT_SEEN, /* things that happened and belong to the feature, counted before the ring is
		       tried */
	COUNT_LOST_RING_FULL,  /* user space did not empty the ring in time */
	COUNT_LOST_STATE_FULL, /* no memory for per-socket or per-task state */
	COUNT_LOST_READ,       /* a kernel or user read failed */
	COUNT_LOST_ORDER,      /* bytes missing or out of order beyond the bounds */
	COUNT_LOST_LIMIT,      /* a bound of skep's own tables was reached */
	COUNT_LOST_PARSE,      /* the bytes are not what they began like */
	COUNT_LOST_HANDSHAKE,  /* data that came with a handshake: no socket shows it */
	COUNT_LOST_NESTED,     /* a program would have interrupted itself, and was skipped */
	COUNT_MAXIMUM
};

/* Identity of a task as the kernel half knows it: survives reuse of the pid. */
struct task_identity {
	__u32 pid;	/* tgid in the initial namespace */
	__u32 thread;	/* pid of the thread */
	__u64 start_ns; /* start_boottime of the thread group leader, CLOCK_BOOTTIME */
};

#endif
