/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headers of MQTT's packets.
 */
#include "protocols/mqtt_packet.h"

#include "protocols/byte_reader.h"

#define HEAD_BYTES_MAXIMUM 5
#define LENGTH_BYTES	   4
#define TOPIC_ALIAS	   0x23 /* MQTT 5, 2.2.2.2 */

static const char *const types[] = {
	[MQTT_CONNECT] = "CONNECT",
	[MQTT_CONNACK] = "CONNACK",
	[MQTT_PUBLISH] = "PUBLISH",
	[MQTT_PUBACK] = "PUBACK",
	[MQTT_PUBREC] = "PUBREC",
	[MQTT_PUBREL] = "PUBREL",
	[MQTT_PUBCOMP] = "PUBCOMP",
	[MQTT_SUBSCRIBE] = "SUBSCRIBE",
	[MQTT_SUBACK] = "SUBACK",
	[MQTT_UNSUBSCRIBE] = "UNSUBSCRIBE",
	[MQTT_UNSUBACK] = "UNSUBACK",
	[MQTT_PINGREQ] = "PINGREQ",
	[MQTT_PINGRESP] = "PINGRESP",
	[MQTT_DISCONNECT] = "DISCONNECT",
	[MQTT_AUTH] = "AUTH",
};

const char *mqtt_type_word(enum mqtt_type type)
{
	return types[type];
}

static struct slice read_text(struct byte_reader *reader)
{
	return byte_reader_take(reader, byte_reader_u16(reader));
}

/* The same, and what is there of one that is cut. */
static struct slice read_topic(struct byte_reader *reader, bool *ret_is_cut)
{
	size_t length = byte_reader_u16(reader);
	struct slice there = reader->rest;

	*ret_is_cut = !reader->is_short && there.length < length;
	if (!*ret_is_cut)
		return byte_reader_take(reader, length);
	reader->is_short = true;
	return there;
}

/* How long a property's value is (MQTT 5, 2.2.2.2): 1, 2 or 4 bytes; 0: a length stands in front.
 */
static size_t property_bytes(uint8_t property)
{
	switch (property) {
	case 0x01:
	case 0x17:
	case 0x19:
	case 0x24:
	case 0x25:
	case 0x28:
	case 0x29:
	case 0x2a:
		return 1;
	case 0x13:
	case 0x21:
	case 0x22:
	case TOPIC_ALIAS:
		return 2;
	case 0x02:
	case 0x11:
	case 0x18:
	case 0x27:
		return 4;
	default:
		return 0;
	}
}

static void read_property(struct byte_reader *reader, struct mqtt_packet *packet)
{
	uint8_t property = byte_reader_u8(reader);
	size_t length = property_bytes(property);

	if (property == TOPIC_ALIAS)
		packet->alias = byte_reader_u16(reader);
	else if (property == 0x0b)
		byte_reader_varint(reader, LENGTH_BYTES);
	else if (length > 0)
		byte_reader_take(reader, length);
	else
		read_text(reader);
	/* A name and a value. */
	if (property == 0x26)
		read_text(reader);
}

static void read_properties(struct byte_reader *reader, struct mqtt_packet *packet)
{
	uint64_t length = byte_reader_varint(reader, LENGTH_BYTES);
	bool is_cut = length > reader->rest.length;
	struct slice there = { reader->rest.data, MIN(length, reader->rest.length) };
	struct byte_reader properties = byte_reader(there);

	while (properties.rest.length > 0 && !properties.is_short)
		read_property(&properties, packet);
	byte_reader_take(reader, is_cut ? SIZE_MAX : (size_t)length);
}

static void read_connect(struct byte_reader *reader, struct mqtt_packet *packet)
{
	uint8_t flags;

	read_text(reader);
	packet->version = byte_reader_u8(reader) & 0x7f; /* the highest bit: a bridge's */
	flags = byte_reader_u8(reader);
	byte_reader_u16(reader);
	if (packet->version == MQTT_VERSION_5)
		read_properties(reader, packet);
	packet->client = read_text(reader);
	packet->has_user = flags & 0x80;
	if (!packet->has_user)
		return;
	/* The will stands before it. */
	if (flags & 0x04 && packet->version == MQTT_VERSION_5)
		read_properties(reader, packet);
	if (flags & 0x04) {
		read_text(reader);
		read_text(reader);
	}
	packet->user = read_text(reader);
}

