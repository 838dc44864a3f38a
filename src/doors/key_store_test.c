/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets are found by what belongs to them, go in time, and leave nothing behind.
 */
#include "doors/key_store.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct key_store *open_store(size_t secrets, size_t rooms)
{
	struct fail fail = { 0 };
	struct key_store *store;

	assert_int_equal(key_store_new(secrets, rooms, &store, &fail), 0);
	return store;
}

static struct key_slot make_secret(enum key_kind kind, uint8_t context)
{
	struct key_slot secret = {
		.is_used = 1, .kind = kind, .secret_bytes = 32, .context_bytes = 32
	};

	memset(secret.secret, context + 100, 32);
	memset(secret.context, context, 32);
	return secret;
}

static const uint8_t *find(struct key_store *store, enum key_kind kind, uint8_t context)
{
	uint8_t by[32];

	memset(by, context, sizeof(by));
	return key_store_find(store, kind, (struct slice){ by, sizeof(by) });
}

static void add(struct key_store *store, enum key_kind kind, uint8_t context, uint64_t now_ns)
{
	struct key_slot secret = make_secret(kind, context);

	key_store_add(store, &secret, now_ns);
}

static void found_by_context(void **state)
{
	struct key_store *store = open_store(4, 1);

	add(store, KEY_HANDSHAKE, 1, 10);
	add(store, KEY_HANDSHAKE, 2, 10);
	assert_int_equal(find(store, KEY_HANDSHAKE, 1)[31], 101);
	assert_int_equal(find(store, KEY_HANDSHAKE, 2)[0], 102);
	assert_null(find(store, KEY_HANDSHAKE, 3));
	assert_null(find(store, KEY_MASTER, 1));
	/* The master secret leads to the hash that belongs to it. */
	add(store, KEY_TRAFFIC, 5, 10);
	assert_null(find(store, KEY_TRAFFIC, 5));
	assert_int_equal(find(store, KEY_TRAFFIC, 105)[0], 5);
	key_store_free(store);
}

static void oldest_goes(void **state)
{
	struct key_store *store = open_store(2, 1);

	for (uint8_t i = 1; i <= 100; i++) {
		add(store, KEY_HANDSHAKE, i, i);
		add(store, KEY_HANDSHAKE, i, i); /* both ends of a connection tell the same */
	}
	assert_null(find(store, KEY_HANDSHAKE, 98));
	assert_non_null(find(store, KEY_HANDSHAKE, 99));
	key_store_sweep(store, 100);
	assert_null(find(store, KEY_HANDSHAKE, 99));
	assert_non_null(find(store, KEY_HANDSHAKE, 100));
	key_store_sweep(store, 101);
	assert_null(find(store, KEY_HANDSHAKE, 100));
	key_store_free(store);
}

static void wiped(void **state)
{
	static const uint8_t zeros[sizeof(struct key_room)];
	struct key_store *store = open_store(1, 1);
	struct key_room *room = key_store_take_room(store);
	const uint8_t *secret;

	assert_non_null(room);
	assert_null(key_store_take_room(store));
	memset(room, 0x55, sizeof(*room));
	key_store_give_back(store, room);
	assert_memory_equal(room, zeros, sizeof(*room));
	key_store_give_back(store, NULL);
	assert_ptr_equal(key_store_take_room(store), room);
	add(store, KEY_HANDSHAKE, 1, 1);
	secret = find(store, KEY_HANDSHAKE, 1);
	assert_int_equal(secret[0], 101);
	key_store_sweep(store, 2);
	assert_memory_equal(secret, zeros, KEY_SECRET_BYTES);
	key_store_free(store);
}

/* What a slot says of itself is not trusted. */
static void bad_lengths(void **state)
{
	struct key_store *store = open_store(1, 1);
	struct key_slot secret = make_secret(KEY_HANDSHAKE, 1);

	secret.context_bytes = KEY_CONTEXT_BYTES + 1;
	key_store_add(store, &secret, 1);
	secret.context_bytes = 32;
	secret.secret_bytes = KEY_SECRET_BYTES + 1;
	key_store_add(store, &secret, 1);
	assert_null(find(store, KEY_HANDSHAKE, 1));
	key_store_free(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_by_context),
		cmocka_unit_test(oldest_goes),
		cmocka_unit_test(wiped),
		cmocka_unit_test(bad_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
