/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered of the channels of an AMQP connection: what is open on them, whose messages
 * are being sent, who acknowledges. Bounded: of more channels or consumers nothing is remembered,
 * so that their messages end where they end.
 */
#ifndef SKEP_AMQP_CHANNEL_H
#define SKEP_AMQP_CHANNEL_H

#include "base/base.h"

#define AMQP_CHANNELS_MAXIMUM  256
#define AMQP_CONSUMERS_MAXIMUM 8
/* Messages of a connection, of both sides together, that wait for a verdict. */
#define AMQP_WAITING_MAXIMUM   512

/* A message whose header and body are on their way. */
struct amqp_content {
	uint64_t number; /* its exchange; 0: none */
	uint64_t left;	 /* bytes of its body */
	bool is_end;	 /* the exchange ends with it */
	bool has_header;
};

/* Messages of one side that wait for the other's verdict: tags between lowest and next. */
struct amqp_waiting {
	uint64_t lowest;
	uint64_t next;
};

struct amqp_consumer {
	uint32_t hash; /* of its tag, 0: unused */
	bool is_no_ack;
};

struct amqp_channel {
	uint16_t id;
	bool is_used;
	bool is_confirming;
	bool is_unnamed; /* a consume that is not answered yet leaves its tag to the server */
	bool is_no_ack;	 /* of that */
	uint8_t next_consumer;
	struct amqp_consumer consumers[AMQP_CONSUMERS_MAXIMUM];
	struct amqp_content contents[2]; /* by side */
	struct amqp_waiting waiting[2];	 /* by the side that sent the messages */
};

struct amqp_channels {
	struct amqp_channel *list;
	size_t count;
};

void amqp_channels_done(struct amqp_channels *channels);
/* The channel, made when there is none; NULL: no room. */
struct amqp_channel *amqp_channel_get(struct amqp_channels *channels, uint16_t id);
/* NULL when nothing is remembered of it. */
struct amqp_channel *amqp_channel_find(const struct amqp_channels *channels, uint16_t id);
void amqp_channel_forget(struct amqp_channel *channel);

void amqp_consumer_add(struct amqp_channel *channel, struct slice tag, bool is_no_ack);
/* Whether this consumer is known to acknowledge what is delivered to it. */
bool amqp_consumer_acknowledges(const struct amqp_channel *channel, struct slice tag);

#endif
