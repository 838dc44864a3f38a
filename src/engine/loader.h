/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings the kernel half of a feature or door into the kernel, and says in words why it
 * could not. The order, with the functions that bpftool generated as NAME_bpf__…:
 *
 *     state->bpf = NAME_bpf__open();
 *     loader_open(agent, "NAME", state->bpf ? state->bpf->skeleton : NULL, fail);
 *     … set rodata, sizes of maps, autoload …
 *     loader_load(state->bpf->skeleton, fail);
 *     loader_attach(state->bpf->skeleton, fail);
 *     … and at the end, also after a failure:
 *     loader_forget(agent, state->bpf->skeleton); NAME_bpf__destroy(state->bpf);
 *
 * Loop thread only.
 */
#ifndef SKEP_LOADER_H
#define SKEP_LOADER_H

#include "base/fail.h"
#include "engine/feature.h"

struct bpf_map;
struct bpf_object_skeleton;
struct bpf_program;

/* Sends libbpf's messages to the log at debug and tries to raise RLIMIT_MEMLOCK, which kernels
 * before 5.11 charge maps to; a refusal is a non-event. Once, by agent_new. */
void loader_init(void);

/*
 * After NAME_bpf__open (skeleton NULL: it failed, errno says why): makes the maps `telemetry` and
 * `alerts` the agent's rings and lists the object for status. owner is borrowed for good.
 */
int loader_open(struct agent *agent, const char *owner, struct bpf_object_skeleton *skeleton,
	struct fail *fail);
/* Loads. On failure fail holds the program, the verifier's last lines and what is missing. */
int loader_load(struct bpf_object_skeleton *skeleton, struct fail *fail);
/* Attaches every program that is loaded and has auto-attach. */
int loader_attach(struct bpf_object_skeleton *skeleton, struct fail *fail);
/* Takes the object off the list; before NAME_bpf__destroy. skeleton may be NULL. */
void loader_forget(struct agent *agent, struct bpf_object_skeleton *skeleton);

/*
 * Fills fail for a failed step of libbpf or the kernel (code: -errno) on what ("program on_exec",
 * "cgroup /a/b"), with the reason in words: the missing capability by name, no BTF, a kernel
 * without this. Returns the code that fail then has: -EOPNOTSUPP where the kernel lacks it, -EPERM
 * where this process may not, else code.
 */
int loader_explain(struct fail *fail, int code, const char *what);

/* Adds the per-CPU array `counts` of bpf/event.h (key: enum count) to seen and lost; reported is
 * the feature's own. 0 or -errno. */
int loader_sum_counts(const struct bpf_map *counts, struct feature_counts *sum);

#endif
