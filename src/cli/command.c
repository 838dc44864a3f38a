/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the command, reads its options from the tables, runs it.
 */
#include "cli/command.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/pages.h"
#include "engine/version.h"
#include "event/inert.h"
#include "event/nearest.h"

#define COMMAND(name) extern const struct command name##_command;
#include "cli/commands.def"
#undef COMMAND

#define COMMAND(name) &name##_command,
static const struct command *const commands[] = {
#include "cli/commands.def"
};
#undef COMMAND

#define TABLE_MAXIMUM 64 /* a command's own, the agent's, one per feature */

/* What is read before a command runs. */
struct reading {
	void *options;
	struct config config;
	struct feature_slot *slots;
	size_t slot_count;
	struct option_table tables[TABLE_MAXIMUM];
	unsigned int table_count;
	struct option_result result;
};

const struct command *const *commands_all(size_t *ret_count)
{
	*ret_count = ARRAY_LENGTH(commands);
	return commands;
}

/* A reason may quote what others chose, such as the name of a process: a terminal must not act on
 * it. */
static void print_reason(const struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf safe = { 0 };

	buf_init(&safe, 8 * FAIL_TEXT_BYTES);
	inert_append(&safe, fail->text, INERT_UNLIMITED);
	fprintf(stderr, "%s\n", buf_text(&safe));
}

int command_failed(const struct fail *fail)
{
	fprintf(stderr, "skep: ");
	print_reason(fail);
	switch (-fail->code) {
	case ESRCH:
		return EXIT_CODE_NOTHING;
	case EPERM:
	case EACCES:
		return EXIT_CODE_PRIVILEGE;
	case EOPNOTSUPP:
	case ENOSYS:
		return EXIT_CODE_KERNEL;
	default:
		return EXIT_CODE_FAILED;
	}
}

static void reading_done(struct reading *reading)
{
	free(reading->options);
	feature_slots_free(reading->slots, reading->slot_count);
}

static void reading_add(
	struct reading *reading, const struct option_row *rows, unsigned int count, void *values)
{
	if (count == 0 || reading->table_count == TABLE_MAXIMUM)
		return;
	reading->tables[reading->table_count++] = (struct option_table){ rows, count, values };
}

static int reading_init(struct reading *reading, const struct command *command, struct fail *fail)
{
	*reading = (struct reading){ 0 };
	reading->options = calloc(1, MAX(command->options_bytes, 1u));
	if (command->has_agent_options)
		reading->slots = feature_slots_new(&reading->slot_count);
	if (!reading->options || (command->has_agent_options && !reading->slots))
		return fail_set(fail, -ENOMEM, "out of memory");
	reading_add(reading, command->options, command->option_count, reading->options);
	if (command->shared_options)
		reading_add(reading, command->shared_options, *command->shared_option_count,
			reading->options);
	if (command->has_agent_options)
		reading_add(reading, config_rows, config_row_count, &reading->config);
	for (size_t i = 0; i < reading->slot_count; i++) {
		const struct feature *feature = reading->slots[i].feature;

		reading_add(reading, feature->options, feature->option_count,
			reading->slots[i].options);
	}
	return option_defaults(reading->tables, reading->table_count, fail);
}

/* What a file says comes after the defaults and before the flags. */
static int reading_fill(struct reading *reading, char **arguments, struct fail *fail)
{
	char path[sizeof(reading->config.file)];
	int error = option_parse(
		reading->tables, reading->table_count, arguments, &reading->result, fail);

	if (error < 0 || reading->result.wants_help || !reading->config.file[0])
		return error;
	str_set(path, reading->config.file);
	error = option_defaults(reading->tables, reading->table_count, fail);
	if (error == 0)
		error = option_read_file(reading->tables, reading->table_count, path, fail);
	if (error == 0)
		error = option_parse(
			reading->tables, reading->table_count, arguments, &reading->result, fail);
	return error;
}

static int usage_error(const struct command *command, const struct fail *fail)
{
	fprintf(stderr, "skep %s: ", command->name);
	print_reason(fail);
	fprintf(stderr, "'skep %s --help' lists the options.\n", command->name);
	return EXIT_CODE_USAGE;
}

static int command_call(const struct command *command, char **arguments)
{
	_cleanup_(reading_done)
	struct reading reading;
	struct fail fail = { 0 };
	struct command_call call;

	if (reading_init(&reading, command, &fail) < 0)
		return command_failed(&fail);
	if (reading_fill(&reading, arguments, &fail) < 0)
		return usage_error(command, &fail);
	if (reading.result.wants_help) {
		pages_command(stdout, command);
		return EXIT_CODE_FINE;
	}
	if (!command->operands && reading.result.operand_count > 0) {
		fail_set(&fail, -EINVAL, "takes no operand, got '%s'", reading.result.operands[0]);
		return usage_error(command, &fail);
	}
	if (command->has_agent_options && config_check(&reading.config, &fail) < 0)
		return usage_error(command, &fail);
	call = (struct command_call){
		.options = reading.options,
		.config = &reading.config,
		.slots = &reading.slots,
		.operands = reading.result.operands,
		.operand_count = reading.result.operand_count,
	};
	return command->run(&call);
}

static int unknown_command(const char *name)
{
	struct nearest nearest;
	const char *found;

	nearest_init(&nearest, name);
	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
		nearest_offer(&nearest, commands[i]->name);
	found = nearest_found(&nearest);
	fprintf(stderr, "skep: no command '%s'%s%s%s; 'skep --help' lists them\n", name,
		found ? ", did you mean '" : "", found ? found : "", found ? "'?" : "");
	return EXIT_CODE_USAGE;
}

static int without_command(const char *argument)
{
	if (str_equal(argument, "--version") || str_equal(argument, "-V")) {
		printf("skep %s\n", skep_version());
		return EXIT_CODE_FINE;
	}
	if (str_equal(argument, "--help") || str_equal(argument, "-h")) {
		pages_program(stdout);
		return EXIT_CODE_FINE;
	}
	return unknown_command(argument);
}

static int run_named(char **argv)
{
	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
		if (str_equal(commands[i]->name, argv[1]))
			return command_call(commands[i], argv + 2);
	return without_command(argv[1]);
}

/* A reader that has seen enough is no failure; a full disk is. */
static bool is_output_lost(void)
{
	struct pollfd output = { .fd = STDOUT_FILENO };

	if (fflush(stdout) == 0 && !ferror(stdout))
		return false;
	return poll(&output, 1, 0) < 1 || !(output.revents & (POLLERR | POLLHUP));
}

int command_main(int argc, char **argv)
{
	int code;

	if (argc < 2) {
		pages_program(stderr);
		return EXIT_CODE_USAGE;
	}
	code = run_named(argv);
	if (!is_output_lost())
		return code;
	fprintf(stderr, "skep: not all output could be written\n");
	return code ? code : EXIT_CODE_FAILED;
}
