/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts about containers, kept by id. In: where a process is placed; out: what its container is
 * called. The files are container_source.c's business.
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/map.h"
#include "base/str.h"
#include "node/container.h"
#include "node/container_source.h"
#include "node/service.h"

#define TRIES_MAXIMUM 5

struct container_entry {
	struct container facts;
	unsigned int tries;
	uint64_t tried_ns;
};

struct container_key {
	char id[CONTAINER_ID_BYTES];
};

struct container_cache {
	int root_fd;
	struct map *by_id; /* struct container_key → struct container_entry */
	char host[256];	   /* this node's name: static pods end in it */
};

struct container_cache *container_cache_new(int root_fd)
{
	struct container_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->root_fd = root_fd;
	cache->by_id = map_new(
		sizeof(struct container_key), sizeof(struct container_entry), CONTAINERS_MAXIMUM);
	if (!cache->by_id) {
		free(cache);
		return NULL;
	}
	if (file_read_array(root_fd, "proc/sys/kernel/hostname", cache->host, sizeof(cache->host)) <
		0)
		cache->host[0] = '\0';
	cache->host[strcspn(cache->host, "\n")] = '\0';
	return cache;
}

void container_cache_free(struct container_cache *cache)
{
	if (!cache)
		return;
	map_free(cache->by_id);
	free(cache);
}

bool container_is_runtime_id(const struct container_cache *cache, const char *id)
{
	return *id && *id != '.' && !strchr(id, '/') && runtime_has_state(cache->root_fd, id);
}

/* The workload of a pod; the project's part, as Compose calls its containers; else the name. */
static void name_service(struct container_facts *facts, const char *host)
{
	struct container *container = &facts->container;
	struct service_name service = {};
	char joined[sizeof(facts->project) + sizeof(facts->part)];

	if (container->pod_name[0])
		service_from_pod(container->pod_name, host, &service);
	else if (facts->swarm_service[0])
		service_name_set(&service, facts->swarm_service);
	else if (facts->project[0] && facts->part[0]) {
		snprintf(joined, sizeof(joined), "%s-%s", facts->project, facts->part);
		service_name_set(&service, joined);
	} else
		service_name_set(&service, container->name);
	str_set(container->service, service.text);
}

static void collect(const struct container_cache *cache, const struct placement *placement,
	const char *id, uint32_t pid, struct container *ret_container)
{
	struct container_facts facts = {};
	struct container *container = &facts.container;
	int root_fd = cache->root_fd;

	if (placement->is_machine) {
		str_set(container->name, id);
	} else {
		facts_from_docker(root_fd, id, &facts);
		facts_find_bundle(root_fd, id, &facts);
		facts_from_monitor(root_fd, id, pid, &facts);
		facts_from_bundle(root_fd, id, &facts);
		facts_from_kubelet(root_fd, id, placement->pod_uid, &facts);
		if (!container->name[0] || !container->image[0]) {
			facts_from_storage(root_fd, "var/lib/containers/storage", id, &facts);
			facts_from_storage(root_fd, "run/containers/storage", id, &facts);
		}
	}
	container->is_complete =
		container->name[0] && (!placement->pod_uid[0] || container->pod_name[0]);
	name_service(&facts, cache->host);
	/* A bare runtime's container is called what its id is; others get the usual short form. */
	bool is_short = strlen(id) != 64;
	if (!container->name[0])
		snprintf(container->name, sizeof(container->name), is_short ? "%s" : "%.12s", id);
	if (is_short && !container->service[0])
		str_set(container->service, container->name);
	container->is_complete = container->is_complete || is_short;
	*ret_container = *container;
}

const struct container *container_find(struct container_cache *cache,
	const struct placement *placement, uint32_t pid, uint64_t now_ns)
{
	struct container_key key = {};
	bool is_new;

	str_set(key.id, placement->container);
	if (!key.id[0] && container_is_runtime_id(cache, placement->leaf))
		str_set(key.id, placement->leaf);
	if (!key.id[0] || key.id[0] == '.' || strchr(key.id, '/'))
		return NULL;
	struct container_entry *entry = map_add_evict(cache->by_id, &key, &is_new);
	if (!entry)
		return NULL;
	map_touch(cache->by_id, entry);
	bool is_due = !entry->facts.is_complete && entry->tries < TRIES_MAXIMUM &&
		      now_ns >= entry->tried_ns + NS_PER_S;
	if (is_new || is_due) {
		entry->tried_ns = now_ns;
		collect(cache, placement, key.id, pid, &entry->facts);
		if (++entry->tries >= TRIES_MAXIMUM)
			entry->facts.is_complete = true;
	}
	return &entry->facts;
}
