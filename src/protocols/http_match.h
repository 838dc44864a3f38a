/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes start an HTTP/1 message? Decided from the first 8 bytes of a
 * request and the first 12 of an answer, by comparing words, so that the kernel half can ask it of
 * every payload. A method that no registry lists, and a PROXY header before the request (HAProxy's
 * proxy-protocol.txt, versions 1 and 2), are a MAYBE: the parser, which sees the whole line,
 * decides. Pure: compiles for BPF (after bpf/kernel.h) and natively.
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
	HTTP_REQUEST_MAYBE,    /* too short to tell, but a method may be beginning; or PROXY */
	HTTP_REQUEST_ODD,      /* a method that no registry lists, with a target behind it */
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

/* The bytes of RFC 9110's tokens (5.6.2), as bits: those below 64, and those from there to 127. */
#define HTTP_TOKENS_LOW	 0x03ff6cfa00000000ULL
#define HTTP_TOKENS_HIGH 0x57ffffffc7fffffeULL

/* 1 when the low byte of word may stand in a token; without branches, nor masks of ones or zeroes,
 * since the verifier would walk what follows once for each of both. */
static inline __u32 http_is_token_byte(__u64 word)
{
	__u32 place = word & 63;
	__u64 low = HTTP_TOKENS_LOW >> place & ~(word >> 6);
	__u64 high = HTTP_TOKENS_HIGH >> place & word >> 6;

	return (low | high) & ~(word >> 7) & 1;
}

/* How many token bytes the two words begin with: 0 to 16. */
static inline __u32 http_token_bytes(__u64 first, __u64 second)
{
	__u32 count = 0, goes_on = 1;

	for (__u32 i = 0; i < 8; i++) {
		goes_on &= http_is_token_byte(first >> (8 * i));
		count += goes_on;
	}
	for (__u32 i = 0; i < 8; i++) {
		goes_on &= http_is_token_byte(second >> (8 * i));
		count += goes_on;
	}
	return count;
}

#define HTTP_PROXY_1_TCP     HTTP_WORD('P', 'R', 'O', 'X', 'Y', ' ', 'T', 'C')
#define HTTP_PROXY_1_UNKNOWN HTTP_WORD('P', 'R', 'O', 'X', 'Y', ' ', 'U', 'N')
/* The 12 bytes of version 2. */
#define HTTP_PROXY_2_FIRST   HTTP_WORD('\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q')
#define HTTP_PROXY_2_SECOND  HTTP_WORD('U', 'I', 'T', '\n', 0, 0, 0, 0)

static inline int http_is_proxy_2(__u64 first, __u64 second)
{
	return first == HTTP_PROXY_2_FIRST && (second & HTTP_LOW_BYTES(4)) == HTTP_PROXY_2_SECOND;
}

/* Also when only its first bytes are there. */
static inline int http_may_be_proxy(__u64 first, __u64 second, __u32 length)
{
	__u64 seen = length < 8 ? HTTP_LOW_BYTES(length) : ~(__u64)0;

	if (first == (HTTP_PROXY_1_TCP & seen) || first == (HTTP_PROXY_1_UNKNOWN & seen))
		return 1;
	return first == (HTTP_PROXY_2_FIRST & seen) &&
	       (length < 12 || (second & HTTP_LOW_BYTES(4)) == HTTP_PROXY_2_SECOND);
}

/* How a target begins behind a method that no registry lists: " /", " *" or " http"; rest: what
 * follows the method, left: how many bytes of it are seen, 1 to 5. */
static inline enum http_request_match http_match_target(__u64 rest, __u32 left)
{
	__u64 absolute = HTTP_WORD(' ', 'h', 't', 't', 'p', 0, 0, 0);

	rest &= HTTP_LOW_BYTES(left);
	if (rest == absolute ||
		(rest & HTTP_LOW_BYTES(2)) == HTTP_WORD(' ', '/', 0, 0, 0, 0, 0, 0) ||
		(rest & HTTP_LOW_BYTES(2)) == HTTP_WORD(' ', '*', 0, 0, 0, 0, 0, 0))
		return HTTP_REQUEST_ODD;
	return rest == (absolute & HTTP_LOW_BYTES(left)) ? HTTP_REQUEST_MAYBE : HTTP_REQUEST_NO;
}

/* What no listed method begins: another one of at most 14 bytes, and PROXY headers. */
static inline enum http_request_match http_match_odd(__u64 first, __u64 second, __u32 length)
{
	__u32 token, left;
	__u64 rest;

	if (length == 0 || http_may_be_proxy(first, second, length))
		return HTTP_REQUEST_MAYBE;
	if (!http_is_token_byte(first))
		return HTTP_REQUEST_NO;
	if ((first & HTTP_LOW_BYTES(4)) == HTTP_WORD('P', 'R', 'I', ' ', 0, 0, 0, 0))
		return HTTP_REQUEST_NO;
	if (length > 16)
		length = 16;
	token = http_token_bytes(first, second);
	if (token >= 15)
		return HTTP_REQUEST_NO;
	if (token >= length)
		return HTTP_REQUEST_MAYBE;
	/* What follows it, as the low bytes of a word. */
	rest = token < 8 ? first >> (8 * token) : second >> (8 * (token - 8));
	if (token < 8)
		rest |= second << (64 - 8 * token);
	left = length - token;
	return http_match_target(rest, left < 5 ? left : 5);
}

static inline enum http_request_match http_match_request(const __u8 *bytes, __u32 length)
{
	__u64 word = http_match_load(bytes);
	__u32 second = word >> 8 & 0xff;

	/* Every second letter is a capital or M-SEARCH's dash: most binary protocols leave here. */
	if (length > 1 && second - 'A' > 'Z' - 'A' && second != '-')
		return http_match_odd(word, http_match_load(bytes + 8), length);
		/* Bytes from length on are zero, so that a match in full is within length. */
#define HTTP_MATCH(text, count, meaning)                                                           \
	if ((word & HTTP_LOW_BYTES(count)) == (text))                                              \
		return (meaning);
	HTTP_METHODS(HTTP_MATCH)
#undef HTTP_MATCH
	return http_match_odd(word, http_match_load(bytes + 8), length);
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
