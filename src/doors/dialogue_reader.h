/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets a protocol with a memory read one connection (protocols/dialogue.h): collects the bytes of
 * a piece, passes over the rest of a long one, and keeps the exchanges that are open. In: the bytes
 * of each direction, in order. Out: each exchange once, whole, incomplete or as lost. Knows of no
 * door: tests drive it as doors/stream_dialogue.c does. Loop thread; bounded in all it holds.
 */
#ifndef SKEP_DIALOGUE_READER_H
#define SKEP_DIALOGUE_READER_H

#include "doors/stream_connection.h"
#include "protocols/dialogue.h"

/* Exchanges of one connection that are open at one time; of more, each is counted as lost, and its
 * answer is still found, until they are so many that the connection is lost. */
#define DIALOGUE_OPEN_MAXIMUM	1024
#define DIALOGUE_GHOSTS_MAXIMUM 16384
/* Of all connections of one owner together. */
#define DIALOGUE_TOTAL_MAXIMUM	65536

enum dialogue_result {
	DIALOGUE_GOES_ON,
	DIALOGUE_TLS,	  /* TLS begins with what is left of the input */
	DIALOGUE_LOST,	  /* where pieces begin is not known any more on one side, or on both */
	DIALOGUE_FOREIGN, /* it only began like the protocol: nothing of it was told */
};

struct dialogue_open {
	struct dialogue_open *next;
	uint64_t number;
	struct exchange *exchange; /* NULL: counted as lost already */
	bool is_ending;		   /* with the piece that ending is in */
	bool is_incomplete;
	enum dialogue_side ending;
};

struct dialogue_half {
	struct buf piece;	     /* what came of it, while that is not enough */
	uint64_t first_ns;	     /* its first byte */
	uint64_t left;		     /* bytes of it that still go by */
	struct dialogue_open *owner; /* whose these are, may be NULL */
	bool is_lost;
	bool has_ending; /* exchanges end with the piece */
};

/* Called from within dialogue_feed and dialogue_close; the exchange is borrowed. */
struct dialogue_handler {
	void (*finish)(void *context, const struct exchange *exchange, bool is_incomplete);
	void (*lose)(void *context, enum count reason, unsigned int count);
	void *context;
	size_t *total; /* exchanges that are open, of all readers that share it */
};

struct dialogue_reader {
	struct dialogue_sink sink; /* first: the protocol gives it back */
	const struct protocol *protocol;
	const struct dialogue *dialogue;
	void *state;
	unsigned int message_flags;
	struct dialogue_handler handler;
	struct dialogue_half halves[2]; /* by enum dialogue_side */
	struct dialogue_open *first, *last;
	size_t open_count, ghost_count;
	uint64_t begun; /* exchanges so far */
	/* Of the piece that is being read. */
	enum dialogue_side side;
	uint64_t piece_ns;
	struct dialogue_open *named;
	bool starts_tls;
	bool is_unordered; /* numbers did not rise with each exchange that began */
	bool is_full;	   /* more are open than can be followed */
};

/* 0 or -ENOMEM. The handler is copied. */
int dialogue_reader_init(struct dialogue_reader *reader, const struct protocol *protocol,
	const struct dialogue_handler *handler, unsigned int message_flags);
/* Forgets what is open. */
void dialogue_reader_done(struct dialogue_reader *reader);

/* Reads the input and takes off it what it used: all, but for DIALOGUE_TLS. */
enum dialogue_result dialogue_feed(
	struct dialogue_reader *reader, enum dialogue_side side, struct side_input *input);
/* Whether the side, on which bytes were lost, is read again from these first bytes of a packet on.
 */
bool dialogue_resume(struct dialogue_reader *reader, enum dialogue_side side, struct slice bytes);
/* Nothing of the connection can be paired any more: what is open is counted as lost. */
void dialogue_lose(struct dialogue_reader *reader, enum count reason);
/* No more bytes come. without_answer: what became of those of which no answer was seen, COUNT_SEEN:
 * nobody answered them. */
void dialogue_close(struct dialogue_reader *reader, enum count without_answer);

#endif
