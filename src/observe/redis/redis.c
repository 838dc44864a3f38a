/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis and what speaks its protocol, as server and as client; inside TLS with the feature tls.
 */
#include "doors/packet_feature.h"

PACKET_FEATURE(redis, "Redis: command, key pattern, status, sizes, latency");
