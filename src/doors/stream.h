/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one body that turns bytes into exchanges: it gets what a door saw of a connection and
 * lets the protocol read it, so that a protocol never knows which door its bytes came through. In:
 * records of the packet door. Out: one request_event per exchange. Loop thread only; bounded by a
 * maximum of connections, of which only those inside an exchange or ordered are kept.
 */
#ifndef SKEP_STREAM_H
#define SKEP_STREAM_H

#include "doors/packet_record.h"
#include "engine/feature.h"
#include "event/request.h"
#include "protocols/message.h"
#include "protocols/tls_message.h"

struct key_store;
struct stream;

/* Called for each exchange; the event is filled but for the process's names. */
typedef void stream_exchange(void *context, struct request_event *event);

/* One message of a protocol that pairs its exchanges itself. All is borrowed. */
struct stream_message {
	const struct packet_common *origin;
	struct slice
		bytes;	 /* with what frames them; empty: messages of this connection were lost */
	uint64_t length; /* of the whole message, of which bytes is the beginning */
	uint64_t time_ns;
	bool is_answer;
	bool is_datagram; /* nothing frames the bytes */
};
typedef void stream_tell(void *context, const struct stream_message *message);

/* What became of the exchanges inside a TLS connection. */
enum stream_outcome {
	STREAM_READ,	   /* they are read; or there were none */
	STREAM_NO_SECRET,  /* no probe saw its handshake */
	STREAM_OLDER,	   /* it began before the agent did */
	STREAM_NO_CIPHER,  /* records of that suite or version cannot be opened */
	STREAM_NOT_HTTP,   /* what it carries is not known here */
	STREAM_EARLY_DATA, /* data came before the server had answered */
	STREAM_FAILED,	   /* the handshake did not come to its end */
	STREAM_LOST,	   /* bytes of it were lost, or a record did not open */
	STREAM_LIMIT,	   /* a bound of skep's own was reached */
	STREAM_NOT_TLS,	   /* it only began like TLS */
	STREAM_ENDED, /* only between stream*.c: the connection is over, which says which it was */
	STREAM_OUTCOMES = STREAM_ENDED
};

/* A TLS connection, told once: when its first request is read, or when it is clear that none will
 * be. All is borrowed. */
struct stream_session {
	const struct packet_common *origin;
	struct tls_hello client; /* version 0: not seen */
	struct tls_hello server;
	const char *suite; /* as IANA has it, NULL when none was agreed upon that is known */
	uint64_t hello_ns; /* first byte of the connection */
	uint64_t done_ns;  /* last byte of the handshake, 0: not seen */
	uint8_t alert;	   /* that ended the handshake, 0: none */
	enum stream_outcome outcome;
};
typedef void stream_tell_session(void *context, const struct stream_session *session);

/* At most that many requests of one connection wait for answers. */
#define STREAM_PIPELINE_MAXIMUM 256

struct stream_options {
	size_t maximum_connections;
	unsigned int message_flags; /* enum message_flag for the parsers */
	uint32_t scope_pid;	    /* exchanges of other processes are none of ours; 0: all */
	stream_exchange *exchange;
	stream_tell *message; /* for protocols with is_paired_by_feature */
	stream_tell_session *session;
	void *context;
};

int stream_new(const struct stream_options *options, struct stream **ret_stream);
void stream_free(struct stream
		*stream); /* exchanges that are open are forgotten: stream_in_flight counts them */

void stream_turn(struct stream *stream, const struct packet_turn *turn);
void stream_segment(struct stream *stream, const struct packet_segment *segment);
void stream_close(struct stream *stream, const struct packet_close *close);

/*
 * Adds what happened here to exchanges of the protocol. The kernel half counts, as seen and lost,
 * what did not fit into the ring; all that arrived is counted here.
 */
void stream_add_counts(
	const struct stream *stream, enum packet_protocol protocol, struct feature_counts *counts);
/* Secrets for connections that begin with TLS, NULL: no more of them are read. The store outlives
 * its use. 0 or -ENOMEM. */
int stream_use_keys(struct stream *stream, struct key_store *keys);
/* Connections that were read as TLS and of which bytes were lost afterwards. */
uint64_t stream_broken_sessions(const struct stream *stream);
/* Whether a protocol with a memory is looked for inside TLS. */
void stream_want(struct stream *stream, enum packet_protocol protocol, bool is_wanted);
/* During stream_options.exchange: whose exchange it is, whatever the event calls it. */
enum packet_protocol stream_told_protocol(const struct stream *stream);
/* Exchanges whose request was seen and whose answer is not over. */
size_t stream_in_flight(const struct stream *stream);

#endif
