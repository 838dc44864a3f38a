/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs of this machine: see program_list.h. In: the kernel's list of program ids and the
 * descriptors of processes; out: JSON.
 */
#include "engine/program_list.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "node/folder.h"
#include "node/node.h"

#define OWN_MAXIMUM    512
#define OWNERS_MAXIMUM 4096

struct own_program {
	uint32_t id;
	const char *feature;
};

struct owner {
	uint32_t id;
	uint32_t pid;
	char comm[16];
};

struct program_list {
	int root_fd;
	uint64_t boottime_to_wall_ns;
	bool is_measured;
	struct own_program own[OWN_MAXIMUM];
	size_t own_count;
	struct owner owners[OWNERS_MAXIMUM];
	size_t owner_count;
};

/* ---- on the loop thread ---- */

static void add_own(
	struct program_list *list, const char *feature, const struct bpf_program *program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t length = sizeof(info);
	int fd = bpf_program__fd(program);

	if (fd >= 0 && list->own_count < OWN_MAXIMUM &&
		bpf_prog_get_info_by_fd(fd, &info, &length) == 0)
		list->own[list->own_count++] = (struct own_program){ info.id, feature };
}

int program_list_new(struct agent *agent, struct program_list **ret_list)
{
	struct program_list *list = calloc(1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	list->root_fd = node_root_fd(agent->node);
	list->boottime_to_wall_ns = clock_wall_ns() - clock_boottime_ns();
	list->is_measured = agent_measure_programs(agent, PROGRAM_LIST_LEASE_NS) == 0;
	for (unsigned int i = 0; i < agent->object_count; i++) {
		struct bpf_program *program;

		bpf_object__for_each_program(program, agent->objects[i].object)
			add_own(list, agent->objects[i].owner, program);
	}
	*ret_list = list;
	return 0;
}

void program_list_free(struct program_list *list)
{
	free(list);
}

/* ---- owners ---- */

/* The number behind a name in the kernel's text of a descriptor, 0 when it has none. */
static uint64_t read_number(int folder_fd, const char *path, const char *name)
{
	char text[1024];
	const char *line;

	if (file_read_array(folder_fd, path, text, sizeof(text)) < 0)
		return 0;
	line = strstr(text, name);
	return line ? strtoull(line + strlen(name), NULL, 10) : 0;
}

static bool has_owner(const struct program_list *list, uint32_t id, uint32_t pid)
{
	for (size_t i = list->owner_count; i-- > 0 && list->owners[i].pid == pid;)
		if (list->owners[i].id == id)
			return true;
	return false;
}

static void add_owner(struct program_list *list, int process_fd, uint32_t pid, uint32_t id)
{
	struct owner *owner;

	if (id == 0 || list->owner_count == OWNERS_MAXIMUM || has_owner(list, id, pid))
		return;
	owner = &list->owners[list->owner_count++];
	*owner = (struct owner){ .id = id, .pid = pid };
	if (file_read_array(process_fd, "comm", owner->comm, sizeof(owner->comm)) > 0)
		owner->comm[strcspn(owner->comm, "\n")] = '\0';
}

/* Names of anonymous inodes: kernel/bpf/syscall.c. */
static bool is_program_or_link(const char *target)
{
	return str_equal(target, "anon_inode:bpf-prog") ||
	       str_equal(target, "anon_inode:bpf_link") || str_equal(target, "anon_inode:bpf-link");
}

static void find_owned(struct program_list *list, int process_fd, uint32_t pid)
{
	_cleanup_(folder_closep)
	DIR *folder = folder_open(process_fd, "fd");
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		char target[32], path[32];
		ssize_t length =
			readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);

		target[MAX(length, 0)] = '\0';
		if (!is_program_or_link(target))
			continue;
		snprintf(path, sizeof(path), "fdinfo/%.16s", entry->d_name);
		add_owner(list, process_fd, pid,
			(uint32_t)read_number(process_fd, path, "\nprog_id:"));
	}
}

