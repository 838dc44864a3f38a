/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each process uses: CPU time and memory out of /proc, with the names that the agent knows.
 * Nothing is sampled or kept: CPU times are sums since the start of a process, and who asks twice
 * has the use in between. Names are taken on the loop thread, /proc is read on any other.
 */
#ifndef SKEP_ENGINE_USAGE_H
#define SKEP_ENGINE_USAGE_H

#include <stdatomic.h>
#include <stdio.h>

#include "engine/agent.h"

struct usage;

/* The names of the processes that live now; without has_processes only the machine's own figures
 * will be written. Loop thread. 0 or -ENOMEM. */
int usage_new(struct agent *agent, bool has_processes, struct usage **ret_usage);
void usage_free(struct usage *usage); /* accepts NULL */
DEFINE_CLEANUP(struct usage *, usage_free);

/*
 * Writes one object: `time_ns` (wall), `node` (`cores`, `cpu_ns` that all of them were busy,
 * `memory_bytes`, `available_bytes`) and `processes`, those inside the agent's scope, each with
 * `pid parent_pid comm exe service container pod unit uid start_time_ns cpu_ns resident_bytes
 * threads state is_kernel_thread`. Some 15 µs a process. Any thread, while the agent lives. 0;
 * -ECANCELED; -EPIPE when the stream takes no more; -ENOMEM.
 */
int usage_write(struct usage *usage, FILE *stream, const atomic_bool *cancel);

#endif
