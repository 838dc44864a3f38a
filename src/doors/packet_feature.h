/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A protocol over TCP as a feature, where all the work is done by the packet door and the protocol:
 * src/observe/NAME/NAME.c needs no more than PACKET_FEATURE(NAME, summary), and is what can be on,
 * or off with a reason.
 */
#ifndef SKEP_PACKET_FEATURE_H
#define SKEP_PACKET_FEATURE_H

#include "doors/packet.h"
#include "engine/feature.h"

/* Members of struct feature. */
extern const struct event_kind *const packet_feature_kinds[];
int packet_feature_open(
	struct agent *agent, enum packet_protocol protocol, void **ret_state, struct fail *fail);
void packet_feature_tick(void *state, uint64_t now_ns);
void packet_feature_counts(void *state, struct feature_counts *ret_counts);
const char *packet_feature_door(void *state);
void packet_feature_close(void *state);

/* Defines name_feature for PROTOCOL(name). */
#define PACKET_FEATURE(word, text)                                                                 \
	static int word##_open(                                                                    \
		struct agent *agent, const void *options, void **ret_state, struct fail *fail)     \
	{                                                                                          \
		return packet_feature_open(agent, PROTOCOL_##word, ret_state, fail);               \
	}                                                                                          \
                                                                                                   \
	const struct feature word##_feature = {                                                    \
		.name = #word,                                                                     \
		.summary = (text),                                                                 \
		.kinds = packet_feature_kinds,                                                     \
		.open = word##_open,                                                               \
		.tick = packet_feature_tick,                                                       \
		.counts = packet_feature_counts,                                                   \
		.door = packet_feature_door,                                                       \
		.close = packet_feature_close,                                                     \
	}

#endif
