/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The elements of RESP, versions 2 and 3 (redis.io/docs/reference/protocol-spec), and inline
 * commands, cut into pieces: a piece is a few elements, and ends with the message, or with the
 * first element that reaches beyond RESP_PIECE_BYTES. So a value of a gigabyte, or a million
 * elements, cost nothing but their bytes. Private to redis*.c; pure.
 */
#ifndef SKEP_REDIS_RESP_H
#define SKEP_REDIS_RESP_H

#include "protocols/message.h"

#define RESP_PIECE_BYTES 1024
/* Elements of a piece that are told; the others are counted. */
#define RESP_ELEMENTS	 48
/* In place of a type: a command that is a line of words. */
#define RESP_INLINE	 'i'

struct resp_element {
	uint8_t type;	   /* '*', '$', '+' …, or RESP_INLINE */
	bool is_null;	   /* of version 2: a length of -1; or '_' */
	bool is_cut;	   /* the text is not here to its end */
	uint64_t elements; /* that it holds */
	uint64_t bytes;	   /* all of it, without the elements that it holds */
	struct slice text; /* the line, or the data, as far as it is here */
};

/* Where a direction stands between two pieces. */
struct resp_side {
	uint64_t left;	 /* elements of the message that are still to come, 0: none began */
	bool is_in_line; /* the rest of a long line comes first */
};

struct resp_piece {
	uint64_t bytes;
	struct resp_side next; /* how the side stands behind it */
	size_t count;	       /* of elements told */
	struct resp_element elements[RESP_ELEMENTS];
};

/*
 * Reads the next piece of a command or of an answer. 1; 0: more bytes are needed; -EBADMSG: this
 * is no RESP. flags: enum message_flag.
 */
int resp_read(const struct resp_side *side, bool is_command, struct slice bytes, unsigned int flags,
	struct resp_piece *ret_piece);

/*
 * Leaves out attributes in front of an answer, so that its first element is the answer's own. Where
 * that is in a later piece it is an empty map: what has attributes is no error.
 */
void resp_drop_attributes(struct resp_piece *piece);

#endif
