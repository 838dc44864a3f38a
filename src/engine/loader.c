/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading through libbpf, and the translation of its failures. libbpf tells the cause only through
 * its print callback, which has no context: what matters of it is kept in `heard`.
 */
#include "engine/loader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "engine/agent.h"
#include "engine/ring.h"

#define REASON_BYTES	128
#define ENOTSUPP_KERNEL 524 /* include/linux/errno.h: not for user space, yet it gets there */

/* What libbpf said during the step under way. A step starts with heard_clear. */
static _Thread_local struct {
	char part[48];	    /* "program on_exec", "map start_by_pid" */
	char verifier[256]; /* its last lines */
} heard;

static void heard_clear(void)
{
	heard.part[0] = heard.verifier[0] = '\0';
}

/* "prog 'on_exec': …": the first part that libbpf complains about. */
static void hear_part(const char *text, const char *opening, const char *word)
{
	const char *start = strstr(text, opening);

	if (!start || heard.part[0])
		return;
	start += strlen(opening);
	snprintf(heard.part, sizeof(heard.part), "%s %.*s", word, (int)strcspn(start, "'"), start);
}

/* Keeps the two lines before the verifier's summary ("processed 12 insns …"), joined by a blank.
 * With the summary alone it had nothing to say against the program. */
static void hear_verifier(const char *text)
{
	const char *end, *start, *log = strstr(text, "-- BEGIN PROG LOAD LOG --\n");

	if (!log)
		return;
	log = strchr(log, '\n') + 1;
	if (str_starts_with(log, "processed "))
		return;
	end = strstr(log, "\nprocessed ");
	if (!end)
		end = strstr(log, "\n-- END PROG LOAD LOG --");
	if (!end)
		end = log + strlen(log);
	start = end;
	for (int lines = 0; start > log; start--)
		if (start[-1] == '\n' && ++lines == 2)
			break;
	if ((size_t)(end - start) >= sizeof(heard.verifier))
		start = end - sizeof(heard.verifier) + 1;
	str_copy_slice(heard.verifier, sizeof(heard.verifier),
		(struct slice){ (const uint8_t *)start, (size_t)(end - start) });
	for (char *c = heard.verifier; *c; c++)
		if (*c == '\n')
			*c = ' ';
}

static int PRINTF_LIKE(2, 0)
	loader_hear(enum libbpf_print_level level, const char *format, va_list arguments)
{
	_cleanup_(freep)
	char *text = NULL;
	size_t length;

	/* Its debug messages are many, so that they are not even formatted for nobody. */
	if (level == LIBBPF_DEBUG && log_get_level() < LOG_LEVEL_DEBUG)
		return 0;
	if (vasprintf(&text, format, arguments) < 0) {
		text = NULL;
		return 0;
	}
	if (level == LIBBPF_WARN) {
		hear_part(text, "prog '", "program");
		hear_part(text, "map '", "map");
		hear_verifier(text);
	}
	length = strlen(text);
	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	log_debug("libbpf", "%s", text);
	return 0;
}

void loader_init(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	libbpf_set_print(loader_hear);
	/* libbpf's own attempt would warn; ours may fail in silence, for since 5.11 nobody asks. */
	libbpf_set_memlock_rlim(0);
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
}

/* ---- reasons ---- */

static const char *missing_capability(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	uint64_t has;

	if (syscall(SYS_capget, &header, data) < 0)
		return NULL;
	has = (uint64_t)data[1].effective << 32 | data[0].effective;
	if (has & 1ULL << CAP_SYS_ADMIN)
		return NULL; /* stands for the others, as before 5.8 */
	if (!(has & 1ULL << CAP_BPF))
		return "CAP_BPF (or root)";
	if (!(has & 1ULL << CAP_PERFMON))
		return "CAP_PERFMON";
	return has & 1ULL << CAP_NET_ADMIN ? NULL : "CAP_NET_ADMIN";
}

/* KiB that may be locked, where the kernel charges maps to that: since 5.11 the cgroup pays. */
static bool memory_limit(unsigned long long *ret_kib)
{
	struct utsname names;
	unsigned int major, minor;
	struct rlimit limit;

	if (uname(&names) < 0 || sscanf(names.release, "%u.%u", &major, &minor) != 2 || major > 5 ||
		(major == 5 && minor >= 11) || getrlimit(RLIMIT_MEMLOCK, &limit) < 0 ||
		limit.rlim_cur == RLIM_INFINITY)
		return false;
	*ret_kib = limit.rlim_cur / 1024;
	return true;
}

/* Of a container or a unit: it answers EPERM to bpf(2) whatever rights there are. */
static bool has_filter(void)
{
	return prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER;
}

static const char *reason_of_refusal(char *scratch, size_t size)
{
	const char *capability = missing_capability();
	unsigned long long kib;

	if (capability)
		snprintf(scratch, size, "not permitted: needs %s", capability);
	else if (memory_limit(&kib))
		snprintf(scratch, size,
			"not permitted: most likely too little memory may be "
			"locked, %llu KiB (ulimit -l, or CAP_SYS_RESOURCE)",
			kib);
	else if (has_filter())
		return "not permitted: this kernel refuses it (lockdown or a hardened build), or a "
		       "seccomp filter does (let it pass bpf and perf_event_open)";
	else
		return "this kernel refuses it (lockdown or a hardened build)";
	return scratch;
}

