/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep watch`: events, a line each. They come from the running agent; where there is none, past
 * ones come from the file of its store, and for live ones a small agent inside this process
 * opens the features whose kinds are asked for, for as long as it runs.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "api/past.h"
#include "base/fd.h"
#include "base/str.h"
#include "cli/client.h"
#include "cli/color.h"
#include "cli/command.h"
#include "cli/watch_here.h"
#include "engine/store.h"

struct watch_options {
	struct events_params events;
	uint32_t color;
};

#define WATCH_OPTION(member_, name_, letter_, type_, section_, ...)                                \
	OPTION(watch_options, member_, name_, letter_, type_, .section = (section_), __VA_ARGS__)

static const struct option_row watch_rows[] = {
	WATCH_OPTION(events.last, "last", 'n', OPTION_U32, "Which time", .value_name = "N",
		.maximum = 1000000, .help = "the newest N past events"),
	WATCH_OPTION(events.since, "since", 0, OPTION_TEXT, "Which time", .value_name = "TIME",
		.help = "past events from here on: 5m, 12:00, 2026-01-31, RFC 3339"),
	WATCH_OPTION(events.until, "until", 0, OPTION_TEXT, "Which time", .value_name = "TIME",
		.help = "past events before this"),
	WATCH_OPTION(events.is_followed, "follow", 'f', OPTION_BOOL, "Which time",
		.help = "go on with events as they happen; so it is when nothing past is asked "
			"for"),
	WATCH_OPTION(events.format, "output", 'o', OPTION_WORD, "How it looks",
		.words = output_format_words, .value_name = "FORMAT", .initial = "compact",
		.help = "what a line looks like"),
	WATCH_OPTION(color, "color", 0, OPTION_WORD, "How it looks", .words = color_words,
		.value_name = "WHEN", .initial = "auto",
		.help = "colours; auto: on a terminal, unless NO_COLOR is set"),
};

/* What came out, for the last word. */
struct printer {
	uint64_t lines;
};

static int print_part(void *context, const char *data, size_t length)
{
	struct printer *printer = context;

	for (size_t i = 0; i < length; i++)
		printer->lines += data[i] == '\n';
	if (fwrite(data, 1, length, stdout) != length || fflush(stdout) != 0)
		return -EPIPE;
	return 0;
}

static void add_parameters(const struct events_params *events, struct buf *path)
{
	char last[16];

	for (unsigned int i = 0; i < events->kinds.count; i++)
		client_add_parameter(path, "kind", events->kinds.values[i]);
	for (unsigned int i = 0; i < events->filter.terms.count; i++)
		client_add_parameter(path, events->filter.terms.terms[i].name,
			events->filter.terms.terms[i].text);
	snprintf(last, sizeof(last), "%u", events->last);
	client_add_parameter(path, "last", last);
	client_add_parameter(path, "since", events->since);
	client_add_parameter(path, "until", events->until);
	client_add_parameter(path, "follow", events->is_followed ? "yes" : "no");
	client_add_parameter(path, "format", output_format_words[events->format]);
	client_add_parameter(path, "color", events->has_color ? "yes" : "no");
}

/* Readable when the person has had enough. */
static int take_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int watch_agent(const char *directory, const struct events_params *events,
	struct printer *printer, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf path = { 0 };
	_cleanup_(fd_closep)
	int stop_fd = take_signals();
	struct client_request request = {
		.directory = directory,
		.part = print_part,
		.context = printer,
		.stop_fd = stop_fd,
	};
	int error;

	buf_init(&path, CLIENT_PATH_MAXIMUM);
	buf_append_string(&path, "/api/events");
	add_parameters(events, &path);
	request.path = buf_text(&path);
	error = client_run(&request, fail);
	if (error == -ECANCELED && isatty(STDERR_FILENO))
		fprintf(stderr, "\n%llu lines\n", (unsigned long long)printer->lines);
	return error;
}

/* Past events without an agent: what one that ran here left. */
static int read_store(const char *directory, const struct events_params *events,
	struct printer *printer, struct fail *fail)
{
	struct past_wish past = { 0 };
	char path[256];
	int64_t lines;
	int error;

	snprintf(path, sizeof(path), "%s/" STORE_FILE, directory);
	past.path = path;
	error = events_past(events, &past, fail);
	if (!error)
		error = events_wish(events, &past.wish, fail);
	if (error)
		return error;
	lines = past_write(&past, stdout, NULL, fail);
	filter_free(past.wish.filter);
	if (lines > 0)
		printer->lines += (uint64_t)lines;
	return lines < 0 ? (int)lines : 0;
}

static int watch(const struct command_call *call, const struct events_params *events,
	struct printer *printer, struct fail *fail)
{
	struct config *config = call->config;
	int error = -ENOTCONN;

	if (!config->directory[0])
		config_default_directory(config->directory, sizeof(config->directory));
	/* An agent watches what it was told to; another scope needs eyes of its own. */
	if (!config->scope[0] && config->directory[0])
		error = watch_agent(config->directory, events, printer, fail);
	if (error != -ENOTCONN)
		return error;
	error = events_wants_past(events) ? read_store(config->directory, events, printer, fail)
					  : 0;
	return !error && events_wants_live(events) ? watch_here_run(call, events, fail) : error;
}

static int watch_run(const struct command_call *call)
{
	struct events_params events = ((const struct watch_options *)call->options)->events;
	struct printer printer = { 0 };
	struct fail fail = { 0 };
	uint64_t headings;
	int error, code;

	events.has_color = color_is_wanted(((const struct watch_options *)call->options)->color) &&
			   events.format < FORMAT_JSON;
	for (unsigned int i = 0; i < MIN(call->operand_count, (unsigned int)OPTION_LIST_MAXIMUM);
		i++)
		str_set(events.kinds.values[events.kinds.count++], call->operands[i]);
	error = watch(call, &events, &printer, &fail);
	headings = events.kinds.count == 1 &&
		   (events.format == FORMAT_TABLE || events.format == FORMAT_CSV);
	if (!error && !events_wants_live(&events) && printer.lines <= headings) {
		fprintf(stderr, "skep: nothing found\n");
		return EXIT_CODE_NOTHING;
	}
	/* Nobody reads any more, or the person has had enough. */
	if (!error || error == -ECANCELED || ferror(stdout))
		return EXIT_CODE_FINE;
	code = command_failed(&fail);
	return error == -EINVAL ? EXIT_CODE_USAGE : code;
}

/* Features that share the kind `request` go by their own names as well: "http". */
static size_t add_protocols(const char **words, size_t count, size_t maximum)
{
	size_t feature_count;
	const struct feature *const *features = features_all(&feature_count);

	for (size_t i = 0; i < feature_count && count < maximum; i++)
		if (features[i]->kinds && features[i]->kinds[0] == &request_kind)
			words[count++] = features[i]->name;
	return count;
}

static size_t kind_words(const char **ret_words, size_t maximum)
{
	const struct event_kind *kinds[LIVE_KINDS_MAXIMUM];
	size_t count = MIN(features_kinds(kinds, ARRAY_LENGTH(kinds)), ARRAY_LENGTH(kinds));

	count = MIN(count, maximum);
	for (size_t i = 0; i < count; i++)
		ret_words[i] = kinds[i]->name;
	return add_protocols(ret_words, count, maximum);
}

static const struct manual_example watch_examples[] = {
	{ "skep watch request", "every request and its answer" },
	{ "skep watch http", "those in HTTP" },
	{ "skep watch request --status 5xx", "only those that failed" },
	{ "skep watch request --not --service db", "of everyone but db" },
	{ "skep watch request --last 20", "the newest 20, then the prompt" },
	{ "skep watch --since 5m -f -o json", "five minutes, then live, as NDJSON" },
	{ NULL, NULL },
};

const struct command watch_command = {
	.name = "watch",
	.summary = "follow events as they happen, or show past ones",
	.operands = "[KIND…]",
	.description = "Without a KIND: all of them. Talks to the running agent; where there is "
		       "none, it watches by itself.",
	.examples = watch_examples,
	.operand_words = kind_words,
	.options = watch_rows,
	.option_count = ARRAY_LENGTH(watch_rows),
	.options_bytes = sizeof(struct watch_options),
	.shared_options = filter_rows,
	.shared_option_count = &filter_row_count,
	.has_agent_options = true,
	.run = watch_run,
};
