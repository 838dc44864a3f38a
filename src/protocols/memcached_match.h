/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes start a memcached conversation in its text or meta protocol (memcached's
 * doc/protocol.txt)? Decided from the command's word and what follows it, whatever the port; the
 * parser, which sees the whole line, sends away what only looked so. Pure: compiles for BPF (after
 * bpf/kernel.h) and natively.
 */
#ifndef SKEP_MEMCACHED_MATCH_H
#define SKEP_MEMCACHED_MATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* Text as the low bytes of a word, as it stands in the memory of every machine that skep runs on.
 */
#define MEMCACHED_4(a, b, c, d) ((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24)
#define MEMCACHED_8(a, b, c, d, e, f, g, h)                                                        \
	(MEMCACHED_4(a, b, c, d) | MEMCACHED_4(e, f, g, h) << 32)
#define MEMCACHED_BYTES(count) (~0ULL >> (64 - 8 * (count)))

#define MEMCACHED_IS(word, count, text) (((word)&MEMCACHED_BYTES(count)) == (text))

/*
 * What follows here are comparisons that end in a return, and not one long expression: a result
 * that is kept would be two paths for the verifier, and the next one two more of each.
 */

/* Words of two and of three letters, a blank, and a key, which has no blanks or controls. */
static inline int memcached_match_short(__u64 first)
{
	__u32 word = (__u32)first;
	__u8 key = (__u8)(first >> 32);

	if ((__u8)(first >> 24) > ' ') {
		switch (word & 0xffffff) {
		case MEMCACHED_4('m', 'g', ' ', 0):
		case MEMCACHED_4('m', 's', ' ', 0):
		case MEMCACHED_4('m', 'd', ' ', 0):
		case MEMCACHED_4('m', 'a', ' ', 0):
		case MEMCACHED_4('m', 'e', ' ', 0):
			return 1;
		}
	}
	if (key <= ' ')
		return 0;
	switch (word) {
	case MEMCACHED_4('g', 'e', 't', ' '):
	case MEMCACHED_4('g', 'a', 't', ' '):
	case MEMCACHED_4('s', 'e', 't', ' '):
	case MEMCACHED_4('a', 'd', 'd', ' '):
	case MEMCACHED_4('c', 'a', 's', ' '):
		return 1;
	}
	return 0;
}

/* first: the first eight bytes, zero from length on. Returns whether they begin a request. */
static inline int memcached_match_request(__u64 first, __u32 length)
{
	if (length < 4)
		return 0;
	if (memcached_match_short(first))
		return 1;
	switch ((__u32)first) {
	case MEMCACHED_4('g', 'e', 't', 's'):
	case MEMCACHED_4('g', 'a', 't', 's'):
	case MEMCACHED_4('i', 'n', 'c', 'r'):
	case MEMCACHED_4('d', 'e', 'c', 'r'):
		return (__u8)(first >> 32) == ' ';
	case MEMCACHED_4('m', 'n', '\r', '\n'):
		return 1;
	case MEMCACHED_4('t', 'o', 'u', 'c'):
		return MEMCACHED_IS(first, 6, MEMCACHED_8('t', 'o', 'u', 'c', 'h', ' ', 0, 0));
	case MEMCACHED_4('d', 'e', 'l', 'e'):
		return MEMCACHED_IS(first, 7, MEMCACHED_8('d', 'e', 'l', 'e', 't', 'e', ' ', 0));
	case MEMCACHED_4('a', 'p', 'p', 'e'):
		return MEMCACHED_IS(first, 7, MEMCACHED_8('a', 'p', 'p', 'e', 'n', 'd', ' ', 0));
	case MEMCACHED_4('p', 'r', 'e', 'p'):
		return first == MEMCACHED_8('p', 'r', 'e', 'p', 'e', 'n', 'd', ' ');
	case MEMCACHED_4('r', 'e', 'p', 'l'):
		return first == MEMCACHED_8('r', 'e', 'p', 'l', 'a', 'c', 'e', ' ');
	case MEMCACHED_4('v', 'e', 'r', 's'):
		return first == MEMCACHED_8('v', 'e', 'r', 's', 'i', 'o', 'n', '\r');
	case MEMCACHED_4('s', 't', 'a', 't'):
		return MEMCACHED_IS(first, 7, MEMCACHED_8('s', 't', 'a', 't', 's', '\r', '\n', 0));
	case MEMCACHED_4('f', 'l', 'u', 's'):
		return first == MEMCACHED_8('f', 'l', 'u', 's', 'h', '_', 'a', 'l');
	}
	return 0;
}

/* Whether they begin an answer, as a connection shows it whose beginning nobody saw. */
static inline int memcached_match_answer(__u64 first, __u32 length)
{
	if (MEMCACHED_IS(first, 6, MEMCACHED_8('V', 'A', 'L', 'U', 'E', ' ', 0, 0)))
		return 1;
	if (first == MEMCACHED_8('S', 'T', 'O', 'R', 'E', 'D', '\r', '\n'))
		return 1;
	if ((__u32)first == MEMCACHED_4('H', 'D', '\r', '\n'))
		return 1;
	return (__u32)first == MEMCACHED_4('E', 'N', '\r', '\n');
}

#endif
