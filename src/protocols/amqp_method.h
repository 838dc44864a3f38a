/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Methods of AMQP 0-9-1 and of RabbitMQ's extensions to it (the specification's XML: classes,
 * methods, and what they carry), as far as what they carry is shown.
 */
#ifndef SKEP_AMQP_METHOD_H
#define SKEP_AMQP_METHOD_H

#include "base/base.h"

#define AMQP_ID(class, method) ((uint32_t)(class) << 16 | (method))

enum amqp_id {
	AMQP_CONNECTION_OPEN = AMQP_ID(10, 40),
	AMQP_CONNECTION_OPEN_OK = AMQP_ID(10, 41),
	AMQP_CONNECTION_CLOSE = AMQP_ID(10, 50),
	AMQP_CONNECTION_CLOSE_OK = AMQP_ID(10, 51),
	AMQP_CHANNEL_CLOSE = AMQP_ID(20, 40),
	AMQP_CHANNEL_CLOSE_OK = AMQP_ID(20, 41),
	AMQP_BASIC_CONSUME = AMQP_ID(60, 20),
	AMQP_BASIC_CONSUME_OK = AMQP_ID(60, 21),
	AMQP_BASIC_PUBLISH = AMQP_ID(60, 40),
	AMQP_BASIC_RETURN = AMQP_ID(60, 50),
	AMQP_BASIC_DELIVER = AMQP_ID(60, 60),
	AMQP_BASIC_GET_OK = AMQP_ID(60, 71),
	AMQP_BASIC_GET_EMPTY = AMQP_ID(60, 72),
	AMQP_BASIC_ACK = AMQP_ID(60, 80),
	AMQP_BASIC_REJECT = AMQP_ID(60, 90),
	AMQP_BASIC_NACK = AMQP_ID(60, 120),
	AMQP_CONFIRM_SELECT = AMQP_ID(85, 10),
};

enum amqp_kind {
	AMQP_HANDSHAKE, /* start, secure, tune and what answers them: part of opening */
	AMQP_REQUEST,	/* answered by one that is */
	AMQP_ANSWER,
	AMQP_CONTENT, /* a message follows */
	AMQP_VERDICT, /* ack, nack, reject */
	AMQP_ALONE,   /* nobody answers */
};

#define AMQP_NAMES 3

struct amqp_method {
	uint32_t id; /* AMQP_ID */
	enum amqp_kind kind;
	const char *word;  /* "basic.publish" */
	bool is_no_wait;   /* a request that nobody answers */
	bool is_no_ack;	   /* of consume */
	bool is_multiple;  /* of a verdict */
	bool is_requeued;  /* of a verdict of a consumer: somebody else may try */
	uint64_t tag;	   /* delivery tag */
	uint16_t code;	   /* of close and return */
	struct slice text; /* the code's */
	/* Queue, or exchange and routing key …, in the order of the wire. */
	struct slice names[AMQP_NAMES];
	struct slice consumer; /* consumer tag */
};

/* The payload of a method frame, as much as there is of it. 0 or -EBADMSG: no such method. */
int amqp_method_read(struct slice payload, struct amqp_method *ret_method);

#endif
