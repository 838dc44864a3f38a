/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doors in their order, and what each needs.
 */
#include "observe/unix/unix_door.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "base/fd.h"
#include "base/str.h"
#include "engine/abilities.h"
#include "engine/loader.h"
#include "unix.skel.h"

const char *const unix_door_words[] = { "auto", "fentry", "kprobe", "tracepoint", NULL };

/* AF_UNIX may be a module, whose functions are not in the kernel's own BTF. */
static bool kernel_has_function(const struct agent *agent, const char *name)
{
	return abilities_type_id(agent->abilities, name, BPF_TRACE_FENTRY) > 0;
}

/* 0, or -errno with what is missing. */
static int try_door(struct agent *agent, enum unix_door door, struct fail *fail)
{
	static const enum ability abilities[UNIX_DOOR_COUNT] = {
		[UNIX_DOOR_FENTRY] = ABILITY_FENTRY,
		[UNIX_DOOR_KPROBE] = ABILITY_KPROBE,
		[UNIX_DOOR_TRACEPOINT] = ABILITY_TP_BTF,
	};
	const char *reason = abilities_reason(agent->abilities, abilities[door]);

	if (reason[0])
		return fail_set(fail, -EOPNOTSUPP, "%s", reason);
	if (door == UNIX_DOOR_FENTRY && !kernel_has_function(agent, "unix_release"))
		return fail_set(fail, -ENOENT, "fentry: unix sockets are a module of this kernel");
	return 0;
}

/*
 * Kernels had bpf_dynptr_from_skb() before tracing programs might call it (6.12), so that only
 * the verifier knows: a program that calls it with its argument and room on its stack.
 */
static bool may_read_buffers(const struct agent *agent)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_RAW_TP);
	int function = abilities_type_id(agent->abilities, "bpf_dynptr_from_skb", BPF_TRACE_FENTRY);
	int tracepoint = abilities_type_id(agent->abilities, "consume_skb", BPF_TRACE_RAW_TP);
	const struct bpf_insn instructions[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X,
			.dst_reg = BPF_REG_3,
			.src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_3, .imm = -16 },
		{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL, .imm = function },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	_cleanup_(fd_closep)
	int fd = -1;

	if (function < 0 || tracepoint < 0)
		return false;
	options.attach_btf_id = (uint32_t)tracepoint;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "skep_probe", "GPL", instructions,
		ARRAY_LENGTH(instructions), &options);
	return fd >= 0;
}

static void set_loaded(const struct agent *agent, struct unix_bpf *bpf, enum unix_door door)
{
	/* cgroup/connect_unix came with this function (kernel 6.7). */
	bool has_attempts = door == UNIX_DOOR_TRACEPOINT && agent->scope.cgroup_fd >= 0 &&
			    kernel_has_function(agent, "bpf_sock_addr_set_sun_path");
	bool reads_buffers = may_read_buffers(agent);
	const struct {
		struct bpf_program *program;
		bool is_wanted;
	} programs[] = {
		{ bpf->progs.on_consume, !reads_buffers },
		{ bpf->progs.on_consume_read, reads_buffers },
		{ bpf->progs.on_connect, door == UNIX_DOOR_FENTRY },
		{ bpf->progs.on_listen, door == UNIX_DOOR_FENTRY },
		{ bpf->progs.on_release, door == UNIX_DOOR_FENTRY },
		{ bpf->progs.probe_connect, door == UNIX_DOOR_KPROBE },
		{ bpf->progs.probe_connected, door == UNIX_DOOR_KPROBE },
		{ bpf->progs.probe_listen, door == UNIX_DOOR_KPROBE },
		{ bpf->progs.probe_listening, door == UNIX_DOOR_KPROBE },
		{ bpf->progs.probe_release, door == UNIX_DOOR_KPROBE },
		{ bpf->progs.on_attempt, has_attempts },
		{ bpf->progs.on_ready, has_attempts },
		{ bpf->progs.on_unmade_drop, has_attempts },
		{ bpf->progs.on_unmade_free, has_attempts },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(programs); i++)
		bpf_program__set_autoload(programs[i].program, programs[i].is_wanted);
}

int unix_door_choose(struct agent *agent, struct unix_bpf *bpf, enum unix_door wanted,
	enum unix_door *ret_door, struct fail *reason)
{
	char against[sizeof(reason->text)] = "";
	int r = -EOPNOTSUPP;

	/* Accepts and bytes come through tp_btf whatever the rest comes through. */
	if (!abilities_has(agent->abilities, ABILITY_TP_BTF))
		return try_door(agent, UNIX_DOOR_TRACEPOINT, reason);
	for (enum unix_door door = UNIX_DOOR_FENTRY; door < UNIX_DOOR_COUNT; door++) {
		struct fail fail = { 0 };
		size_t used = strlen(against);

		if (wanted != UNIX_DOOR_AUTO && door != wanted)
			continue;
		r = try_door(agent, door, &fail);
		if (r == 0) {
			set_loaded(agent, bpf, door);
			*ret_door = door;
			break;
		}
		snprintf(against + used, sizeof(against) - used, "%s%s", used ? "; " : "",
			fail.text);
	}
	fail_set(reason, r, "%s", against);
	return r;
}

bool unix_door_reads(const struct unix_bpf *bpf)
{
	return bpf_program__autoload(bpf->progs.on_consume_read);
}

void unix_door_only_count(struct unix_bpf *bpf)
{
	bpf_program__set_autoload(bpf->progs.on_consume_read, false);
	bpf_program__set_autoload(bpf->progs.on_consume, true);
}

int unix_door_attach(
	const struct agent *agent, struct unix_bpf *bpf, enum unix_door door, struct fail *fail)
{
	if (!bpf_program__autoload(bpf->progs.on_attempt))
		return 0;
	bpf->links.on_attempt =
		bpf_program__attach_cgroup(bpf->progs.on_attempt, agent->scope.cgroup_fd);
	return bpf->links.on_attempt ? 0 : loader_explain(fail, -errno, "program on_attempt");
}

const char *unix_door_name(const struct unix_bpf *bpf, enum unix_door door)
{
	switch (door) {
	case UNIX_DOOR_FENTRY:
		return "fentry, tp_btf";
	case UNIX_DOOR_KPROBE:
		return "kprobe, tp_btf";
	default:
		return bpf->links.on_attempt ? "tp_btf, cgroup, listing" : "tp_btf, listing";
	}
}
