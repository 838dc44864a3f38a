/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of open questions. The oldest stand in front, by their last repetition, so that a sweep
 * looks at those only whose time is over.
 */
#include "observe/dns/dns_pair.h"

#include "base/map.h"
#include "base/str.h"

/* An answer without its question is looked for among that many. */
#define SEARCH_MAXIMUM 1024

/* Compared as bytes: zeroed before it is filled. */
struct key {
	uint64_t cookie;
	uint8_t peer_address[16];
	uint16_t peer_port;
	uint16_t id;
	uint16_t type;
	uint16_t class;
	uint32_t name_hash;
	uint8_t role;
	uint8_t operation;
	uint8_t reserved[2];
};

struct dns_pair {
	struct dns_pair_options options;
	struct map *open; /* struct key → struct dns_question */
	uint64_t answers_lost_ns;
	struct feature_counts counts;
};

int dns_pair_new(const struct dns_pair_options *options, struct dns_pair **ret_pair)
{
	struct dns_pair *pair = calloc(1, sizeof(*pair));

	if (!pair)
		return -ENOMEM;
	pair->options = *options;
	pair->open = map_new(sizeof(struct key), sizeof(struct dns_question), options->maximum);
	if (!pair->open) {
		free(pair);
		return -ENOMEM;
	}
	*ret_pair = pair;
	return 0;
}

void dns_pair_free(struct dns_pair *pair)
{
	if (!pair)
		return;
	map_free(pair->open);
	free(pair);
}

/* FNV-1a; the names are compared as well. */
static uint32_t hash_name(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash;
}

static void fill_key(struct key *key, const struct dns_arrival *arrival)
{
	const struct packet_common *origin = arrival->origin;
	const struct dns_message *message = arrival->message;

	memset(key, 0, sizeof(*key));
	key->cookie = origin->cookie;
	memcpy(key->peer_address, origin->ends.peer_address, sizeof(key->peer_address));
	key->peer_port = origin->ends.peer_port;
	key->id = message->id;
	key->type = message->type;
	key->class = message->class;
	key->name_hash = hash_name(message->name);
	key->role = origin->role;
	key->operation = message->operation;
}

/* ---- ends ---- */

static void lose(struct dns_pair *pair, enum count reason)
{
	pair->counts.seen++;
	pair->counts.lost[reason]++;
}

static void report(struct dns_pair *pair, const struct dns_exchange *exchange)
{
	uint32_t scope_pid = pair->options.scope_pid;

	if (scope_pid && exchange->question->origin.owner.pid != scope_pid)
		return;
	pair->counts.seen++;
	pair->counts.reported++;
	pair->options.report(pair->options.context, exchange);
}

static void give_up(struct dns_pair *pair, const struct dns_question *question, uint64_t now_ns)
{
	const struct dns_exchange exchange = { .question = question, .end_ns = now_ns };

	if (question->is_datagram && pair->answers_lost_ns >= question->first_ns)
		lose(pair, COUNT_LOST_RING_FULL);
	else
		report(pair, &exchange);
}

/* ---- what comes in ---- */

static void take_question(struct dns_pair *pair, const struct dns_arrival *arrival)
{
	const struct dns_message *message = arrival->message;
	struct dns_question *question;
	struct key key;
	bool is_new;

	fill_key(&key, arrival);
	question = map_add(pair->open, &key, &is_new);
	if (!question) {
		lose(pair, COUNT_LOST_LIMIT);
		return;
	}
	question->last_ns = arrival->time_ns;
	if (!is_new) {
		question->retries++;
		map_touch(pair->open, question);
		return;
	}
	question->origin = *arrival->origin;
	question->first_ns = arrival->time_ns;
	question->bytes = arrival->bytes;
	question->type = message->type;
	question->class = message->class;
	question->edns_bytes = message->edns_bytes;
	question->operation = message->operation;
	question->is_datagram = arrival->is_datagram;
	str_set(question->name, message->name);
}

/* The question that an answer repeats none of: what a server says that could not read it. */
static struct dns_question *find_by_id(struct dns_pair *pair, const struct key *wanted)
{
	unsigned int looked_at = 0;

	MAP_FOREACH(pair->open, value) {
		const struct key *key = map_key(value);

		if (key->cookie == wanted->cookie && key->id == wanted->id &&
			key->peer_port == wanted->peer_port && key->role == wanted->role &&
			memcmp(key->peer_address, wanted->peer_address,
				sizeof(key->peer_address)) == 0)
			return value;
		if (++looked_at == SEARCH_MAXIMUM)
			break;
	}
	return NULL;
}

/*
 * An answer to nothing that is open is none of an exchange that was seen: a second one, a later
 * part of a zone transfer, one to a question older than the agent, one that came too late, or one
 * whose question was lost and counted.
 */
static void take_answer(struct dns_pair *pair, const struct dns_arrival *arrival)
{
	const struct dns_message *message = arrival->message;
	struct dns_exchange exchange = {
		.answer = message,
		.answer_bytes = arrival->bytes,
		.end_ns = arrival->time_ns,
	};
	struct dns_question *question;
	struct key key;

	fill_key(&key, arrival);
	if (message->has_question)
		question = map_find(pair->open, &key);
	else
		question = find_by_id(pair, &key);
	if (!question || (message->has_question && !str_equal(question->name, message->name)))
		return;
	if (arrival->origin->owner.pid)
		question->origin.owner = arrival->origin->owner;
	exchange.question = question;
	report(pair, &exchange);
	map_remove(pair->open, map_key(question));
}

void dns_pair_take(struct dns_pair *pair, const struct dns_arrival *arrival)
{
	if (arrival->message->is_answer)
		take_answer(pair, arrival);
	else
		take_question(pair, arrival);
}

/* ---- losses and time ---- */

void dns_pair_lost_answers(struct dns_pair *pair, uint64_t now_ns)
{
	pair->answers_lost_ns = now_ns;
}

void dns_pair_lost_connection(struct dns_pair *pair, uint64_t cookie)
{
	bool is_counted = false;

	MAP_FOREACH(pair->open, value) {
		const struct key *key = map_key(value);

		if (key->cookie != cookie)
			continue;
		lose(pair, COUNT_LOST_ORDER);
		map_remove(pair->open, key);
		is_counted = true;
	}
	if (!is_counted)
		lose(pair, COUNT_LOST_ORDER);
}

void dns_pair_sweep(struct dns_pair *pair, uint64_t now_ns)
{
	MAP_FOREACH(pair->open, value) {
		const struct dns_question *question = value;

		if (question->last_ns + pair->options.timeout_ns > now_ns)
			break;
		give_up(pair, question, now_ns);
		map_remove(pair->open, map_key(value));
	}
}

void dns_pair_add_counts(const struct dns_pair *pair, struct feature_counts *counts)
{
	counts->seen += pair->counts.seen;
	counts->reported += pair->counts.reported;
	for (size_t i = 0; i < COUNT_MAXIMUM; i++)
		counts->lost[i] += pair->counts.lost[i];
}

size_t dns_pair_open(const struct dns_pair *pair)
{
	return map_count(pair->open);
}
