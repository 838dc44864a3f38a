/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a chunked body (RFC 9112, 7.1), found at any split of its bytes. Bare LF
 * and blanks after the size are accepted, as servers accept them.
 */
#include "protocols/http_framing.h"

/* Of a size line with its extensions, and of the trailers together. */
#define LINE_MAXIMUM	 4096
#define TRAILERS_MAXIMUM (16 * 1024)
/* Sizes stay within what off_t can hold. */
#define SIZE_MAXIMUM	 ((uint64_t)1 << 59)

enum state {
	SIZE_FIRST, /* at least one digit is due */
	SIZE_MORE,
	SIZE_BLANK,	/* after the digits: a ';' or the end of the line */
	SIZE_EXTENSION, /* anything up to the end of the line */
	SIZE_END,	/* after CR */
	DATA,
	DATA_END,     /* CR LF or LF after the data */
	DATA_END_LF,  /* after CR */
	TRAILER,      /* at the start of a line */
	TRAILER_MORE, /* within one */
	TRAILERS_END, /* after the CR of an empty line */
	DONE,
};

static int hex_value(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static enum state end_of_size(struct body_scan *scan)
{
	enum state next = scan->size == 0 ? TRAILER : DATA;

	scan->skip_bytes = scan->size;
	scan->size = 0;
	scan->line_bytes = 0;
	return next;
}

/* One byte of a size line: the next state or -EBADMSG. */
static int size_byte(struct body_scan *scan, uint8_t byte)
{
	int value = hex_value(byte);

	if (++scan->line_bytes > LINE_MAXIMUM)
		return -EBADMSG;
	if (scan->state <= SIZE_MORE && value >= 0) {
		if (scan->size >= SIZE_MAXIMUM)
			return -EBADMSG;
		scan->size = scan->size << 4 | (uint64_t)value;
		return SIZE_MORE;
	}
	if (scan->state == SIZE_FIRST)
		return -EBADMSG;
	if (byte == '\n')
		return (int)end_of_size(scan);
	/* A CR within an extension is content unless LF follows. */
	if (scan->state == SIZE_EXTENSION)
		return SIZE_EXTENSION;
	if (byte == '\r' && scan->state != SIZE_END)
		return SIZE_END;
	if (scan->state == SIZE_END)
		return -EBADMSG;
	if (byte == ';')
		return SIZE_EXTENSION;
	return byte == ' ' || byte == '\t' ? SIZE_BLANK : -EBADMSG;
}

static int data_end_byte(const struct body_scan *scan, uint8_t byte)
{
	if (byte == '\n')
		return SIZE_FIRST;
	return byte == '\r' && scan->state == DATA_END ? DATA_END_LF : -EBADMSG;
}

static int trailer_byte(struct body_scan *scan, uint8_t byte)
{
	if (++scan->line_bytes > TRAILERS_MAXIMUM)
		return -EBADMSG;
	if (byte == '\n')
		return scan->state == TRAILER_MORE ? TRAILER : DONE;
	if (byte == '\r' && scan->state == TRAILER)
		return TRAILERS_END;
	return TRAILER_MORE;
}

int http_chunks(struct body_scan *scan, struct slice bytes, size_t *ret_used)
{
	size_t at = 0;

	while (at < bytes.length) {
		size_t skip = (size_t)MIN(scan->skip_bytes, bytes.length - at);
		int next;

		if (scan->state == DATA) {
			scan->skip_bytes -= skip;
			at += skip;
			if (scan->skip_bytes == 0)
				scan->state = DATA_END;
			continue;
		}
		if (scan->state < DATA)
			next = size_byte(scan, bytes.data[at]);
		else if (scan->state < TRAILER)
			next = data_end_byte(scan, bytes.data[at]);
		else
			next = trailer_byte(scan, bytes.data[at]);
		if (next < 0)
			return next;
		at++;
		scan->state = (uint8_t)next;
		if (next == DONE) {
			*ret_used = at;
			return 1;
		}
	}
	*ret_used = at;
	return 0;
}
