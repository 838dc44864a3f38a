/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rings and the loader with a real kernel half; skipped where BPF is not permitted.
 */
#include "engine/ring.h"

#include <setjmp.h>
#include <stdarg.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "engine/agent.h"
#include "engine/loader.h"
#include "engine/loop.h"
#include "ring_test.skel.h"

#define RING_BYTES   (1024 * 1024)
/* What the kernel adds to each record: a head of 8 bytes. */
#define RECORD_BYTES (8 + sizeof(struct record_header))

struct world {
	struct agent agent;
	struct ring_test_bpf *bpf;
	uint64_t records;
	uint64_t stop_at;
};

static void on_record(void *context, const struct record_header *record)
{
	struct world *world = context;

	assert_int_equal(record->source, SOURCE_packet);
	assert_int_equal(record->size, sizeof(*record));
	if (++world->records == world->stop_at)
		loop_stop(world->agent.loop);
}

static struct ring_test_bpf *load(struct world *world)
{
	struct ring_test_bpf *bpf = ring_test_bpf__open();
	struct fail fail = { 0 };

	if (loader_open(&world->agent, "test", bpf ? bpf->skeleton : NULL, &fail) < 0 ||
		loader_load(bpf->skeleton, &fail) < 0 || loader_attach(bpf->skeleton, &fail) < 0)
		fail_msg("%s", fail.text);
	return bpf;
}

static void unload(struct world *world, struct ring_test_bpf *bpf)
{
	loader_forget(&world->agent, bpf ? bpf->skeleton : NULL);
	ring_test_bpf__destroy(bpf);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct fail fail;
	int r;

	*state = world;
	loader_init();
	assert_int_equal(loop_new(&world->agent.loop, &fail), 0);
	r = ring_new(world->agent.loop, RING_BYTES, &world->agent.ring, &fail);
	if (r < 0) {
		print_message("no BPF here: %s\n", fail.text);
		assert_int_equal(r, -EPERM);
		return 0;
	}
	ring_register(world->agent.ring, SOURCE_packet, on_record, world);
	world->bpf = load(world);
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	unload(world, world->bpf);
	assert_int_equal(world->agent.object_count, 0);
	ring_free(world->agent.ring);
	loop_free(world->agent.loop);
	free(world);
	return 0;
}

static struct world *world_or_skip(void **state)
{
	struct world *world = *state;

	if (!world->bpf)
		skip();
	return world;
}

static void emit(struct ring_test_bpf *bpf, uint64_t source, uint64_t size, uint64_t count)
{
	uint64_t arguments[4] = { source, size, count, 0 };
	LIBBPF_OPTS(
		bpf_test_run_opts, options, .ctx_in = arguments, .ctx_size_in = sizeof(arguments));

	for (; count > 0; count -= MIN(count, 32u)) {
		arguments[2] = MIN(count, 32u);
		assert_int_equal(
			bpf_prog_test_run_opts(bpf_program__fd(bpf->progs.on_emit), &options), 0);
	}
}

static void emit_good(struct world *world, uint64_t count)
{
	emit(world->bpf, SOURCE_packet, sizeof(struct record_header), count);
}

static void records_come_without_a_wake_up(void **state)
{
	struct world *world = world_or_skip(state);

	emit_good(world, 100);
	world->stop_at = 100;
	assert_int_equal(loop_run(world->agent.loop), 0);
	assert_int_equal(world->records, 100);
}

static void objects_share_the_rings(void **state)
{
	struct world *world = world_or_skip(state);
	struct ring_test_bpf *second = load(world);

	assert_int_equal(world->agent.object_count, 2);
	emit_good(world, 3);
	emit(second, SOURCE_packet, sizeof(struct record_header), 4);
	assert_int_equal(ring_drain(world->agent.ring), 7);
	assert_int_equal(world->records, 7);
	unload(world, second);
}

