/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request from its first line to the last byte of its answer: who may ask, which route
 * answers, with what parameters; suspends the connection while the answer is not
 * ready. The callbacks are those of libmicrohttpd. Loop thread only.
 */
#ifndef SKEP_API_EXCHANGE_H
#define SKEP_API_EXCHANGE_H

#include <microhttpd.h>

#include "api/auth.h"
#include "api/route.h"

struct exchange;
struct visitor;

/* What all requests share; the owner fills the first part. */
struct exchanges {
	struct route_request common; /* what handlers may use */
	struct auth auth;	     /* of the TCP address */
	int wake_fd;		     /* an eventfd: an outflow has something */

	struct exchange *first;
	struct visitor *first_visitor;
};

/* Where a request came in: the context of the callbacks. */
struct exchange_door {
	struct exchanges *exchanges;
	bool needs_token;
};

enum MHD_Result exchange_handle(void *door, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_bytes,
	void **exchange);
void exchange_completed(void *door, struct MHD_Connection *connection, void **exchange,
	enum MHD_RequestTerminationCode code);
void exchange_visitor(void *door, struct MHD_Connection *connection, void **visitor,
	enum MHD_ConnectionNotificationCode code);

/* Resumes those whose outflow has something: after wake_fd was readable. */
void exchanges_resume_ready(struct exchanges *exchanges);
/* Once a second: ends those whose client has gone, and clients that do not finish asking. */
void exchanges_tick(struct exchanges *exchanges, uint64_t now_ns);
/* Before the servers stop: ends all outflows and leaves no connection suspended. */
void exchanges_cancel(struct exchanges *exchanges);

#endif
