/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep status`: what is on, off and why; what was seen, reported and lost; what the agent costs.
 * The document comes from the agent; here it is only shown.
 */
#include <jansson.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/place.h"
#include "cli/status_programs.h"
#include "cli/table.h"

#define STATUS_MAXIMUM (4 * 1024 * 1024)
#define POLL_NS	       (50 * NS_PER_MS)

struct status_options {
	struct place place;
	uint64_t wait_ns;
	uint32_t format;
	bool has_programs;
};

enum status_format { STATUS_TABLE, STATUS_JSON };
static const char *const status_formats[] = { "table", "json", NULL };

static const struct option_row status_rows[] = {
	OPTION(status_options, wait_ns, "wait", 0, OPTION_DURATION, .value_name = "TIME",
		.help = "wait so long for an agent that has turned on everything that can be on"),
	OPTION(status_options, format, "output", 'o', OPTION_WORD, .words = status_formats,
		.value_name = "FORMAT", .initial = "table", .help = "how to show it"),
	OPTION(status_options, has_programs, "programs", 0, OPTION_BOOL,
		.help = "measure for a second what each of skep's BPF programs costs"),
	PLACE_OPTION(status_options),
};

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static uint64_t number_of(const json_t *object, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(object, name));
}

/* "ring_full 3, order 1", or "0" */
static const char *losses_of(const json_t *feature, char *destination, size_t size)
{
	json_t *lost = json_object_get(feature, "lost");
	const char *reason;
	json_t *count;

	str_copy(destination, size, "0");
	json_object_foreach(lost, reason, count)
	{
		size_t length = strlen(destination);
		unsigned long long number = (unsigned long long)json_integer_value(count);

		if (number == 0)
			continue;
		if (str_equal(destination, "0"))
			length = 0;
		snprintf(destination + length, size - length, "%s%s %llu", length ? ", " : "",
			reason, number);
	}
	return destination;
}

static void show_features(const json_t *features)
{
	_cleanup_(table_done)
	struct table table;
	json_t *feature;
	size_t index;

	table_init(&table, 6);
	table_cell(&table, "FEATURE");
	table_cell(&table, "STATE");
	table_cell(&table, "SEEN");
	table_cell(&table, "REPORTED");
	table_cell(&table, "LOST");
	table_cell(&table, "DOOR, OR WHY IT IS OFF");
	json_array_foreach(features, index, feature)
	{
		bool is_on = str_equal(text_of(feature, "state"), "on");
		const char *reason = text_of(feature, "reason");
		char losses[256], door[400];

		snprintf(door, sizeof(door), is_on && reason[0] ? "%s (%s)" : "%s",
			text_of(feature, is_on ? "door" : "reason"), reason);
		table_cell(&table, text_of(feature, "name"));
		table_cell(&table, text_of(feature, "state"));
		table_number(&table, number_of(feature, "seen"));
		table_number(&table, number_of(feature, "reported"));
		table_cell(&table, losses_of(feature, losses, sizeof(losses)));
		table_cell(&table, door);
	}
	table_print(&table, stdout);
}

static void show_budget(const json_t *agent)
{
	const char *shedding = text_of(agent, "shedding");
	char held[24];

	str_from_duration(held, sizeof(held), number_of(agent, "held_ns"));
	if (shedding[0])
		printf("sheds %s: near or beyond its limits (--memory-limit, --cpu-limit)\n",
			shedding);
	if (number_of(agent, "held_ns") > 0)
		printf("took no events for %s in all, to stay within its limits\n", held);
}

/* Rows of the store that nobody will find. */
static void show_store(const json_t *store)
{
	const struct {
		const char *name, *words;
	} losses[] = {
		{ "lost", "rows could not be written" },
		{ "shed", "events were dropped because the writer fell behind" },
		{ "uncounted", "requests are in no table: the writer stood still for too long" },
	};
	char bytes[24], maximum[24];

	if (!json_is_object(store))
		return;
	str_from_bytes(bytes, sizeof(bytes), number_of(store, "bytes"));
	str_from_bytes(maximum, sizeof(maximum), number_of(store, "maximum_bytes"));
	printf("keeps %s of at most %s\n", bytes, maximum);
	if (text_of(store, "problem")[0])
		printf("store: %s\n", text_of(store, "problem"));
	for (size_t i = 0; i < ARRAY_LENGTH(losses); i++)
		if (number_of(store, losses[i].name) > 0)
			printf("store: %llu %s\n",
				(unsigned long long)number_of(store, losses[i].name),
				losses[i].words);
}

static void show_agent(const json_t *status)
{
	const json_t *agent = json_object_get(status, "agent");
	const json_t *node = json_object_get(status, "node");
	double cpu = json_number_value(json_object_get(agent, "cpu_seconds"));
	double uptime = (double)number_of(agent, "uptime_ns") / (double)NS_PER_S;
	char since[24], resident[24], maps[24];

	str_from_duration(since, sizeof(since), number_of(agent, "uptime_ns"));
	str_from_bytes(resident, sizeof(resident), number_of(agent, "resident_bytes"));
	str_from_bytes(maps, sizeof(maps), number_of(agent, "kernel_map_bytes"));
	printf("skep %s, process %llu, up %s, on %s (Linux %s, %s)\n", text_of(agent, "version"),
		(unsigned long long)number_of(agent, "pid"), since, text_of(node, "hostname"),
		text_of(node, "kernel"), text_of(node, "architecture"));
	if (text_of(node, "scope")[0])
		printf("watches only %s\n", text_of(node, "scope"));
	printf("costs %.2f %% of a core (%.2f s), %s of memory and %s of kernel maps\n",
		uptime > 0 ? 100 * cpu / uptime : 0.0, cpu, resident, maps);
	show_budget(agent);
	show_store(json_object_get(status, "store"));
	if (json_is_true(json_object_get(agent, "unmasked")))
		printf("secrets are stored as they are (--unmask)\n");
	if (text_of(agent, "url")[0])
		printf("page  %s\n", text_of(agent, "url"));
	printf("\n");
}

/* Asks until there is an answer or the time is over. The socket answers once the loop runs, which
 * is after every feature was tried. */
static int fetch(const struct status_options *options, const char *directory,
	struct buf *ret_answer, struct fail *fail)
{
	uint64_t end_ns = clock_monotonic_ns() + options->wait_ns;
	const struct timespec pause = { .tv_nsec = POLL_NS };
	int error;

	for (;;) {
		buf_clear(ret_answer);
		error = client_fetch(directory, "/api/status", ret_answer, fail);
		if (error != -ENOTCONN || clock_monotonic_ns() >= end_ns)
			return error;
		nanosleep(&pause, NULL);
	}
}

static int status_run(const struct command_call *call)
{
	const struct status_options *options = call->options;
	_cleanup_(buf_done)
	struct buf answer = { 0 };
	struct fail fail = { 0 };
	const char *directory;
	json_t *status;

	buf_init(&answer, STATUS_MAXIMUM);
	if (place_directory(&options->place, &directory, &fail) != 0 ||
		fetch(options, directory, &answer, &fail) != 0)
		return command_failed(&fail);
	if (options->format == STATUS_JSON) {
		fputs(buf_text(&answer), stdout);
		return EXIT_CODE_FINE;
	}
	status = json_loadb(buf_text(&answer), answer.length, 0, NULL);
	if (!status) {
		fail_set(&fail, -EBADMSG, "the agent's answer is not JSON");
		return command_failed(&fail);
	}
	show_agent(status);
	show_features(json_object_get(status, "features"));
	json_decref(status);
	if (!options->has_programs)
		return EXIT_CODE_FINE;
	printf("\n");
	if (status_programs_show(directory, &fail) != 0)
		return command_failed(&fail);
	return EXIT_CODE_FINE;
}

static const struct manual_example status_examples[] = {
	{ "skep status", "the agent of this machine" },
	{ "skep status --wait 10", "wait until it is ready" },
	{ "skep status --programs", "and what each BPF program costs now" },
	{ "skep status -o json", "as one JSON object" },
	{ NULL, NULL },
};

const struct command status_command = {
	.name = "status",
	.summary = "what is on, off and why; losses; what the agent costs",
	.examples = status_examples,
	.options = status_rows,
	.option_count = ARRAY_LENGTH(status_rows),
	.options_bytes = sizeof(struct status_options),
	.run = status_run,
};
