/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ZooKeeper, at clients and servers. A session that is older than the agent is recognised by its
 * first ping. What servers speak among themselves, and four-letter words, are left out.
 */
#include "doors/packet_feature.h"

PACKET_FEATURE(zookeeper, "ZooKeeper: operations with path and error, transactions, watches");
