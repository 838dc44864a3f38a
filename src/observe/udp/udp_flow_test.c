/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever passes, the sums that are told are the sums that came in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "event/request.h"
#include "observe/udp/udp_event.h"

#define INTERVAL_NS (60 * NS_PER_S)
#define IDLE_NS	    (15 * NS_PER_S)

struct scene {
	struct udp_flows *flows;
	unsigned int rows, starts;
	uint64_t packets[2], bytes[2];
	struct udp_event last;
};

static void tell(void *context, const struct udp_flow_report *report)
{
	struct scene *scene = context;

	scene->rows++;
	scene->starts += report->is_start;
	for (int side = 0; side < 2; side++) {
		scene->packets[side] += report->passed->packets[side];
		scene->bytes[side] += report->passed->bytes[side];
	}
	udp_event_fill(&scene->last, report);
}

static int begin_with(struct scene *scene, size_t maximum)
{
	const struct udp_flow_options options = {
		.maximum = maximum,
		.interval_ns = INTERVAL_NS,
		.idle_ns = IDLE_NS,
		.tell = tell,
		.context = scene,
	};

	return udp_flows_new(&options, &scene->flows);
}

static int begin(void **state)
{
	static struct scene scene;

	memset(&scene, 0, sizeof(scene));
	*state = &scene;
	return begin_with(&scene, 100);
}

static int end(void **state)
{
	struct scene *scene = *state;

	udp_flows_free(scene->flows);
	return 0;
}

static struct packet_flow_key key_of(uint64_t cookie, uint16_t port)
{
	return (struct packet_flow_key){
		.cookie = cookie, .peer_address = { [15] = 1 }, .peer_port = port
	};
}

/* At that second: two datagrams out with 10 bytes each, one in with 300. */
static struct packet_flow passed_at(uint64_t second)
{
	return (struct packet_flow){
		.packets = { [PACKET_INGRESS] = 1, [PACKET_EGRESS] = 2 },
		.bytes = { [PACKET_INGRESS] = 300, [PACKET_EGRESS] = 20 },
		.first_ns = second * NS_PER_S,
		.last_ns = second * NS_PER_S + NS_PER_MS,
		.local_address = { [15] = 2 },
		.local_port = 40000,
		.first_direction = PACKET_EGRESS,
		.owner = { .pid = 7, .start_ns = 99 },
	};
}

static void take_at(struct scene *scene, uint64_t second)
{
	struct packet_flow_key key = key_of(1, 53);
	struct packet_flow passed = passed_at(second);

	udp_flows_take(scene->flows, &key, &passed, false);
	udp_flows_tell(scene->flows, (second + 1) * NS_PER_S);
}

static void first_row_comes_at_once(void **state)
{
	struct scene *scene = *state;

	take_at(scene, 100);
	assert_int_equal(scene->rows, 1);
	assert_true(scene->last.is_start);
	assert_int_equal(scene->last.role, ROLE_CLIENT);
	assert_int_equal(scene->last.packets_sent, 2);
	assert_int_equal(scene->last.bytes_sent, 20);
	assert_int_equal(scene->last.packets_received, 1);
	assert_int_equal(scene->last.bytes_received, 300);
	assert_int_equal(scene->last.duration_ns, NS_PER_MS);
	assert_int_equal(scene->last.header.time_ns, 100 * NS_PER_S);
	assert_int_equal(scene->last.process.pid, 7);
	assert_int_equal(scene->last.local_port, 40000);
	assert_int_equal(scene->last.peer_port, 53);
	assert_int_equal(scene->last.connection, 1);
	assert_string_equal(scene->last.protocol, "");
	assert_int_equal(udp_flows_waiting(scene->flows), 0);
}

