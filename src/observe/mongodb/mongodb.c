/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MongoDB, as server and as client; inside TLS with the feature tls.
 */
#include "doors/packet_feature.h"

PACKET_FEATURE(mongodb, "MongoDB: command, collection, shape of the query, result, sizes, latency");
