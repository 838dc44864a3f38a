/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every BPF program of this machine, whoever loaded it: what it is, what it costs, who holds it.
 * Times and runs are sums for as long as the kernel measures (agent_measure_programs); who asks
 * twice has the cost in between. Which ones are skep's is taken on the loop thread, the rest is
 * read on any other.
 */
#ifndef SKEP_ENGINE_PROGRAM_LIST_H
#define SKEP_ENGINE_PROGRAM_LIST_H

#include <stdatomic.h>

#include "base/json.h"
#include "engine/agent.h"

#define PROGRAM_LIST_MAXIMUM  4096 /* programs that are listed */
/* The kernel goes on measuring for so long after somebody asked. */
#define PROGRAM_LIST_LEASE_NS (10 * NS_PER_S)

struct program_list;

/* Has the kernel measure for the lease, as far as it may. Loop thread. 0 or -ENOMEM. */
int program_list_new(struct agent *agent, struct program_list **ret_list);
void program_list_free(struct program_list *list); /* accepts NULL */
DEFINE_CLEANUP(struct program_list *, program_list_free);

/*
 * Writes one object: `time_ns` (wall), `is_measured` (false: runs and times stand still) and
 * `programs`, each with `id name type feature` (of skep's own, else ""), `runs run_time_ns
 * memory_bytes` (its code, by the kernel's figure) `load_time_ns uid` and `owners`, an array of
 * `{pid, comm}`. Owners hold the program or a link to it; finding them looks at every descriptor
 * of every process, so it is left out unless has_owners (then `owners` is null). Any thread. 0,
 * -EPERM when the kernel does not tell, -ECANCELED.
 */
int program_list_write(struct program_list *list, bool has_owners, const atomic_bool *cancel,
	struct json *json, struct fail *fail);

#endif
