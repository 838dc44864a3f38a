/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which ways into the kernel this machine allows. Hardened kernels refuse some (trampolines,
 * kprobes), so that a feature asks before it chooses its door. The answer comes from
 * trying a program of two instructions, once, at the first question; nothing stays behind.
 * One thread at a time.
 */
#ifndef SKEP_ABILITIES_H
#define SKEP_ABILITIES_H

#include <linux/bpf.h>

#include "base/fail.h"

enum ability {
	ABILITY_FENTRY, /* fentry, fexit: trampolines on kernel functions */
	ABILITY_KPROBE,
	ABILITY_TRACEPOINT, /* through tracefs */
	ABILITY_TP_BTF,	    /* tracepoints by their BTF, without tracefs */
	ABILITY_CGROUP_SKB,
	ABILITY_LSM, /* BPF LSM: loads, attaches, and is in the kernel's list of modules */
	ABILITY_COUNT
};

struct abilities;

int abilities_new(struct abilities **ret_abilities);
void abilities_free(struct abilities *abilities);
bool abilities_has(struct abilities *abilities, enum ability ability);
/* Why not, "" when it is there. Valid as long as abilities. */
const char *abilities_reason(struct abilities *abilities, enum ability ability);
/*
 * The id of what a program of that attach type would be bound to, in the kernel's own BTF; -errno.
 * That is read once for all questions (5 MB, about 10 ms), and kept until it is forgotten.
 */
int abilities_type_id(struct abilities *abilities, const char *name, enum bpf_attach_type attach);
void abilities_forget_types(struct abilities *abilities);
/* "fentry", "tp_btf" */
const char *ability_name(enum ability ability);

#endif
