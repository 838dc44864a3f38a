/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two rings from the kernel half: telemetry, and a small one for alerts and control that a
 * flood of telemetry cannot fill. Emptied every 20 ms by a timer (50 ms after half a second of
 * silence, so that an idle agent sleeps), and at once when the kernel half asks for it: it
 * submits telemetry with BPF_RB_NO_WAKEUP, or with BPF_RB_FORCE_WAKEUP when a quarter of the ring
 * is full, and alerts with 0. Loop thread only.
 */
#ifndef SKEP_RING_H
#define SKEP_RING_H

#include "base/fail.h"
#include "bpf/event.h"

struct loop;
struct ring;
struct bpf_object;
typedef void ring_consume(void *context, const struct record_header *record);

/* Bytes of the ring for alerts. */
#define RING_ALERT_BYTES (256 * 1024)

/* bytes: of the telemetry ring, a power of two and a multiple of the page size. Where the kernel
 * refuses that much memory the ring is smaller: ring_bytes tells. */
int ring_new(struct loop *loop, uint64_t bytes, struct ring **ret_ring, struct fail *fail);
void ring_free(struct ring *ring);
/* Records of the source go to consume. One consumer per source; NULL takes it away. */
void ring_register(
	struct ring *ring, enum record_source source, ring_consume *consume, void *context);
/* Makes the maps `telemetry` and `alerts` of a not yet loaded object, where it has them, these
 * rings. */
int ring_share(struct ring *ring, struct bpf_object *object, struct fail *fail);
/* Consumes what is there now, for at most 65536 records of telemetry; the rest follows by itself in
 * the loop. Returns the number of records. */
int ring_drain(struct ring *ring);
/* While it is held, telemetry stays in the ring, and what does not fit is lost and counted by the
 * kernel half; alerts go on. */
void ring_hold(struct ring *ring, bool is_held);
bool ring_is_held(const struct ring *ring);
/* Consumes until nothing is left. */
void ring_empty(struct ring *ring);
/* Records that named no known source or lied about their size: a defect of a kernel half. */
uint64_t ring_rejected(const struct ring *ring);
uint64_t ring_bytes(const struct ring *ring); /* kernel memory of both */
/* From how many waiting bytes of telemetry on the kernel half wakes user space: `wake_bytes` of
 * bpf/emit.h. */
uint64_t ring_wake_bytes(const struct ring *ring);

#endif
