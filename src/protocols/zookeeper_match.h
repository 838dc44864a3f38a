/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes start a ZooKeeper session, or go on with one (ZooKeeper's zookeeper.jute)? Who
 * opens it sends a ConnectRequest, of one of two lengths and version 0; later a client that has
 * nothing to ask pings. Pure: compiles for BPF (after bpf/kernel.h) and natively.
 */
#ifndef SKEP_ZOOKEEPER_MATCH_H
#define SKEP_ZOOKEEPER_MATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define ZOOKEEPER_MATCH_BYTES	16 /* that the matchers read */
/* Version, last id, timeout, session, a password of 16 bytes; a flag since 3.4. */
#define ZOOKEEPER_CONNECT_LEAST 44
#define ZOOKEEPER_CONNECT_MOST	45

static inline __u32 zookeeper_match_word(const __u8 *bytes)
{
	return (__u32)bytes[0] << 24 | (__u32)bytes[1] << 16 | (__u32)bytes[2] << 8 | bytes[3];
}

/* bytes: ZOOKEEPER_MATCH_BYTES of them, zero from length on. */
static inline int zookeeper_match_connect(const __u8 *bytes, __u32 length)
{
	__u32 frame = zookeeper_match_word(bytes);

	return length >= ZOOKEEPER_MATCH_BYTES &&
	       (frame == ZOOKEEPER_CONNECT_LEAST || frame == ZOOKEEPER_CONNECT_MOST) &&
	       !zookeeper_match_word(bytes + 4) && !(zookeeper_match_word(bytes + 8) >> 16);
}

/* The ping of a client. bytes: 12 of them at least are readable. */
static inline int zookeeper_match_ping(const __u8 *bytes, __u32 length)
{
	return length == 12 && zookeeper_match_word(bytes) == 8 &&
	       zookeeper_match_word(bytes + 4) == (__u32)-2 &&
	       zookeeper_match_word(bytes + 8) == 11;
}

#endif
