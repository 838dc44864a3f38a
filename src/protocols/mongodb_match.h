/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes begin a message to or from MongoDB? Decided from the 16 bytes of its header
 * (mongodb.com/docs/manual/reference/mongodb-wire-protocol), whatever the port: a length, two
 * numbers, and one of four operations, little-endian; who asks answers to nothing. Pure: compiles
 * for BPF (after bpf/kernel.h) and natively.
 */
#ifndef SKEP_MONGODB_MATCH_H
#define SKEP_MONGODB_MATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

enum mongodb_match {
	MONGODB_MATCH_NO,
	MONGODB_MATCH_REQUEST,
	MONGODB_MATCH_ANSWER,
};

#define MONGODB_HEADER_BYTES	16
/* A document of 16 MiB (maxBsonObjectSize) thrice (maxMessageSizeBytes is 48,000,000). */
#define MONGODB_MESSAGE_LONGEST (48 * 1024 * 1024)

#define MONGODB_REPLY	   1
#define MONGODB_QUERY	   2004
#define MONGODB_COMPRESSED 2012
#define MONGODB_MESSAGE	   2013

static inline __u32 mongodb_match_word(const __u8 *bytes)
{
	return bytes[0] | (__u32)bytes[1] << 8 | (__u32)bytes[2] << 16 | (__u32)bytes[3] << 24;
}

/* bytes: MONGODB_HEADER_BYTES of them, zero from length on. */
static inline enum mongodb_match mongodb_match(const __u8 *bytes, __u32 length)
{
	__u32 size = mongodb_match_word(bytes);
	__u32 answers_to = mongodb_match_word(bytes + 8);
	__u32 operation = mongodb_match_word(bytes + 12);

	/* The shortest holds a document of one byte. */
	if (length < MONGODB_HEADER_BYTES || size < 26 || size > MONGODB_MESSAGE_LONGEST)
		return MONGODB_MATCH_NO;
	if (operation == MONGODB_MESSAGE || operation == MONGODB_COMPRESSED)
		return answers_to ? MONGODB_MATCH_ANSWER : MONGODB_MATCH_REQUEST;
	if (operation == MONGODB_QUERY && !answers_to)
		return MONGODB_MATCH_REQUEST;
	return operation == MONGODB_REPLY && answers_to && size >= 36 ? MONGODB_MATCH_ANSWER
								      : MONGODB_MATCH_NO;
}

#endif
