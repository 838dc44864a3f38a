/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a route is: one struct beside its handler gives the dispatch, the parameters with their
 * checks, and the reference that GET /api shows. Handlers run on the loop thread and never wait: an
 * answer that takes time comes through an outflow.
 */
#ifndef SKEP_API_ROUTE_H
#define SKEP_API_ROUTE_H

#include "api/outflow.h"
#include "base/buf.h"
#include "event/encode.h"
#include "event/option.h"

struct agent;
struct api;
struct live;
struct metrics;
struct work;
struct workers;

#define ROUTE_EXTRAS_MAXIMUM 16

/* A parameter that is not in the route's rows. Borrowed for the call. */
struct route_extra {
	const char *name;
	const char *value;
};

struct route_request {
	struct agent *agent;
	struct live *live;
	struct workers *workers;
	struct metrics *metrics;
	const char *store_path; /* the file of the store */
	const char *url;	/* of the page, NULL without one */
	const char *path;
	const char *rest; /* of the path, for routes whose path ends in '/' */
	const void *params;
	struct slice body;
	struct route_extra extras[ROUTE_EXTRAS_MAXIMUM];
	unsigned int extra_count;
	bool has_token_in_address;
	const char *accept_encoding; /* header of the request, NULL without one */
	outflow_wake *wake;	     /* for outflow_new */
	void *wake_context;
};

/* Either the text, or an outflow, after whose end comes the next one; the server takes their
 * references. */
struct route_reply {
	const char *content_type;
	struct buf body;
	struct outflow *outflow;
	struct outflow *next;
	bool is_followed; /* the outflow has no end of its own: the answer begins before its bytes
			   */
	/* Instead of body and outflow: bytes that stay for the life of the program. */
	struct slice bytes;
	const char *encoding; /* of the bytes, NULL: as they are */
	const char *tag;      /* ETag: a request that names it gets no body; NULL without one */
	bool is_immutable;    /* what is at this path never changes: browsers need not ask again */
};

struct route {
	const char *method;
	const char *path;	    /* ends in '/': anything may follow, it becomes rest */
	const char *const *aliases; /* other paths that it answers, NULL-terminated; NULL: none */
	const char *summary;
	const char *body; /* what the body is, NULL when it has none */
	const struct option_row *rows;
	unsigned int row_count;
	unsigned int params_bytes;
	/* Rows that several routes have; they fill the same struct. May be NULL. */
	const struct option_row *shared_rows;
	const unsigned int *shared_count;
	bool takes_extras;
	/*
	 * 0 or -errno: -EINVAL becomes 400, -ENOENT 404, -EBUSY 503, everything else 500.
	 */
	int (*handle)(
		const struct route_request *request, struct route_reply *reply, struct fail *fail);
};

/* -ENOENT, or -EOPNOTSUPP when the path is there with another method. */
int route_find(const char *method, const char *path, const struct route **ret_route,
	const char **ret_rest);
/* The rows of the route with the struct they fill. Returns how many tables there are. */
unsigned int route_tables(
	const struct route *route, void *params, struct option_table ret_tables[2]);
/* Has a thread answer: takes the work, fills reply->outflow. 0 or -errno as workers_start. */
int route_start_work(const struct route_request *request, struct work *work,
	struct route_reply *reply, struct fail *fail);
/* The media type of lines in a format. */
const char *route_content_type(enum output_format format);

#define ROUTE_BODY_MAXIMUM  (256 * 1024)       /* of a request */
#define ROUTE_REPLY_MAXIMUM (16 * 1024 * 1024) /* of an answer that is made in memory */

#endif
