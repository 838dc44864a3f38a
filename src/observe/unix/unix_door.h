/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which programs of the kernel half are loaded: the best way to connect, listen and close that this
 * kernel allows. In: the open object; out: the choice, and why it is not a better one.
 */
#ifndef SKEP_UNIX_DOOR_H
#define SKEP_UNIX_DOOR_H

#include "engine/agent.h"

struct unix_bpf;

/* From the best to the least; the words of --unix-door. */
enum unix_door {
	UNIX_DOOR_AUTO,
	UNIX_DOOR_FENTRY,
	UNIX_DOOR_KPROBE,
	UNIX_DOOR_TRACEPOINT, /* closes are found by listing */
	UNIX_DOOR_COUNT
};
extern const char *const unix_door_words[];

/*
 * Chooses (wanted other than AUTO: that one or none) and sets what is to be loaded. 0 and
 * *ret_door, or -errno with the reason. reason: why no better one, "" for the best.
 */
int unix_door_choose(struct agent *agent, struct unix_bpf *bpf, enum unix_door wanted,
	enum unix_door *ret_door, struct fail *reason);
/* Whether this kernel lets the programs read buffers, so that requests are seen. */
bool unix_door_reads(const struct unix_bpf *bpf);
/* After unix_door_choose: bytes are counted, requests are not read. */
void unix_door_only_count(struct unix_bpf *bpf);
/* After loading: what loader_attach does not attach. */
int unix_door_attach(
	const struct agent *agent, struct unix_bpf *bpf, enum unix_door door, struct fail *fail);
/* "fentry, tp_btf" */
const char *unix_door_name(const struct unix_bpf *bpf, enum unix_door door);

#endif
