/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What kernel halves ask of tasks: who the current one is, and whether it is to be watched. The
 * feature sets the scope before loading.
 */
#ifndef SKEP_BPF_TASK_H
#define SKEP_BPF_TASK_H

#include "bpf/kernel.h"

const volatile __u32 self_pid;		 /* the agent: never watched */
const volatile __u32 scope_netns;	 /* inode; 0: every network namespace */
const volatile __u64 scope_cgroup_id;	 /* 0: every cgroup */
const volatile __u32 scope_cgroup_level; /* depth of that cgroup, the root being 0 */

static __always_inline __u32 task_network_namespace(struct task_struct *task)
{
	return BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
}

static __always_inline bool task_is_kernel(struct task_struct *task)
{
	return BPF_CORE_READ(task, flags) & TASK_FLAG_KERNEL;
}

static __always_inline __u64 task_cgroup_id(struct task_struct *task)
{
	return BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
}

/* Where containers are only in v1 trees, the memory controller's is one of them. */
static __always_inline __u64 task_memory_group_id(struct task_struct *task)
{
	struct cgroup_subsys_state *state = NULL;
	struct css_set *set;
	int index;

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return 0;
	index = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	set = BPF_CORE_READ(task, cgroups);
	bpf_probe_read_kernel(&state, sizeof(state),
		(char *)set + bpf_core_field_offset(struct css_set, subsys) +
			index * sizeof(state));
	return BPF_CORE_READ(state, cgroup, kn, id);
}

/* Whether the current task is in the scope, as far as cgroup and network namespace decide. */
static __always_inline bool scope_has_current(void)
{
	if (bpf_get_current_pid_tgid() >> 32 == self_pid)
		return false;
	if (scope_cgroup_id &&
		bpf_get_current_ancestor_cgroup_id(scope_cgroup_level) != scope_cgroup_id)
		return false;
	return !scope_netns ||
	       task_network_namespace((struct task_struct *)bpf_get_current_task()) == scope_netns;
}

#endif
