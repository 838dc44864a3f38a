/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes begin a Redis command (RESP, redis.io/docs/reference/protocol-spec)? An array of
 * bulk strings whose first is a word, as every client library sends it, or one of the two inline
 * commands that checks of health begin with. Answers are not looked for: an array of an answer
 * looks like a command. Pure: compiles for BPF (after bpf/kernel.h) and natively.
 */
#ifndef SKEP_REDIS_MATCH_H
#define SKEP_REDIS_MATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define REDIS_MATCH_BYTES 16

/* "PING\r\n" and "INFO\r\n", in capitals: six bytes as a little-endian word. */
#define REDIS_PING 0x0a0d474e4950ULL
#define REDIS_INFO 0x0a0d4f464e49ULL

static inline __u32 redis_is_digit(__u64 word)
{
	return (word & 0xff) - '0' <= 9;
}

static inline __u32 redis_is_letter(__u64 word)
{
	return ((word & 0xff) | 0x20) - 'a' <= 'z' - 'a';
}

/* "1" to "9999", CR and LF: how many bytes they are, 0 when they are not there. */
static inline __u32 redis_number_bytes(__u64 word)
{
	if ((word & 0xff) == '0' || !redis_is_digit(word))
		return 0;
	if ((word >> 8 & 0xffff) == 0x0a0d)
		return 3;
	if (!redis_is_digit(word >> 8))
		return 0;
	if ((word >> 16 & 0xffff) == 0x0a0d)
		return 4;
	if (!redis_is_digit(word >> 16))
		return 0;
	if ((word >> 24 & 0xffff) == 0x0a0d)
		return 5;
	return redis_is_digit(word >> 24) && (word >> 32 & 0xffff) == 0x0a0d ? 6 : 0;
}

/* "3\r\nSET": a length of one or two digits and the first letters of a name. */
static inline int redis_match_name(__u64 word)
{
	__u32 bytes = redis_number_bytes(word);

	if (bytes == 0 || bytes > 4)
		return 0;
	word >>= 8 * bytes;
	return redis_is_letter(word) && redis_is_letter(word >> 8);
}

/* bytes: REDIS_MATCH_BYTES of them, zero from length on, 8-byte aligned for BPF. */
static inline int redis_match(const __u8 *bytes, __u32 length)
{
	__u64 first, second, rest;
	__u32 number;

	__builtin_memcpy(&first, bytes, sizeof(first));
	__builtin_memcpy(&second, bytes + 8, sizeof(second));
	if (first << 16 == REDIS_PING << 16 || first << 16 == REDIS_INFO << 16)
		return 1;
	if ((first & 0xff) != '*' || length < 12)
		return 0;
	number = redis_number_bytes(first >> 8);
	if (number == 0)
		return 0;
	/* What follows the array's head; it is at most 7 bytes long. */
	rest = first >> 8 * (1 + number) | second << (64 - 8 * (1 + number));
	return (rest & 0xff) == '$' && redis_match_name(rest >> 8);
}

#endif
