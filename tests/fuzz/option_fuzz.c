/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Option text: any bytes as arguments (cut at newlines) and as a configuration file set the values
 * or are refused with a reason.
 */
#include "event/option.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

struct values {
	bool flag;
	uint32_t number;
	uint64_t big, time_ns, size_bytes;
	char text[16];
	uint32_t word;
	struct option_list list;
	struct option_terms terms;
};

static const char *const words[] = { "one", "two", NULL };

static const struct option_row rows[] = {
	OPTION(values, flag, "flag", 'f', OPTION_BOOL, .help = "x"),
	OPTION(values, number, "number", 'n', OPTION_U32, .maximum = 10, .help = "x"),
	OPTION(values, big, "big", 0, OPTION_U64, .help = "x"),
	OPTION(values, time_ns, "time", 't', OPTION_DURATION, .help = "x"),
	OPTION(values, size_bytes, "size", 0, OPTION_BYTES, .minimum = 1, .help = "x"),
	OPTION(values, text, "text", 0, OPTION_TEXT, .help = "x"),
	OPTION(values, word, "word", 'w', OPTION_WORD, .words = words, .help = "x"),
	OPTION(values, list, "list", 'l', OPTION_LIST, .help = "x"),
	OPTION(values, terms, "term", 0, OPTION_TERM, .value_name = "X", .help = "x"),
	OPTION(values, terms, "not", 0, OPTION_TERM, .help = "x"),
};

static struct values values;
static const struct option_table table = { rows, ARRAY_LENGTH(rows), &values };

static void check(int error, const struct fail *fail)
{
	if (error < 0 && fail->text[0] == '\0')
		abort();
}

static void as_arguments(char *text)
{
	char *arguments[64] = { text };
	struct option_result result;
	struct fail fail = { 0 };

	for (size_t i = 1; i < ARRAY_LENGTH(arguments) - 1 && (text = strchr(text, '\n')); i++) {
		*text++ = '\0';
		arguments[i] = text;
	}
	check(option_parse(&table, 1, arguments, &result, &fail), &fail);
}

static void as_file(const uint8_t *data, size_t size)
{
	_cleanup_(fd_closep)
	int fd = memfd_create("option_fuzz", MFD_CLOEXEC);
	struct fail fail = { 0 };
	char path[32];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	check(option_read_file(&table, 1, path, &fail), &fail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[4096];

	option_defaults(&table, 1, NULL);
	as_file(data, size);
	str_copy_slice(text, sizeof(text), (struct slice){ data, size });
	as_arguments(text);
	return 0;
}
