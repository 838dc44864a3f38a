/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the unit tests of databases' protocols share: conversations, piece by piece, and what is
 * told of them. Before it is included SCENE_PROTOCOL names the protocol.
 */
#ifndef SKEP_SQL_SCENE_H
#define SKEP_SQL_SCENE_H

#include "protocols/dialogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

extern const struct protocol SCENE_PROTOCOL;

#define EXCHANGES 64

/* Keeps the exchanges that are open, and writes down those that end. */
struct scene {
	struct dialogue_sink sink; /* first */
	const struct protocol *protocol;
	void *state;
	struct {
		uint64_t number;
		bool is_open;
		struct message request;
		struct message answer;
	} exchanges[EXCHANGES];
	size_t count;
	char log[4096]; /* "OPERATION target status, " of each that ended */
	bool starts_tls;
};

static inline size_t scene_find(const struct scene *scene, uint64_t number)
{
	size_t index = 0;

	while (index < scene->count &&
		!(scene->exchanges[index].is_open && scene->exchanges[index].number == number))
		index++;
	return index;
}

static inline void note_begin(
	struct dialogue_sink *sink, uint64_t number, const struct message *request)
{
	struct scene *scene = (struct scene *)sink;

	assert_true(scene->count < EXCHANGES);
	assert_int_equal(scene_find(scene, number), scene->count);
	scene->exchanges[scene->count].number = number;
	scene->exchanges[scene->count].request = *request;
	scene->exchanges[scene->count++].is_open = true;
}

static inline void note_add(struct dialogue_sink *sink, uint64_t number)
{
	assert_non_null(sink);
}

static inline void note_answer(
	struct dialogue_sink *sink, uint64_t number, const struct message *answer)
{
	struct scene *scene = (struct scene *)sink;
	size_t index = scene_find(scene, number);

	if (index < scene->count)
		scene->exchanges[index].answer = *answer;
}

static inline void note_end(struct dialogue_sink *sink, uint64_t number, bool is_incomplete)
{
	struct scene *scene = (struct scene *)sink;
	size_t index = scene_find(scene, number);
	size_t length = strlen(scene->log);
	const struct message *request, *answer;

	if (index == scene->count)
		return;
	scene->exchanges[index].is_open = false;
	request = &scene->exchanges[index].request;
	answer = &scene->exchanges[index].answer;
	snprintf(scene->log + length, sizeof(scene->log) - length, "%s%s%s%s%s%s%s%s",
		length ? ", " : "", request->operation, request->target[0] ? " " : "",
		request->target, answer->status[0] ? " " : "", answer->status,
		answer->is_error	  ? "!"
		: answer->is_client_error ? "?"
					  : "",
		is_incomplete ? " incomplete" : "");
}

static inline struct message *note_request(struct dialogue_sink *sink, uint64_t number)
{
	struct scene *scene = (struct scene *)sink;
	size_t index = scene_find(scene, number);

	return index < scene->count ? &scene->exchanges[index].request : NULL;
}

static inline void note_starts_tls(struct dialogue_sink *sink)
{
	((struct scene *)sink)->starts_tls = true;
}

static inline void scene_begin(struct scene *scene, const struct protocol *protocol)
{
	*scene = (struct scene){ .sink = { note_begin, note_add, note_answer, note_end,
					 note_request, note_starts_tls },
		.protocol = protocol };
	scene->state = calloc(1, scene->protocol->dialogue->state_bytes);
	assert_non_null(scene->state);
}

static inline void scene_end(struct scene *scene)
{
	scene->protocol->dialogue->done(scene->state);
	free(scene->state);
}

/* One piece, from an exact copy that comes byte by byte; of rows the head is enough. */
static inline void feed(
	struct scene *scene, enum dialogue_side side, const void *data, size_t length)
{
	const struct dialogue *dialogue = scene->protocol->dialogue;
	int64_t result = 0;

	for (size_t part = 0; part <= length && result == 0; part++) {
		uint8_t *copy = malloc(MAX(part, 1U));

		assert_non_null(copy);
		memcpy(copy, data, part);
		result = dialogue->read(
			scene->state, side, (struct slice){ copy, part }, 0, &scene->sink);
		free(copy);
	}
	assert_int_equal(result, length);
}

/* What was told since the last time. */
static inline void expect(struct scene *scene, const char *log)
{
	assert_string_equal(scene->log, log);
	scene->log[0] = '\0';
}

#define SCENE(name)                                                                                \
	static void name##_in(struct scene *scene);                                                \
	static void name(void **state)                                                             \
	{                                                                                          \
		static struct scene scene;                                                         \
                                                                                                   \
		scene_begin(&scene, &SCENE_PROTOCOL);                                              \
		name##_in(&scene);                                                                 \
		scene_end(&scene);                                                                 \
	}                                                                                          \
	static void name##_in(struct scene *scene)

#endif
