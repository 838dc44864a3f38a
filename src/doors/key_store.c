/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One locked piece of memory for all secrets. The table that finds them holds digests only.
 */
#include "doors/key_store.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/mman.h>

#include "base/map.h"

struct entry {
	struct key_slot *slot;
	uint64_t added_ns;
};

struct key_store {
	void *memory;
	size_t bytes;
	struct key_room *rooms;
	struct key_slot *slots;
	struct key_room **free_rooms; /* stacks of what is not taken */
	size_t free_room_count;
	struct key_slot **free_slots;
	size_t free_slot_count;
	struct map *secrets; /* digest of kind and what it is found by → struct entry */
};

static void secret_removed(void *context, const void *key, void *value)
{
	struct key_store *store = context;
	struct entry *entry = value;

	if (!entry->slot)
		return;
	OPENSSL_cleanse(entry->slot, sizeof(*entry->slot));
	store->free_slots[store->free_slot_count++] = entry->slot;
}

static int lock_memory(struct key_store *store, size_t bytes, struct fail *fail)
{
	void *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return fail_set(fail, -ENOMEM, "out of memory");
	store->memory = memory;
	store->bytes = bytes;
	if (mlock(memory, bytes) < 0)
		return fail_set(fail, -errno, "%zu KiB for secrets cannot be locked in memory: %s",
			bytes / 1024, strerror(errno));
	if (madvise(memory, bytes, MADV_DONTDUMP) < 0 || madvise(memory, bytes, MADV_DONTFORK) < 0)
		return fail_set(fail, -errno, "memory for secrets: %s", strerror(errno));
	return 0;
}

int key_store_new(size_t secrets, size_t rooms, struct key_store **ret_store, struct fail *fail)
{
	_cleanup_(key_store_freep)
	struct key_store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return fail_set(fail, -ENOMEM, "out of memory");
	r = lock_memory(
		store, rooms * sizeof(struct key_room) + secrets * sizeof(struct key_slot), fail);
	if (r < 0)
		return r;
	store->rooms = store->memory;
	store->slots = (struct key_slot *)(store->rooms + rooms);
	store->free_rooms = calloc(rooms, sizeof(*store->free_rooms));
	store->free_slots = calloc(secrets, sizeof(*store->free_slots));
	store->secrets = map_new(SHA256_DIGEST_LENGTH, sizeof(struct entry), secrets);
	if (!store->free_rooms || !store->free_slots || !store->secrets)
		return fail_set(fail, -ENOMEM, "out of memory");
	map_on_remove(store->secrets, secret_removed, store);
	for (size_t i = 0; i < rooms; i++)
		store->free_rooms[store->free_room_count++] = &store->rooms[i];
	for (size_t i = 0; i < secrets; i++)
		store->free_slots[store->free_slot_count++] = &store->slots[i];
	*ret_store = TAKE(store);
	return 0;
}

void key_store_free(struct key_store *store)
{
	if (!store)
		return;
	map_free(store->secrets);
	if (store->memory) {
		OPENSSL_cleanse(store->memory, store->bytes);
		munmap(store->memory, store->bytes);
	}
	free(store->free_rooms);
	free(store->free_slots);
	free(store);
}

/* A secret is found by a digest, so that the table holds none. */
static void make_digest(enum key_kind kind, struct slice by, uint8_t *ret_digest)
{
	uint8_t bytes[1 + KEY_CONTEXT_BYTES] = { kind };
	size_t length = MIN(by.length, KEY_CONTEXT_BYTES);

	memcpy(bytes + 1, by.data, length);
	SHA256(bytes, 1 + length, ret_digest);
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

void key_store_add(struct key_store *store, const struct key_slot *secret, uint64_t now_ns)
{
	struct slice by = { secret->context, secret->context_bytes };
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct entry *entry;

	if (secret->secret_bytes > KEY_SECRET_BYTES || secret->context_bytes > KEY_CONTEXT_BYTES)
		return;
	if (secret->kind == KEY_TRAFFIC)
		by = (struct slice){ secret->secret, secret->secret_bytes };
	make_digest(secret->kind, by, digest);
	entry = map_add_evict(store->secrets, digest, NULL);
	if (!entry || entry->slot)
		return;
	entry->slot = store->free_slots[--store->free_slot_count];
	entry->added_ns = now_ns;
	*entry->slot = *secret;
}

const uint8_t *key_store_find(struct key_store *store, enum key_kind kind, struct slice by)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	const struct entry *entry;

	make_digest(kind, by, digest);
	entry = map_find(store->secrets, digest);
	if (!entry)
		return NULL;
	return kind == KEY_TRAFFIC ? entry->slot->context : entry->slot->secret;
}

void key_store_sweep(struct key_store *store, uint64_t before_ns)
{
	const struct entry *oldest = map_first(store->secrets);

	while (oldest && oldest->added_ns < before_ns) {
		map_remove(store->secrets, map_key(oldest));
		oldest = map_first(store->secrets);
	}
}

struct key_room *key_store_take_room(struct key_store *store)
{
	return store->free_room_count > 0 ? store->free_rooms[--store->free_room_count] : NULL;
}

void key_store_give_back(struct key_store *store, struct key_room *room)
{
	if (!room)
		return;
	OPENSSL_cleanse(room, sizeof(*room));
	store->free_rooms[store->free_room_count++] = room;
}
