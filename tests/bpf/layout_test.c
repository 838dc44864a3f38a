/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both halves see the same bytes: each struct, union and enum of the shared headers is laid out for
 * BPF as it is natively. In: those headers compiled for both, with type information (BTF), in
 * $BUILD/gen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>
#include <cmocka.h>

#include "base/base.h"

struct pair {
	const struct btf *native;
	const struct btf *kernel;
};

static struct btf *load(const char *half)
{
	const char *build = getenv("BUILD");
	struct btf *btf;
	char path[256];

	snprintf(path, sizeof(path), "%s/gen/shared_%s.o", build ? build : "build", half);
	btf = btf__parse_elf(path, NULL);
	if (!btf)
		fail_msg("%s holds no BTF: %s; run this with 'make bpf'", path, strerror(errno));
	return btf;
}

static void btf_freep(struct btf **btf)
{
	btf__free(*btf);
}

static const struct btf_type *bare_type(const struct btf *btf, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (btf_is_typedef(type) || btf_is_mod(type))
		type = btf__type_by_id(btf, type->type);
	return type;
}

static void compare_members(
	const struct pair *pair, const struct btf_type *native, const struct btf_type *kernel)
{
	const char *name = btf__name_by_offset(pair->native, native->name_off);

	for (__u16 i = 0; i < btf_vlen(native); i++) {
		const struct btf_member *ours = &btf_members(native)[i];
		const struct btf_member *theirs = &btf_members(kernel)[i];
		const char *member = btf__name_by_offset(pair->native, ours->name_off);

		assert_string_equal(member, btf__name_by_offset(pair->kernel, theirs->name_off));
		if (btf_member_bit_offset(native, i) != btf_member_bit_offset(kernel, i))
			fail_msg("%s.%s stands at bit %u natively, at %u in the kernel half", name,
				member, btf_member_bit_offset(native, i),
				btf_member_bit_offset(kernel, i));
		if (btf__resolve_size(pair->native, ours->type) !=
			btf__resolve_size(pair->kernel, theirs->type))
			fail_msg("%s.%s has two sizes", name, member);
		assert_int_equal(btf_kind(bare_type(pair->native, ours->type)),
			btf_kind(bare_type(pair->kernel, theirs->type)));
	}
}

static void compare_values(
	const struct pair *pair, const struct btf_type *native, const struct btf_type *kernel)
{
	for (__u16 i = 0; i < btf_vlen(native); i++) {
		const struct btf_enum *ours = &btf_enum(native)[i];
		const struct btf_enum *theirs = &btf_enum(kernel)[i];

		assert_string_equal(btf__name_by_offset(pair->native, ours->name_off),
			btf__name_by_offset(pair->kernel, theirs->name_off));
		assert_int_equal(ours->val, theirs->val);
	}
}

/* Compares what the kernel half's compiler made of a type that has a name. */
static bool compare(const struct pair *pair, const struct btf_type *kernel)
{
	const char *name = btf__name_by_offset(pair->kernel, kernel->name_off);
	const struct btf_type *native;
	int id;

	if (!name[0] || !(btf_is_composite(kernel) || btf_is_enum(kernel)))
		return false;
	id = btf__find_by_name_kind(pair->native, name, btf_kind(kernel));
	if (id < 0)
		fail_msg("%s: not known natively", name);
	native = btf__type_by_id(pair->native, (__u32)id);
	if (native->size != kernel->size || btf_vlen(native) != btf_vlen(kernel))
		fail_msg("%s: %u bytes and %u members natively, %u and %u in the kernel half", name,
			native->size, btf_vlen(native), kernel->size, btf_vlen(kernel));
	if (btf_is_enum(native))
		compare_values(pair, native, kernel);
	else
		compare_members(pair, native, kernel);
	return true;
}

static void both_halves_agree(void **state)
{
	_cleanup_(btf_freep)
	struct btf *native = load("native");
	_cleanup_(btf_freep)
	struct btf *kernel = load("kernel");
	const struct pair pair = { native, kernel };
	unsigned int count = 0;

	for (__u32 id = 1; id < btf__type_cnt(kernel); id++)
		count += compare(&pair, btf__type_by_id(kernel, id));
	print_message("# layout: %u shared types\n", count);
	assert_true(btf__find_by_name_kind(kernel, "record_header", BTF_KIND_STRUCT) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_halves_agree),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
