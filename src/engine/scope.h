/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is watched: all of the host, or only what --scope names. Text comes in; out come the
 * numbers that kernel halves compare with and the cgroup that cgroup programs attach to.
 */
#ifndef SKEP_SCOPE_H
#define SKEP_SCOPE_H

#include "base/fail.h"

enum scope_kind { SCOPE_HOST, SCOPE_CGROUP, SCOPE_NETNS, SCOPE_PID };

struct scope {
	enum scope_kind kind;
	/* Folder of cgroup v2 to attach to: the scope's own, else the root of the tree. -1 when
	 * there is none; no_cgroup says why. */
	int cgroup_fd;
	struct fail no_cgroup;
	uint64_t cgroup_id; /* SCOPE_CGROUP: compare with bpf_get_current_ancestor_cgroup_id; else 0
			     */
	uint32_t cgroup_level; /* SCOPE_CGROUP: its depth, the root being 0; else 0 */
	uint32_t netns_inode;  /* SCOPE_NETNS, SCOPE_PID: its network namespace; else 0 */
	int netns_fd;	       /* SCOPE_NETNS: keeps the inode from being used again; else -1 */
	uint32_t pid;	       /* SCOPE_PID: thread group id in skep's own pid namespace; else 0 */
};

/* Tells a kernel half that includes bpf/task.h and has scope_pid (its skeleton's rodata) what is
 * watched. */
#define SCOPE_TELL(rodata, scope)                                                                  \
	do {                                                                                       \
		(rodata)->self_pid = (uint32_t)getpid();                                           \
		(rodata)->scope_pid = (scope)->pid;                                                \
		(rodata)->scope_netns = (scope)->kind == SCOPE_NETNS ? (scope)->netns_inode : 0;   \
		(rodata)->scope_cgroup_id = (scope)->cgroup_id;                                    \
		(rodata)->scope_cgroup_level = (scope)->cgroup_level;                              \
	} while (0)

/* Checks the form alone: "", cgroup:PATH, netns:PATH, pid:N. 0 or -EINVAL. */
int scope_check(const char *text, struct fail *fail);
/*
 * Resolves. PATH of a cgroup is absolute (a folder of cgroup v2) or relative to the mount of the
 * v2 tree. Where no v2 tree is mounted, a private one is opened that nobody else sees. 0 or
 * -errno, -ESRCH when what the text names is not there; *ret_scope is to be given to scope_done.
 */
int scope_open(const char *text, struct scope *ret_scope, struct fail *fail);
void scope_done(struct scope *scope);

/* Finds where the v2 tree is mounted whole in the text of /proc/PID/mountinfo, which it takes
 * apart. */
bool scope_find_mount(char *mountinfo, char *destination, size_t size);

#endif
