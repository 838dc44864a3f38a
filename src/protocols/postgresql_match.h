/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes begin a PostgreSQL connection, or go on with one (PostgreSQL's documentation,
 * "Message Formats")? Decided from the first 16 bytes, whatever the port: a packet of the startup,
 * or the head of a message that a client sends first after the agent came, or a server in answer.
 * Pure: compiles for BPF (after bpf/kernel.h) and natively.
 */
#ifndef SKEP_POSTGRESQL_MATCH_H
#define SKEP_POSTGRESQL_MATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

enum postgresql_match {
	POSTGRESQL_MATCH_NO,
	POSTGRESQL_MATCH_REQUEST,
	POSTGRESQL_MATCH_ANSWER,
};

#define POSTGRESQL_MATCH_BYTES 16

/* In place of a version, in the second word of the startup. */
#define POSTGRESQL_CANCEL 80877102
#define POSTGRESQL_TLS	  80877103
#define POSTGRESQL_GSS	  80877104

/* The server takes no longer one (MAX_STARTUP_PACKET_LENGTH). */
#define POSTGRESQL_STARTUP_LONGEST 10000

static inline __u32 postgresql_word(const __u8 *bytes)
{
	return (__u32)bytes[0] << 24 | (__u32)bytes[1] << 16 | (__u32)bytes[2] << 8 | bytes[3];
}

/* The packets without a type. bytes: 9 at least are readable. */
static inline int postgresql_match_startup(const __u8 *bytes)
{
	__u32 length = postgresql_word(bytes);
	__u32 version = postgresql_word(bytes + 4);

	if (version == POSTGRESQL_TLS || version == POSTGRESQL_GSS)
		return length == 8;
	/* The key is longer from version 3.2 on. */
	if (version == POSTGRESQL_CANCEL)
		return length >= 16 && length <= 12 + 256;
	/* Version 3 of any minor number; the name of a parameter follows. */
	return version >> 16 == 3 && (version & 0xffff) < 16 && length > 8 &&
	       length <= POSTGRESQL_STARTUP_LONGEST && bytes[8] >= 'A' && bytes[8] <= 'z';
}

static inline int postgresql_is_text(__u8 byte)
{
	return byte >= ' ' || (byte >= '\t' && byte <= '\r');
}

/* A query, a statement to prepare, or the values of one. */
static inline int postgresql_match_message(const __u8 *bytes)
{
	__u32 length = postgresql_word(bytes + 1);
	int has_text = postgresql_is_text(bytes[6]) && postgresql_is_text(bytes[7]);

	if (length < 8 || length >= 1 << 24)
		return 0;
	if (bytes[0] == 'Q')
		return postgresql_is_text(bytes[5]) && has_text;
	/* Most often without a name, then the statement; otherwise a name of letters. */
	if (bytes[0] == 'P')
		return has_text && (bytes[5] == 0 || postgresql_is_text(bytes[5]));
	/* Without a portal's name, then that of the statement. */
	return bytes[0] == 'B' && length >= 12 && bytes[5] == 0 &&
	       (bytes[6] == 0 ? bytes[7] == 0 : has_text);
}

/* What a server answers with, where it is short enough to be sure. */
static inline int postgresql_match_answer(const __u8 *bytes)
{
	__u32 length = postgresql_word(bytes + 1);
	__u8 next = bytes[5];

	switch (bytes[0]) {
	case 'Z':
		return length == 5 && (next == 'I' || next == 'T' || next == 'E');
	case '1':
		return length == 4 && (next == '2' || next == 't' || next == 'Z');
	case '2':
		return length == 4 && (next == 'T' || next == 'D' || next == 'n' || next == 'C');
	case 'C':
		return length < 80 && length > 6 && next >= 'A' && next <= 'Z' && bytes[6] >= 'A' &&
		       bytes[6] <= 'Z';
	}
	return 0;
}

/* bytes: POSTGRESQL_MATCH_BYTES of them, zero from length on; length: of the packet. */
static inline enum postgresql_match postgresql_match(const __u8 *bytes, __u32 length)
{
	if (length < 6)
		return POSTGRESQL_MATCH_NO;
	if (bytes[0] == 0)
		return length >= 8 && postgresql_match_startup(bytes) ? POSTGRESQL_MATCH_REQUEST
								      : POSTGRESQL_MATCH_NO;
	if (length >= 8 && postgresql_match_message(bytes))
		return POSTGRESQL_MATCH_REQUEST;
	return postgresql_match_answer(bytes) ? POSTGRESQL_MATCH_ANSWER : POSTGRESQL_MATCH_NO;
}

#endif
