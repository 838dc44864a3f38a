/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each door is tried with "return 0" on a harmless target: the functions bpf_fentry_test1 and the
 * tracepoint of a finished exec, attached for some microseconds.
 */
#include "engine/abilities.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "engine/loader.h"

#define TARGET_FUNCTION	     "bpf_fentry_test1" /* net/bpf/test_run.c, since 5.5 */
#define TYPE_NAME_BYTES	     128
#define LSM_LIST	     "/sys/kernel/security/lsm"
#define LSM_NAMES_MAXIMUM    32
#define SYS_LSM_LIST_MODULES 461 /* since 6.8 */
#define LSM_ID_OF_BPF	     109 /* include/uapi/linux/lsm.h */

struct answer {
	bool is_known;
	struct fail reason; /* code 0: it works */
};

struct abilities {
	struct answer answers[ABILITY_COUNT];
	struct btf *kernel_types; /* read at the first question, see abilities_forget_types */
};

/* ---- programs ---- */

/* Loads "return value" as the type. Descriptor or -errno. */
static int try_load(enum bpf_prog_type type, int value, struct bpf_prog_load_opts *options)
{
	const struct bpf_insn instructions[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = value },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(
		type, "skep_probe", "GPL", instructions, ARRAY_LENGTH(instructions), options);

	return fd < 0 ? -errno : fd;
}

/* Loads and attaches a program that is bound to a name of the kernel's BTF. */
static int try_btf(struct abilities *abilities, enum bpf_prog_type type,
	enum bpf_attach_type attach, const char *name)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach);
	_cleanup_(fd_closep)
	int program = -1;
	_cleanup_(fd_closep)
	int link = -1;
	int id = abilities_type_id(abilities, name, attach);

	if (id < 0)
		return id;
	options.attach_btf_id = (uint32_t)id;
	program = try_load(type, 0, &options);
	if (program < 0)
		return program;
	link = bpf_raw_tracepoint_open(NULL, program);
	return link < 0 ? -errno : 0;
}

static int try_fentry(struct abilities *abilities, struct fail *fail)
{
	int r = try_btf(abilities, BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, TARGET_FUNCTION);

	return r < 0 ? loader_explain(fail, r, "fentry") : 0;
}

static int try_tp_btf(struct abilities *abilities, struct fail *fail)
{
	int r = try_btf(abilities, BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "sched_process_exec");

	return r < 0 ? loader_explain(fail, r, "tp_btf") : 0;
}

static int try_cgroup_skb(struct abilities *abilities, struct fail *fail)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_CGROUP_INET_EGRESS);
	_cleanup_(fd_closep)
	int program = try_load(BPF_PROG_TYPE_CGROUP_SKB, 1, &options);

	return program < 0 ? loader_explain(fail, program, "cgroup_skb") : 0;
}

/* ---- perf events ---- */

static int try_kprobe(struct abilities *abilities, struct fail *fail)
{
	struct perf_event_attr attributes = { .size = sizeof(attributes) };
	_cleanup_(fd_closep)
	int event = -1;
	_cleanup_(fd_closep)
	int program = -1;
	char text[16];
	uint64_t type;
	ssize_t length;

	length = file_read_array(
		AT_FDCWD, "/sys/bus/event_source/devices/kprobe/type", text, sizeof(text));
	if (length < 0)
		return fail_set(fail, -ENOENT, "kprobe: this kernel has no kprobes");
	text[strcspn(text, "\n")] = '\0';
	if (str_to_u64(text, 0, UINT32_MAX, &type) < 0)
		return fail_set(fail, -EINVAL, "kprobe: unknown type of event '%s'", text);
	program = try_load(BPF_PROG_TYPE_KPROBE, 0, NULL);
	if (program < 0)
		return loader_explain(fail, program, "kprobe");
	attributes.type = (uint32_t)type;
	attributes.kprobe_func = (uint64_t)(uintptr_t)TARGET_FUNCTION;
	event = (int)syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	return event < 0 ? loader_explain(fail, -errno, "kprobe") : 0;
}

