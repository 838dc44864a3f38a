/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep run`: the agent. Says what is on and off, watches until a signal, then says what was
 * seen, reported and lost.
 */
#include <stdio.h>

#include "api/api.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/command.h"
#include "engine/privilege.h"

struct run_options {
	struct option_list only;
	bool is_verbose;
};

static const struct option_row run_rows[] = {
	OPTION(run_options, only, "only", 0, OPTION_LIST, .value_name = "FEATURE",
		.help = "turn on this feature alone; may be given several times"),
	OPTION(run_options, is_verbose, "verbose", 'v', OPTION_BOOL,
		.help = "say everything, also what libbpf says"),
};

static void print_feature(const struct feature_slot *slot)
{
	const struct feature *feature = slot->feature;

	if (slot->on == FEATURE_ON)
		printf("%-12s on   %s\n", feature->name,
			feature->door ? feature->door(slot->state) : "");
	else
		printf("%-12s off  %s\n", feature->name, slot->reason.text);
}

static void print_totals(const struct feature_slot *slot)
{
	struct feature_counts counts = { 0 };

	if (slot->on != FEATURE_ON || !slot->feature->counts)
		return;
	slot->feature->counts(slot->state, &counts);
	printf("%-12s seen %llu, reported %llu", slot->feature->name,
		(unsigned long long)counts.seen, (unsigned long long)counts.reported);
	for (enum count i = COUNT_LOST_RING_FULL; i < COUNT_MAXIMUM; i++)
		if (counts.lost[i])
			printf(", lost %llu (%s)", (unsigned long long)counts.lost[i],
				count_name(i));
	printf("\n");
}

static int check_names(struct agent *agent, const struct option_list *only, const char **ret_names)
{
	for (unsigned int i = 0; i < only->count; i++) {
		ret_names[i] = only->values[i];
		if (agent_feature(agent, only->values[i]))
			continue;
		fprintf(stderr, "skep run: --only %s: no such feature; they are", only->values[i]);
		for (size_t j = 0; j < agent->slot_count; j++)
			fprintf(stderr, " %s", agent->slots[j].feature->name);
		fprintf(stderr, "\n");
		return -EINVAL;
	}
	ret_names[only->count] = NULL;
	return 0;
}

/* What to do next, for whoever starts it by hand. */
static void print_hints(const struct agent *agent, const struct api *api)
{
	const char *directory = agent->config.directory;
	char usual[sizeof(agent->config.directory)], place[sizeof(usual) + 8] = "";

	if (config_default_directory(usual, sizeof(usual)) != 0 || !str_equal(usual, directory))
		snprintf(place, sizeof(place), " --dir %s", directory);
	printf("watching%s%s\n", agent->config.scope[0] ? " " : "", agent->config.scope);
	if (api_url(api))
		printf("page  %s\n", api_url(api));
	/* As it was called: until it is installed, no shell finds it by its bare name. */
	printf("try   %s status%s\n      %s watch%s\n      %s map%s\n", program_invocation_name,
		place, program_invocation_name, place, program_invocation_name, place);
	fflush(stdout);
}

static int run_agent(struct agent *agent, const struct api *api)
{
	struct fail fail = { 0 };
	int r;

	print_hints(agent, api);
	r = agent_run(agent);
	for (size_t i = 0; i < agent->slot_count; i++)
		print_totals(&agent->slots[i]);
	if (r == 0)
		return EXIT_CODE_FINE;
	fail_set(&fail, r, "event loop: %s", strerror(-r));
	return command_failed(&fail);
}

/* An agent that sees nothing would look like a machine on which nothing happens. */
static bool start_features(struct agent *agent, const char *const *names, struct fail *fail)
{
	int on = agent_start(agent, names);

	for (size_t i = 0; i < agent->slot_count; i++)
		print_feature(&agent->slots[i]);
	if (on > 0)
		return true;
	fflush(stdout);
	agent_why_off(agent, fail);
	fail_prefix(fail, "no feature could be turned on");
	return false;
}

/* What is wrong with an option may show only when it is used. */
static int refused(const struct fail *fail)
{
	int code = command_failed(fail);

	return fail->code == -EINVAL ? EXIT_CODE_USAGE : code;
}

static int run_run(const struct command_call *call)
{
	const struct run_options *options = call->options;
	_cleanup_(agent_freep)
	struct agent *agent = NULL;
	_cleanup_(api_closep)
	struct api *api = NULL;
	const char *names[OPTION_LIST_MAXIMUM + 1];
	struct fail fail = { 0 };
	int r = 0;

	if (options->is_verbose)
		log_set_level(LOG_LEVEL_DEBUG);
	if (!call->config->directory[0])
		r = config_default_directory(
			call->config->directory, sizeof(call->config->directory));
	if (r < 0) {
		fail_set(&fail, r, "no home for the agent's files: choose a folder with --dir");
		return command_failed(&fail);
	}
	r = agent_new(call->config, &agent, &fail);
	if (r < 0)
		return refused(&fail);
	if (check_names(agent, &options->only, names) < 0)
		return EXIT_CODE_USAGE;
	agent_use_slots(agent, TAKE(*call->slots));
	r = api_open(agent, &api, &fail);
	if (r < 0)
		return refused(&fail);
	if (!start_features(agent, options->only.count ? names : NULL, &fail))
		return command_failed(&fail);
	if (privilege_keep(privilege_of_agent) < 0)
		log_warning("run", "capabilities that are no longer needed could not be dropped");
	return run_agent(agent, api);
}

static const struct manual_example run_examples[] = {
	{ "sudo skep run", "watch everything, keep it in /var/lib/skep, serve the page" },
	{ "sudo skep run --scope cgroup:/system.slice/nginx.service", "watch one service only" },
	{ "sudo skep run --dir /tmp/skep --listen 127.0.0.1:0",
		"beside another agent, on any free port" },
	{ NULL, NULL },
};

const struct command run_command = {
	.name = "run",
	.summary = "start the agent: watch everything, store, serve the page",
	.description = "Prometheus scrapes /metrics at the page's address; the file `token` in the "
		       "agent's folder is its credentials_file.\n\n"
		       "Exit code 0: ended by a signal; 1: it cannot work, the message says why; "
		       "2: wrong options or configuration; 3: what --scope names is not there; 4: "
		       "rights are missing; 5: the kernel lacks what every feature needs.",
	.examples = run_examples,
	.options = run_rows,
	.option_count = ARRAY_LENGTH(run_rows),
	.options_bytes = sizeof(struct run_options),
	.has_agent_options = true,
	.run = run_run,
};
