/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the store: through the running agent, or, where there is none, its file. The answer
 * goes to stdout.
 */
#ifndef SKEP_CLI_QUESTION_H
#define SKEP_CLI_QUESTION_H

#include "api/sql.h"
#include "cli/place.h"

/*
 * path: of the API, with its parameters; body: NULL or what is posted. question: the same for the
 * file, whose path is filled in here. 0 or -errno with the reason.
 */
int question_ask(const struct place *place, const char *path, const char *body,
	struct sql_question *question, struct fail *fail);
/* Prints the failure and gives the exit code. Nobody reading any more is none. */
int question_exit(int error, const struct fail *fail);

#endif
