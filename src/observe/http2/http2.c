/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 and gRPC, as server and as client; inside TLS with the feature tls.
 */
#include "doors/packet_feature.h"

PACKET_FEATURE(http2, "HTTP/2 and gRPC: method, path, host, status, sizes, latency, messages");
