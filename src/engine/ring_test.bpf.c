/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The kernel half of ring_test: writes the records that the test asks for, true and false ones.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/event.h"

/* Written here, replaced by the engine's ring: its size is of no account. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} telemetry SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} alerts SEC(".maps");

/* Written here, read by the test through loader_sum_counts; one row per enum count. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNT_MAXIMUM);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static void count_one(enum count count)
{
	__u32 key = count;
	__u64 *value = bpf_map_lookup_elem(&counts, &key);

	if (value)
		*value += 1;
}

static void emit(void *ring, const struct record_header *record)
{
	count_one(COUNT_SEEN);
	if (bpf_ringbuf_output(ring, (void *)record, sizeof(*record), BPF_RB_NO_WAKEUP) < 0)
		count_one(COUNT_LOST_RING_FULL);
}

/* args: source, claimed size, how many (at most 32), whether they are alerts */
SEC("raw_tp")
int on_emit(struct bpf_raw_tracepoint_args *context)
{
	struct record_header record = {
		.source = context->args[0],
		.size = context->args[1],
		.time_ns = bpf_ktime_get_ns(),
	};
	__u64 wanted = context->args[2];
	__u64 is_alert = context->args[3];

	for (int i = 0; i < 32 && i < wanted; i++)
		if (is_alert)
			emit(&alerts, &record);
		else
			emit(&telemetry, &record);
	return 0;
}

/* Reads where no verifier lets it. */
SEC("?raw_tp")
int on_refused(struct bpf_raw_tracepoint_args *context)
{
	return *(int *)context->args[0];
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
