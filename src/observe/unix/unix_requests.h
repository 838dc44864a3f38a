/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests over unix sockets. In: the bytes that the kernel half hands over; out: one event
 * `request` per exchange and end, made by the same body that reads TCP's (doors/stream.h). Loop
 * thread only.
 */
#ifndef SKEP_UNIX_REQUESTS_H
#define SKEP_UNIX_REQUESTS_H

#include "doors/stream.h"
#include "observe/unix/unix_record.h"

struct unix_requests;

/* event: complete but for names; its connection is that of the event `unix`. */
typedef stream_exchange unix_requests_exchange;

/* message_flags: enum message_flag for the parsers. NULL without memory. */
struct unix_requests *unix_requests_new(
	unsigned int message_flags, unix_requests_exchange *exchange, void *context);
void unix_requests_free(struct unix_requests *requests); /* accepts NULL */

/* A record UNIX_BYTES; false when it contradicts itself. */
bool unix_requests_take(struct unix_requests *requests, const struct record_header *record);
/* No more bytes come: answers that end so are over. */
void unix_requests_close(struct unix_requests *requests, uint64_t connection);
void unix_requests_add_counts(const struct unix_requests *requests, struct feature_counts *counts);

#endif
