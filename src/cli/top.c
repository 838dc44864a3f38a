/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep top`: a live screen of services, connections, processes and BPF programs; see top_model.h
 * for what it is, top_draw.h for how it looks. It asks the running agent; where there is none, one
 * of its own for as long as it runs.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "cli/client.h"
#include "cli/color.h"
#include "cli/command.h"
#include "cli/top_feed.h"
#include "cli/top_here.h"
#include "cli/top_once.h"
#include "cli/top_terminal.h"

#define SILENCE_NS	(5 * NS_PER_S) /* after this an agent that says nothing is called so */
#define FIRST_LOOK_SECS 5	       /* that --once without an agent watches */

struct top_options {
	char filter[TOP_FILTER_BYTES];
	char sort[64];
	uint64_t window_ns;
	bool is_once;
	uint32_t format;
	uint32_t rows;
	uint32_t color;
};

static const char *const format_words[] = { "table", "json", "csv", NULL };

#define TOP_OPTION(member_, name_, letter_, type_, section_, ...)                                  \
	OPTION(top_options, member_, name_, letter_, type_, .section = (section_), __VA_ARGS__)

static const struct option_row top_options_rows[] = {
	TOP_OPTION(filter, "filter", 0, OPTION_TEXT, "What is shown", .value_name = "EXPRESSION",
		.help = "only rows that match, as in skep watch --where: errors>0, "
			"p99>100ms, service~shop"),
	TOP_OPTION(sort, "sort", 0, OPTION_TEXT, "What is shown", .value_name = "FIELD",
		.help = "sort by this field; at first the worst comes first"),
	TOP_OPTION(window_ns, "window", 't', OPTION_DURATION, "What is shown", .value_name = "TIME",
		.initial = "1m", .minimum = 1000000000, .maximum = 86400000000000,
		.help = "the time that is looked back on"),
	TOP_OPTION(is_once, "once", '1', OPTION_BOOL, "For scripts",
		.help = "print one table and end; so it is where stdout is no terminal"),
	TOP_OPTION(format, "output", 'o', OPTION_WORD, "For scripts", .words = format_words,
		.value_name = "FORMAT", .initial = "table",
		.help = "json: an object a row, csv: a line a row; both once"),
	TOP_OPTION(rows, "rows", 'n', OPTION_U32, "For scripts", .value_name = "N",
		.maximum = TOP_ROWS_MAXIMUM, .help = "with --once: at most so many; 0: all"),
	TOP_OPTION(color, "color", 0, OPTION_WORD, "How it looks", .words = color_words,
		.value_name = "WHEN", .initial = "auto",
		.help = "colours; auto: on a terminal, unless NO_COLOR is set"),
};

/* ---- the screen ---- */

struct screen {
	struct top_model *model;
	struct top_feed *feed;
	int signal_fd;
	uint64_t answer_ns; /* when the last answer came */
};

static int take_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH };
	sigset_t signals;

	sigemptyset(&signals);
	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
		sigaddset(&signals, numbers[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void on_signal(struct screen *screen)
{
	struct signalfd_siginfo info;

	while (read(screen->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGWINCH)
			top_terminal_resize();
		else if (info.ssi_signo == SIGTSTP)
			top_terminal_suspend();
		else
			screen->model->is_over = true;
	}
}

static void on_answer(struct screen *screen)
{
	struct top_snapshot *snapshot = top_feed_take(screen->feed);

	if (!snapshot)
		return;
	screen->answer_ns = clock_monotonic_ns();
	top_model_take(screen->model, snapshot);
}

/* One that stands still gives no error. */
static void look_for_silence(struct screen *screen)
{
	uint64_t silent_ns = clock_monotonic_ns() - screen->answer_ns;
	char duration[24];

	if (screen->model->is_paused || silent_ns < SILENCE_NS || screen->model->fail.code)
		return;
	str_from_duration(duration, sizeof(duration), silent_ns / NS_PER_S * NS_PER_S);
	fail_set(&screen->model->fail, -ETIMEDOUT, "the agent has not answered for %s", duration);
}

static void ask(struct screen *screen)
{
	struct top_wish wish;

	if (!screen->model->has_new_wish)
		return;
	screen->model->has_new_wish = false;
	screen->answer_ns = clock_monotonic_ns();
	top_model_wish(screen->model, &wish);
	top_feed_wish(screen->feed, &wish, screen->model->is_paused);
}

static void run_screen(struct screen *screen)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = screen->signal_fd, .events = POLLIN },
		{ .fd = top_feed_fd(screen->feed), .events = POLLIN },
	};

	while (!screen->model->is_over) {
		ask(screen);
		look_for_silence(screen);
		top_terminal_draw(screen->model);
		if (poll(fds, ARRAY_LENGTH(fds), 1000) < 0 && errno != EINTR)
			break;
		if (fds[1].revents)
			on_signal(screen);
		if (fds[2].revents)
			on_answer(screen);
		/* A terminal that is gone is readable and has nothing. */
		if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) &&
			!top_terminal_keys(screen->model) && (fds[0].revents & ~POLLIN))
			break;
	}
}

static int show_screen(
	struct top_model *model, const char *directory, bool has_color, struct fail *fail)
{
	_cleanup_(top_feed_stopp)
	struct top_feed *feed = NULL;
	_cleanup_(fd_closep)
	int signal_fd = -1;
	struct screen screen = { .model = model, .answer_ns = clock_monotonic_ns() };
	int error = top_terminal_open(has_color, fail);

	if (error)
		return error;
	screen.signal_fd = signal_fd = take_signals();
	error = top_feed_start(directory, &feed);
	if (!error) {
		screen.feed = feed;
		run_screen(&screen);
	}
	top_terminal_close();
	return error ? fail_set(fail, error, "cannot ask: %s", strerror(-error)) : 0;
}

/* ---- the command ---- */

/* Where to ask: the running agent, or one that is started for this. */
static int find_agent(const struct command_call *call, struct top_here *here,
	const char **ret_directory, struct fail *fail)
{
	struct config *config = call->config;
	_cleanup_(buf_done)
	struct buf answer = { 0 };
	int error = -ENOTCONN;

	if (!config->directory[0])
		config_default_directory(config->directory, sizeof(config->directory));
	*ret_directory = config->directory;
	buf_init(&answer, 16 * 1024 * 1024);
	/* An agent watches what it was told to; another scope needs eyes of its own. */
	if (!config->scope[0] && config->directory[0])
		error = client_fetch(config->directory, "/api", &answer, fail);
	if (error != -ENOTCONN)
		return error;
	error = top_here_start(call, here, fail);
	*ret_directory = here->directory;
	return error;
}

static int find_tab(const struct command_call *call, enum top_screen *ret_tab, struct fail *fail)
{
	*ret_tab = TOP_SERVICES;
	if (call->operand_count == 0)
		return 0;
	for (int i = 0; i < TOP_TABS; i++)
		if (str_equal(call->operands[0], top_layouts[i].word)) {
			*ret_tab = (enum top_screen)i;
			return call->operand_count == 1
				       ? 0
				       : fail_set(fail, -EINVAL, "one tab at a time");
		}
	return fail_set(fail, -EINVAL,
		"no tab '%s': they are services, connections, processes, programs",
		call->operands[0]);
}

static int prepare(const struct command_call *call, struct top_model *model, struct fail *fail)
{
	const struct top_options *options = call->options;
	enum top_screen tab;
	int error = find_tab(call, &tab, fail);

	if (error)
		return error;
	top_model_init(model, tab, options->window_ns);
	if (options->filter[0])
		error = top_model_filter(model, tab, options->filter, fail);
	if (!error && options->sort[0])
		error = top_model_order(model, tab, options->sort, fail);
	return error ? -EINVAL : 0;
}

static int show(const struct command_call *call, struct top_model *model, struct fail *fail)
{
	const struct top_options *options = call->options;
	_cleanup_(top_here_stop)
	struct top_here here = { 0 };
	const char *directory;
	bool is_once = options->is_once || options->format != TOP_TABLE || !isatty(STDOUT_FILENO);
	int64_t result = find_agent(call, &here, &directory, fail);

	if (result)
		return (int)result;
	if (!is_once)
		return show_screen(model, directory, color_is_wanted(options->color), fail);
	if (here.pid && model->tab != TOP_PROCESSES)
		sleep(FIRST_LOOK_SECS);
	result = top_once(model, directory, options->format, options->rows, fail);
	if (result == 0)
		return fail_set(fail, -ENODATA, "nothing found");
	return result < 0 ? (int)result : 0;
}

static int top_run(const struct command_call *call)
{
	_cleanup_(top_model_done)
	struct top_model model = { 0 };
	struct fail fail = { 0 };
	int error = prepare(call, &model, &fail), code;

	if (!error)
		error = show(call, &model, &fail);
	if (!error || ferror(stdout))
		return EXIT_CODE_FINE;
	code = command_failed(&fail);
	if (error == -EINVAL)
		return EXIT_CODE_USAGE;
	if (error == -ENOTTY)
		return EXIT_CODE_FAILED;
	return error == -ENODATA ? EXIT_CODE_NOTHING : code;
}

static size_t tab_words(const char **ret_words, size_t maximum)
{
	for (size_t i = 0; i < MIN((size_t)TOP_TABS, maximum); i++)
		ret_words[i] = top_layouts[i].word;
	return MIN((size_t)TOP_TABS, maximum);
}

static const struct manual_example top_examples[] = {
	{ "skep top", "services, the worst first; Enter opens one, ? lists the keys" },
	{ "skep top processes", "what uses CPU and memory" },
	{ "skep top --filter 'errors>0'", "only services with errors" },
	{ "skep top programs --once", "what every BPF program of this machine costs, as a table" },
	{ "skep top -t 15m -o json", "rows for a script" },
	{ NULL, NULL },
};

const struct command top_command = {
	.name = "top",
	.summary = "live screen: services, connections, processes, BPF programs",
	.operands = "[TAB]",
	.description = "TAB is where to start: services, connections, processes or programs. "
		       "From a service, Enter leads to its endpoints, to the slowest exchanges of "
		       "one, and to an exchange with both ends. Talks to the running agent; where "
		       "there is none, it watches by itself for as long as it runs.",
	.examples = top_examples,
	.operand_words = tab_words,
	.options = top_options_rows,
	.option_count = ARRAY_LENGTH(top_options_rows),
	.options_bytes = sizeof(struct top_options),
	.has_agent_options = true,
	.run = top_run,
};
