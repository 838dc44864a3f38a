/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MQTT 3.1, 3.1.1 and 5 (OASIS standards). Packets come in; an exchange goes out for CONNECT,
 * SUBSCRIBE, UNSUBSCRIBE, PINGREQ and AUTH to their answers, for PUBLISH of either side to PUBACK
 * or PUBCOMP (at QoS 0 nobody answers), and for DISCONNECT. Messages are never shown.
 */
#include "base/str.h"
#include "protocols/dialogue.h"
#include "protocols/mqtt_match.h"
#include "protocols/mqtt_packet.h"
#include "protocols/topic_template.h"

#include <stdio.h>

/* Of a packet: a topic and the properties behind it. */
#define PIECE_BYTES	4096
/* Topic aliases of each direction that are remembered; a topic with a higher one stays without a
 * name. Brokers allow ten and the like. */
#define ALIASES_MAXIMUM 32
#define ALIAS_BYTES	192 /* of the topic */

/* Messages of both sides that wait for an acknowledgement; of more it is not waited for. */
#define WAITING_MAXIMUM 512

/* What is open is told apart by kind, the side that asked, and packet id. */
enum mqtt_number {
	NUMBER_PUBLISH = 1 << 16,
	NUMBER_SUBSCRIBE = 2 << 16,
	NUMBER_PING = 3 << 16,
	NUMBER_CONNECT = 4 << 16,
	NUMBER_ALONE = 5 << 16, /* begun and ended in one piece */
	NUMBER_AUTH = 6 << 16,
	NUMBER_OF_SERVER = 1 << 20,
};

typedef char mqtt_aliases[ALIASES_MAXIMUM][ALIAS_BYTES];

struct mqtt_state {
	uint8_t version; /* 0: its CONNECT was not seen */
	uint16_t waiting;
	mqtt_aliases *aliases[2]; /* by side, or NULL; cut, NUL-terminated topics */
};

struct mqtt_piece {
	struct mqtt_state *state;
	struct dialogue_sink *sink;
	struct mqtt_packet packet;
	unsigned int flags;
	enum dialogue_side side;
};

static void mqtt_done(void *state)
{
	struct mqtt_state *mqtt = state;

	free(mqtt->aliases[DIALOGUE_CLIENT]);
	free(mqtt->aliases[DIALOGUE_SERVER]);
}

static void note_alias(const struct mqtt_piece *piece)
{
	const struct mqtt_packet *packet = &piece->packet;
	mqtt_aliases **aliases = &piece->state->aliases[piece->side];
	size_t length = MIN(packet->topic.length, (size_t)ALIAS_BYTES - 1);
	char *topic;

	if (packet->alias == 0 || packet->alias > ALIASES_MAXIMUM || packet->topic.length == 0)
		return;
	if (!*aliases)
		*aliases = calloc(1, sizeof(**aliases));
	if (!*aliases)
		return;
	topic = (**aliases)[packet->alias - 1];
	memcpy(topic, packet->topic.data, length);
	topic[length] = '\0';
}

static struct slice topic_of(const struct mqtt_piece *piece, bool *ret_is_cut)
{
	const struct mqtt_packet *packet = &piece->packet;
	mqtt_aliases *aliases = piece->state->aliases[piece->side];
	const char *topic;

	*ret_is_cut = packet->is_topic_cut;
	if (packet->topic.length > 0 || packet->alias == 0 || packet->alias > ALIASES_MAXIMUM ||
		!aliases)
		return packet->topic;
	topic = (*aliases)[packet->alias - 1];
	*ret_is_cut = strlen(topic) == ALIAS_BYTES - 1;
	return (struct slice){ (const uint8_t *)topic, strlen(topic) };
}

static void append_number(struct text *text, const char *name, uint64_t number)
{
	char digits[STR_NUMBER_BYTES];

	text_string(text, name);
	text_string(text, str_from_u64(digits, sizeof(digits), number));
}

static void describe_connect(const struct mqtt_piece *piece, struct text *detail)
{
	const struct mqtt_packet *packet = &piece->packet;

	text_string(detail, "client=");
	text_bytes(detail, packet->client);
	append_number(detail, " version=", packet->version);
	if (!packet->has_user)
		return;
	text_string(detail, " user=");
	if (piece->flags & MESSAGE_UNMASKED)
		text_bytes(detail, packet->user);
	else
		text_string(detail, MESSAGE_MASK);
}

