/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks a running agent: HTTP over its unix socket DIR/socket. One request at a time.
 */
#ifndef SKEP_CLI_CLIENT_H
#define SKEP_CLI_CLIENT_H

#include "base/buf.h"
#include "base/fail.h"

#define CLIENT_PATH_MAXIMUM (64 * 1024)

/* A part of the answer, as it comes. Returns 0, or -errno to end the request. */
typedef int client_part(void *context, const char *data, size_t length);

struct client_request {
	const char *directory; /* --dir */
	const char *path;      /* "/api/status", with its parameters */
	const char *body;      /* NULL: GET, else POST */
	client_part *part;
	void *context;
	int stop_fd; /* readable: ends the request; 0: none */
};

/*
 * Runs the request to the end of the answer. 0, or -errno with the agent's sentence; -ENOTCONN when
 * no agent runs on the directory, -EACCES when this user may not ask it, -ECANCELED when stop_fd
 * was readable, -EPIPE when the answer ends early, what part returned.
 */
int client_run(const struct client_request *request, struct fail *fail);
/* The same into a buffer that is initialized. */
int client_fetch(
	const char *directory, const char *path, struct buf *ret_answer, struct fail *fail);

/* Appends "?name=value" or "&name=value", escaped, to a path. */
void client_add_parameter(struct buf *path, const char *name, const char *value);

#endif
