/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.x, as server and as client; inside TLS with the feature tls.
 */
#include "doors/packet_feature.h"

PACKET_FEATURE(http, "HTTP/1.x: method, path, host, status, sizes, latency");
