/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcached, as server and as client.
 */
#include "doors/packet_feature.h"

PACKET_FEATURE(memcached, "memcached: commands, keys, hits and misses, sizes, latency");
