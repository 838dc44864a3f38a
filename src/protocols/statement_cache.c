/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table that is walked, since connections have few statements; texts are allocated one by one.
 */
#include "protocols/statement_cache.h"

#include "base/str.h"

struct statement {
	uint64_t key;
	uint64_t fingerprint;
	char *texts; /* operation, target and detail, each with its NUL; owned */
	uint32_t bytes;
	uint32_t used; /* the clock when it was used last */
};

static void forget(struct statement_cache *cache, struct statement *statement)
{
	cache->bytes -= statement->bytes;
	free(statement->texts);
	*statement = cache->statements[--cache->count];
}

void statement_cache_done(struct statement_cache *cache)
{
	while (cache->count > 0)
		forget(cache, &cache->statements[0]);
	free(cache->statements);
	*cache = (struct statement_cache){ 0 };
}

static struct statement *find(const struct statement_cache *cache, uint64_t key)
{
	for (uint32_t index = 0; index < cache->count; index++) {
		if (cache->statements[index].key == key)
			return &cache->statements[index];
	}
	return NULL;
}

static struct statement *find_oldest(const struct statement_cache *cache)
{
	struct statement *oldest = &cache->statements[0];

	for (uint32_t index = 1; index < cache->count; index++) {
		if (cache->statements[index].used < oldest->used)
			oldest = &cache->statements[index];
	}
	return oldest;
}

/* An empty one at the end of the table; NULL without memory. */
static struct statement *add(struct statement_cache *cache, uint64_t key)
{
	struct statement *statement;

	if (cache->count == cache->capacity) {
		uint32_t capacity = MAX(4U, cache->capacity * 2);

		statement = realloc(cache->statements, capacity * sizeof(*statement));
		if (!statement)
			return NULL;
		cache->statements = statement;
		cache->capacity = capacity;
	}
	statement = &cache->statements[cache->count++];
	*statement = (struct statement){ .key = key };
	return statement;
}

/* Places them one behind the other. */
static void copy_texts(char *destination, const struct message *message)
{
	const char *const texts[] = { message->operation, message->target, message->detail };

	for (size_t index = 0; index < ARRAY_LENGTH(texts); index++) {
		size_t length = strlen(texts[index]) + 1;

		memcpy(destination, texts[index], length);
		destination += length;
	}
}

/* Gives it room for so many bytes of text; false without memory. */
static bool resize(struct statement_cache *cache, struct statement *statement, uint32_t bytes)
{
	char *texts = statement->texts;

	if (bytes == statement->bytes)
		return true;
	texts = realloc(texts, bytes);
	if (!texts)
		return false;
	cache->bytes += bytes - statement->bytes;
	statement->texts = texts;
	statement->bytes = bytes;
	return true;
}

void statement_cache_put(struct statement_cache *cache, uint64_t key, const struct message *message)
{
	size_t bytes =
		strlen(message->operation) + strlen(message->target) + strlen(message->detail) + 3;
	struct statement *statement = find(cache, key);

	if (!statement && cache->count == STATEMENT_CACHE_COUNT)
		forget(cache, find_oldest(cache));
	if (!statement)
		statement = add(cache, key);
	if (!statement)
		return;
	statement->used = ++cache->clock;
	if (!resize(cache, statement, (uint32_t)bytes)) {
		forget(cache, statement);
		return;
	}
	copy_texts(statement->texts, message);
	statement->fingerprint = message->fingerprint;
	/* A statement is less than the bound, so that the one that was put stays. */
	while (cache->bytes > STATEMENT_CACHE_BYTES)
		forget(cache, find_oldest(cache));
}

void statement_cache_get(struct statement_cache *cache, uint64_t key, struct message *message)
{
	struct statement *statement = find(cache, key);
	const char *text;

	if (!statement) {
		str_set(message->operation, "EXECUTE");
		message->target[0] = '\0';
		str_set(message->detail, STATEMENT_UNKNOWN);
		message->fingerprint = 0;
		return;
	}
	statement->used = ++cache->clock;
	text = statement->texts;
	str_set(message->operation, text);
	text += strlen(text) + 1;
	str_set(message->target, text);
	text += strlen(text) + 1;
	str_set(message->detail, text);
	message->fingerprint = statement->fingerprint;
}

void statement_cache_remove(struct statement_cache *cache, uint64_t key)
{
	struct statement *statement = find(cache, key);

	if (statement)
		forget(cache, statement);
}

/* FNV-1a. */
uint64_t statement_cache_key(struct slice name)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t at = 0; at < name.length; at++)
		hash = (hash ^ name.data[at]) * 0x100000001b3ULL;
	return hash;
}
