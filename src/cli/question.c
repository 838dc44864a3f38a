/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the store: see question.h.
 */
#include "cli/question.h"

#include <stdio.h>
#include <unistd.h>

#include "api/sql.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/spool.h"
#include "engine/store.h"

static int print_part(void *context, const char *data, size_t length)
{
	return spool_write(context, data, length);
}

int question_answer_sql(void *context, const char *store_path, struct fail *fail)
{
	struct sql_question *question = context;
	struct spool spool = { 0 };
	FILE *stream = spool_stream(&spool);
	int error, left;

	if (!stream)
		return fail_set(fail, -ENOMEM, "no memory");
	question->path = store_path;
	error = sql_answer(question, stream, NULL, fail);
	fclose(stream);
	left = spool_end(&spool);
	return error ? error : left;
}

int question_ask(const struct place *place, const struct question *question, struct fail *fail)
{
	struct spool spool = { 0 };
	struct client_request request = {
		.path = question->path,
		.body = question->body,
		.part = print_part,
		.context = &spool,
	};
	char store_path[256];
	int error = place_directory(place, &request.directory, fail);

	if (error)
		return error;
	error = client_run(&request, fail);
	if (spool_end(&spool) != 0 && !error)
		error = -EPIPE;
	if (error == -ENOTCONN) {
		snprintf(store_path, sizeof(store_path), "%s/" STORE_FILE, request.directory);
		/* Neither an agent nor what one left: the first reason is the one to tell. */
		if (access(store_path, F_OK) != 0)
			return error;
		error = question->here(question->context, store_path, fail);
	}
	if (fflush(stdout) != 0 && !error)
		error = -EPIPE;
	return error;
}

int question_exit(int error, const struct fail *fail)
{
	int code;

	if (!error || ferror(stdout))
		return EXIT_CODE_FINE;
	code = command_failed(fail);
	/* A statement that wants more than reading is a wrong one. */
	if (error == -EINVAL || error == -EPERM)
		return EXIT_CODE_USAGE;
	return error == -ENOENT ? EXIT_CODE_NOTHING : code;
}
