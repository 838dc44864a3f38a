/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two rings from the kernel half: telemetry, and a small one for alerts and control that a
 * flood of telemetry cannot fill. Emptied every 20 ms by a timer, and at once when the kernel half
 * finds a quarter of the ring full, so that an event waits at most that long and wake-ups stay
 * rare.
 */
#ifndef SKEP_RING_H
#define SKEP_RING_H

#include "base/fail.h"
#include "bpf/event.h"

struct loop;
struct ring;
struct bpf_object;
typedef void ring_consume(void *context, const struct record_header *record);

/* bytes: of the telemetry ring, a power of two and a multiple of the page size. */
int ring_new(struct loop *loop, uint64_t bytes, struct ring **ret_ring, struct fail *fail);
void ring_free(struct ring *ring);
/* Records of the source go to consume. One consumer per source. */
void ring_register(
	struct ring *ring, enum record_source source, ring_consume *consume, void *context);
/* Makes the maps `telemetry` and `alerts` of a not yet loaded object, where it has them, these
 * rings. */
int ring_share(struct ring *ring, struct bpf_object *object, struct fail *fail);
/* Consumes what is there now. Returns the number of records. */
int ring_drain(struct ring *ring);
uint64_t ring_bytes(const struct ring *ring); /* kernel memory of both */

#endif
