/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attaches a set of empty programs for as long as it runs: the reference of the benchmarks.
 * Usage: attach cgroup FOLDER | attach calls | attach calls-both | attach processes |
 *        attach buffers
 *   cgroup      cgroup_skb both ways and sockops, on that cgroup
 *   calls       the entries of ten system calls that read and write
 *   calls-both  their entries and their returns
 *   processes   the tracepoints of fork, exec and exit
 *   buffers     the tracepoint where the kernel frees what was read
 * Prints "attached N" once all are, then waits to be ended. Exit code 1 with the reason on standard
 * error. Where tracefs is not mounted it is, in a mount namespace of this process alone.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/str.h"
#include "empty.skel.h"

#define TRACEFS "/sys/kernel/tracing"

static bool is_wanted(const char *set, const char *section)
{
	if (str_equal(set, "processes"))
		return str_starts_with(section, "tp_btf/sched_process_");
	if (str_equal(set, "buffers"))
		return str_equal(section, "tp_btf/consume_skb");
	if (str_equal(set, "cgroup"))
		return !str_starts_with(section, "tp");
	if (str_equal(set, "calls"))
		return str_starts_with(section, "tp/syscalls/sys_enter_");
	return str_starts_with(section, "tp/");
}

static int mount_tracefs(void)
{
	if (access(TRACEFS "/events/syscalls", F_OK) == 0)
		return 0;
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("tracefs", TRACEFS, "tracefs", 0, NULL) != 0) {
		perror("attach: tracefs");
		return -errno;
	}
	return 0;
}

static int attach(struct bpf_program *program, int cgroup_fd)
{
	struct bpf_link *link = cgroup_fd < 0 ? bpf_program__attach(program)
					      : bpf_program__attach_cgroup(program, cgroup_fd);

	if (link)
		return 0;
	fprintf(stderr, "attach: %s: %s\n", bpf_program__name(program), strerror(errno));
	return -errno;
}

int main(int argc, char **argv)
{
	struct empty_bpf *bpf = empty_bpf__open();
	const char *set = argc > 1 ? argv[1] : "calls";
	struct bpf_program *program;
	int cgroup_fd = argc > 2 ? open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	unsigned int count = 0;

	if (!bpf || (argc > 2 && cgroup_fd < 0) ||
		(str_starts_with(set, "calls") && mount_tracefs() != 0))
		return 1;
	bpf_object__for_each_program(program, bpf->obj)
	{
		bpf_program__set_autoload(
			program, is_wanted(set, bpf_program__section_name(program)));
	}
	if (empty_bpf__load(bpf) != 0)
		return 1;
	bpf_object__for_each_program(program, bpf->obj)
	{
		if (!bpf_program__autoload(program))
			continue;
		if (attach(program, cgroup_fd) != 0)
			return 1;
		count++;
	}
	printf("attached %u\n", count);
	fflush(stdout);
	pause();
	return 0;
}
