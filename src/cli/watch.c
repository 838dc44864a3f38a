/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep watch`: events, a line each. They come from the running agent; where there is none, a
 * small one inside this process opens the features whose kinds are asked for, for as long
 * as it runs.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "api/events.h"
#include "base/fd.h"
#include "base/str.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/place.h"
#include "cli/watch_here.h"

enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
static const char *const color_words[] = { "auto", "always", "never", NULL };

struct watch_options {
	uint32_t last;
	char since[64];
	char until[64];
	bool is_followed;
	uint32_t format;
	uint32_t color;
};

static const struct option_row watch_rows[] = {
	OPTION(watch_options, last, "last", 'n', OPTION_U32, .value_name = "N",
		.section = "Which time", .maximum = 1000000, .help = "the newest N past events"),
	OPTION(watch_options, since, "since", 0, OPTION_TEXT, .value_name = "TIME",
		.section = "Which time",
		.help = "past events from here on: 5m, 12:00, 2026-01-31, RFC 3339"),
	OPTION(watch_options, until, "until", 0, OPTION_TEXT, .value_name = "TIME",
		.section = "Which time", .help = "past events before this"),
	OPTION(watch_options, is_followed, "follow", 'f', OPTION_BOOL, .section = "Which time",
		.help = "go on with events as they happen; so it is when nothing past is asked "
			"for"),
	OPTION(watch_options, format, "output", 'o', OPTION_WORD, .words = output_format_words,
		.value_name = "compact|wide|table|json|csv", .initial = "compact",
		.section = "How it looks", .help = "what a line looks like"),
	OPTION(watch_options, color, "color", 0, OPTION_WORD, .words = color_words,
		.value_name = "auto|always|never", .initial = "auto", .section = "How it looks",
		.help = "auto: when it goes to a terminal and NO_COLOR is not set"),
};

static bool wants_color(const struct watch_options *options)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (options->format != FORMAT_COMPACT && options->format != FORMAT_WIDE &&
		options->format != FORMAT_TABLE)
		return false;
	if (options->color != COLOR_AUTO)
		return options->color == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && !str_equal(terminal, "dumb");
}

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

static void add_parameters(
	const struct command_call *call, const struct watch_options *options, struct buf *path)
{
	char last[16];

	for (unsigned int i = 0; i < call->operand_count; i++)
		client_add_parameter(path, "kind", call->operands[i]);
	if (options->last > 0) {
		snprintf(last, sizeof(last), "%u", options->last);
		client_add_parameter(path, "last", last);
	}
	if (options->since[0])
		client_add_parameter(path, "since", options->since);
	if (options->until[0])
		client_add_parameter(path, "until", options->until);
	if (options->is_followed)
		client_add_parameter(path, "follow", "yes");
	client_add_parameter(path, "format", output_format_words[options->format]);
	if (wants_color(options))
		client_add_parameter(path, "color", "yes");
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

static int watch_agent(const struct command_call *call, const struct watch_options *options,
	const char *directory, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf path = { 0 };
	_cleanup_(fd_closep)
	int stop_fd = take_signals();
	struct printer printer = { 0 };
	struct client_request request = {
		.directory = directory,
		.part = print_part,
		.context = &printer,
		.stop_fd = stop_fd,
	};
	int error;

	buf_init(&path, CLIENT_PATH_MAXIMUM);
	buf_append_string(&path, "/api/events");
	add_parameters(call, options, &path);
	request.path = buf_text(&path);
	error = client_run(&request, fail);
	if (error == -ECANCELED && isatty(STDERR_FILENO))
		fprintf(stderr, "\n%llu lines\n", (unsigned long long)printer.lines);
	return error;
}

static bool wants_past(const struct watch_options *options)
{
	return options->last > 0 || options->since[0] || options->until[0];
}

/* Without an agent: only what happens from now on can be seen. */
static int watch_here(
	const struct command_call *call, const struct watch_options *options, struct fail *fail)
{
	struct watch_here_wish wish = {
		.format = options->format,
		.has_color = wants_color(options),
	};

	for (unsigned int i = 0; i < call->operand_count && i < OPTION_LIST_MAXIMUM; i++)
		str_set(wish.kinds.values[wish.kinds.count++], call->operands[i]);
	return watch_here_run(call, &wish, fail);
}

static int watch_run(const struct command_call *call)
{
	const struct watch_options *options = call->options;
	struct config *config = call->config;
	struct fail fail = { 0 };
	const char *directory = config->directory;
	int error = -ENOTCONN;
	int code;

	if (!directory[0])
		config_default_directory(config->directory, sizeof(config->directory));
	/* An agent watches what it was told to; another scope needs eyes of its own. */
	if (!config->scope[0] && directory[0])
		error = watch_agent(call, options, directory, &fail);
	if (error == -ENOTCONN && !wants_past(options))
		error = watch_here(call, options, &fail);
	/* Nobody reads any more, or the person has had enough. */
	if (error == 0 || error == -ECANCELED || ferror(stdout))
		return EXIT_CODE_FINE;
	code = command_failed(&fail);
	return error == -EINVAL ? EXIT_CODE_USAGE : code;
}

const struct command watch_command = {
	.name = "watch",
	.summary = "follow events as they happen, or show past ones",
	.operands = "[KIND…]",
	.description = "Without a KIND: all of them. Talks to the running agent; where there is "
		       "none, it watches by itself.\n\n"
		       "Examples\n"
		       "  skep watch request              every request and its answer\n"
		       "  skep watch exec -o json         as NDJSON\n"
		       "  skep watch request --last 20    the newest 20, then the prompt again\n"
		       "  skep watch --since 5m -f        the last five minutes, then live",
	.options = watch_rows,
	.option_count = ARRAY_LENGTH(watch_rows),
	.options_bytes = sizeof(struct watch_options),
	.has_agent_options = true,
	.run = watch_run,
};
