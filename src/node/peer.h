/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is at the other end of a connection within this node: each event with two ends notes the
 * service at its own end, so that the event of the other end finds it. Loop thread
 * only; the ends that were noted longest ago make room for new ones.
 */
#ifndef SKEP_PEER_H
#define SKEP_PEER_H

#include "event/process.h"

struct peer_table;

struct peer_end {
	struct address address;
	uint32_t network_namespace; /* counts for loopback addresses only */
	uint16_t port;
	bool is_datagram; /* a port of UDP */
};

/* maximum: ends that are remembered. NULL without memory. */
struct peer_table *peer_table_new(size_t maximum);
void peer_table_free(struct peer_table *table);
void peer_note(struct peer_table *table, const struct peer_end *end, const char *service);
/* NULL when nobody noted it. Valid until the next note. */
const char *peer_find(struct peer_table *table, const struct peer_end *end);

#endif
