/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS inside a connection of stream.c: the bytes of both directions, in order, become records, the
 * records cleartext, and the cleartext goes to the sides as if it had come in clear. Which secret
 * is the connection's is proven: it is found by the hash of its own hellos (TLS 1.3) or by both
 * randoms (TLS 1.2), and the tag of each whole record confirms it. Private to doors/stream*.c.
 */
#ifndef SKEP_STREAM_TLS_H
#define SKEP_STREAM_TLS_H

#include "doors/key_store.h"
#include "doors/stream_connection.h"
#include "protocols/tls_key.h"

/* Both hellos, a first pair before a HelloRetryRequest too; larger ones are not read. */
#define TRANSCRIPT_BYTES_MAXIMUM (64 * 1024)
/* Records that wait for their secret, of one connection. */
#define WAITING_BYTES_MAXIMUM	 (128 * 1024)
#define RECORD_BYTES_MAXIMUM	 (TLS_RECORD_HEAD + TLS_RECORD_LONGEST)
#define RECORD_BYTES_KEPT	 2048

enum half_phase { HALF_CLEAR, HALF_HANDSHAKE, HALF_TRAFFIC };

/* One direction. */
struct half {
	enum half_phase phase;
	bool has_keys;	     /* of that phase */
	struct buf record;   /* what came of the record, without a gap */
	size_t seen;	     /* bytes of it that went by, with those that did not come */
	struct buf messages; /* of a handshake in clear, as far as they are not whole */
};

struct waiting {
	struct waiting *next;
	enum side_name name;
	uint64_t time_ns;
	size_t length; /* of the whole body */
	size_t bytes;  /* that are there, with the head */
	uint8_t data[];
};

struct stream_tls {
	struct half halves[2];
	struct stream_session session;
	struct buf transcript;
	const struct tls_suite *suite;
	struct key_room *room; /* once the suite is known */
	bool has_secret;
	bool is_told;
	bool is_over;  /* nothing is read any more */
	bool is_known; /* what is spoken inside */
	struct waiting *first, *last;
	size_t waiting_bytes;
};

/* NULL without memory. */
struct stream_tls *stream_tls_new(void);
/* Wipes the keys. Accepts NULL. */
void stream_tls_free(struct stream *stream, struct stream_tls *tls);
/* What a side of a connection that begins with TLS gets in place of side_read. */
void stream_tls_read(struct stream *stream, struct connection *connection, enum side_name name,
	struct side_input input);
/* A connection of which the beginning was not seen: it is told, and not kept. */
void stream_tls_older(struct stream *stream, const struct packet_common *origin);
/* Nothing more of it will be read: bytes of it are missing, or it is over. Told once. */
void stream_tls_end(
	struct stream *stream, struct connection *connection, enum stream_outcome outcome);

/* stream_tls_hello.c: bytes of handshake messages in clear, which do not end where records do. */
void stream_tls_hello(struct stream *stream, struct connection *connection, enum side_name name,
	struct slice body);
/* stream_tls_hello.c: finds the keys of the direction's phase. 0, or -ENOENT while the secret has
 * not come. */
int stream_tls_find_keys(struct stream *stream, struct stream_tls *tls, enum side_name name);

#endif
