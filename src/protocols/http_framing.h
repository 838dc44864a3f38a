/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines and header fields of HTTP/1 (RFC 9112, 2.2, 5 and 6): what they say about
 * where a message ends and what comes next. Private to http.c. Pure, over borrowed bytes.
 */
#ifndef SKEP_HTTP_FRAMING_H
#define SKEP_HTTP_FRAMING_H

#include "protocols/message.h"

/* A line ends with LF; a CR before it belongs to the end (RFC 9112, 2.2). */
struct http_line {
	struct slice text; /* without its end */
	size_t length;	   /* with its end; 0 when the end is not there yet */
};

struct http_framing {
	size_t fields_bytes; /* with the empty line that ends them; 0 when it is not there */
	struct slice host;   /* data is NULL without a Host field */
	uint64_t length;
	bool has_length;
	bool is_bad_length; /* no number, or two different ones */
	bool has_coding;
	bool is_chunked;   /* the last coding */
	bool is_ambiguous; /* two readers may see two lengths */
	bool has_upgrade;
	bool has_connection_upgrade;
	bool expects_continue;
};

bool http_is_blank(uint8_t byte); /* SP HTAB CR LF */
struct slice http_trim(struct slice text);
struct http_line http_line_at(struct slice bytes);

/* Reads fields up to an empty line or a line that is cut. is_old: the message is HTTP/1.0. */
struct http_framing http_read_framing(struct slice fields, bool is_old);

/* protocol.body of HTTP: RFC 9112, 7.1. */
int http_chunks(struct body_scan *scan, struct slice bytes, size_t *ret_used);

#endif
