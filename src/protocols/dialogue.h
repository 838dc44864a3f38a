/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A protocol whose connections have a memory: statements that were prepared, headers that were
 * compressed, calls that overlap, messages that nobody answers. It reads a connection piece by
 * piece (a frame, a packet, an element: what it knows the length of) and says which exchanges
 * begin, go on and end there. Who calls it brings the bytes of each direction in order, from
 * whatever door they came, and keeps the exchanges that are open.
 */
#ifndef SKEP_DIALOGUE_H
#define SKEP_DIALOGUE_H

#include "protocols/message.h"

/* Of the connection: who opened it speaks on DIALOGUE_CLIENT. */
enum dialogue_side { DIALOGUE_CLIENT, DIALOGUE_SERVER };

/*
 * What a piece means, told while it is read. All functions are the caller's. number: by what an
 * answer finds its request, the protocol's own (a stream, a correlation id); exchanges that are
 * open under the same number are answered in the order in which they began, so that a protocol
 * without numbers gives 0 to all. A number under which nothing is open is ignored: its
 * request went by before the agent came. The bytes of the piece belong to the exchange that was
 * named last.
 */
struct dialogue_sink {
	/* The request's texts are copied. One that nobody answers is begun and ended in one piece.
	 */
	void (*begin)(struct dialogue_sink *sink, uint64_t number, const struct message *request);
	/* The piece belongs to the exchange: more of its request, or of its answer. */
	void (*add)(struct dialogue_sink *sink, uint64_t number);
	/* An answer, or more of one: status, is_error and is_client_error are taken over. */
	void (*answer)(struct dialogue_sink *sink, uint64_t number, const struct message *answer);
	/* It is over with the last byte of this piece. */
	void (*end)(struct dialogue_sink *sink, uint64_t number, bool is_incomplete);
	/* The request as it was begun, to add what became known later; NULL when none is open. */
	struct message *(*request)(struct dialogue_sink *sink, uint64_t number);
	/* Everything from here on is TLS, as after SSLRequest. Only at the end of a piece. */
	void (*starts_tls)(struct dialogue_sink *sink);
};

struct dialogue {
	/* Of a connection, zeroed before init. What it allocates itself stays within state_limit
	 * bytes. */
	size_t state_bytes;
	size_t state_limit;
	/* 0 or -ENOMEM; NULL: zeroes are a state. */
	int (*init)(void *state);
	void (*done)(void *state); /* NULL: there is nothing to free */
	/* At most that many bytes of a piece are collected for read, from its beginning on. */
	size_t piece_bytes;
	/*
	 * bytes: from the beginning of a piece on, with whatever follows it. Returns the length of
	 * the piece, which may be more than there are bytes: the rest is passed over. 0: more bytes
	 * are needed (nothing was told to the sink); not with MESSAGE_CUT in flags, which says that
	 * there will be no more than these of it. -EBADMSG: this is not the protocol, or the
	 * boundaries are lost. flags: enum message_flag.
	 */
	int64_t (*read)(void *state, enum dialogue_side side, struct slice bytes,
		unsigned int flags, struct dialogue_sink *sink);
	/*
	 * Bytes were lost. Returns whether a piece may begin at a packet's first bytes, so that the
	 * connection can be read on from there; what was open is lost already. NULL: never.
	 */
	bool (*resume)(void *state, enum dialogue_side side, struct slice bytes);
	/*
	 * Whether a connection begins, or goes on, like this one: asked where the kernel half did
	 * not, as inside TLS. side: whose first bytes they are.
	 */
	bool (*match)(enum dialogue_side side, struct slice bytes);
};

#endif
