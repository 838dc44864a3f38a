/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of code that a program made while it runs, as it tells them itself: lines "START SIZE
 * name", hexadecimal, in /tmp/perf-PID.map (tools/perf/Documentation/jit-interface.txt of Linux).
 * The file grows; a later line has the place of an earlier one. One thread an object.
 */
#ifndef SKEP_NODE_PERF_MAP_H
#define SKEP_NODE_PERF_MAP_H

#include "base/base.h"

struct perf_map;

#define PERF_MAP_FUNCTIONS_MAXIMUM (1U << 17)
#define PERF_MAP_NAMES_MAXIMUM	   (8U << 20)

struct perf_map *perf_map_new(void);	  /* NULL without memory */
void perf_map_free(struct perf_map *map); /* accepts NULL */
DEFINE_CLEANUP(struct perf_map *, perf_map_free);

/* Takes what follows what came before; lines may be cut anywhere. Lines that are none are left out.
 * False: there is no more room. */
bool perf_map_add(struct perf_map *map, const char *text, size_t length);
/* Where the function begins that the address lies in, and its name (borrowed until the next
 * perf_map_add). NULL when it lies in none. */
const char *perf_map_find(struct perf_map *map, uint64_t address, uint64_t *ret_start);
size_t perf_map_bytes(const struct perf_map *map); /* of memory */

/*
 * Opens the map that a process wrote, in its own mounts and by its own number. A descriptor;
 * -ENOENT where there is none; -EPERM for one that others wrote.
 */
int perf_map_open(uint32_t pid);

#endif
