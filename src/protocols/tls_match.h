/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes start a TLS connection (RFC 8446, 5.1; RFC 5246, 6.2.1)? Decided from the head of
 * the first record and that of the handshake message in it, whatever the port: who opens a
 * connection sends a ClientHello. Pure: compiles for BPF (after bpf/kernel.h) and natively.
 */
#ifndef SKEP_TLS_MATCH_H
#define SKEP_TLS_MATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define TLS_RECORD_HEAD	   5 /* type, version, length */
/* A record's body: 2^14 bytes and what the cipher adds (RFC 5246, 6.2.3; less in TLS 1.3). */
#define TLS_RECORD_LONGEST (16384 + 2048)

#define TLS_TYPE_HANDSHAKE     22
#define TLS_TYPE_DATA	       23
#define TLS_HANDSHAKE_CLIENT   1
/* Version, random, session id, a suite, a compression: the shortest ClientHello. */
#define TLS_CLIENT_HELLO_LEAST 41

/* bytes: 9 of them at least are readable, zero from length on. */
static inline int tls_match_client_hello(const __u8 *bytes, __u32 length)
{
	__u32 record = (__u32)bytes[3] << 8 | bytes[4];
	__u32 message = (__u32)bytes[6] << 16 | (__u32)bytes[7] << 8 | bytes[8];

	return length >= 9 && bytes[0] == TLS_TYPE_HANDSHAKE && bytes[1] == 3 && bytes[2] <= 3 &&
	       bytes[5] == TLS_HANDSHAKE_CLIENT && record >= 4 && record <= TLS_RECORD_LONGEST &&
	       message >= TLS_CLIENT_HELLO_LEAST && message <= 0xffff;
}

/* Data under protection, as a connection shows it whose beginning nobody saw (RFC 8446, 5.2; RFC
 * 5246, 6.2.3). bytes: 5 of them at least are readable, zero from length on. */
static inline int tls_match_data(const __u8 *bytes, __u32 length)
{
	__u32 record = (__u32)bytes[3] << 8 | bytes[4];

	return length >= TLS_RECORD_HEAD && bytes[0] == TLS_TYPE_DATA && bytes[1] == 3 &&
	       bytes[2] == 3 && record > 16 && record <= TLS_RECORD_LONGEST;
}

#endif
