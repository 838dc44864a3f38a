/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes begin HTTP/2 (RFC 9113)? A connection starts with the client's preface (3.4) and
 * the server's SETTINGS, whichever comes first; one that is older than the agent shows frames, of
 * which HEADERS with the usual first field are told from other bytes for certain enough: some
 * thirty bits have to fit. Pure: compiles for BPF (after bpf/kernel.h) and natively.
 */
#ifndef SKEP_HTTP2_MATCH_H
#define SKEP_HTTP2_MATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

enum http2_match {
	HTTP2_MATCH_NO,
	HTTP2_MATCH_CLIENT,
	HTTP2_MATCH_GREETING, /* a server's first frame */
	HTTP2_MATCH_SERVER,
};

#define HTTP2_MATCH_BYTES 16

/* "PRI * HTTP/2.0\r\n" as little-endian words. */
#define HTTP2_PREFACE_FIRST  0x5448202a20495250ULL
#define HTTP2_PREFACE_SECOND 0x0a0d302e322f5054ULL

/*
 * first and second: the first 16 bytes as little-endian words. One condition after the other, each
 * of them a return: so the verifier has no paths to multiply.
 */
static inline enum http2_match http2_match(__u64 first, __u64 second, __u32 length)
{
	__u32 size = first >> 16 & 0xff; /* of a short frame */
	__u8 field = second >> 8;

	if (length >= 16 && first == HTTP2_PREFACE_FIRST)
		return second == HTTP2_PREFACE_SECOND ? HTTP2_MATCH_CLIENT : HTTP2_MATCH_NO;
	/* SETTINGS, no acknowledgement, of the connection; the first setting is one that exists. */
	if ((first & ~0xff0000ULL) == 0x04000000 && length >= 9) {
		if (second & 0xff || size > 96 || size % 6)
			return HTTP2_MATCH_NO;
		if (size && (field || (second >> 16 & 0xff) - 1 > 8))
			return HTTP2_MATCH_NO;
		return HTTP2_MATCH_GREETING;
	}
	/* HEADERS of less than 64 KiB with END_HEADERS, END_STREAM or not, on a client's stream. */
	if ((first & 0x000080feff0000ffULL) != 0x0000000401000000ULL || length < 14)
		return HTTP2_MATCH_NO;
	if (!(second & 1))
		return HTTP2_MATCH_NO;
	/* The first field as RFC 7541's static table has it: method, path, scheme; authority. */
	if (field >= 0x82 && field <= 0x87)
		return HTTP2_MATCH_CLIENT;
	if (field == 0x41)
		return HTTP2_MATCH_CLIENT;
	/* The status. */
	if (field >= 0x88 && field <= 0x8e)
		return HTTP2_MATCH_SERVER;
	if (field == 0x48)
		return HTTP2_MATCH_SERVER;
	return HTTP2_MATCH_NO;
}

#endif
