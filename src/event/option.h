/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option table: one row is a flag, a configuration key, an API parameter, a
 * default, a range, a help line, a line of the man page and a completion.
 */
#ifndef SKEP_OPTION_H
#define SKEP_OPTION_H

#include "base/fail.h"

enum option_type {
	OPTION_BOOL, /* bool; --name, --no-name, --name=yes|no */
	OPTION_U32,  /* uint32_t within minimum..maximum */
	OPTION_U64,
	OPTION_DURATION, /* uint64_t ns; "5m" */
	OPTION_BYTES,	 /* uint64_t; "2GiB" */
	OPTION_TEXT,	 /* char[size] */
	OPTION_WORD,	 /* uint32_t index into words */
	OPTION_LIST,	 /* struct option_list: may be given several times */
	OPTION_TERM,	 /* struct option_terms, shared by several rows: name and text are added in
			    the order given; without value_name it takes no text */
};

#define OPTION_LIST_MAXIMUM 16
struct option_list {
	unsigned int count;
	char values[OPTION_LIST_MAXIMUM][256];
};

#define OPTION_TERMS_MAXIMUM 32
struct option_term {
	const char *name; /* of the row */
	char text[256];
};
struct option_terms {
	unsigned int count;
	struct option_term terms[OPTION_TERMS_MAXIMUM];
};

struct option_row {
	const char *name; /* "max-bytes": the flag --max-bytes and the key max-bytes */
	char letter;	  /* 'o' for -o, 0 for none */
	enum option_type type;
	uint16_t offset; /* in the options struct */
	uint16_t size;
	const char *value_name;	   /* "ADDRESS:PORT" in help; NULL for bool */
	const char *initial;	   /* the default, as a person would write it; NULL: zero */
	uint64_t minimum, maximum; /* numbers, durations, bytes; both 0: unlimited */
	const char *const *words;  /* OPTION_WORD: NULL-terminated */
	const char *section;	   /* heading in help, NULL for "Options" */
	const char *help;	   /* one sentence without a full stop */
};

#define OPTION(struct_, member_, name_, letter_, type_, ...)                                       \
	{                                                                                          \
		.name = (name_), .letter = (letter_), .type = (type_),                             \
		.offset = offsetof(struct struct_, member_),                                       \
		.size = MEMBER_SIZE(struct struct_, member_), __VA_ARGS__                          \
	}

/* Several tables may serve one command (its own and the shared ones): each with the struct that it
 * fills. */
struct option_table {
	const struct option_row *rows;
	unsigned int count;
	void *values;
};

/* Sets each value to its default. Lists and terms start empty: what a file gives comes first, then
 * what flags give. -EINVAL only for a defect of the table. */
int option_defaults(const struct option_table *tables, unsigned int count, struct fail *fail);
/* Sets one option from text; -EINVAL with a sentence that says what was expected, -ENOENT for an
 * unknown name (with the nearest known one). */
int option_set(const struct option_table *tables, unsigned int count, const char *name,
	const char *text, struct fail *fail);
/*
 * Reads arguments (NULL-terminated, without the command's own name): --name VALUE, --name=VALUE, -o
 * VALUE, -oVALUE, -fn for letters without values. Flags and operands may be mixed, "--" ends flags.
 * Operands are borrowed pointers in order. --help and -h set wants_help; what follows them is not
 * read. -ENOENT unknown flag, -EINVAL bad value, -E2BIG too many operands.
 */
#define OPTION_OPERANDS_MAXIMUM 32
struct option_result {
	const char *operands[OPTION_OPERANDS_MAXIMUM];
	unsigned int operand_count;
	bool wants_help;
};
int option_parse(const struct option_table *tables, unsigned int count, char **arguments,
	struct option_result *ret_result, struct fail *fail);
/*
 * A configuration file: "key: value" lines (YAML mapping; lists for OPTION_LIST; no nesting, no
 * aliases, no key twice), at most 1 MiB. Errors name file, line and what was expected: -ENOENT
 * also for an unknown key, -EINVAL, or what opening the file gave.
 */
int option_read_file(
	const struct option_table *tables, unsigned int count, const char *path, struct fail *fail);
/* False for the types that are set by their name alone (bool, terms without value_name). */
bool option_takes_value(const struct option_row *row);
/*
 * 0, or -EINVAL with the first defect of the tables that serve one command: a name that is not
 * kebab-case or is there twice, a letter that is, no help, a size that does not fit the type, words
 * without OPTION_WORD, a value without a name, a default that is not allowed. For tests: it sets
 * the defaults.
 */
int option_check(const struct option_table *tables, unsigned int count, struct fail *fail);
/* Writes "expected …" for the type: what a value must look like. Returns destination. */
char *option_expected(const struct option_row *row, char *destination, size_t size);

#endif
