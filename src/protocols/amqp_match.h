/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes start an AMQP 0-9-1 connection, or go on with one (AMQP 0-9-1, 4.2.2 and 4.2.3)?
 * Who opens it sends a header that names the protocol; later a message that is published or
 * delivered begins with a frame whose method shows. Pure: compiles for BPF (after bpf/kernel.h) and
 * natively.
 */
#ifndef SKEP_AMQP_MATCH_H
#define SKEP_AMQP_MATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

enum amqp_match {
	AMQP_MATCH_NO,
	AMQP_MATCH_CLIENT,
	AMQP_MATCH_SERVER,
};

#define AMQP_MATCH_BYTES 11 /* that amqp_match reads */

/* bytes: AMQP_MATCH_BYTES of them, zero from length on. */
static inline enum amqp_match amqp_match(const __u8 *bytes, __u32 length)
{
	if (length < 8)
		return AMQP_MATCH_NO;
	if (bytes[0] == 'A')
		return bytes[1] == 'M' && bytes[2] == 'Q' && bytes[3] == 'P' && !bytes[4] &&
				       !bytes[5] && bytes[6] == 9 && bytes[7] == 1
			       ? AMQP_MATCH_CLIENT
			       : AMQP_MATCH_NO;
	/* A method frame, of less than 4 KiB, on a channel that is not 0: class 60 is basic. */
	if (length < AMQP_MATCH_BYTES || bytes[0] != 1 || !(bytes[1] | bytes[2]) || bytes[3] ||
		bytes[4] || bytes[5] > 15 || bytes[7] || bytes[8] != 60 || bytes[9])
		return AMQP_MATCH_NO;
	if (bytes[10] == 40)
		return AMQP_MATCH_CLIENT;
	return bytes[10] == 60 ? AMQP_MATCH_SERVER : AMQP_MATCH_NO;
}

#endif
