/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every program of every BPF object loads on the running kernel, each alone, and tells how many
 * instructions the verifier went through. A program whose door this kernel refuses is skipped.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "base/str.h"
#include "engine/abilities.h"

#define PROGRAMS_MAXIMUM 512
#define LOG_BYTES	 (1024 * 1024)

struct subject {
	const char *path;
	char program[64];
	char name[128]; /* "packet/on_ingress" */
};

static struct abilities *abilities;
static char verifier_log[LOG_BYTES];

static int be_silent(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return 0;
}

static void object_closep(struct bpf_object **object)
{
	bpf_object__close(*object);
}

/* Why this kernel takes no program of that kind, NULL when it does. */
static const char *reason_against(const struct bpf_program *program)
{
	enum ability ability;

	switch (bpf_program__expected_attach_type(program)) {
	case BPF_TRACE_FENTRY:
	case BPF_TRACE_FEXIT:
	case BPF_MODIFY_RETURN:
		ability = ABILITY_FENTRY;
		break;
	case BPF_LSM_MAC:
		ability = ABILITY_LSM;
		break;
	default:
		return NULL;
	}
	return abilities_has(abilities, ability) ? NULL : abilities_reason(abilities, ability);
}

/* Leaves only the program of that name to be loaded, with its log in verifier_log. */
static struct bpf_program *choose(struct bpf_object *object, const char *name)
{
	struct bpf_program *program, *chosen = NULL;

	bpf_object__for_each_program(program, object)
	{
		bool is_wanted = strcmp(bpf_program__name(program), name) == 0;

		assert_int_equal(bpf_program__set_autoload(program, is_wanted), 0);
		if (is_wanted)
			chosen = program;
	}
	assert_non_null(chosen);
	assert_int_equal(bpf_program__set_log_buf(chosen, verifier_log, sizeof(verifier_log)), 0);
	return chosen;
}

/* Returns why it cannot be tried here, NULL when it was loaded. */
static const char *load(const struct subject *subject)
{
	_cleanup_(object_closep)
	struct bpf_object *object = bpf_object__open_file(subject->path, NULL);
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	struct bpf_program *program;
	const char *reason;
	int r;

	assert_non_null(object);
	program = choose(object, subject->program);
	reason = reason_against(program);
	if (reason)
		return reason;
	verifier_log[0] = '\0';
	r = bpf_object__load(object);
	if (r == -EPERM && !verifier_log[0])
		return "not permitted (CAP_BPF, CAP_PERFMON)";
	if (r < 0)
		fail_msg("%s: %s\n%s", subject->name, strerror(-r), verifier_log);
	assert_int_equal(bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size), 0);
	print_message("# %s: %u instructions, %u verified\n", subject->name,
		(unsigned int)(info.xlated_prog_len / sizeof(struct bpf_insn)),
		info.verified_insns);
	return NULL;
}

/* Skipped out here, where nothing is held: skip does not come back. */
static void loads(void **state)
{
	const struct subject *subject = *state;
	const char *reason = load(subject);

	if (!reason)
		return;
	print_message("# %s: skipped: %s\n", subject->name, reason);
	skip();
}

/* "build/gen/packet.bpf.o" → "packet" */
static void object_name(const char *path, char *ret_name, size_t size)
{
	const char *name = strrchr(path, '/') + 1;

	snprintf(ret_name, size, "%.*s", (int)strcspn(name, "."), name);
}

/* Adds a test for each program of the object, unless it is itself made for a test. */
static size_t list(const char *path, struct subject *subjects, size_t count)
{
	_cleanup_(object_closep)
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;
	char name[32];

	object_name(path, name, sizeof(name));
	if (str_ends_with(name, "_test"))
		return count;
	if (!object) {
		print_error("%s cannot be opened\n", path);
		exit(1);
	}
	bpf_object__for_each_program(program, object)
	{
		struct subject *subject = &subjects[count];

		if (count == PROGRAMS_MAXIMUM) {
			print_error("more than %d programs\n", PROGRAMS_MAXIMUM);
			exit(1);
		}
		subject->path = path;
		snprintf(subject->program, sizeof(subject->program), "%s",
			bpf_program__name(program));
		snprintf(subject->name, sizeof(subject->name), "%s/%s", name, subject->program);
		count++;
	}
	return count;
}

int main(void)
{
	static struct subject subjects[PROGRAMS_MAXIMUM];
	static struct CMUnitTest tests[PROGRAMS_MAXIMUM];
	const char *build = getenv("BUILD");
	char pattern[256];
	size_t count = 0;
	glob_t objects;
	int result;

	libbpf_set_print(be_silent);
	snprintf(pattern, sizeof(pattern), "%s/gen/*.bpf.o", build ? build : "build");
	if (glob(pattern, 0, NULL, &objects) != 0 || abilities_new(&abilities) < 0) {
		print_error("no BPF objects: run it with 'make bpf'\n");
		return 1;
	}
	for (size_t i = 0; i < objects.gl_pathc; i++)
		count = list(objects.gl_pathv[i], subjects, count);
	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){
			.name = subjects[i].name,
			.test_func = loads,
			.initial_state = &subjects[i],
		};
	result = _cmocka_run_group_tests("load", tests, count, NULL, NULL);
	abilities_free(abilities);
	globfree(&objects);
	return result;
}
