/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes start a NATS connection, or go on with one (the client protocol as documented by
 * NATS)? The server speaks first: INFO with a JSON object. Verbs in small letters, which servers
 * take too, are recognised only behind a greeting. Pure: compiles for BPF (after bpf/kernel.h) and
 * natively.
 */
#ifndef SKEP_NATS_MATCH_H
#define SKEP_NATS_MATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

enum nats_match {
	NATS_MATCH_NO,
	NATS_MATCH_GREETING, /* the server's first words */
	NATS_MATCH_CLIENT,
	NATS_MATCH_SERVER, /* in the midst of a connection */
};

#define NATS_MATCH_BYTES 8 /* that nats_match reads */

#define NATS_WORD(a, b, c, d) ((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)

static inline __u32 nats_match_word(const __u8 *bytes)
{
	return NATS_WORD(bytes[0], bytes[1], bytes[2], bytes[3]);
}

/* The first byte of a subject: printable, and no path as behind an HTTP method. */
static inline int nats_match_subject(__u8 byte)
{
	return byte > ' ' && byte < 0x7f && byte != '/';
}

/* bytes: NATS_MATCH_BYTES of them, zero from length on. */
static inline enum nats_match nats_match(const __u8 *bytes, __u32 length)
{
	__u32 first = nats_match_word(bytes);

	if (length < NATS_MATCH_BYTES)
		return NATS_MATCH_NO;
	if (first == NATS_WORD('I', 'N', 'F', 'O'))
		return bytes[4] == ' ' && bytes[5] == '{' && bytes[6] == '"' ? NATS_MATCH_GREETING
									     : NATS_MATCH_NO;
	if (first == NATS_WORD('C', 'O', 'N', 'N'))
		return nats_match_word(bytes + 4) == NATS_WORD('E', 'C', 'T', ' ')
			       ? NATS_MATCH_CLIENT
			       : NATS_MATCH_NO;
	if (first == NATS_WORD('P', 'U', 'B', ' ') || first == NATS_WORD('S', 'U', 'B', ' '))
		return nats_match_subject(bytes[4]) ? NATS_MATCH_CLIENT : NATS_MATCH_NO;
	if (first == NATS_WORD('M', 'S', 'G', ' '))
		return nats_match_subject(bytes[4]) ? NATS_MATCH_SERVER : NATS_MATCH_NO;
	if (bytes[4] != ' ' || !nats_match_subject(bytes[5]))
		return NATS_MATCH_NO;
	if (first == NATS_WORD('H', 'P', 'U', 'B'))
		return NATS_MATCH_CLIENT;
	return first == NATS_WORD('H', 'M', 'S', 'G') ? NATS_MATCH_SERVER : NATS_MATCH_NO;
}

#endif