static void describe_topic(const struct mqtt_piece *piece, struct message *message)
{
	const struct mqtt_packet *packet = &piece->packet;
	struct text target;
	struct text detail;
	struct slice topic;
	bool is_cut;

	text_init(&target, message->target, sizeof(message->target));
	text_init(&detail, message->detail, sizeof(message->detail));
	topic = topic_of(piece, &is_cut);
	topic_template(&target, topic, '/', is_cut);
	text_bytes(&detail, topic);
	if (topic.length == 0 && packet->alias > 0)
		append_number(&detail, "alias=", packet->alias);
	if (packet->type == MQTT_PUBLISH)
		append_number(&detail, " qos=", packet->quality);
	if (packet->is_retained)
		text_string(&detail, " retain");
	if (packet->type == MQTT_PUBLISH && packet->is_duplicate)
		text_string(&detail, " dup");
	if (packet->has_more_topics)
		text_string(&detail, " …");
}

static void describe(const struct mqtt_piece *piece, struct message *message)
{
	struct text detail;

	memset(message, 0, sizeof(*message));
	str_set(message->operation, mqtt_type_word(piece->packet.type));
	if (piece->packet.type == MQTT_CONNECT) {
		text_init(&detail, message->detail, sizeof(message->detail));
		describe_connect(piece, &detail);
	} else if (piece->packet.type == MQTT_PUBLISH || piece->packet.type == MQTT_SUBSCRIBE ||
		   piece->packet.type == MQTT_UNSUBSCRIBE) {
		describe_topic(piece, message);
	}
}

/* From 0x80 on a code says that it failed; in 3.1.1 CONNACK has others (3.2.2.3). */
static void set_code(const struct mqtt_piece *piece, struct message *message)
{
	const struct mqtt_packet *packet = &piece->packet;
	bool is_old_refusal =
		packet->type == MQTT_CONNACK && packet->code > 0 && packet->code < 0x80;

	snprintf(message->status, sizeof(message->status), "%u", packet->code);
	if (packet->code < 0x80 && !is_old_refusal)
		return;
	/* The server is unavailable, busy, going down; or cannot say why. */
	message->is_error = is_old_refusal ? packet->code == 3
					   : packet->code == 0x80 || packet->code == 0x83 ||
						     (packet->code >= 0x88 && packet->code <= 0x8b);
	message->is_client_error = !message->is_error;
}

static uint64_t number_of(uint64_t kind, enum dialogue_side asker, uint16_t id)
{
	return kind | (asker == DIALOGUE_SERVER ? NUMBER_OF_SERVER : 0) | id;
}

static enum dialogue_side other(enum dialogue_side side)
{
	return side == DIALOGUE_CLIENT ? DIALOGUE_SERVER : DIALOGUE_CLIENT;
}

static void begin(const struct mqtt_piece *piece, uint64_t number)
{
	struct message message;

	describe(piece, &message);
	piece->sink->begin(piece->sink, number, &message);
}

static void alone(const struct mqtt_piece *piece)
{
	struct message message = { 0 };

	begin(piece, NUMBER_ALONE);
	if (piece->packet.type == MQTT_DISCONNECT && piece->packet.has_code) {
		set_code(piece, &message);
		piece->sink->answer(piece->sink, NUMBER_ALONE, &message);
	}
	piece->sink->end(piece->sink, NUMBER_ALONE, false);
}

static void answer(const struct mqtt_piece *piece, uint64_t number, bool is_end)
{
	struct message message = { 0 };

	if (piece->packet.type != MQTT_PINGRESP && piece->packet.type != MQTT_UNSUBACK)
		set_code(piece, &message);
	else if (piece->packet.has_code)
		set_code(piece, &message);
	piece->sink->answer(piece->sink, number, &message);
	if (is_end)
		piece->sink->end(piece->sink, number, false);
}

static void take_publish(const struct mqtt_piece *piece)
{
	const struct mqtt_packet *packet = &piece->packet;

	note_alias(piece);
	if (packet->quality == 0 || packet->id == 0 || piece->state->waiting >= WAITING_MAXIMUM) {
		alone(piece);
		return;
	}
	piece->state->waiting++;
	begin(piece, number_of(NUMBER_PUBLISH, piece->side, packet->id));
}

/* An answer of one side to a message of the other. */
static void take_acknowledgement(const struct mqtt_piece *piece)
{
	const struct mqtt_packet *packet = &piece->packet;
	enum dialogue_side asker = packet->type == MQTT_PUBREL ? piece->side : other(piece->side);
	uint64_t number = number_of(NUMBER_PUBLISH, asker, packet->id);
	bool is_end = packet->type != MQTT_PUBREC || packet->code >= 0x80;

	if (packet->type == MQTT_PUBREL) {
		piece->sink->add(piece->sink, number);
		return;
	}
	if (is_end && piece->state->waiting > 0 && piece->sink->request(piece->sink, number))
		piece->state->waiting--;
	answer(piece, number, is_end);
}

