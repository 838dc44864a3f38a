/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes start a request of Kafka (its protocol guide, request header 1 and 2)? Any of a
 * connection's: length, API, version, correlation id, client id. A client without an id is taken
 * only when it asks for ApiVersions, as all do first. Pure: compiles for BPF (after bpf/kernel.h)
 * and natively.
 */
#ifndef SKEP_KAFKA_MATCH_H
#define SKEP_KAFKA_MATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define KAFKA_MATCH_BYTES  16 /* that kafka_match_request reads */
#define KAFKA_APIS	   93 /* keys below it are known */
#define KAFKA_API_VERSIONS 18
#define KAFKA_VERSIONS	   20 /* no API has so many */
/* Longer client ids are not looked for. */
#define KAFKA_CLIENT_BYTES 200
#define KAFKA_HEAD_BYTES   10 /* of a request behind its length, without the client's id */

static inline int kafka_match_printable(__u8 byte)
{
	return byte >= ' ' && byte < 0x7f;
}

/* bytes: KAFKA_MATCH_BYTES of them, zero from length on. */
static inline int kafka_match_request(const __u8 *bytes, __u32 length)
{
	__u32 frame = (__u32)bytes[1] << 16 | (__u32)bytes[2] << 8 | bytes[3];
	__u32 client = (__u32)bytes[12] << 8 | bytes[13];

	/* A frame of less than 16 MiB, a correlation id of less than that. */
	if (length < 14 || bytes[0] || bytes[4] || bytes[5] >= KAFKA_APIS || bytes[6] ||
		bytes[7] > KAFKA_VERSIONS || bytes[8] || frame < KAFKA_HEAD_BYTES)
		return 0;
	if (client == 0xffff || client == 0)
		return bytes[5] == KAFKA_API_VERSIONS && frame <= KAFKA_HEAD_BYTES + 100;
	return length >= KAFKA_MATCH_BYTES && client <= KAFKA_CLIENT_BYTES &&
	       client + KAFKA_HEAD_BYTES <= frame && kafka_match_printable(bytes[14]) &&
	       (client == 1 || kafka_match_printable(bytes[15]));
}

#endif
