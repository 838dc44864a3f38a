/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes start a DNS message (RFC 1035, 4.1.1)? Decided from the twelve bytes of its
 * header, whatever the port: a question that is one has a known operation, one question, and
 * next to nothing else, which is some sixty bits that other protocols would have to hit. Pure:
 * compiles for BPF (after bpf/kernel.h) and natively.
 */
#ifndef SKEP_DNS_MATCH_H
#define SKEP_DNS_MATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

enum dns_match {
	DNS_MATCH_NO,
	DNS_MATCH_QUESTION,
	DNS_MATCH_ANSWER,
};

#define DNS_MATCH_BYTES	 12 /* of the header */
#define DNS_MATCH_STREAM 16 /* bytes that dns_match_stream reads */
/* A question: header, the root's name, type and class. */
#define DNS_MATCH_LEAST	 17

static inline __u32 dns_match_word(const __u8 *bytes)
{
	return (__u32)bytes[0] << 8 | bytes[1];
}

/* Query, notify, update; what was never used, or needs a session of its own, is none. */
static inline int dns_match_operation(__u32 operation)
{
	return operation == 0 || operation == 4 || operation == 5;
}

/*
 * header: DNS_MATCH_BYTES of them. is_expected: a port or an earlier message says that it is
 * likely; then an answer without its question counts, as servers give to what they cannot read,
 * and updates of many records do.
 */
static inline enum dns_match dns_match(const __u8 *header, int is_expected)
{
	__u32 flags = dns_match_word(header + 2);
	__u32 questions = dns_match_word(header + 4);
	__u32 answers = dns_match_word(header + 6);
	__u32 authorities = dns_match_word(header + 8);
	__u32 additional = dns_match_word(header + 10);
	__u32 most = is_expected ? 8192 : 255;

	/* The bit that must be zero. */
	if (flags & 0x40 || !dns_match_operation(flags >> 11 & 15) || questions > 1)
		return DNS_MATCH_NO;
	if (flags & 0x8000) {
		if (answers > most || authorities > most || additional > most)
			return DNS_MATCH_NO;
		return questions || is_expected ? DNS_MATCH_ANSWER : DNS_MATCH_NO;
	}
	/* A question has no code; a notify or a transfer of changes brings one record along. */
	if (flags & 0xf || !questions)
		return DNS_MATCH_NO;
	most = is_expected && (flags >> 11 & 15) == 5 ? 255 : 1;
	return answers > most || authorities > most || additional > most + 1 ? DNS_MATCH_NO
									     : DNS_MATCH_QUESTION;
}

/*
 * The same over TCP, where two bytes of length stand in front (RFC 1035, 4.2.2). bytes:
 * DNS_MATCH_STREAM of them, zero from length on.
 */
static inline enum dns_match dns_match_stream(const __u8 *bytes, __u32 length)
{
	if (length < 2 + DNS_MATCH_BYTES || dns_match_word(bytes) < DNS_MATCH_LEAST)
		return DNS_MATCH_NO;
	return dns_match(bytes + 2, 0);
}

#endif