static void read_publish(struct byte_reader *reader, uint8_t version, struct mqtt_packet *packet)
{
	packet->topic = read_topic(reader, &packet->is_topic_cut);
	if (packet->quality > 0)
		packet->id = byte_reader_u16(reader);
	if (version == MQTT_VERSION_5)
		read_properties(reader, packet);
}

static void read_subscription(
	struct byte_reader *reader, uint8_t version, struct mqtt_packet *packet)
{
	packet->id = byte_reader_u16(reader);
	if (version == MQTT_VERSION_5)
		read_properties(reader, packet);
	packet->topic = read_topic(reader, &packet->is_topic_cut);
	if (packet->type == MQTT_SUBSCRIBE)
		byte_reader_u8(reader);
	packet->has_more_topics = reader->rest.length > 0;
}

/* A code a topic; the first that is an error, else the first. */
static void read_codes(struct byte_reader *reader, uint8_t version, struct mqtt_packet *packet)
{
	packet->id = byte_reader_u16(reader);
	if (version == MQTT_VERSION_5)
		read_properties(reader, packet);
	packet->has_code = reader->rest.length > 0;
	packet->code = packet->has_code ? reader->rest.data[0] : 0;
	for (size_t at = 0; at < reader->rest.length && packet->code < 0x80; at++) {
		if (reader->rest.data[at] >= 0x80)
			packet->code = reader->rest.data[at];
	}
}

/* PUBACK and the like: without a code it is 0 (MQTT 5, 3.4.2.1). */
static void read_code(struct byte_reader *reader, struct mqtt_packet *packet)
{
	packet->has_code = reader->rest.length > 0;
	packet->code = packet->has_code ? byte_reader_u8(reader) : 0;
}

static void read_body(struct byte_reader *reader, uint8_t version, struct mqtt_packet *packet)
{
	switch (packet->type) {
	case MQTT_CONNECT:
		read_connect(reader, packet);
		break;
	case MQTT_CONNACK:
		byte_reader_u8(reader);
		packet->code = byte_reader_u8(reader);
		packet->has_code = true;
		break;
	case MQTT_PUBLISH:
		read_publish(reader, version, packet);
		break;
	case MQTT_PUBACK:
	case MQTT_PUBREC:
	case MQTT_PUBREL:
	case MQTT_PUBCOMP:
		packet->id = byte_reader_u16(reader);
		read_code(reader, packet);
		break;
	case MQTT_SUBSCRIBE:
	case MQTT_UNSUBSCRIBE:
		read_subscription(reader, version, packet);
		break;
	case MQTT_SUBACK:
	case MQTT_UNSUBACK:
		read_codes(reader, version, packet);
		break;
	case MQTT_DISCONNECT:
	case MQTT_AUTH:
		read_code(reader, packet);
		break;
	default:
		break;
	}
}

/* The bits beside the type are fixed but for PUBLISH (MQTT 5, 2.1.3). */
static bool is_head(uint8_t byte)
{
	uint8_t flags = byte & 15;

	switch (byte >> 4) {
	case 0:
		return false;
	case MQTT_PUBLISH:
		return (flags >> 1 & 3) != 3;
	case MQTT_PUBREL:
	case MQTT_SUBSCRIBE:
	case MQTT_UNSUBSCRIBE:
		/* In 3.1 they have a quality and may be duplicates. */
		return (flags & 0xf6) == 2 || (flags & 0xf7) == 2 || flags == 10;
	default:
		return flags == 0;
	}
}

int mqtt_packet_read(struct slice bytes, uint8_t version, struct mqtt_packet *ret_packet)
{
	struct byte_reader reader = byte_reader(bytes);
	struct mqtt_packet packet = { 0 };
	uint8_t first = byte_reader_u8(&reader);
	uint64_t left;

	if (bytes.length > 0 && !is_head(first))
		return -EBADMSG;
	left = byte_reader_varint(&reader, LENGTH_BYTES);
	if (reader.is_short)
		return bytes.length < HEAD_BYTES_MAXIMUM ? 0 : -EBADMSG;
	packet.type = first >> 4;
	packet.is_duplicate = first & 8;
	packet.quality = packet.type == MQTT_PUBLISH ? first >> 1 & 3 : 0;
	packet.is_retained = packet.type == MQTT_PUBLISH && first & 1;
	packet.head_bytes = bytes.length - reader.rest.length;
	packet.length = packet.head_bytes + left;
	reader.rest.length = MIN(reader.rest.length, (size_t)left);
	read_body(&reader, version, &packet);
	packet.is_short = reader.is_short;
	*ret_packet = packet;
	return 1;
}
