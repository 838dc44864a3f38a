/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is behind a proxy: a PROXY header comes once, before the first request of a connection, and
 * holds for all that follow, while connections are in no table between their exchanges. Loop
 * thread.
 */
#ifndef SKEP_STREAM_CLIENTS_H
#define SKEP_STREAM_CLIENTS_H

#include "base/map.h"
#include "event/request.h"

/* Connections whose client is known; of one more, the one that was silent longest is forgotten. */
#define STREAM_CLIENTS_MAXIMUM 16384

/* NULL without memory; ended by map_free. */
struct map *stream_clients_new(void);
/* The first header counts: what looks like one later may be the client's own invention. */
void stream_clients_note(struct map *clients, uint64_t cookie, const struct address *client);
/* Sets the event's client_address where one is known of its connection. */
void stream_clients_name(struct map *clients, struct request_event *event);

#endif
