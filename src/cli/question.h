/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the store: through the running agent, or, where there is none, its file. The answer
 * goes to stdout.
 */
#ifndef SKEP_CLI_QUESTION_H
#define SKEP_CLI_QUESTION_H

#include "base/fail.h"
#include "cli/place.h"

struct question {
	const char *path; /* of the API, with its parameters */
	const char *body; /* NULL, or what is posted */
	/* The same without an agent: writes the answer out of the file to stdout. 0 or -errno. */
	int (*here)(void *context, const char *store_path, struct fail *fail);
	void *context;
};

/* 0 or -errno with the reason. */
int question_ask(const struct place *place, const struct question *question, struct fail *fail);
/* Prints the failure and gives the exit code. Nobody reading any more is none. */
int question_exit(int error, const struct fail *fail);

struct sql_question;
/* For `here`: context is a struct sql_question, whose path is filled in. */
int question_answer_sql(void *context, const char *store_path, struct fail *fail);

#endif
