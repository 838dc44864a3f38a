/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and texts out of binary messages, big-endian, one after the other. What is not there
 * reads as zero or empty, and from then on nothing is: is_short is asked once, at the end.
 */
#ifndef SKEP_BYTE_READER_H
#define SKEP_BYTE_READER_H

#include "base/base.h"

struct byte_reader {
	struct slice rest;
	bool is_short;
};

static inline struct byte_reader byte_reader(struct slice bytes)
{
	return (struct byte_reader){ .rest = bytes };
}

/* Borrowed; empty when there are not so many. */
static inline struct slice byte_reader_take(struct byte_reader *reader, size_t length)
{
	struct slice taken = { reader->rest.data, length };

	if (length > reader->rest.length || reader->is_short) {
		reader->is_short = true;
		reader->rest.length = 0;
		return (struct slice){ 0 };
	}
	if (length > 0)
		reader->rest.data += length;
	reader->rest.length -= length;
	return taken;
}

/* Of 1 to 8 bytes. */
static inline uint64_t byte_reader_number(struct byte_reader *reader, size_t length)
{
	struct slice taken = byte_reader_take(reader, length);
	uint64_t number = 0;

	for (size_t at = 0; at < taken.length; at++)
		number = number << 8 | taken.data[at];
	return number;
}

static inline uint8_t byte_reader_u8(struct byte_reader *reader)
{
	return (uint8_t)byte_reader_number(reader, 1);
}

static inline uint16_t byte_reader_u16(struct byte_reader *reader)
{
	return (uint16_t)byte_reader_number(reader, 2);
}

static inline uint32_t byte_reader_u32(struct byte_reader *reader)
{
	return (uint32_t)byte_reader_number(reader, 4);
}

static inline uint64_t byte_reader_u64(struct byte_reader *reader)
{
	return byte_reader_number(reader, 8);
}

static inline int16_t byte_reader_i16(struct byte_reader *reader)
{
	return (int16_t)byte_reader_u16(reader);
}

static inline int32_t byte_reader_i32(struct byte_reader *reader)
{
	return (int32_t)byte_reader_u32(reader);
}

/* Seven bits a byte, the lowest first (LEB128), of at most most_bytes. */
static inline uint64_t byte_reader_varint(struct byte_reader *reader, size_t most_bytes)
{
	uint64_t number = 0;

	for (size_t at = 0; at < most_bytes && !reader->is_short; at++) {
		uint64_t byte = byte_reader_u8(reader);

		number |= (byte & 0x7f) << (7 * at);
		if (!(byte & 0x80))
			return number;
	}
	reader->is_short = true;
	return 0;
}

#endif
