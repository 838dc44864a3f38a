/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection inside stream.c: two sides that read messages, and the exchanges
 * that wait for their answers. Private to doors/stream*.c.
 */
#ifndef SKEP_STREAM_CONNECTION_H
#define SKEP_STREAM_CONNECTION_H

#include "base/buf.h"
#include "doors/stream.h"

/* Longer heads than this are cut: the limit of the HTTP parser, and enough for the others. */
#define SIDE_HEAD_BYTES (16 * 1024 + 1)

struct stream_tls;
struct stream_dialogue;
struct tls_opener;

enum side_name { SIDE_REQUEST, SIDE_ANSWER };

enum side_state {
	SIDE_HEAD,    /* at the start of a message or inside its head */
	SIDE_LENGTH,  /* body_left bytes of a body follow */
	SIDE_CHUNKED, /* the scan stands inside a chunked body */
	SIDE_BLIND,   /* inside a chunked body of which bytes are missing: only its end shows */
	SIDE_UNTIL_CLOSE,
	SIDE_LOST, /* the boundaries are lost, or the bytes are no longer the protocol's */
};

/* Bytes of an ordered side that came before others which are missing. */
struct held {
	struct held *next;
	struct packet_segment segment; /* with its bytes behind it */
};

struct side {
	enum side_state state;
	bool has_seq;
	bool is_ordered;
	bool is_cut;  /* the end of its head was not seen: the message may be over or not */
	uint32_t seq; /* of the next byte */
	uint64_t body_left;
	struct body_scan scan;
	uint8_t last[PACKET_TAIL_BYTES]; /* of the body, as far as they are known, else zero */
	struct buf head;		 /* the part of a head that came so far */
	struct held *held;		 /* by sequence number */
	size_t held_bytes;
};

struct exchange {
	struct exchange *next;
	struct message request;
	uint64_t request_ns;
	uint64_t answer_ns; /* first byte, 0 before */
	uint64_t last_ns;   /* last byte so far */
	uint64_t request_bytes;
	uint64_t answer_bytes;
	char status[24];
	bool is_error;
	bool is_client_error;
	bool is_cut; /* records of it were lost */
	bool had_interim;
	bool is_hidden; /* the kernel half did not see that its request began */
	uint32_t turn;	/* of the record that its request came in */
};

struct connection {
	struct packet_common origin;
	const struct protocol *protocol;
	struct side sides[2];
	struct exchange *first; /* the oldest: the next answer is its */
	struct exchange *last;	/* the youngest: request bytes are its */
	unsigned int count;
	uint32_t turn; /* of the record that is being read */
	bool is_ordered;
	bool is_lost;		/* no pairing is certain any more */
	bool is_tunnel;		/* which the kernel half may not know */
	bool is_head_lost;	/* of this turn the request is unknown, and counted as lost */
	bool may_miss[2];	/* by side_name: records were lost, so that a hole stays one */
	struct stream_tls *tls; /* NULL: it is in clear */
	struct stream_dialogue *dialogue; /* NULL until its protocol needs one */
};

/* What a side reads in one go: bytes, then how many follow that nobody saw, and how the last ones
 * look. */
struct side_input {
	struct slice bytes;
	uint64_t unseen_bytes;
	bool is_loss; /* the unseen bytes were lost, not left out */
	uint64_t time_ns;
	const uint8_t *tail; /* PACKET_TAIL_BYTES, zeros or NULL when not known */
};

struct stream {
	struct stream_options options;
	struct map *connections;		      /* cookie → struct connection */
	struct map *clients;			      /* stream_clients.h */
	struct feature_counts counts[PROTOCOL_COUNT]; /* not counted by the kernel half */
	struct key_store *keys;			      /* NULL: no connection begins with TLS */
	struct tls_opener *opener;
	uint64_t broken_sessions;
	uint32_t wanted_protocols;	/* bits by enum packet_protocol */
	size_t open_dialogue_exchanges; /* of all connections */
	uint8_t told_protocol;		/* of the event being reported */
	struct request_event event;	/* the one being reported: large, so not on the stack */
};

void connection_init(struct connection *connection, const struct packet_common *origin,
	const struct protocol *protocol);
/* Forgets open exchanges and frees buffers, but for what TLS has. */
void connection_done(struct connection *connection);
bool connection_is_idle(const struct connection *connection);
/* Takes the first exchange off without a report. */
void connection_drop_first(struct connection *connection);

/* Adds an exchange whose request head is message. NULL when the pipeline is full or memory is out.
 */
struct exchange *connection_add_exchange(
	struct connection *connection, const struct message *message, uint64_t time_ns);

/* stream_report.c: takes the first exchange off and reports it. */
void stream_finish(struct stream *stream, struct connection *connection, bool is_incomplete);
void stream_report(struct stream *stream, const struct connection *connection,
	const struct exchange *exchange, bool is_incomplete);
/* stream.c: an exchange of the protocol happened and could not be reported. */
void stream_lose(struct stream *stream, uint8_t protocol, enum count reason);
/* stream.c: a message of a protocol that pairs its exchanges itself; bytes is its head. */
void stream_pass_on(struct stream *stream, const struct connection *connection, enum side_name name,
	const struct side_input *head, const struct message *message);
/* stream.c: a proxy may have named the client before this request. */
void stream_note_client(
	struct stream *stream, const struct connection *connection, const struct message *message);
unsigned int stream_message_flags(const struct stream *stream);
/* stream_report.c: the kernel half knows the owner only from its first send on: what came before is
 * judged here. */
bool stream_is_foreign(const struct stream *stream, const struct packet_common *origin);

/* stream_order.c: a segment of an ordered connection; what came too early is read in its turn. */
void order_take(struct stream *stream, struct connection *connection, enum side_name name,
	const struct packet_segment *segment);
/* What was held reads on where it can; what is missing before the rest will not come. */
void order_drain(struct stream *stream, struct connection *connection, enum side_name name);
/* Bytes that may begin a request come next: one of which nobody saw the end is over then. */
void order_settle_request(
	const struct stream *stream, struct connection *connection, struct slice bytes);
/* Forgets what came too early. */
void order_done(struct side *side);
/* stream.c: lets the side read what it has not read yet. */
void side_take(struct stream *stream, struct connection *connection, enum side_name name,
	const struct packet_segment *segment);
/* Which answer answers what is not certain any more: counts what is open as lost. */
void connection_lose_order(struct stream *stream, struct connection *connection);
/* Counts the requests that seem to begin in the segment as lost. */
void stream_lose_requests(struct stream *stream, const struct connection *connection,
	const struct packet_segment *segment);

/* stream_side.c: lets the side read. */
void side_read(struct stream *stream, struct connection *connection, enum side_name name,
	struct side_input input);
/* An answer begins: what came of the request's head is all of it. */
void side_end_head(struct stream *stream, struct connection *connection, uint64_t time_ns);
/* The next bytes begin a message, whatever was before. */
void side_reset(struct side *side);
/* No more bytes come in the answering direction: ends what ends so, unless it was torn down. */
void side_close(struct stream *stream, struct connection *connection, bool is_reset);

#endif
