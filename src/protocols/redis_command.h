/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Redis command says: its name, its key, its arguments with all that is data left out, and
 * how it is answered. In: elements of its first piece. Private to redis*.c; pure.
 */
#ifndef SKEP_REDIS_COMMAND_H
#define SKEP_REDIS_COMMAND_H

#include "protocols/redis_resp.h"
#include "protocols/redis_table.h"

struct redis_command {
	enum redis_kind kind;
	uint64_t arguments; /* with the name */
	bool is_known;	    /* to some server */
};

/* 1; 0 when it is none: an empty line, an array of nothing. -EBADMSG: no command has such a name.
 * flags: enum message_flag. */
int redis_command_read(const struct resp_piece *piece, unsigned int flags,
	struct message *ret_message, struct redis_command *ret_command);

/* What the first element of an answer says: status and whose error it is. */
void redis_answer_read(const struct resp_element *element, struct message *ret_message);

#endif
