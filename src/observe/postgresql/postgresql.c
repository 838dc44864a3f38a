/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL, as server and as client; inside TLS with the feature tls.
 */
#include "doors/packet_feature.h"

PACKET_FEATURE(postgresql, "PostgreSQL: statement, table, SQLSTATE, sizes, latency");
