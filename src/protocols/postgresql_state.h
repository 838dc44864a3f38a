/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a PostgreSQL connection: statements and portals, and the exchanges whose
 * answers are still to come. Shared by the files postgresql*.c and nobody else.
 *
 * An exchange is what a client waits for: the startup, a simple query, a function call; in the
 * extended protocol each Execute with the messages that lead to it (Parse, Bind, Describe), or
 * these alone where the client wants their answer first. The last one before a Sync lasts until
 * ReadyForQuery, because the transaction ends there.
 */
#ifndef SKEP_POSTGRESQL_STATE_H
#define SKEP_POSTGRESQL_STATE_H

#include "protocols/dialogue.h"
#include "protocols/sql_waiting.h"
#include "protocols/statement_cache.h"

#define POSTGRESQL_HEAD_BYTES  5 /* type, length */
/* Longer messages have their first bytes read. */
#define POSTGRESQL_PIECE_BYTES 8192
/* Exchanges that wait for their answers. */
#define POSTGRESQL_WAITING     65536
#define POSTGRESQL_PORTALS     8

/* What an exchange waits for: so many answers, or for ReadyForQuery. */
#define PENDING_ANSWERS 0x3f
#define PENDING_READY	0x80
/* A row of its own for a Sync that stands alone. */
#define PENDING_SYNC	0x40

enum postgresql_unit {
	UNIT_PARSE = 1,
	UNIT_BIND = 2,
	UNIT_DESCRIBE = 4,
	UNIT_CLOSE = 8,
	UNIT_EXECUTE = 16,
};

struct postgresql_portal {
	uint64_t key;
	uint64_t statement;
};

struct postgresql {
	struct statement_cache statements;
	/* The first is the one without a name. */
	struct postgresql_portal portals[POSTGRESQL_PORTALS];
	struct sql_waiting waiting;
	uint64_t unit_statement;
	uint8_t portal_next;
	uint8_t answers; /* that the exchange at the head has had */
	uint8_t unit;	 /* enum postgresql_unit: of the exchange that is being put together */
	uint8_t encryption_due; /* answers of one byte that are still to come */
	bool is_unit_open;
	bool is_started;	/* messages have types now */
	bool is_answered;	/* the exchange at the head has had its first answer */
	bool is_failed;		/* the server skips everything up to the next Sync */
	bool is_head_failed;	/* the exchange at the head is the one that failed */
	bool is_failure_server; /* whose fault it is */
	bool is_copying;	/* the client sends rows, and its next Sync is not one more */
	bool is_pipelined;	/* the client did not wait for ReadyForQuery */
	bool is_resumed;	/* exchanges at the head may be gone */
};

/* What the functions that read a message need. */
struct postgresql_call {
	struct postgresql *state;
	struct dialogue_sink *sink;
	unsigned int flags;
	uint8_t type;
	struct slice body; /* of the message, as far as it is there */
};

/* Ends the exchange at the head, as far as the sink is concerned, and takes it out. */
void postgresql_pop(const struct postgresql_call *call, bool is_incomplete);
/* The same for one that went well. */
void postgresql_succeed(const struct postgresql_call *call);

/* The text up to a NUL, which is taken along; all of it when there is none. */
struct slice postgresql_string(struct slice *bytes);

/* 0 or -errno. */
int postgresql_read_startup(const struct postgresql_call *call);
int postgresql_read_client(const struct postgresql_call *call);
int postgresql_read_server(const struct postgresql_call *call);
/* The exchange that is put together is whole: nothing more joins it. */
void postgresql_seal(const struct postgresql_call *call);

#endif
