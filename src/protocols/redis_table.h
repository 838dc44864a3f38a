/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of Redis (redis.io/docs/latest/commands, versions 7.4 and 8.0): which there are, and
 * where their keys stand. Private to redis*.c; pure.
 */
#ifndef SKEP_REDIS_TABLE_H
#define SKEP_REDIS_TABLE_H

#include "base/base.h"

/* Places of a key that are not the number of an argument. */
#define REDIS_KEY_NONE	     0
#define REDIS_KEY_OF_STREAMS 100 /* the one behind STREAMS */
/* Commands with a subcommand, and those with a key behind it. */
#define REDIS_SUBCOMMAND     200
#define REDIS_KEY_SUBCOMMAND 202

enum redis_kind {
	REDIS_PLAIN,	  /* one answer */
	REDIS_SUBSCRIBES, /* a confirmation for each channel */
	REDIS_SYNCS,	  /* it becomes the connection of a replica */
	REDIS_REPLY_OFF,  /* nothing is answered any more */
	REDIS_REPLY_ON,	  /* from this one on */
	REDIS_REPLY_SKIP, /* neither this one nor the next is answered */
};

struct redis_row {
	const char *name;
	uint8_t key;
	enum redis_kind kind;
};

/* name: in capitals. What is not in the table begins with its key; never NULL. */
const struct redis_row *redis_row_find(const char *name);
/* Does any server know it? A module's command, which has a dot in its name, is taken for one. */
bool redis_is_command(const char *name);

#endif