static const char *reason_of(int code, char *scratch, size_t size)
{
	switch (-code) {
	case EPERM:
		return reason_of_refusal(scratch, size);
	case ENOENT:
	case ESRCH:
		if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
			return "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF)";
		return "this kernel lacks the function, tracepoint or field that it needs";
	case EINVAL:
	case EOPNOTSUPP:
	case ENOTSUPP_KERNEL:
		return "this kernel does not know this kind of program, map or attachment";
	case E2BIG:
	case ENOSPC:
		return "too long or complex for this kernel's verifier";
	case ENOMEM:
		return "the kernel has no memory for it";
	case EMFILE:
		return "this process may not open that many files (ulimit -n)";
	default:
		return strerror_r(-code, scratch, size);
	}
}

/* What the kernel lacks is told apart from what this process may not, by the code too. */
static int code_of(int code)
{
	unsigned long long kib;

	switch (-code) {
	case EPERM:
		return missing_capability() || memory_limit(&kib) || has_filter() ? -EPERM
										  : -EOPNOTSUPP;
	case ENOENT:
	case ESRCH:
	case EINVAL:
	case ENOTSUPP_KERNEL:
	case E2BIG:
	case ENOSPC:
		return -EOPNOTSUPP;
	default:
		return code;
	}
}

int loader_explain(struct fail *fail, int code, const char *what)
{
	char scratch[REASON_BYTES];

	return fail_set(
		fail, code_of(code), "%s: %s", what, reason_of(code, scratch, sizeof(scratch)));
}

/* Under lockdown=confidentiality the helpers that read kernel memory are not there, even for root
 * (bpf_base_func_proto in kernel/bpf/helpers.c). */
static bool is_locked_down(void)
{
	return strstr(heard.verifier, "cannot use helper bpf_probe_read") ||
	       strstr(heard.verifier, "unknown func bpf_probe_read");
}

/* The same with what was heard of libbpf. */
static int loader_explain_step(struct fail *fail, int code, const char *step)
{
	char what[96], scratch[REASON_BYTES];

	snprintf(what, sizeof(what), "%s%s%s", step, heard.part[0] ? " " : "", heard.part);
	if (!heard.verifier[0])
		return loader_explain(fail, code, what);
	/* Without a capability the verifier is stricter: that is then the cause of what it says. */
	if (code != -EPERM && !missing_capability() && is_locked_down())
		return fail_set(fail, -EOPNOTSUPP,
			"%s: this kernel lets no program read its memory "
			"(lockdown=confidentiality)",
			what);
	if (code != -EPERM && !missing_capability())
		return fail_set(
			fail, -EOPNOTSUPP, "%s: the verifier refuses it: %s", what, heard.verifier);
	return fail_set(fail, code_of(-EPERM), "%s: %s; the verifier says: %s", what,
		reason_of_refusal(scratch, sizeof(scratch)), heard.verifier);
}

/* ---- steps ---- */

int loader_open(struct agent *agent, const char *owner, struct bpf_object_skeleton *skeleton,
	struct fail *fail)
{
	struct agent_object *slot = &agent->objects[agent->object_count];
	int r;

	if (!skeleton)
		return loader_explain(fail, errno ? -errno : -ENOMEM, "opening");
	if (agent->object_count == AGENT_OBJECTS_MAXIMUM)
		return fail_set(fail, -ENOSPC, "more than %d BPF objects", AGENT_OBJECTS_MAXIMUM);
	r = ring_share(agent->ring, *skeleton->obj, fail);
	if (r < 0)
		return r;
	*slot = (struct agent_object){ owner, *skeleton->obj };
	agent->object_count++;
	return 0;
}

int loader_load(struct bpf_object_skeleton *skeleton, struct fail *fail)
{
	int r;

	heard_clear();
	r = bpf_object__load_skeleton(skeleton);
	return r < 0 ? loader_explain_step(fail, r, "loading") : 0;
}

int loader_attach(struct bpf_object_skeleton *skeleton, struct fail *fail)
{
	int r;

	heard_clear();
	r = bpf_object__attach_skeleton(skeleton);
	return r < 0 ? loader_explain_step(fail, r, "attaching") : 0;
}

void loader_forget(struct agent *agent, struct bpf_object_skeleton *skeleton)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; skeleton && i < agent->object_count; i++)
		if (agent->objects[i].object != *skeleton->obj)
			agent->objects[kept++] = agent->objects[i];
	if (skeleton)
		agent->object_count = kept;
}

int loader_sum_counts(const struct bpf_map *counts, struct feature_counts *sum)
{
	int cpu_count = libbpf_num_possible_cpus();
	_cleanup_(freep)
	uint64_t *values = NULL;

	if (cpu_count < 0)
		return cpu_count;
	values = calloc((size_t)cpu_count, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (uint32_t key = 0; key < COUNT_MAXIMUM; key++) {
		uint64_t *total = key == COUNT_SEEN ? &sum->seen : &sum->lost[key];
		int r = bpf_map__lookup_elem(
			counts, &key, sizeof(key), values, (size_t)cpu_count * sizeof(*values), 0);

		if (r < 0)
			return r;
		for (int cpu = 0; cpu < cpu_count; cpu++)
			*total += values[cpu];
	}
	return 0;
}
