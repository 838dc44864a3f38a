/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMQP 0-9-1, at clients and brokers. A connection that is older than the agent is recognised by a
 * message that is published or delivered, without the confirms and acks of before. AMQP 1.0 is left
 * out.
 */
#include "doors/packet_feature.h"

PACKET_FEATURE(amqp, "AMQP 0-9-1: messages to their confirms and acks, queues, exchanges, codes");
