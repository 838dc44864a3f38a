/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes on their way to one client: a bounded queue between a writer (a thread that answers a
 * question, or the loop for live events) and the connection. A thread waits while the queue is
 * full; the loop never waits: what does not fit is refused and the caller counts it. Each side
 * holds a reference. Any thread, except where said.
 */
#ifndef SKEP_API_OUTFLOW_H
#define SKEP_API_OUTFLOW_H

#include "base/fail.h"

struct outflow;
/* Called, on the writer's thread, when the reader has something new to look at. */
typedef void outflow_wake(void *context);

/* maximum: bytes in the queue. NULL without memory. The caller gets one reference. */
struct outflow *outflow_new(size_t maximum, outflow_wake *wake, void *context);
struct outflow *outflow_ref(struct outflow *outflow);
void outflow_unref(struct outflow *outflow); /* accepts NULL */
DEFINE_CLEANUP(struct outflow *, outflow_unref);

/* From that time on (monotonic) writing waits no longer: a client that reads slowly shall not hold
 * for ever what the writer holds. Before anything is written. */
void outflow_set_deadline(struct outflow *outflow, uint64_t deadline_ns);
/* Waits for room. 0, -ECANCELED when the client is gone, -ETIMEDOUT at the deadline. */
int outflow_write(struct outflow *outflow, const void *data, size_t length);
/* All or nothing, without waiting. 0, -ENOBUFS, -ECANCELED. */
int outflow_offer(struct outflow *outflow, const void *data, size_t length);
/* Nothing more will come; fail, if not NULL, says why it ends early. */
void outflow_end(struct outflow *outflow, const struct fail *fail);
bool outflow_is_cancelled(struct outflow *outflow);

/* The reader's side: the loop thread only. */
/* There are bytes to read, or it has ended. */
bool outflow_is_ready(struct outflow *outflow);
/* Bytes read; 0 when none are there yet; -ENODATA at a good end, -EPIPE at an early one. */
ssize_t outflow_read(struct outflow *outflow, void *destination, size_t size);
/* When it ended early without a byte: true and the reason. */
bool outflow_failure(struct outflow *outflow, struct fail *ret_fail);
/* The client is gone: writers stop. */
void outflow_cancel(struct outflow *outflow);

#endif
