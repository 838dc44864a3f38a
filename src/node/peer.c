/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from the end of a connection to the service there.
 */
#include "node/peer.h"

#include "base/map.h"
#include "base/str.h"

struct peer_table {
	struct map *services; /* struct peer_end → char[EVENT_SERVICE_BYTES] */
};

struct peer_table *peer_table_new(size_t maximum)
{
	struct peer_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->services = map_new(sizeof(struct peer_end), EVENT_SERVICE_BYTES, maximum);
	if (table->services)
		return table;
	free(table);
	return NULL;
}

void peer_table_free(struct peer_table *table)
{
	if (!table)
		return;
	map_free(table->services);
	free(table);
}

/* Keys are compared as bytes; every namespace has a loopback of its own, other addresses are one.
 */
static struct peer_end key_of(const struct peer_end *end)
{
	struct peer_end key;

	memset(&key, 0, sizeof(key));
	key.address = end->address;
	key.port = end->port;
	key.is_datagram = end->is_datagram;
	if (address_is_loopback(&end->address))
		key.network_namespace = end->network_namespace;
	return key;
}

void peer_note(struct peer_table *table, const struct peer_end *end, const char *service)
{
	struct peer_end key = key_of(end);
	char *noted = map_add_evict(table->services, &key, NULL);

	if (noted)
		str_copy(noted, EVENT_SERVICE_BYTES, service);
}

const char *peer_find(struct peer_table *table, const struct peer_end *end)
{
	struct peer_end key = key_of(end);

	return map_find(table->services, &key);
}
