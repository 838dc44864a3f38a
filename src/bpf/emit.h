/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The telemetry ring and the loss counters of a kernel half. The engine puts its own
 * ring in the place of `telemetry` before loading, so that all objects share one.
 */
#ifndef SKEP_BPF_EMIT_H
#define SKEP_BPF_EMIT_H

#include "bpf/event.h"
#include "bpf/kernel.h"

/* Written by every object, read by engine/ring.c; replaced by the shared ring, whose size counts.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} telemetry SEC(".maps");

/* Written here, read by the loader's sum; one row per enum count. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNT_MAXIMUM);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

/* Set by the loader: a quarter of the ring in bytes, from which on user space is woken. */
const volatile __u64 wake_bytes = 1 << 20;

static __always_inline void count_by(enum count count, __u64 number)
{
	__u32 key = count;
	__u64 *value = bpf_map_lookup_elem(&counts, &key);

	/* Atomic also on one CPU: a program in process context may be interrupted by one in
	 * softirq. */
	if (value)
		__sync_fetch_and_add(value, number);
}

static __always_inline void count_one(enum count count)
{
	count_by(count, 1);
}

#define count_loss(reason) count_one(COUNT_LOST_##reason)

/* Something was seen and is lost at once, so that seen = reported + lost stays exact. */
#define lose(reason)                                                                               \
	do {                                                                                       \
		count_one(COUNT_SEEN);                                                             \
		count_loss(reason);                                                                \
	} while (0)

/* Wakes user space only when much waits; otherwise its timer finds the records. */
static __always_inline __u64 ring_flags(void)
{
	return bpf_ringbuf_query(&telemetry, BPF_RB_AVAIL_DATA) >= wake_bytes ? BPF_RB_FORCE_WAKEUP
									      : BPF_RB_NO_WAKEUP;
}

static __always_inline void record_submit(void *record)
{
	bpf_ringbuf_submit(record, ring_flags());
}

#endif
