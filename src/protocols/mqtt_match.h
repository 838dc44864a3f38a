/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes start an MQTT connection (MQTT 3.1.1, 3.1; MQTT 5, 3.1)? Who opens it sends
 * CONNECT, which names the protocol: MQTT, or MQIsdp in 3.1. Pure: compiles for BPF (after
 * bpf/kernel.h) and natively.
 */
#ifndef SKEP_MQTT_MATCH_H
#define SKEP_MQTT_MATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define MQTT_MATCH_BYTES 11 /* that mqtt_match_connect reads */

#define MQTT_WORD(a, b, c, d) ((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)

/* name: six bytes, the length of the protocol's name and the first four of it. */
static inline int mqtt_match_name(const __u8 *name)
{
	__u32 word = MQTT_WORD(name[2], name[3], name[4], name[5]);

	if (name[0] != 0)
		return 0;
	return name[1] == 4 ? word == MQTT_WORD('M', 'Q', 'T', 'T')
			    : name[1] == 6 && word == MQTT_WORD('M', 'Q', 'I', 's');
}

/* bytes: MQTT_MATCH_BYTES of them, zero from length on. The packet's length takes 1 to 4 bytes. */
static inline int mqtt_match_connect(const __u8 *bytes, __u32 length)
{
	if (bytes[0] != 0x10 || length < 8)
		return 0;
	if (bytes[1] < 0x80)
		return mqtt_match_name(bytes + 2);
	if (bytes[2] < 0x80)
		return mqtt_match_name(bytes + 3);
	if (bytes[3] < 0x80)
		return mqtt_match_name(bytes + 4);
	return bytes[4] < 0x80 && mqtt_match_name(bytes + 5);
}

#endif
