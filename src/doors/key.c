/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads the probe, finds the files that it belongs into, and moves secrets out of their slots.
 */
#include "doors/key.h"

#include <dirent.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/map.h"
#include "doors/key_file.h"
#include "engine/loader.h"
#include "engine/ring.h"
#include "engine/scope_members.h"
#include "key.skel.h"

#define FUNCTION	  "EVP_KDF_derive"
/* Files that were looked at, and those of them that are probed. */
#define FILES_MAXIMUM	  8192
#define PROBES_MAXIMUM	  64
/* Processes that wait to be looked at, and how many are in one tick. */
#define PROCESSES_MAXIMUM 1024
#define PROCESSES_A_TICK  32
/* The loader is done by then, and a program that loads libraries later as well, as a rule. */
#define FIRST_LOOK_NS	  (10 * NS_PER_MS)
#define SECOND_LOOK_NS	  NS_PER_S
/* A handshake takes seconds at most; what nobody asked for by then belongs to no connection that is
 * watched. */
#define SECRET_LASTS_NS	  (30 * NS_PER_S)

struct look {
	uint64_t due_ns;
	bool is_second;
};

struct key_door {
	struct agent *agent;
	struct key_bpf *bpf;
	struct key_store *store;
	struct map *files;     /* struct key_file → nothing: looked at */
	struct map *processes; /* pid → struct look */
	struct bpf_link *probes[PROBES_MAXIMUM];
	unsigned int probe_count;
};

static bool file_is_known(void *context, const struct key_file *file)
{
	const struct key_door *door = context;

	return map_find(door->files, file) != NULL;
}

static void file_found(void *context, const struct key_file *file, int fd)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options, .func_name = FUNCTION);
	struct key_door *door = context;
	struct bpf_link *link;
	char path[64];

	map_add_evict(door->files, file, NULL);
	if (door->probe_count == PROBES_MAXIMUM || !key_file_names(fd, FUNCTION))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	/* -1: in every process, those to come too; who is watched the probe itself decides. */
	link = bpf_program__attach_uprobe_opts(door->bpf->progs.on_derive, -1, path, 0, &options);
	if (link)
		door->probes[door->probe_count++] = link;
}

static void look_at(struct key_door *door, uint32_t pid)
{
	const struct key_file_visit visit = { file_is_known, file_found, door };

	(void)key_file_visit_process(pid, &visit);
}

static void look_later(struct key_door *door, uint32_t pid, uint64_t now_ns, bool is_other)
{
	bool is_new;
	struct look *look = map_add(door->processes, &pid, &is_new);

	/* When too many wait, a connection that cannot be read brings the process back. */
	if (look && (is_new || is_other))
		*look = (struct look){ .due_ns = now_ns + FIRST_LOOK_NS };
}

void key_door_look_at(struct key_door *door, uint32_t pid)
{
	if (pid)
		look_later(door, pid, clock_monotonic_ns(), false);
}

static void take_secret(struct key_door *door, const struct key_record *record)
{
	static const struct key_slot zeros;
	int slots = bpf_map__fd(door->bpf->maps.slots);
	struct key_slot secret;

	if (bpf_map_lookup_elem(slots, &record->slot, &secret) < 0)
		return;
	(void)bpf_map_update_elem(slots, &record->slot, &zeros, BPF_ANY);
	key_store_add(door->store, &secret, record->header.time_ns);
	OPENSSL_cleanse(&secret, sizeof(secret));
}

static void door_consume(void *context, const struct record_header *header)
{
	const struct key_record *record = (const struct key_record *)header;
	struct key_door *door = context;

	if (header->size < sizeof(*record))
		return;
	if (header->type == KEY_IS_SECRET)
		take_secret(door, record);
	else
		look_later(door, record->pid, header->time_ns, true);
}