static int try_tracepoint(struct abilities *abilities, struct fail *fail)
{
	_cleanup_(fd_closep)
	int program = try_load(BPF_PROG_TYPE_TRACEPOINT, 0, NULL);

	if (program < 0)
		return loader_explain(fail, program, "tracepoint");
	if (access("/sys/kernel/tracing/events", R_OK) < 0 &&
		access("/sys/kernel/debug/tracing/events", R_OK) < 0)
		return fail_set(fail, -ENOENT,
			"tracepoint: tracefs is not mounted (mount -t tracefs tracefs "
			"/sys/kernel/tracing)");
	return 0;
}

/* ---- LSM ---- */

/* Whether "bpf" is among the LSMs that the kernel was started with: 1, 0, or -errno when it cannot
 * be known. A program of another kernel loads and attaches, and is never asked. */
static int lsm_has_bpf(void)
{
	uint64_t ids[LSM_NAMES_MAXIMUM];
	uint32_t size = sizeof(ids);
	char names[256];
	long count;

	count = syscall(SYS_LSM_LIST_MODULES, ids, &size, 0);
	for (long i = 0; i < count; i++)
		if (ids[i] == LSM_ID_OF_BPF)
			return 1;
	if (count >= 0)
		return 0;
	if (file_read_array(AT_FDCWD, LSM_LIST, names, sizeof(names)) < 0)
		return -ENOENT;
	names[strcspn(names, "\n")] = '\0';
	for (char *rest = names, *name; (name = strsep(&rest, ","));)
		if (str_equal(name, "bpf"))
			return 1;
	return 0;
}

static int try_lsm(struct abilities *abilities, struct fail *fail)
{
	int r = lsm_has_bpf();

	if (r == 0)
		return fail_set(fail, -EOPNOTSUPP,
			"lsm: BPF is not among the kernel's security modules (lsm=… on its command "
			"line)");
	r = try_btf(abilities, BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "file_mprotect");
	return r < 0 ? loader_explain(fail, r, "lsm") : 0;
}

/* ---- answers ---- */

static const struct {
	const char *name;
	int (*try)(struct abilities *abilities, struct fail *fail);
} doors[ABILITY_COUNT] = {
	[ABILITY_FENTRY] = { "fentry", try_fentry },
	[ABILITY_KPROBE] = { "kprobe", try_kprobe },
	[ABILITY_TRACEPOINT] = { "tracepoint", try_tracepoint },
	[ABILITY_TP_BTF] = { "tp_btf", try_tp_btf },
	[ABILITY_CGROUP_SKB] = { "cgroup_skb", try_cgroup_skb },
	[ABILITY_LSM] = { "lsm", try_lsm },
};

int abilities_new(struct abilities **ret_abilities)
{
	struct abilities *abilities = calloc(1, sizeof(*abilities));

	if (!abilities)
		return -ENOMEM;
	*ret_abilities = abilities;
	return 0;
}

void abilities_free(struct abilities *abilities)
{
	if (abilities)
		abilities_forget_types(abilities);
	free(abilities);
}

int abilities_type_id(struct abilities *abilities, const char *name, enum bpf_attach_type attach)
{
	/* libbpf's names of the same; what is not listed stands under its own. */
	const char *prefix = attach == BPF_TRACE_RAW_TP ? "btf_trace_"
			     : attach == BPF_LSM_MAC	? "bpf_lsm_"
							: "";
	char full[TYPE_NAME_BYTES];

	if (!abilities->kernel_types)
		abilities->kernel_types = btf__load_vmlinux_btf();
	if (!abilities->kernel_types)
		return -errno;
	if (snprintf(full, sizeof(full), "%s%s", prefix, name) >= (int)sizeof(full))
		return -ENAMETOOLONG;
	return btf__find_by_name_kind(abilities->kernel_types, full,
		attach == BPF_TRACE_RAW_TP ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC);
}

void abilities_forget_types(struct abilities *abilities)
{
	btf__free(abilities->kernel_types);
	abilities->kernel_types = NULL;
}

const char *abilities_reason(struct abilities *abilities, enum ability ability)
{
	struct answer *answer = &abilities->answers[ability];

	if (!answer->is_known)
		doors[ability].try(abilities, &answer->reason);
	answer->is_known = true;
	return answer->reason.text;
}

bool abilities_has(struct abilities *abilities, enum ability ability)
{
	return abilities_reason(abilities, ability)[0] == '\0';
}

const char *ability_name(enum ability ability)
{
	return doors[ability].name;
}
