/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads /proc/PID/{stat,status,exe,cwd,ns/net}; in: a folder descriptor, out: numbers and texts.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "node/proc.h"

int proc_open(int proc_fd, uint32_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", pid);
	int fd = openat(proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

#define STAT_FIELDS	   24	       /* the last one that is read */
#define FLAG_KERNEL_THREAD 0x00200000U /* PF_KTHREAD of the kernel's sched.h */

/* Fields are numbered from 1 as in proc(5); text starts at field 3, behind the name. */
static int parse_fields(const char *text, struct proc_stat *stat)
{
	uint64_t numbers[STAT_FIELDS + 1] = { 0 };
	unsigned int field = 3;

	stat->state = *text;
	stat->is_zombie = *text == 'Z' || *text == 'X';
	for (; *text && field < STAT_FIELDS; text++)
		if (*text == ' ')
			numbers[++field] = strtoull(text + 1, NULL, 10);
	if (field < 22)
		return -EINVAL;
	stat->parent_pid = (uint32_t)numbers[4];
	stat->is_kernel_thread = numbers[9] & FLAG_KERNEL_THREAD;
	stat->cpu_ns = (numbers[14] + numbers[15]) * PROC_TICK_NS;
	stat->threads = numbers[20];
	stat->start_ns = numbers[22] * PROC_TICK_NS;
	stat->resident_pages = numbers[24];
	return 0;
}

int proc_parse_stat(const char *text, struct proc_stat *ret_stat)
{
	struct proc_stat stat = {};
	const char *open = strchr(text, '(');
	/* A name may itself hold parentheses and blanks: the last one closes it. */
	const char *close = strrchr(text, ')');

	if (!open || !close || close < open || close[1] != ' ')
		return -EINVAL;
	stat.pid = (uint32_t)strtoul(text, NULL, 10);
	struct slice comm = { (const uint8_t *)open + 1, (size_t)(close - open - 1) };
	str_copy_slice(stat.comm, sizeof(stat.comm), comm);
	int result = parse_fields(close + 2, &stat);
	if (result < 0)
		return result;
	*ret_stat = stat;
	return 0;
}

int proc_read_stat(int process_fd, struct proc_stat *ret_stat)
{
	char text[1024];
	ssize_t length = file_read_array(process_fd, "stat", text, sizeof(text));

	return length < 0 ? (int)length : proc_parse_stat(text, ret_stat);
}

int proc_read_uid(int process_fd, uint32_t *ret_uid)
{
	char text[1024];
	ssize_t length = file_read_array(process_fd, "status", text, sizeof(text));

	if (length < 0)
		return (int)length;
	const char *line = strstr(text, "\nUid:");
	if (!line)
		return -EINVAL;
	*ret_uid = (uint32_t)strtoul(line + 5, NULL, 10);
	return 0;
}

void proc_read_link(int process_fd, const char *name, char *destination, size_t size)
{
	ssize_t length = readlinkat(process_fd, name, destination, size - 1);

	destination[MAX(length, 0)] = '\0';
}

uint32_t proc_read_network_namespace(int process_fd)
{
	char text[64];

	proc_read_link(process_fd, "ns/net", text, sizeof(text));
	const char *number = strchr(text, '[');
	return number ? (uint32_t)strtoul(number + 1, NULL, 10) : 0;
}
