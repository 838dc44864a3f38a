/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep profile`: where CPU time goes, by function.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/profile_diff.h"

enum profile_format {
	PROFILE_TABLE,
	PROFILE_FOLDED,
	PROFILE_JSON,
	PROFILE_SVG,
	PROFILE_SPEEDSCOPE,
	PROFILE_PPROF
};
static const char *const profile_formats[] = { "table", "folded", "json", "svg", "speedscope",
	"pprof", NULL };

struct profile_options {
	struct profile_wish wish;
	bool is_waiting;
	bool is_wall;
	uint32_t format;
	uint32_t limit;
};

static const struct option_row profile_rows[] = {
	OPTION(profile_options, is_waiting, "waiting", 0, OPTION_BOOL, .section = "Which samples",
		.help = "what threads wait for, and for how long, instead of CPU time"),
	OPTION(profile_options, is_wall, "wall", 0, OPTION_BOOL, .section = "Which samples",
		.help = "all time of the threads: on a CPU, waiting for one, and waiting"),
	OPTION(profile_options, wish.state, "state", 0, OPTION_TEXT, .section = "Which samples",
		.value_name = "STATE",
		.help = "only of this: running, preempted, lock, disk, network, poll, sleep, pipe, "
			"page_fault … (the column of sample)"),
	OPTION(profile_options, wish.since, "since", 0, OPTION_TEXT, .section = "Which samples",
		.value_name = "TIME",
		.help = "stored ones from here on: 5m, 12:00, 2026-01-31, RFC 3339; 1m where an "
			"agent runs"),
	OPTION(profile_options, wish.until, "until", 0, OPTION_TEXT, .section = "Which samples",
		.value_name = "TIME", .help = "stored ones before this"),
	OPTION(profile_options, wish.record_ns, "record", 0, OPTION_DURATION,
		.section = "Which samples", .value_name = "TIME", .initial = "10s",
		.minimum = NS_PER_S, .maximum = 3600 * NS_PER_S,
		.help = "how long to take samples where no agent runs"),
	OPTION(profile_options, wish.pid, "pid", 0, OPTION_U32, .section = "Which samples",
		.value_name = "PID", .help = "only of this process"),
	OPTION(profile_options, wish.service, "service", 0, OPTION_TEXT, .section = "Which samples",
		.value_name = "NAME", .help = "only of this service"),
	OPTION(profile_options, wish.comm, "comm", 0, OPTION_TEXT, .section = "Which samples",
		.value_name = "NAME", .help = "only of processes of this name"),
	OPTION(profile_options, format, "output", 'o', OPTION_WORD, .section = "How it looks",
		.words = profile_formats, .value_name = "FORMAT", .initial = "table",
		.help = "functions, folded stacks, an object a stack, a flame graph, or a file for "
			"speedscope or pprof"),
	OPTION(profile_options, limit, "limit", 0, OPTION_U32, .section = "How it looks",
		.value_name = "N", .initial = "30", .help = "functions of the table; 0: all"),
};

static int read_or_record(const struct command_call *call, struct profile_wish *wish,
	struct profile_tree *tree, struct fail *fail)
{
	struct config *config = call->config;
	bool is_past = wish->since[0] || wish->until[0];
	int r = -ENOTCONN;

	if (!config->directory[0])
		config_default_directory(config->directory, sizeof(config->directory));
	if (!is_past)
		str_set(wish->since, "1m");
	/* An agent watches what it was told to; another scope needs samples of its own. */
	if (!config->scope[0] && config->directory[0])
		r = profile_read(config->directory, wish, tree, fail);
	if (r != -ENOTCONN || is_past)
		return r;
	return profile_record(call, wish, tree, fail);
}

static int write_profile(const struct profile_options *options, struct profile_tree *tree)
{
	const char *title = options->wish.service[0] ? options->wish.service
						     : profile_tree_measure(tree)->title;

	switch ((enum profile_format)options->format) {
	case PROFILE_FOLDED:
		return profile_write_folded(tree, stdout);
	case PROFILE_JSON:
		return profile_write_json(tree, stdout);
	case PROFILE_SVG:
		return profile_write_svg(tree, title, stdout);
	case PROFILE_SPEEDSCOPE:
		return profile_write_speedscope(tree, title, stdout);
	case PROFILE_PPROF:
		return profile_write_pprof(tree, stdout);
	case PROFILE_TABLE:
		break;
	}
	return profile_write_table(tree, options->limit, stdout);
}

static int run_diff(const struct command_call *call, const struct profile_options *options)
{
	if (call->operand_count != 3 || !str_equal(call->operands[0], "diff")) {
		fputs("skep: expected `skep profile diff BEFORE AFTER`, each FROM..UNTIL or a file "
		      "of -o folded\n",
			stderr);
		return EXIT_CODE_USAGE;
	}
	if (options->is_waiting || options->is_wall) {
		fputs("skep: a diff compares samples of CPU time\n", stderr);
		return EXIT_CODE_USAGE;
	}
	if (options->format != PROFILE_TABLE) {
		fputs("skep: a diff is a table\n", stderr);
		return EXIT_CODE_USAGE;
	}
	return profile_diff_run(call, &options->wish, options->limit);
}

static const struct profile_measure *measure_of(const struct profile_options *options)
{
	if (options->is_wall)
		return &profile_measure_wall;
	return options->is_waiting ? &profile_measure_waiting : &profile_measure_cpu;
}

static int profile_run(const struct command_call *call)
{
	const struct profile_options *options = call->options;
	struct profile_wish wish = options->wish;
	_cleanup_(profile_tree_freep)
	struct profile_tree *tree = profile_tree_new(measure_of(options));
	struct fail fail = { 0 };
	int r;

	if (call->operand_count > 0)
		return run_diff(call, options);
	if (options->format == PROFILE_PPROF && isatty(STDOUT_FILENO)) {
		fputs("skep: pprof's form is not for eyes: -o pprof > FILE\n", stderr);
		return EXIT_CODE_USAGE;
	}
	r = tree ? read_or_record(call, &wish, tree, &fail)
		 : fail_set(&fail, -ENOMEM, "out of memory");
	if (r < 0) {
		int code = command_failed(&fail);

		return r == -EINVAL ? EXIT_CODE_USAGE : code;
	}
	if (profile_tree_total(tree) == 0) {
		fprintf(stderr,
			"skep: no samples: nothing of it was %s in that time, or the profiler is "
			"off (skep status)\n",
			options->is_waiting ? "waiting" : "running on a CPU");
		return EXIT_CODE_NOTHING;
	}
	r = write_profile(options, tree);
	return r < 0 && !ferror(stdout) ? EXIT_CODE_FAILED : EXIT_CODE_FINE;
}

static const struct manual_example profile_examples[] = {
	{ "skep profile", "the functions that CPU time went to in the last minute" },
	{ "skep profile --since 10m --service checkout -o svg > checkout.svg",
		"a flame graph of a service" },
	{ "skep profile --waiting --since 10m --service checkout",
		"what it waits for: locks, disks, networks, other processes" },
	{ "skep profile --wall --pid 4711 -o svg > wall.svg",
		"all of a process's time: on a CPU, waiting for one, and waiting" },
	{ "skep profile --pid 4711 -o folded", "a line a stack: root;…;leaf count" },
	{ "skep profile --since 10m -o pprof > cpu.pb.gz",
		"for `go tool pprof -http : cpu.pb.gz`" },
	{ "skep profile --record 30s --profile-hz 97 --scope pid:4711",
		"without an agent: 30 seconds of one process" },
	{ "skep profile diff 20m..10m 10m..now --service checkout",
		"functions whose share of a service changed" },
	{ NULL, NULL },
};

const struct command profile_command = {
	.name = "profile",
	.summary = "where time goes, on CPUs and waiting, by function",
	.operands = "[diff BEFORE AFTER]",
	.description =
		"An agent takes samples all the time (--profile-hz of skep run) and keeps them; "
		"where none runs, they are taken for as long as --record says. Stacks are "
		"walked by the unwind rules of each file, so that programs need no frame "
		"pointers. What could not be named or walked says so in brackets.\n"
		"--waiting shows where threads gave up their CPU until something woke them, and "
		"for how long; what for is the innermost frame. Long waits are all seen, short "
		"ones by samples that stand for the others, so that times are right on average. "
		"Waiting for a CPU is not among them: it is [run queue] of --wall. Of --waiting "
		"and --wall, folded lines count microseconds.\n"
		"diff holds two profiles against each other, each a span of time FROM..UNTIL or a "
		"file of -o folded, and names the functions whose share of the samples changed "
		"more than chance makes likely: under 5 % for the whole list, by a two-proportion "
		"z-test. It exits with 3 where there are none.",
	.examples = profile_examples,
	.options = profile_rows,
	.option_count = ARRAY_LENGTH(profile_rows),
	.options_bytes = sizeof(struct profile_options),
	.has_agent_options = true,
	.run = profile_run,
};