static void goes_on_in_intervals(void **state)
{
	struct scene *scene = *state;

	for (uint64_t second = 100; second < 300; second++)
		take_at(scene, second);
	/* At the begin, and three times an interval was over. */
	assert_int_equal(scene->rows, 4);
	assert_int_equal(scene->starts, 1);
	assert_int_equal(scene->last.duration_ns, 59 * NS_PER_S + NS_PER_MS);
	assert_int_equal(scene->packets[PACKET_EGRESS] + scene->packets[PACKET_INGRESS] +
				 udp_flows_waiting(scene->flows),
		200 * 3);
	/* Silence ends it, with what was left. */
	udp_flows_tell(scene->flows, 300 * NS_PER_S + IDLE_NS);
	assert_int_equal(scene->rows, 5);
	assert_int_equal(scene->bytes[PACKET_EGRESS], 200 * 20);
	assert_int_equal(scene->bytes[PACKET_INGRESS], 200 * 300);
	/* What comes later is another flow. */
	take_at(scene, 400);
	assert_int_equal(scene->starts, 2);
}

static void silence_has_no_rows(void **state)
{
	struct scene *scene = *state;

	take_at(scene, 100);
	udp_flows_tell(scene->flows, 110 * NS_PER_S);
	udp_flows_tell(scene->flows, 1000 * NS_PER_S);
	assert_int_equal(scene->rows, 1);
}

/* More flows than there is room for: each has its row, and nothing is lost. */
static void flood_is_told(void **state)
{
	struct scene *scene = *state;
	struct packet_flow passed = passed_at(100);

	for (unsigned int i = 0; i < 1000; i++) {
		struct packet_flow_key key = key_of(i % 500, 1);

		udp_flows_take(scene->flows, &key, &passed, false);
	}
	udp_flows_end(scene->flows);
	assert_int_equal(scene->rows, 1000);
	assert_int_equal(scene->packets[PACKET_EGRESS], 2000);
	assert_int_equal(scene->packets[PACKET_INGRESS], 1000);
	assert_int_equal(udp_flows_waiting(scene->flows), 0);
}

static void roles(void **state)
{
	static const struct {
		uint16_t local_port, peer_port;
		uint8_t first;
		bool may_be_older;
		enum request_role role;
	} cases[] = {
		{ 40000, 53, PACKET_EGRESS, false, ROLE_CLIENT },
		{ 53, 40000, PACKET_INGRESS, false, ROLE_SERVER },
		{ 123, 123, PACKET_EGRESS, false, ROLE_CLIENT },
		{ 53, 40000, PACKET_EGRESS, true, ROLE_SERVER },
		{ 40000, 53, PACKET_INGRESS, true, ROLE_CLIENT },
		{ 123, 123, PACKET_EGRESS, true, ROLE_UNKNOWN },
		{ 40000, 50000, PACKET_EGRESS, true, ROLE_UNKNOWN },
	};
	struct scene *scene = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct packet_flow_key key = key_of(i, cases[i].peer_port);
		struct packet_flow passed = passed_at(100);

		passed.local_port = cases[i].local_port;
		passed.first_direction = cases[i].first;
		udp_flows_take(scene->flows, &key, &passed, cases[i].may_be_older);
		udp_flows_tell(scene->flows, 101 * NS_PER_S);
		if (scene->last.role != cases[i].role)
			fail_msg("case %zu: %d", i, scene->last.role);
	}
}

/* What is learnt later stays, what is not known later does not wipe it out. */
static void learns(void **state)
{
	struct packet_flow_key key = key_of(1, 53);
	struct packet_flow passed = passed_at(100);
	struct scene *scene = *state;

	passed.owner.pid = 0;
	udp_flows_take(scene->flows, &key, &passed, false);
	passed.owner.pid = 8;
	passed.protocol = PROTOCOL_dns + 1;
	udp_flows_take(scene->flows, &key, &passed, false);
	passed.owner.pid = 0;
	passed.protocol = 0;
	udp_flows_take(scene->flows, &key, &passed, false);
	udp_flows_tell(scene->flows, 101 * NS_PER_S);
	assert_int_equal(scene->rows, 1);
	assert_int_equal(scene->last.process.pid, 8);
	assert_int_equal(scene->last.packets_sent, 6);
	assert_string_equal(scene->last.protocol, "dns");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_row_comes_at_once),
		TEST(goes_on_in_intervals),
		TEST(silence_has_no_rows),
		TEST(flood_is_told),
		TEST(roles),
		TEST(learns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
