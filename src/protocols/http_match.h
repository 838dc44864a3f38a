/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes start an HTTP/1 message? Decided from the first 8 bytes of a
 * request and the first 12 of an answer, by comparing words, so that the kernel half can ask it of
 * every payload. Pure: compiles for BPF (after bpf/kernel.h) and natively.
 *
 * Callers guarantee 16 readable bytes, zero from length on, and for BPF a stack or map buffer
 * that is 8-byte aligned. Little-endian, as both supported machines are.
 */
#ifndef SKEP_HTTP_MATCH_H
#define SKEP_HTTP_MATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

enum http_request_match {
	HTTP_REQUEST_NO,
	HTTP_REQUEST_MAYBE,    /* too short to tell, but a method may be beginning */
	HTTP_REQUEST_BODYLESS, /* GET HEAD OPTIONS DELETE TRACE: as a rule the head is all */
	HTTP_REQUEST_BODY,     /* a body is usual, or possible and the method rare */
	HTTP_REQUEST_CONNECT,
};

enum http_response_match {
	HTTP_RESPONSE_NO,
	HTTP_RESPONSE_MAYBE,   /* too short to tell */
	HTTP_RESPONSE_INTERIM, /* 1xx except 101: the real answer follows */
	HTTP_RESPONSE_YES,
};

/* Eight characters as one little-endian word. */
#define HTTP_WORD(a, b, c, d, e, f, g, h)                                                          \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |   \
		(__u64)(f) << 40 | (__u64)(g) << 48 | (__u64)(h) << 56)

/*
 * The methods of IANA's registry (RFC 9110, 3253, 3648, 3744, 4791, 4918, 5323, 5842), PURGE of
 * caches and the four of UPnP, frequent ones first: X(the first 8 bytes with the blank, how many
 * of them count, what they mean). PRI is HTTP/2's and is left out.
 */
#define HTTP_METHODS(X)                                                                            \
	X(HTTP_WORD('G', 'E', 'T', ' ', 0, 0, 0, 0), 4, HTTP_REQUEST_BODYLESS)                     \
	X(HTTP_WORD('P', 'O', 'S', 'T', ' ', 0, 0, 0), 5, HTTP_REQUEST_BODY)                       \
	X(HTTP_WORD('H', 'E', 'A', 'D', ' ', 0, 0, 0), 5, HTTP_REQUEST_BODYLESS)                   \
	X(HTTP_WORD('P', 'U', 'T', ' ', 0, 0, 0, 0), 4, HTTP_REQUEST_BODY)                         \
	X(HTTP_WORD('D', 'E', 'L', 'E', 'T', 'E', ' ', 0), 7, HTTP_REQUEST_BODYLESS)               \
	X(HTTP_WORD('O', 'P', 'T', 'I', 'O', 'N', 'S', ' '), 8, HTTP_REQUEST_BODYLESS)             \
	X(HTTP_WORD('P', 'A', 'T', 'C', 'H', ' ', 0, 0), 6, HTTP_REQUEST_BODY)                     \
	X(HTTP_WORD('C', 'O', 'N', 'N', 'E', 'C', 'T', ' '), 8, HTTP_REQUEST_CONNECT)              \
	X(HTTP_WORD('T', 'R', 'A', 'C', 'E', ' ', 0, 0), 6, HTTP_REQUEST_BODYLESS)                 \
	X(HTTP_WORD('P', 'R', 'O', 'P', 'F', 'I', 'N', 'D'), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('P', 'R', 'O', 'P', 'P', 'A', 'T', 'C'), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('R', 'E', 'P', 'O', 'R', 'T', ' ', 0), 7, HTTP_REQUEST_BODY)                   \
	X(HTTP_WORD('M', 'K', 'C', 'O', 'L', ' ', 0, 0), 6, HTTP_REQUEST_BODY)                     \
	X(HTTP_WORD('M', 'K', 'C', 'A', 'L', 'E', 'N', 'D'), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('M', 'K', 'A', 'C', 'T', 'I', 'V', 'I'), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('M', 'K', 'W', 'O', 'R', 'K', 'S', 'P'), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('M', 'K', 'R', 'E', 'D', 'I', 'R', 'E'), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('C', 'O', 'P', 'Y', ' ', 0, 0, 0), 5, HTTP_REQUEST_BODY)                       \
	X(HTTP_WORD('M', 'O', 'V', 'E', ' ', 0, 0, 0), 5, HTTP_REQUEST_BODY)                       \
	X(HTTP_WORD('L', 'O', 'C', 'K', ' ', 0, 0, 0), 5, HTTP_REQUEST_BODY)                       \
	X(HTTP_WORD('U', 'N', 'L', 'O', 'C', 'K', ' ', 0), 7, HTTP_REQUEST_BODY)                   \
	X(HTTP_WORD('S', 'E', 'A', 'R', 'C', 'H', ' ', 0), 7, HTTP_REQUEST_BODY)                   \
	X(HTTP_WORD('Q', 'U', 'E', 'R', 'Y', ' ', 0, 0), 6, HTTP_REQUEST_BODY)                     \
	X(HTTP_WORD('P', 'U', 'R', 'G', 'E', ' ', 0, 0), 6, HTTP_REQUEST_BODY)                     \
	X(HTTP_WORD('M', 'E', 'R', 'G', 'E', ' ', 0, 0), 6, HTTP_REQUEST_BODY)                     \
	X(HTTP_WORD('A', 'C', 'L', ' ', 0, 0, 0, 0), 4, HTTP_REQUEST_BODY)                         \
	X(HTTP_WORD('L', 'I', 'N', 'K', ' ', 0, 0, 0), 5, HTTP_REQUEST_BODY)                       \
	X(HTTP_WORD('U', 'N', 'L', 'I', 'N', 'K', ' ', 0), 7, HTTP_REQUEST_BODY)                   \
	X(HTTP_WORD('B', 'I', 'N', 'D', ' ', 0, 0, 0), 5, HTTP_REQUEST_BODY)                       \
	X(HTTP_WORD('R', 'E', 'B', 'I', 'N', 'D', ' ', 0), 7, HTTP_REQUEST_BODY)                   \
	X(HTTP_WORD('U', 'N', 'B', 'I', 'N', 'D', ' ', 0), 7, HTTP_REQUEST_BODY)                   \
	X(HTTP_WORD('C', 'H', 'E', 'C', 'K', 'I', 'N', ' '), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('C', 'H', 'E', 'C', 'K', 'O', 'U', 'T'), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('U', 'N', 'C', 'H', 'E', 'C', 'K', 'O'), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('U', 'P', 'D', 'A', 'T', 'E', ' ', 0), 7, HTTP_REQUEST_BODY)                   \
	X(HTTP_WORD('U', 'P', 'D', 'A', 'T', 'E', 'R', 'E'), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('L', 'A', 'B', 'E', 'L', ' ', 0, 0), 6, HTTP_REQUEST_BODY)                     \
	X(HTTP_WORD('V', 'E', 'R', 'S', 'I', 'O', 'N', '-'), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('B', 'A', 'S', 'E', 'L', 'I', 'N', 'E'), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('O', 'R', 'D', 'E', 'R', 'P', 'A', 'T'), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('N', 'O', 'T', 'I', 'F', 'Y', ' ', 0), 7, HTTP_REQUEST_BODY)                   \
	X(HTTP_WORD('M', '-', 'S', 'E', 'A', 'R', 'C', 'H'), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('S', 'U', 'B', 'S', 'C', 'R', 'I', 'B'), 8, HTTP_REQUEST_BODY)                 \
	X(HTTP_WORD('U', 'N', 'S', 'U', 'B', 'S', 'C', 'R'), 8, HTTP_REQUEST_BODY)

