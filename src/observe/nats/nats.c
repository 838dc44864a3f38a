/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NATS, at clients and servers. What servers speak among themselves (routes, gateways, leaf nodes)
 * is left out.
 */
#include "doors/packet_feature.h"

PACKET_FEATURE(nats, "NATS: messages by subject, requests to their replies, JetStream, errors");
