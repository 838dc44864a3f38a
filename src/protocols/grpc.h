/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What gRPC adds to HTTP/2 (the project's PROTOCOL-HTTP2.md): status codes, and messages inside
 * DATA, each behind five bytes that say how long it is.
 */
#ifndef SKEP_GRPC_H
#define SKEP_GRPC_H

#include "protocols/message.h"

/* Messages of one direction of a call; zeroed at its start. */
struct grpc_messages {
	uint32_t count;
	uint32_t left;	    /* of the message that is being passed over */
	uint32_t length;    /* of the next one, as far as it was read */
	uint8_t head_bytes; /* of the next one's head */
	bool is_lost;	    /* where the next one begins is not known */
};

/*
 * Counts the messages that begin in the data. room: bytes until the data of the frame ends, of
 * which data is the beginning. Returns how many are dealt with: at least data.length, at most room.
 */
uint32_t grpc_pass(struct grpc_messages *messages, struct slice data, uint32_t room);

/* "application/grpc", "application/grpc+proto"; grpc-web is none: its trailers are data. */
bool grpc_is_content_type(struct slice value);
/* Sets status and whose error it is from a value of grpc-status. */
void grpc_set_status(struct message *message, struct slice value);
/* The same for a call that ended without one: as libraries read the code of a RST_STREAM. */
void grpc_set_reset(struct message *message, uint32_t code, bool is_by_client);
/* Adds a value of grpc-message, which says what went wrong, to the call's detail. */
void grpc_add_reason(struct message *request, struct slice value, unsigned int flags);

#endif
