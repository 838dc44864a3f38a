/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPACK with holes: a walk over the representations of a block (RFC 7541, 6) hands each to the
 * library, and puts another in its place where it refers to an entry that is not in the table.
 */
#include "protocols/http2_fields.h"

#include <nghttp2/nghttp2.h>

#define STATIC_ENTRIES 61
/* Stands for a name that is not known; no field has it. */
#define UNKNOWN_NAME   '?'

/* One representation. */
struct part {
	size_t length;
	uint64_t index;	 /* of the entry that it refers to, or the table's size */
	size_t value_at; /* where a literal's value begins */
	bool is_indexed; /* the entry is all of it */
	bool is_size;
	bool is_added; /* a literal that becomes an entry */
};

struct walk {
	struct http2_fields *fields;
	http2_got_field *got;
	void *context;
};

void http2_fields_reset(struct http2_fields *fields)
{
	if (fields->inflater)
		nghttp2_hd_inflate_del(TAKE(fields->inflater));
}

/* RFC 7541, 5.1. Returns the bytes it takes, 0 when it is cut, or -EBADMSG. */
static int read_integer(struct slice bytes, unsigned int prefix_bits, uint64_t *ret_value)
{
	uint64_t most = (1U << prefix_bits) - 1, value;
	int at = 1;

	if (bytes.length == 0)
		return 0;
	value = bytes.data[0] & most;
	if (value == most) {
		for (unsigned int shift = 0;; shift += 7) {
			if ((size_t)at >= bytes.length)
				return 0;
			if (shift > 21)
				return -EBADMSG;
			value += (uint64_t)(bytes.data[at] & 0x7f) << shift;
			if (!(bytes.data[at++] & 0x80))
				break;
		}
	}
	*ret_value = value;
	return at;
}

/* RFC 7541, 5.2: how long the string at the place is. 1, 0 when it is cut, or -EBADMSG. */
static int pass_string(struct slice bytes, size_t *at)
{
	uint64_t length = 0;
	int r = read_integer((struct slice){ bytes.data + *at, bytes.length - *at }, 7, &length);

	if (r <= 0)
		return r;
	if (length > bytes.length - *at - (size_t)r)
		return 0;
	*at += (size_t)r + length;
	return 1;
}

static unsigned int prefix_bits(uint8_t first)
{
	if (first & 0x80)
		return 7;
	if (first & 0x40)
		return 6;
	return first & 0x20 ? 5 : 4;
}

/* 1, 0 when it is cut, or -EBADMSG. */
static int read_part(struct slice bytes, struct part *ret_part)
{
	uint8_t first = bytes.data[0];
	struct part part = { .is_indexed = first & 0x80 };
	int r = read_integer(bytes, prefix_bits(first), &part.index);

	if (r <= 0)
		return r;
	part.length = (size_t)r;
	part.is_added = (first & 0xc0) == 0x40;
	part.is_size = (first & 0xe0) == 0x20;
	if (!part.is_indexed && !part.is_size) {
		r = part.index ? 1 : pass_string(bytes, &part.length);
		part.value_at = part.length;
		if (r == 1)
			r = pass_string(bytes, &part.length);
		if (r <= 0)
			return r;
	}
	*ret_part = part;
	return 1;
}

static void tell(const struct walk *walk, const nghttp2_nv *pair)
{
	struct http2_field field = { .name = { pair->name, pair->namelen },
		.value = { pair->value, pair->valuelen } };

	if (field.name.length == 1 && field.name.data[0] == UNKNOWN_NAME)
		field = (struct http2_field){ 0 };
	walk->got(walk->context, &field);
}

/* Lets the library read bytes that hold the end of one representation at most. */
static int inflate(const struct walk *walk, struct slice bytes)
{
	while (bytes.length > 0) {
		nghttp2_nv pair;
		int flags = 0;
		ssize_t used = nghttp2_hd_inflate_hd2(
			walk->fields->inflater, &pair, &flags, bytes.data, bytes.length, 0);

		if (used < 0)
			return used == NGHTTP2_ERR_NOMEM ? -ENOMEM : -EBADMSG;
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			tell(walk, &pair);
		else if (used == 0)
			return -EBADMSG;
		bytes.data += used;
		bytes.length -= (size_t)used;
	}
	return 0;
}

static bool is_known(const struct http2_fields *fields, uint64_t index)
{
	return index <= STATIC_ENTRIES ||
	       index <= nghttp2_hd_inflate_get_num_table_entries(fields->inflater);
}

/* The entry that it refers to was made before the table began. */
static int read_unknown(const struct walk *walk, const struct part *part, struct slice bytes)
{
	/* A literal with a name of one byte. The entry may be smaller than the true one: then the
	 * table keeps longer what nobody refers to any more. */
	static const uint8_t head[] = { 0x40, 1, UNKNOWN_NAME };
	static const struct http2_field unknown = { 0 };
	int r;

	if (!part->is_added) {
		walk->got(walk->context, &unknown);
		return 0;
	}
	r = inflate(walk, (struct slice){ head, sizeof(head) });
	if (r < 0)
		return r;
	return inflate(
		walk, (struct slice){ bytes.data + part->value_at, part->length - part->value_at });
}

static int walk_block(const struct walk *walk, struct slice block)
{
	while (block.length > 0) {
		/* HTTP2_TABLE_BYTES as RFC 7541, 6.3 writes it. */
		static const uint8_t largest[] = { 0x3f, 0xe1, 0x7f };
		struct part part = { 0 };
		int r = read_part(block, &part);

		if (r <= 0)
			return -EBADMSG;
		if (part.is_size && part.index > HTTP2_TABLE_BYTES)
			r = inflate(walk, (struct slice){ largest, sizeof(largest) });
		else if (part.is_size || is_known(walk->fields, part.index))
			r = inflate(walk, (struct slice){ block.data, part.length });
		else
			r = read_unknown(walk, &part, block);
		if (r < 0)
			return r;
		block.data += part.length;
		block.length -= part.length;
	}
	return 0;
}

static int start(struct http2_fields *fields)
{
	if (fields->inflater)
		return 0;
	if (nghttp2_hd_inflate_new(&fields->inflater) != 0)
		return -ENOMEM;
	/* What the receiver allows is not asked: the sender says which size it uses (6.3). */
	if (nghttp2_hd_inflate_change_table_size(fields->inflater, HTTP2_TABLE_BYTES) == 0)
		return 0;
	http2_fields_reset(fields);
	return -ENOMEM;
}

int http2_fields_read(struct http2_fields *fields, struct slice block, bool is_whole,
	http2_got_field *got, void *context)
{
	struct walk walk = { .fields = fields, .got = got, .context = context };
	int r = start(fields);

	if (r == 0)
		r = walk_block(&walk, block);
	if (r < 0 || !is_whole)
		http2_fields_reset(fields);
	else
		nghttp2_hd_inflate_end_headers(fields->inflater);
	return is_whole ? r : 0;
}