void key_door_tick(struct key_door *door, uint64_t now_ns)
{
	unsigned int count = 0;

	key_store_sweep(door->store, now_ns > SECRET_LASTS_NS ? now_ns - SECRET_LASTS_NS : 0);
	MAP_FOREACH(door->processes, value) {
		struct look *look = value;
		uint32_t pid = *(const uint32_t *)map_key(look);

		if (look->due_ns > now_ns)
			continue;
		if (count++ == PROCESSES_A_TICK)
			break;
		look_at(door, pid);
		if (look->is_second)
			map_remove(door->processes, &pid);
		else
			*look = (struct look){ now_ns + SECOND_LOOK_NS, true };
	}
}

/* Those that run already. */
static int look_at_all(struct key_door *door)
{
	_cleanup_(scope_members_freep)
	struct scope_members *members = NULL;
	const struct dirent *entry;
	DIR *folder;
	int r;

	r = scope_members_new(&door->agent->scope, &members);
	if (r < 0)
		return r;
	folder = opendir("/proc");
	if (!folder)
		return -errno;
	while ((entry = readdir(folder))) {
		uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);

		if (pid > 0 && scope_members_has(members, pid, door->agent->scope.netns_inode))
			look_at(door, pid);
	}
	closedir(folder);
	return 0;
}

static int attach(struct key_door *door, struct fail *fail)
{
	door->bpf->links.on_exec = bpf_program__attach(door->bpf->progs.on_exec);
	if (!door->bpf->links.on_exec)
		return loader_explain(fail, -errno, "program on_exec");
	return 0;
}

static int load(struct key_door *door, struct fail *fail)
{
	struct agent *agent = door->agent;
	int r;

	door->bpf = key_bpf__open();
	r = loader_open(agent, "key", door->bpf ? door->bpf->skeleton : NULL, fail);
	if (r < 0)
		return r;
	SCOPE_TELL(door->bpf->rodata, &agent->scope);
	door->bpf->rodata->wake_bytes = ring_wake_bytes(agent->ring);
	r = loader_load(door->bpf->skeleton, fail);
	if (r < 0)
		return r;
	ring_register(agent->ring, SOURCE_key, door_consume, door);
	return attach(door, fail);
}

static int prepare(struct key_door *door, struct fail *fail)
{
	int r;

	door->files = map_new(sizeof(struct key_file), sizeof(char), FILES_MAXIMUM);
	door->processes = map_new(sizeof(uint32_t), sizeof(struct look), PROCESSES_MAXIMUM);
	if (!door->files || !door->processes)
		return fail_set(fail, -ENOMEM, "out of memory");
	r = load(door, fail);
	if (r < 0)
		return r;
	r = look_at_all(door);
	return r < 0 ? fail_set(fail, r, "the scope's processes: %s", strerror(-r)) : 0;
}

int key_door_open(
	struct agent *agent, struct key_store *store, struct key_door **ret_door, struct fail *fail)
{
	struct key_door *door = calloc(1, sizeof(*door));
	int r;

	if (!door)
		return fail_set(fail, -ENOMEM, "out of memory");
	door->agent = agent;
	door->store = store;
	r = prepare(door, fail);
	if (r < 0) {
		key_door_close(door);
		return r;
	}
	*ret_door = door;
	return 0;
}

void key_door_close(struct key_door *door)
{
	if (!door)
		return;
	for (unsigned int i = 0; i < door->probe_count; i++)
		bpf_link__destroy(door->probes[i]);
	if (door->bpf) {
		ring_register(door->agent->ring, SOURCE_key, NULL, NULL);
		loader_forget(door->agent, door->bpf->skeleton);
		key_bpf__destroy(door->bpf);
	}
	map_free(door->files);
	map_free(door->processes);
	free(door);
}

void key_door_add_losses(const struct key_door *door, struct feature_counts *counts)
{
	struct feature_counts own = { 0 };

	if (loader_sum_counts(door->bpf->maps.counts, &own) < 0)
		return;
	for (size_t i = 0; i < COUNT_MAXIMUM; i++) {
		counts->seen += own.lost[i];
		counts->lost[i] += own.lost[i];
	}
}
