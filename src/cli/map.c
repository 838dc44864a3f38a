/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep map`: who talks to whom.
 */
#include "api/edges.h"
#include "base/str.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/question.h"

struct map_options {
	struct place place;
	uint32_t format;
	char since[64];
};

static const struct option_row map_rows[] = {
	OPTION(map_options, format, "output", 'o', OPTION_WORD, .words = edges_format_words,
		.value_name = "FORMAT", .initial = "text", .help = "how to show it"),
	OPTION(map_options, since, "since", 0, OPTION_TEXT, .value_name = "TIME", .initial = "1h",
		.help = "how far back to look"),
	PLACE_OPTION(map_options),
};

static int answer_here(void *context, const char *store_path, struct fail *fail)
{
	struct edges_wish *wish = context;

	wish->path = store_path;
	return edges_write(wish, stdout, NULL, fail);
}

static int map_run(const struct command_call *call)
{
	const struct map_options *options = call->options;
	struct edges_wish wish = { .format = options->format, .since = options->since };
	_cleanup_(buf_done)
	struct buf path = { 0 };
	struct question question = { .here = answer_here, .context = &wish };
	struct fail fail = { 0 };

	buf_init(&path, CLIENT_PATH_MAXIMUM);
	buf_append_string(&path, "/api/map");
	client_add_parameter(&path, "format", edges_format_words[options->format]);
	client_add_parameter(&path, "since", options->since);
	question.path = buf_text(&path);
	return question_exit(question_ask(&options->place, &question, &fail), &fail);
}

static const struct manual_example map_examples[] = {
	{ "skep map", "a line for each pair that talks" },
	{ "skep map -o dot | dot -Tsvg > map.svg", "a picture" },
	{ "skep map --since 5m -o json", "of the last five minutes, an object a pair" },
	{ NULL, NULL },
};

const struct command map_command = {
	.name = "map",
	.summary = "who talks to whom",
	.examples = map_examples,
	.options = map_rows,
	.option_count = ARRAY_LENGTH(map_rows),
	.options_bytes = sizeof(struct map_options),
	.run = map_run,
};
