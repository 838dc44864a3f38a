/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MQTT over TCP, at clients and brokers. A connection that is older than the agent is not
 * recognised; MQTT inside WebSocket, and MQTT-SN over UDP, are left out.
 */
#include "doors/packet_feature.h"

PACKET_FEATURE(mqtt, "MQTT 3.1.1 and 5: messages to their acknowledgements, subscriptions, codes");
