/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Socket cookies, which are never used again, and the clients that proxies named: see
 * stream_clients.h.
 */
#include "doors/stream_clients.h"

struct map *stream_clients_new(void)
{
	return map_new(sizeof(uint64_t), sizeof(struct address), STREAM_CLIENTS_MAXIMUM);
}

void stream_clients_note(struct map *clients, uint64_t cookie, const struct address *client)
{
	struct address *known;
	bool is_new;

	if (address_is_empty(client))
		return;
	known = map_add_evict(clients, &cookie, &is_new);
	if (known && is_new)
		*known = *client;
}

void stream_clients_name(struct map *clients, struct request_event *event)
{
	struct address *known;

	if (map_count(clients) == 0)
		return;
	known = map_find(clients, &event->connection);
	if (!known)
		return;
	map_touch(clients, known);
	event->client_address = *known;
}
