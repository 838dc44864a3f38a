/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packet of MQTT 3.1, 3.1.1 or 5 (OASIS standards): what stands in its fixed and variable
 * header, and the first topic of its payload. Never the message that it carries.
 */
#ifndef SKEP_MQTT_PACKET_H
#define SKEP_MQTT_PACKET_H

#include "base/base.h"

enum mqtt_type {
	MQTT_CONNECT = 1,
	MQTT_CONNACK,
	MQTT_PUBLISH,
	MQTT_PUBACK,
	MQTT_PUBREC,
	MQTT_PUBREL,
	MQTT_PUBCOMP,
	MQTT_SUBSCRIBE,
	MQTT_SUBACK,
	MQTT_UNSUBSCRIBE,
	MQTT_UNSUBACK,
	MQTT_PINGREQ,
	MQTT_PINGRESP,
	MQTT_DISCONNECT,
	MQTT_AUTH,
};

#define MQTT_VERSION_5 5

struct mqtt_packet {
	enum mqtt_type type;
	uint64_t length;   /* of all of it */
	size_t head_bytes; /* type and length, 2 to 5 */
	bool is_short;	   /* not all that is asked for was there */
	uint8_t version;   /* of CONNECT: 3, 4 or 5 */
	uint8_t quality;   /* of PUBLISH: 0 to 2 */
	bool is_duplicate;
	bool is_retained;
	bool has_more_topics;
	bool has_user;
	uint8_t code; /* of an answer, the worst of several */
	bool has_code;
	uint16_t id;
	uint16_t alias;	     /* of the topic, 0: none (MQTT 5, 3.3.2.3.4) */
	struct slice topic;  /* of PUBLISH, or the first of SUBSCRIBE and UNSUBSCRIBE */
	bool is_topic_cut;   /* it goes on behind what was there */
	struct slice client; /* of CONNECT: the client's id */
	struct slice user;
};

/* "PUBLISH"; type is one of the enum. */
const char *mqtt_type_word(enum mqtt_type type);
/*
 * Reads a packet of which bytes are the beginning. version: what CONNECT said, 0: not known, as in
 * connections older than the agent; then properties are not looked at. Returns 1 as soon as type
 * and length are there, which may be more than bytes; 0 when they are not; -EBADMSG.
 */
int mqtt_packet_read(struct slice bytes, uint8_t version, struct mqtt_packet *ret_packet);

#endif