static void alerts_have_a_ring_of_their_own(void **state)
{
	struct world *world = world_or_skip(state);
	uint64_t arguments[4] = { SOURCE_packet, sizeof(struct record_header), 5, 1 };
	LIBBPF_OPTS(
		bpf_test_run_opts, options, .ctx_in = arguments, .ctx_size_in = sizeof(arguments));

	emit_good(world, 2 * RING_BYTES / RECORD_BYTES);
	assert_int_equal(
		bpf_prog_test_run_opts(bpf_program__fd(world->bpf->progs.on_emit), &options), 0);
	ring_drain(world->agent.ring);
	assert_int_equal(world->records, RING_BYTES / RECORD_BYTES + 5);
}

static void a_full_ring_is_counted_exactly(void **state)
{
	struct world *world = world_or_skip(state);
	struct feature_counts counts = { 0 };
	const uint64_t wanted = RING_BYTES / RECORD_BYTES + 1000;

	emit_good(world, wanted);
	ring_drain(world->agent.ring);
	assert_int_equal(loader_sum_counts(world->bpf->maps.counts, &counts), 0);
	assert_int_equal(counts.seen, wanted);
	assert_true(counts.lost[COUNT_LOST_RING_FULL] >= 1000);
	assert_int_equal(counts.seen, world->records + counts.lost[COUNT_LOST_RING_FULL]);
	assert_int_equal(counts.reported, 0);
}

static void a_flood_leaves_the_loop_its_turn(void **state)
{
	struct world *world = world_or_skip(state);
	const uint64_t wanted = 100000;

	/* A ring that holds them all. */
	unload(world, world->bpf);
	ring_free(world->agent.ring);
	assert_int_equal(ring_new(world->agent.loop, 4 * RING_BYTES, &world->agent.ring, NULL), 0);
	ring_register(world->agent.ring, SOURCE_packet, on_record, world);
	world->bpf = load(world);
	emit_good(world, wanted);
	assert_int_equal(ring_drain(world->agent.ring), 65536);
	world->stop_at = wanted;
	assert_int_equal(loop_run(world->agent.loop), 0);
	assert_int_equal(world->records, wanted);
}

static void records_that_lie_are_rejected(void **state)
{
	struct world *world = world_or_skip(state);

	emit(world->bpf, SOURCE_COUNT, sizeof(struct record_header), 1);
	emit(world->bpf, SOURCE_NONE, sizeof(struct record_header), 1);
	emit(world->bpf, SOURCE_packet, sizeof(struct record_header) + 1, 1);
	emit(world->bpf, SOURCE_packet, sizeof(struct record_header) - 1, 1);
	ring_drain(world->agent.ring);
	assert_int_equal(world->records, 0);
	assert_int_equal(ring_rejected(world->agent.ring), 4);
}

static void a_refusal_of_the_verifier_is_quoted(void **state)
{
	struct world *world = world_or_skip(state);
	struct ring_test_bpf *bpf = ring_test_bpf__open();
	struct fail fail;

	assert_int_equal(loader_open(&world->agent, "test", bpf->skeleton, &fail), 0);
	bpf_program__set_autoload(bpf->progs.on_refused, true);
	assert_true(loader_load(bpf->skeleton, &fail) < 0);
	assert_non_null(strstr(fail.text, "loading program on_refused: the verifier refuses it: "));
	assert_non_null(strstr(fail.text, "invalid mem access"));
	assert_null(strchr(fail.text, '\n'));
	unload(world, bpf);
}

static void an_object_that_does_not_open_is_explained(void **state)
{
	struct world *world = world_or_skip(state);
	struct fail fail;

	errno = ENOMEM;
	assert_int_equal(loader_open(&world->agent, "test", NULL, &fail), -ENOMEM);
	assert_string_equal(fail.text, "opening: the kernel has no memory for it");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(records_come_without_a_wake_up),
		TEST(objects_share_the_rings),
		TEST(alerts_have_a_ring_of_their_own),
		TEST(a_full_ring_is_counted_exactly),
		TEST(a_flood_leaves_the_loop_its_turn),
		TEST(records_that_lie_are_rejected),
		TEST(a_refusal_of_the_verifier_is_quoted),
		TEST(an_object_that_does_not_open_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
