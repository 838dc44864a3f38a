/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kafka, at clients and brokers, and between brokers. Of several topics and partitions in one
 * request the first one speaks. SASL in the form that is older than Kafka 1.0, without frames of
 * its own, ends the reading of a connection.
 */
#include "doors/packet_feature.h"

PACKET_FEATURE(kafka, "Kafka: records produced and fetched by topic and partition, groups, errors");
