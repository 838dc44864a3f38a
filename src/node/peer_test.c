/* SPDX-License-Identifier: Apache-2.0 */
/* The table of ends: namespaces, room, renaming. */
#include "node/peer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct peer_end end_at(const char *address, uint16_t port, uint32_t network_namespace)
{
	struct peer_end end = { .port = port, .network_namespace = network_namespace };

	assert_int_equal(address_parse(address, &end.address), 0);
	return end;
}

static void loopback_belongs_to_a_namespace(void **state)
{
	struct peer_table *table = peer_table_new(8);
	struct peer_end here = end_at("127.0.0.1", 80, 1), there = end_at("127.0.0.1", 80, 2);

	peer_note(table, &here, "shop");
	assert_string_equal(peer_find(table, &here), "shop");
	assert_null(peer_find(table, &there));
	peer_table_free(table);
}

static void other_addresses_are_one(void **state)
{
	struct peer_table *table = peer_table_new(8);
	struct peer_end inside = end_at("10.88.0.2", 80, 1), outside = end_at("10.88.0.2", 80, 2);
	struct peer_end port = end_at("10.88.0.2", 81, 1);

	peer_note(table, &inside, "shop");
	assert_string_equal(peer_find(table, &outside), "shop");
	assert_null(peer_find(table, &port));
	peer_table_free(table);
}

static void the_last_name_counts_and_the_oldest_goes(void **state)
{
	struct peer_table *table = peer_table_new(2);
	struct peer_end ends[] = { end_at("::1", 1, 1), end_at("::1", 2, 1), end_at("::1", 3, 1) };

	peer_note(table, &ends[0], "first");
	peer_note(table, &ends[1], "old");
	peer_note(table, &ends[1], "new");
	peer_note(table, &ends[2], "third");
	assert_null(peer_find(table, &ends[0]));
	assert_string_equal(peer_find(table, &ends[1]), "new");
	assert_string_equal(peer_find(table, &ends[2]), "third");
	peer_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loopback_belongs_to_a_namespace),
		cmocka_unit_test(other_addresses_are_one),
		cmocka_unit_test(the_last_name_counts_and_the_oldest_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