/* AUTH of the server goes on with CONNECT or with AUTH of the client (MQTT 5, 4.12). */
static void take_auth(const struct mqtt_piece *piece)
{
	uint64_t number =
		piece->sink->request(piece->sink, NUMBER_CONNECT) ? NUMBER_CONNECT : NUMBER_AUTH;

	if (piece->side == DIALOGUE_SERVER)
		answer(piece, number, number == NUMBER_AUTH && piece->packet.code == 0);
	else if (piece->sink->request(piece->sink, number))
		piece->sink->add(piece->sink, number);
	else
		begin(piece, number);
}

static void take(const struct mqtt_piece *piece)
{
	const struct mqtt_packet *packet = &piece->packet;

	switch (packet->type) {
	case MQTT_CONNECT:
		piece->state->version = packet->version;
		begin(piece, NUMBER_CONNECT);
		break;
	case MQTT_CONNACK:
		answer(piece, NUMBER_CONNECT, true);
		break;
	case MQTT_PUBLISH:
		take_publish(piece);
		break;
	case MQTT_PUBACK:
	case MQTT_PUBREC:
	case MQTT_PUBREL:
	case MQTT_PUBCOMP:
		take_acknowledgement(piece);
		break;
	case MQTT_SUBSCRIBE:
	case MQTT_UNSUBSCRIBE:
		begin(piece, NUMBER_SUBSCRIBE | packet->id);
		break;
	case MQTT_SUBACK:
	case MQTT_UNSUBACK:
		answer(piece, NUMBER_SUBSCRIBE | packet->id, true);
		break;
	case MQTT_PINGREQ:
		begin(piece, NUMBER_PING);
		break;
	case MQTT_PINGRESP:
		answer(piece, NUMBER_PING, true);
		break;
	case MQTT_AUTH:
		take_auth(piece);
		break;
	case MQTT_DISCONNECT:
		alone(piece);
		break;
	}
}

/* What only one side sends: bit by type. */
static bool is_sent_by(enum mqtt_type type, enum dialogue_side side)
{
	unsigned int others = side == DIALOGUE_CLIENT
				      ? 1U << MQTT_CONNACK | 1U << MQTT_SUBACK |
						1U << MQTT_UNSUBACK | 1U << MQTT_PINGRESP
				      : 1U << MQTT_CONNECT | 1U << MQTT_SUBSCRIBE |
						1U << MQTT_UNSUBSCRIBE | 1U << MQTT_PINGREQ;

	return !(others >> type & 1);
}

static int64_t mqtt_read(void *state, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink)
{
	struct mqtt_piece piece = { .state = state, .sink = sink, .flags = flags, .side = side };
	int result = mqtt_packet_read(bytes, piece.state->version, &piece.packet);

	if (result <= 0)
		return result < 0 || flags & MESSAGE_CUT ? -EBADMSG : 0;
	if (!is_sent_by(piece.packet.type, side))
		return -EBADMSG;
	/* Of a message only the head is asked for. */
	if (piece.packet.length > bytes.length && !(flags & MESSAGE_CUT) &&
		(piece.packet.type != MQTT_PUBLISH || piece.packet.is_short))
		return 0;
	take(&piece);
	return (int64_t)piece.packet.length;
}

static bool mqtt_begins(enum dialogue_side side, struct slice bytes)
{
	uint8_t head[MQTT_MATCH_BYTES] = { 0 };
	size_t length = MIN(bytes.length, sizeof(head));

	if (side != DIALOGUE_CLIENT || length == 0)
		return false;
	memcpy(head, bytes.data, length);
	return mqtt_match_connect(head, (uint32_t)length);
}

static const struct dialogue mqtt_dialogue = {
	.state_bytes = sizeof(struct mqtt_state),
	.state_limit = 2 * sizeof(mqtt_aliases),
	.done = mqtt_done,
	.piece_bytes = PIECE_BYTES,
	.read = mqtt_read,
	.match = mqtt_begins,
};

const struct protocol mqtt_protocol = {
	.name = "mqtt",
	.summary = "MQTT 3.1.1 and 5: messages to their acknowledgements, subscriptions, codes",
	.dialogue = &mqtt_dialogue,
};