/* The low count bytes of a word; count is 1 to 8. */
#define HTTP_LOW_BYTES(count) (~(__u64)0 >> (64 - 8 * (count)))

static inline __u64 http_match_load(const __u8 *bytes)
{
	__u64 word;

#ifdef __bpf__
	/* One load instead of eight; without the promise clang reads byte by byte. */
	bytes = __builtin_assume_aligned(bytes, 8);
#endif
	__builtin_memcpy(&word, bytes, sizeof(word));
	return word;
}

/* Only for payloads of less than 8 bytes, which matched no method in full. */
static inline enum http_request_match http_match_short(__u64 word, __u32 length)
{
#ifdef __bpf__
	/* Forty comparisons whose results join are too many paths for the verifier: any capital may
	 * begin one. */
	return (word & 0xff) - 'A' <= 'Z' - 'A' ? HTTP_REQUEST_MAYBE : HTTP_REQUEST_NO;
#else
	__u64 mask = length == 0 ? 0 : HTTP_LOW_BYTES(length);

#define HTTP_BEGINS(text, count, meaning)                                                          \
	if (word == ((text)&mask))                                                                 \
		return HTTP_REQUEST_MAYBE;
	HTTP_METHODS(HTTP_BEGINS)
#undef HTTP_BEGINS
	return HTTP_REQUEST_NO;
#endif
}

static inline enum http_request_match http_match_request(const __u8 *bytes, __u32 length)
{
	__u64 word = http_match_load(bytes);
	__u32 second = word >> 8 & 0xff;

	/* Every second letter is a capital or M-SEARCH's dash: most binary protocols leave here. */
	if (length > 1 && second - 'A' > 'Z' - 'A' && second != '-')
		return HTTP_REQUEST_NO;
		/* Bytes from length on are zero, so that a match in full is within length. */
#define HTTP_MATCH(text, count, meaning)                                                           \
	if ((word & HTTP_LOW_BYTES(count)) == (text))                                              \
		return (meaning);
	HTTP_METHODS(HTTP_MATCH)
#undef HTTP_MATCH
	return length < 8 ? http_match_short(word, length) : HTTP_REQUEST_NO;
}

static inline enum http_response_match http_match_response(const __u8 *bytes, __u32 length)
{
	__u64 start = HTTP_WORD('H', 'T', 'T', 'P', '/', '1', '.', 0);
	__u64 word = http_match_load(bytes) & HTTP_LOW_BYTES(7);
	__u32 status; /* the blank and three digits */

	if (word != start) {
		__u64 mask = length == 0 || length > 7 ? 0 : HTTP_LOW_BYTES(length);

		return length < 7 && word == (start & mask) ? HTTP_RESPONSE_MAYBE
							    : HTTP_RESPONSE_NO;
	}
	if (length < 12)
		return HTTP_RESPONSE_MAYBE;
	status = (__u32)http_match_load(bytes + 8);
	if ((status & 0xffff) != (' ' | '1' << 8) || status >> 16 == ('0' | '1' << 8))
		return HTTP_RESPONSE_YES;
	return HTTP_RESPONSE_INTERIM;
}

#endif
