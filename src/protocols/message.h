/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a protocol tells about one message from its bytes. Parsers are pure functions: they
 * see bytes and state by pointer, allocate nothing, and never read past the
 * slice. The caller (doors/stream.c) brings the bytes in order.
 */
#ifndef SKEP_MESSAGE_H
#define SKEP_MESSAGE_H

#include "event/field.h"

/* What a parser is told besides the bytes; a mask. */
enum message_flag {
	MESSAGE_CUT = 1,      /* the bytes are all there will ever be of this head */
	MESSAGE_UNMASKED = 2, /* a person asked for it: leave secrets in detail */
};

/* What stands in place of a secret (OpenTelemetry's word for it). */
#define MESSAGE_MASK "REDACTED"

enum body_kind {
	BODY_NONE,	  /* the head is the whole message */
	BODY_LENGTH,	  /* body_bytes follow */
	BODY_CHUNKED,	  /* HTTP chunks follow: body_scan finds the end */
	BODY_UNTIL_CLOSE, /* everything up to the end of the connection */
	BODY_TUNNEL,	  /* another protocol follows for good (CONNECT, Upgrade) */
};

struct message {
	uint32_t head_bytes;   /* length of the head including its end */
	uint32_t prefix_bytes; /* of these, what stands before the request and is none of it */
	enum body_kind body;
	uint64_t body_bytes;	 /* for BODY_LENGTH */
	bool is_interim;	 /* a 1xx answer: the real one follows */
	bool is_error;		 /* the answering side failed: an error for both roles */
	bool is_client_error;	 /* the asking side is to blame: an error for the client only */
	bool is_ambiguous;	 /* its length can be read in two ways, as in request smuggling */
	bool is_head_request;	 /* the answer will have no body whatever it says */
	bool is_connect_request; /* a success turns the connection into a tunnel */
	bool wants_upgrade;
	bool expects_continue;	   /* the body may be withheld until an answer says to go on */
	uint32_t request_messages; /* of a stream, as gRPC's; set in the request when it ends */
	uint32_t response_messages;
	const char *protocol; /* in place of the protocol's own name, static; NULL: that one */
	struct address client_address; /* as a proxy names it before the request; else empty */
	uint64_t fingerprint;	       /* of a statement without its data (sql_text.h); 0: none */
	char operation[24];
	char status[24];
	char host[96];
	char target[192]; /* the template */
	char detail[512]; /* in full, masked; texts are printable UTF-8, never cut within a
			     character */
};

/* Where a scan for the end of a chunked body stands; zeroed at the start of a body. */
struct body_scan {
	uint64_t skip_bytes; /* data of the chunk still to come */
	uint64_t size;	     /* chunk size read so far */
	uint8_t state;	     /* private to the protocol */
	uint16_t line_bytes; /* of the line being read, bounded */
};

struct dialogue; /* protocols/dialogue.h */

struct protocol {
	const char *name; /* "http" */
	const char *summary;
	/*
	 * Reads the head of a request. Returns 1 and *ret_message when the head is whole; 0 when
	 * more bytes are needed; -EBADMSG when this is not the protocol; -E2BIG when the head is
	 * longer than the protocol's limit. flags is a mask of enum message_flag; with MESSAGE_CUT
	 * what can be known is returned (head_bytes = bytes.length, body unknown as
	 * BODY_UNTIL_CLOSE) rather than 0 or -E2BIG.
	 */
	int (*request)(struct slice bytes, unsigned int flags, struct message *ret_message);
	/* The same for an answer to the request (never NULL; zeroed when it was not seen). */
	int (*response)(struct slice bytes, unsigned int flags, const struct message *request,
		struct message *ret_message);
	/*
	 * Consumes body bytes of a BODY_CHUNKED message; NULL where there are none. Returns 1 when
	 * the body ends, with *ret_used the bytes that belong to it; 0 when all were used and more
	 * follow; -EBADMSG.
	 */
	int (*body)(struct body_scan *scan, struct slice bytes, size_t *ret_used);
	/*
	 * Answers need not come in the order of their requests: the feature gets each message and
	 * pairs them itself, and request and response only find where messages end.
	 */
	bool is_paired_by_feature;
	/*
	 * How many requests seem to begin in bytes whose boundaries are not known any more;
	 * is_start: one may begin at the first byte. To count what is lost, not to read it. NULL:
	 * at most one at a start.
	 */
	unsigned int (*requests)(struct slice bytes, bool is_start);
	/* How a connection with a memory is read; request, response and body are NULL then. */
	const struct dialogue *dialogue;
};

/* The list of protocols.def; count by *ret_count. */
const struct protocol *const *protocols_all(size_t *ret_count);

#endif
