/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what /proc says of one process. Formats: proc(5) and the kernel's
 * Documentation/filesystems/proc.rst. A folder descriptor stays bound to its process: after its
 * death reads fail with -ESRCH, they never show the next owner of the pid. No state, any thread.
 */
#ifndef SKEP_NODE_PROC_H
#define SKEP_NODE_PROC_H

#include "base/base.h"

/* /proc gives start times in ticks of USER_HZ, which is 100 on x86-64 and arm64. */
#define PROC_TICK_NS 10000000ULL

struct proc_stat {
	uint32_t pid;
	uint32_t parent_pid;
	uint64_t start_ns; /* CLOCK_BOOTTIME, rounded down to a tick */
	bool is_zombie;
	char comm[16];
	/* 0 where the kernel left them out. */
	char state; /* 'R', 'S', 'D' … as proc(5) has them */
	bool is_kernel_thread;
	uint64_t cpu_ns; /* of user and kernel mode, of all threads since the start */
	uint64_t threads;
	uint64_t resident_pages;
};

/* The folder of a process, to be closed; -ESRCH when there is none. */
int proc_open(int proc_fd, uint32_t pid);
/* Parses the text of /proc/PID/stat. 0 or -EINVAL. */
int proc_parse_stat(const char *text, struct proc_stat *ret_stat);
int proc_read_stat(int process_fd, struct proc_stat *ret_stat); /* 0 or -errno */
/* The real user id, which is also what bpf_get_current_uid_gid() gives. 0 or -errno. */
int proc_read_uid(int process_fd, uint32_t *ret_uid);
/* The target of exe or cwd, "" when it cannot be read (another user's, a kernel thread). */
void proc_read_link(int process_fd, const char *name, char *destination, size_t size);
/* Inode number of the network namespace, 0 when it cannot be read. */
uint32_t proc_read_network_namespace(int process_fd);

#endif
