/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The status document. Everything is asked for when it is written; nothing is kept.
 */
#include "engine/status.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine/budget.h"
#include "engine/ring.h"
#include "engine/store.h"
#include "engine/version.h"

/* ---- features ---- */

static void write_lost(const struct feature_counts *counts, struct json *json)
{
	json_key(json, "lost");
	json_object_begin(json);
	for (enum count i = COUNT_LOST_RING_FULL; i < COUNT_MAXIMUM; i++)
		json_member_u64(json, count_name(i), counts->lost[i]);
	json_object_end(json);
}

static void write_feature(const struct feature_slot *slot, struct json *json)
{
	const struct feature *feature = slot->feature;
	bool is_on = slot->on == FEATURE_ON;
	struct feature_counts counts = { 0 };

	if (is_on && feature->counts)
		feature->counts(slot->state, &counts);
	json_object_begin(json);
	json_member_string(json, "name", feature->name);
	json_member_string(json, "summary", feature->summary);
	json_member_string(json, "state", is_on ? "on" : "off");
	json_member_string(
		json, "door", is_on && feature->door ? feature->door(slot->state) : NULL);
	json_member_string(
		json, "reason", is_on && !slot->reason.text[0] ? NULL : slot->reason.text);
	json_member_u64(json, "seen", counts.seen);
	json_member_u64(json, "reported", counts.reported);
	write_lost(&counts, json);
	json_object_end(json);
}

/* ---- programs and maps ---- */

static void write_program(const char *owner, const struct bpf_program *program, struct json *json)
{
	struct bpf_prog_info info = { 0 };
	uint32_t length = sizeof(info);
	int fd = bpf_program__fd(program);

	if (fd < 0 || bpf_prog_get_info_by_fd(fd, &info, &length) < 0)
		return; /* not loaded: another door was taken */
	json_object_begin(json);
	json_member_string(json, "feature", owner);
	json_member_string(json, "name", bpf_program__name(program));
	json_member_u64(json, "runs", info.run_cnt);
	json_member_double(json, "ns_per_run",
		info.run_cnt ? (double)info.run_time_ns / (double)info.run_cnt : 0);
	json_object_end(json);
}

static void write_programs(const struct agent *agent, struct json *json)
{
	json_key(json, "programs");
	json_array_begin(json);
	for (unsigned int i = 0; i < agent->object_count; i++) {
		const struct bpf_program *program = NULL;

		while ((program = bpf_object__next_program(
				agent->objects[i].object, (struct bpf_program *)program)))
			write_program(agent->objects[i].owner, program, json);
	}
	json_array_end(json);
}

/* ---- the agent ---- */

static void write_budget(const struct agent *agent, struct json *json)
{
	struct budget_figures figures = { 0 };

	if (agent->budget)
		budget_get(agent->budget, &figures);
	json_member_u64(json, "memory_limit_bytes", figures.memory_limit_bytes);
	json_member_u64(json, "cpu_percent", figures.cpu_percent);
	json_member_u64(json, "cpu_limit_percent", figures.cpu_limit_percent);
	json_member_string(json, "shedding", figures.shed ? budget_word(figures.shed) : NULL);
	json_member_u64(json, "held_ns", figures.held_ns);
}

static void write_agent(struct agent *agent, const char *url, struct json *json)
{
	json_key(json, "agent");
	json_object_begin(json);
	json_member_string(json, "url", url);
	json_member_u64(json, "pid", (uint64_t)getpid());
	json_member_string(json, "version", skep_version());
	json_member_u64(json, "start_time", clock_to_wall(&agent->clock, agent->start_ns));
	json_member_u64(json, "uptime_ns", clock_monotonic_ns() - agent->start_ns);
	json_member_double(json, "cpu_seconds", (double)budget_cpu_ns() / (double)NS_PER_S);
	json_member_u64(json, "resident_bytes", budget_resident_bytes());
	json_member_u64(json, "kernel_map_bytes", budget_kernel_map_bytes(agent));
	write_budget(agent, json);
	json_member_u64(json, "rejected_records", agent->ring ? ring_rejected(agent->ring) : 0);
	json_member_bool(json, "unmasked", agent->config.unmask);
	write_programs(agent, json);
	json_object_end(json);
}

static void write_store(struct agent *agent, struct json *json)
{
	struct store_counts counts;

	json_key(json, "store");
	if (!agent->store) {
		json_null_value(json);
		return;
	}
	store_get_counts(agent->store, &counts);
	json_object_begin(json);
	json_member_u64(json, "written", counts.written);
	json_member_u64(json, "sampled", counts.sampled);
	json_member_u64(json, "shed", counts.shed);
	json_member_u64(json, "lost", counts.lost);
	json_member_u64(json, "uncounted", counts.uncounted);
	json_member_u64(json, "folded", counts.folded);
	json_member_u64(json, "expired", counts.expired);
	json_member_u64(json, "keys", counts.keys);
	json_member_u64(json, "bytes", counts.bytes);
	json_member_u64(json, "maximum_bytes", counts.maximum_bytes);
	json_member_u64(json, "waiting_bytes", counts.waiting_bytes);
	json_member_u64(json, "commit_ns", counts.commit_ns);
	json_member_u64(json, "commit_longest_ns", counts.commit_longest_ns);
	json_member_string(json, "set_aside", counts.set_aside[0] ? counts.set_aside : NULL);
	json_member_string(json, "problem", counts.problem.code ? counts.problem.text : NULL);
	json_object_end(json);
}

static void write_node(const struct agent *agent, struct json *json)
{
	struct utsname names = { 0 };

	uname(&names);
	json_key(json, "node");
	json_object_begin(json);
	json_member_string(json, "kernel", names.release);
	json_member_string(json, "hostname", names.nodename);
	json_member_string(json, "architecture", names.machine);
	json_member_string(json, "scope", agent->config.scope);
	json_object_end(json);
}

void status_write(struct agent *agent, const char *url, struct json *json)
{
	json_object_begin(json);
	json_key(json, "features");
	json_array_begin(json);
	for (size_t i = 0; i < agent->slot_count; i++)
		write_feature(&agent->slots[i], json);
	json_array_end(json);
	write_agent(agent, url, json);
	write_store(agent, json);
	write_node(agent, json);
	json_object_end(json);
}
