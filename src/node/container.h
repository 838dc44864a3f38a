/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Name, image and pod of a container, read from what its engine keeps on disk; no API is asked.
 * Loop thread only; facts are kept per container id, bounded.
 */
#ifndef SKEP_NODE_CONTAINER_H
#define SKEP_NODE_CONTAINER_H

#include "event/process.h"
#include "node/cgroup.h"

#define CONTAINERS_MAXIMUM 4096

struct container {
	char name[EVENT_CONTAINER_BYTES]; /* its name, or the first 12 digits of the id */
	char image[96]; /* or the root folder, of containers that were made from a folder */
	char pod_namespace[64];
	char pod_name[96];
	char service[EVENT_SERVICE_BYTES]; /* "" when the container has no name */
	bool is_complete; /* false: worth to be asked again within the next seconds */
};

struct container_cache;

/* root_fd: the folder that holds proc, run and var; borrowed for the life of the cache. */
struct container_cache *container_cache_new(int root_fd);
void container_cache_free(struct container_cache *cache);

/*
 * The facts about the container of a placement; pid is a process inside, 0 when none is known.
 * NULL when the placement names none (also when its leaf turns out to be no runtime's container).
 * The first time of a container reads files (about 0.2 ms), later ones do not; what is not complete
 * is read again at most once a second and five times. Valid until the next call.
 */
const struct container *container_find(struct container_cache *cache,
	const struct placement *placement, uint32_t pid, uint64_t now_ns);
/* Whether a runtime keeps a state for a container that is called so: for placement.leaf. */
bool container_is_runtime_id(const struct container_cache *cache, const char *id);

#endif
