/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two kinds of event of the exec feature, and the way from a record of the kernel half to
 * texts. Pure functions over borrowed bytes.
 */
#ifndef SKEP_EXEC_EVENT_H
#define SKEP_EXEC_EVENT_H

#include "base/buf.h"
#include "event/process.h"
#include "observe/exec/exec_record.h"

struct exec_event {
	struct event_header header;
	struct event_process process;
	const char *arguments; /* with blanks between them; secrets masked unless --unmask */
	const char *directory;
	uint64_t argument_bytes; /* that they had, each with its NUL */
	bool is_cut;		 /* arguments holds only a beginning */
};

struct exit_event {
	struct event_header header;
	struct event_process process;
	int32_t exit_code; /* 0 when a signal ended it */
	bool is_dumped;
	char signal[12]; /* "SIGKILL", "" when it ended by itself */
	uint64_t duration_ns;
	bool is_error;
};

extern const struct event_kind exec_kind;
extern const struct event_kind exit_kind;

/* The variable parts of an exec record, borrowed from it. */
struct exec_parts {
	struct slice exe; /* components from the last to the first */
	struct slice directory;
	struct slice arguments;
};

/* False when the lengths in the record do not fit its size. */
bool exec_split(const struct exec_exec *record, struct exec_parts *ret_parts);

/*
 * Puts components together, "/usr/bin/true"; "/" when there are none. Where the first ones are
 * missing the path begins with "…/", and what is detached ends with " (deleted)", as in /proc.
 * The buffer is emptied first. 0, or the buffer's error.
 */
int exec_join_path(struct slice components, bool is_cut, bool is_detached, struct buf *ret_path);

/* What wait(2) says, in words: exit_code, signal, is_dumped, is_error. */
void exit_read_status(uint32_t status, struct exit_event *event);

#endif
