/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field tables of `exec` and `exit`, and the reading of records.
 */
#include "observe/exec/exec_event.h"

#include <stdio.h>
#include <sys/wait.h>

#include "base/str.h"

#define LINE FIELD_IN_COMPACT
#define WIDE FIELD_IN_WIDE

#define X(type, unit, member, name, flags, convention, help)                                       \
	FIELD_IN(FIELD_##type, UNIT_##unit, exec_event, member, name, flags, convention, help)

static const struct field exec_fields[] = {
	FIELD_TIME(exec_event),
	X(TEXT_LONG, NONE, arguments, "args", LINE | WIDE, "process.command_line",
		"the arguments with blanks between them, the name first; secrets are masked"),
	X(U64, BYTES, argument_bytes, "args_bytes", 0, NULL,
		"length that the arguments had, each with its NUL"),
	X(BOOL, NONE, is_cut, "is_cut", 0, NULL, "args holds only the beginning of the arguments"),
	X(TEXT_LONG, NONE, directory, "cwd", 0, "process.working_directory", "working directory"),
	PROCESS_FIELDS(exec_event),
};
#undef X

const struct event_kind exec_kind = {
	.name = "exec",
	.summary = "a process began to run a program",
	.fields = exec_fields,
	.field_count = ARRAY_LENGTH(exec_fields),
	.size = sizeof(struct exec_event),
	.process_offset = offsetof(struct exec_event, process),
	.compact = "{time_ns} {service|comm} exec {pid}  {args|exe}<  by {parent_comm} "
		   "{parent_pid}>",
};

#define X(type, unit, member, flags, convention, help)                                             \
	FIELD_(FIELD_##type, UNIT_##unit, exit_event, member, flags, convention, help)

static const struct field exit_fields[] = {
	FIELD_TIME(exit_event),
	X(I32, NONE, exit_code, LINE | WIDE, "process.exit.code",
		"what the process returned, 0 when a signal ended it"),
	X(TEXT, NONE, signal, LINE | WIDE, NULL, "signal that ended the process"),
	X(U64, NANOSECONDS, duration_ns, LINE | WIDE, NULL,
		"from the process's start to its end, the time asleep included"),
	X(BOOL, NONE, is_dumped, 0, NULL, "the kernel wrote a core dump"),
	X(BOOL, NONE, is_error, 0, NULL, "a signal or a code other than 0"),
	PROCESS_FIELDS(exit_event),
};
#undef X

const struct event_kind exit_kind = {
	.name = "exit",
	.summary = "a process ended",
	.fields = exit_fields,
	.field_count = ARRAY_LENGTH(exit_fields),
	.size = sizeof(struct exit_event),
	.process_offset = offsetof(struct exit_event, process),
	.compact = "{time_ns} {service|comm} exit {pid}  {comm} {signal|exit_code} {duration_ns}"
		   "{is_dumped=, core dumped}",
};

bool exec_split(const struct exec_exec *record, struct exec_parts *ret_parts)
{
	const uint8_t *bytes = (const uint8_t *)(record + 1);
	size_t exe = record->exe_length, directory = record->directory_length;
	size_t arguments = record->argument_length;

	if (record->process.header.size < sizeof(*record) ||
		record->process.header.size - sizeof(*record) < exe + directory + arguments)
		return false;
	ret_parts->exe = (struct slice){ bytes, exe };
	ret_parts->directory = (struct slice){ bytes + exe, directory };
	ret_parts->arguments = (struct slice){ bytes + exe + directory, arguments };
	return true;
}

/* The end of the component before `end`, and where it starts. */
static size_t component_start(struct slice components, size_t end)
{
	while (end > 0 && components.data[end - 1] != '\0')
		end--;
	return end;
}

int exec_join_path(struct slice components, bool is_cut, bool is_detached, struct buf *ret_path)
{
	size_t end = components.length;

	buf_clear(ret_path);
	if (is_cut)
		buf_append_string(ret_path, "…");
	/* Each component ends with a NUL, also the one that was cut. */
	while (end > 0) {
		size_t start = component_start(components, --end);

		buf_append_byte(ret_path, '/');
		buf_append(ret_path, components.data + start, end - start);
		end = start;
	}
	if (ret_path->length == 0)
		buf_append_byte(ret_path, '/');
	if (is_detached)
		buf_append_string(ret_path, " (deleted)");
	return ret_path->error;
}

void exit_read_status(uint32_t status, struct exit_event *event)
{
	int wait_status = (int)status;
	int number = WTERMSIG(wait_status);
	const char *name = sigabbrev_np(number);

	event->exit_code = 0;
	event->signal[0] = '\0';
	event->is_dumped = false;
	if (WIFEXITED(wait_status)) {
		event->exit_code = WEXITSTATUS(wait_status);
	} else {
		event->is_dumped = WCOREDUMP(wait_status);
		if (name)
			snprintf(event->signal, sizeof(event->signal), "SIG%s", name);
		else
			snprintf(event->signal, sizeof(event->signal), "SIG%d", number);
	}
	event->is_error = status != 0;
}
