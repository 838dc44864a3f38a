/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field blocks of HTTP/2 (HPACK, RFC 7541) of one direction of a connection, decoded by
 * libnghttp2. What cannot be known is unknown and never something else: entries of the dynamic
 * table are counted from the newest on, so that a table that begins empty in the middle of a
 * connection names rightly what it holds, and what it does not hold is told apart by its number.
 */
#ifndef SKEP_HTTP2_FIELDS_H
#define SKEP_HTTP2_FIELDS_H

#include "base/base.h"

struct nghttp2_hd_inflater;

/* Larger tables are kept to this; nearly all use 4096. It takes some six times as much memory. */
#define HTTP2_TABLE_BYTES (16 * 1024)

/* Zeroed at first. */
struct http2_fields {
	struct nghttp2_hd_inflater *inflater;
};

struct http2_field {
	struct slice name; /* small letters; data is NULL when it is not known */
	struct slice value;
};

/* Borrowed for the time of the call. */
typedef void http2_got_field(void *context, const struct http2_field *field);

/*
 * Reads the block; what is not known is told as a field without a name. is_whole: the block's end
 * is there; without it the next blocks are read with an empty table. 0, or -EBADMSG where the rest
 * of the block could not be read, or -ENOMEM: then the table is empty as well.
 */
int http2_fields_read(struct http2_fields *fields, struct slice block, bool is_whole,
	http2_got_field *got, void *context);
/* Blocks are missing: the table is empty. */
void http2_fields_reset(struct http2_fields *fields);

#endif
