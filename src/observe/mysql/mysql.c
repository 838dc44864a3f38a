/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MySQL and MariaDB, as server and as client; inside TLS with the feature tls.
 */
#include "doors/packet_feature.h"

PACKET_FEATURE(mysql, "MySQL and MariaDB: statement, table, error, sizes, latency");
