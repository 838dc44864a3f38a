/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the kernel half of exec tells its user half: a fork, an exec or an exit, each
 * with everything that names the process, so that nothing has to be asked of /proc.
 */
#ifndef SKEP_EXEC_RECORD_H
#define SKEP_EXEC_RECORD_H

#include "bpf/event.h"

enum exec_record_type {
	EXEC_FORK, /* no event of its own: makes the child known */
	EXEC_EXEC,
	EXEC_EXIT,
};

/* Arguments are cut here; the length that they had is told. */
#define EXEC_ARGUMENTS_MAXIMUM 32768
/* Where the ring has no room for them all, a beginning is tried. */
#define EXEC_ARGUMENTS_SHORT   256
/* Of each of the two paths. */
#define EXEC_PATH_MAXIMUM      4096

struct exec_process {
	struct record_header header;
	__u32 pid; /* thread group id in the initial namespace, like all here */
	__u32 parent_pid;
	__u64 start_ns; /* start_boottime of the leader: with pid the identity */
	__u64 parent_start_ns;
	__u64 cgroup_id;       /* in the v2 tree */
	__u64 memory_group_id; /* in the v1 tree of that controller */
	__u32 uid;
	__u32 network_namespace; /* inode */
	char comm[16];
	char parent_comm[16];
};

enum exec_flag {
	EXEC_EXE_IS_CUT = 1 << 0, /* the first components of the path are missing */
	EXEC_DIRECTORY_IS_CUT = 1 << 1,
	EXEC_EXE_IS_DETACHED = 1 << 2, /* a file that lies in no folder: memfd_create(2) */
	EXEC_ARGUMENTS_UNREAD = 1 << 3,
};

/*
 * Followed by the path of the executable, that of the working directory and the arguments. A path
 * goes from its last component to its first, each ended by NUL; arguments are as the process
 * has them, each ended by NUL.
 */
struct exec_exec {
	struct exec_process process;
	__u64 argument_bytes;  /* that the process has */
	__u32 argument_length; /* that are in this record */
	__u16 exe_length;
	__u16 directory_length;
	__u32 flags; /* enum exec_flag */
	__u32 reserved;
};

struct exec_exit {
	struct exec_process process;
	__u64 duration_ns;
	__u32 status; /* as of wait(2) */
	/* Had threads: two that end together may both take themselves for the last one. */
	__u32 may_repeat;
};

_Static_assert(sizeof(struct exec_process) == 96, "layout");
_Static_assert(sizeof(struct exec_exec) == 120, "layout");
_Static_assert(sizeof(struct exec_exit) == 112, "layout");

#endif