static int find_owners(struct program_list *list, const atomic_bool *cancel)
{
	_cleanup_(folder_closep)
	DIR *proc = folder_open(list->root_fd, "proc");
	const struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		_cleanup_(fd_closep)
		int process_fd = -1;

		if (cancel && atomic_load(cancel))
			return -ECANCELED;
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		process_fd = openat(dirfd(proc), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (process_fd >= 0)
			find_owned(list, process_fd, (uint32_t)strtoul(entry->d_name, NULL, 10));
	}
	return 0;
}

/* ---- writing ---- */

static const char *feature_of(const struct program_list *list, uint32_t id)
{
	for (size_t i = 0; i < list->own_count; i++)
		if (list->own[i].id == id)
			return list->own[i].feature;
	return "";
}

static void write_owners(
	const struct program_list *list, uint32_t id, bool has_owners, struct json *json)
{
	json_key(json, "owners");
	if (!has_owners) {
		json_null_value(json);
		return;
	}
	json_array_begin(json);
	for (size_t i = 0; i < list->owner_count; i++) {
		if (list->owners[i].id != id)
			continue;
		json_object_begin(json);
		json_member_u64(json, "pid", list->owners[i].pid);
		json_member_string(json, "comm", list->owners[i].comm);
		json_object_end(json);
	}
	json_array_end(json);
}

static void write_program(
	const struct program_list *list, int fd, bool has_owners, struct json *json)
{
	struct bpf_prog_info info = { 0 };
	uint32_t length = sizeof(info);
	const char *type;
	char path[32];

	if (bpf_prog_get_info_by_fd(fd, &info, &length) < 0)
		return;
	type = libbpf_bpf_prog_type_str(info.type);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	json_object_begin(json);
	json_member_u64(json, "id", info.id);
	json_member_string(json, "name", info.name);
	json_member_string(json, "type", type ? type : "");
	json_member_string(json, "feature", feature_of(list, info.id));
	json_member_u64(json, "runs", info.run_cnt);
	json_member_u64(json, "run_time_ns", info.run_time_ns);
	json_member_u64(json, "memory_bytes", read_number(AT_FDCWD, path, "\nmemlock:"));
	json_member_u64(json, "load_time_ns", info.load_time + list->boottime_to_wall_ns);
	json_member_u64(json, "uid", info.created_by_uid);
	write_owners(list, info.id, has_owners, json);
	json_object_end(json);
}

static int refused(struct fail *fail)
{
	return fail_set(fail, -EPERM,
		"the kernel lists BPF programs only for CAP_SYS_ADMIN: run the agent as root");
}

static int write_programs(const struct program_list *list, bool has_owners,
	const atomic_bool *cancel, struct json *json, struct fail *fail)
{
	uint32_t id = 0;

	json_key(json, "programs");
	json_array_begin(json);
	for (size_t i = 0; i < PROGRAM_LIST_MAXIMUM && bpf_prog_get_next_id(id, &id) == 0; i++) {
		_cleanup_(fd_closep)
		int fd = bpf_prog_get_fd_by_id(id);

		if (cancel && atomic_load(cancel))
			return fail_set(fail, -ECANCELED, "stopped");
		if (fd < 0 && errno == EPERM)
			return refused(fail);
		/* One that is gone meanwhile is no failure. */
		if (fd >= 0)
			write_program(list, fd, has_owners, json);
	}
	if (id == 0 && errno == EPERM)
		return refused(fail);
	json_array_end(json);
	return 0;
}

int program_list_write(struct program_list *list, bool has_owners, const atomic_bool *cancel,
	struct json *json, struct fail *fail)
{
	int error = has_owners ? find_owners(list, cancel) : 0;

	if (error)
		return fail_set(fail, error, "stopped");
	json_object_begin(json);
	json_member_u64(json, "time_ns", clock_wall_ns());
	json_member_bool(json, "is_measured", list->is_measured);
	error = write_programs(list, has_owners, cancel, json, fail);
	if (!error)
		json_object_end(json);
	return error;
}
