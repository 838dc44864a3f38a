/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request from its first line to the last byte of its answer: see exchange.h.
 */
#include "api/exchange.h"

#include <stdio.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

#define ASKING_NS	 (20 * NS_PER_S) /* a request must be complete within this time */
#define FOLLOWER_SECONDS 3600		 /* a client that follows may stand still for so long */
#define BLOCK_BYTES	 (32 * 1024)

/* A connection: it may make several requests, one after the other. */
struct visitor {
	int fd;
	bool is_answered;  /* a whole request is there, the answer is on its way */
	uint64_t since_ns; /* when it began to ask */
	struct visitor *next;
	struct visitor **link;
};

struct exchange {
	struct exchanges *all;
	struct MHD_Connection *connection;
	struct visitor *visitor;
	const struct route *route;
	const char *path;
	const char *rest;
	void *params;
	struct route_extra extras[ROUTE_EXTRAS_MAXIMUM];
	unsigned int extra_count;
	struct buf body;
	struct fail refusal;
	struct route_reply reply;
	bool is_handled;
	bool is_queued;
	bool is_suspended;
	bool has_token_in_address;
	struct exchange *next;
	struct exchange **link;
};

static unsigned int http_status(int error)
{
	switch (-error) {
	case 0:
		return MHD_HTTP_OK;
	case EINVAL:
		return MHD_HTTP_BAD_REQUEST;
	case EACCES:
		return MHD_HTTP_UNAUTHORIZED;
	case EPERM:
		return MHD_HTTP_FORBIDDEN;
	case ENOENT:
		return MHD_HTTP_NOT_FOUND;
	case EOPNOTSUPP:
		return MHD_HTTP_METHOD_NOT_ALLOWED;
	case E2BIG:
		return MHD_HTTP_CONTENT_TOO_LARGE;
	case EBUSY:
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	case ETIMEDOUT:
		return MHD_HTTP_GATEWAY_TIMEOUT;
	default:
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
}

/* ---- answers ---- */

/* The token moves from the address into a cookie that scripts cannot read. */
static void add_cookie(struct exchange *exchange, struct MHD_Response *response)
{
	const struct auth *auth = &exchange->all->auth;
	char name[16], cookie[128];

	auth_cookie_name(auth->port, name, sizeof(name));
	snprintf(cookie, sizeof(cookie), "%s=%s; Path=/; HttpOnly; SameSite=Strict", name,
		auth->token);
	MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
}

/* What the program holds may be kept by browsers; data never. */
static void add_caching(const struct exchange *exchange, struct MHD_Response *response)
{
	const struct route_reply *reply = &exchange->reply;
	const char *rule = "no-store";

	if (!exchange->refusal.code && reply->tag)
		rule = reply->is_immutable ? "private, max-age=31536000, immutable"
					   : "private, no-cache";
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, rule);
	if (exchange->refusal.code || !reply->tag)
		return;
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, reply->tag);
	MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	if (reply->encoding)
		MHD_add_response_header(
			response, MHD_HTTP_HEADER_CONTENT_ENCODING, reply->encoding);
}

/* Queues the response and gives it up. */
static enum MHD_Result queue(
	struct exchange *exchange, unsigned int status, struct MHD_Response *response)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(
		response, MHD_HTTP_HEADER_CONTENT_TYPE, exchange->reply.content_type);
	add_caching(exchange, response);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "X-Frame-Options", "DENY");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	MHD_add_response_header(response, "Content-Security-Policy",
		"default-src 'self'; frame-ancestors 'none'; base-uri 'none'");
	if (exchange->has_token_in_address && !exchange->refusal.code)
		add_cookie(exchange, response);
	result = MHD_queue_response(exchange->connection, status, response);
	MHD_destroy_response(response);
	exchange->is_queued = true;
	return result;
}

static const char *header_value(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* For a person who opened the page; the form sends the token as the printed address does. */
static void write_sign_in(struct buf *body)
{
	buf_printf(body,
		"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width\">\n"
		"<title>skep: a token is needed</title>\n<h1>A token is needed</h1>\n"
		"<p>Open the address that <code>skep status</code> shows on this machine, or paste "
		"the token, which is the part after <code>token=</code>.</p>\n"
		"<form action=\"/\"><label>Token <input name=\"token\" type=\"password\" required "
		"autofocus></label> <button>Open</button></form>\n</html>\n");
}

static bool wants_html(const struct exchange *exchange)
{
	const char *accept = header_value(exchange->connection, MHD_HTTP_HEADER_ACCEPT);

	return accept && strstr(accept, "text/html");
}

static void write_failure(struct exchange *exchange, const struct fail *fail)
{
	struct buf *body = &exchange->reply.body;
	struct json json;

	buf_clear(body);
	exchange->reply.content_type = "application/json";
	if (fail->code == -EACCES && wants_html(exchange)) {
		exchange->reply.content_type = "text/html; charset=utf-8";
		write_sign_in(body);
		return;
	}
	json_init(&json, body);
	json_object_begin(&json);
	json_member_string(&json, "error", fail->text);
	json_object_end(&json);
	buf_append_byte(body, '\n');
}

static enum MHD_Result queue_failure(struct exchange *exchange, const struct fail *fail)
{
	struct buf *body = &exchange->reply.body;
	struct MHD_Response *response;

	write_failure(exchange, fail);
	if (fail != &exchange->refusal)
		exchange->refusal = *fail;
	response = MHD_create_response_from_buffer(
		body->length, (void *)buf_text(body), MHD_RESPMEM_MUST_COPY);
	if (response && fail->code == -EACCES)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	return queue(exchange, http_status(fail->code), response);
}

static ssize_t read_outflow(void *context, uint64_t position, char *destination, size_t size)
{
	struct exchange *exchange = context;
	struct route_reply *reply = &exchange->reply;
	ssize_t length = outflow_read(reply->outflow, destination, size);

	if (length == -ENODATA && reply->next) {
		outflow_unref(reply->outflow);
		reply->outflow = TAKE(reply->next);
		length = outflow_read(reply->outflow, destination, size);
	}
	if (length > 0)
		return length;
	if (length == -ENODATA)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (length < 0 || outflow_is_cancelled(reply->outflow))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	MHD_suspend_connection(exchange->connection);
	exchange->is_suspended = true;
	return 0;
}

/* Bytes of the program; a browser that has them already is told so. */
static enum MHD_Result queue_bytes(struct exchange *exchange)
{
	const struct route_reply *reply = &exchange->reply;
	const char *known = header_value(exchange->connection, MHD_HTTP_HEADER_IF_NONE_MATCH);
	bool is_known = known && strstr(known, reply->tag);
	size_t length = is_known ? 0 : reply->bytes.length;

	return queue(exchange, is_known ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK,
		MHD_create_response_from_buffer(
			length, (void *)reply->bytes.data, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result queue_reply(struct exchange *exchange)
{
	struct route_reply *reply = &exchange->reply;
	struct fail fail;

	if (reply->bytes.data)
		return queue_bytes(exchange);
	if (!reply->outflow && reply->body.error) {
		fail_set(&fail, reply->body.error, "the answer is too long");
		return queue_failure(exchange, &fail);
	}
	if (reply->is_followed)
		MHD_set_connection_option(exchange->connection, MHD_CONNECTION_OPTION_TIMEOUT,
			(unsigned int)FOLLOWER_SECONDS);
	if (!reply->outflow)
		return queue(exchange, MHD_HTTP_OK,
			MHD_create_response_from_buffer(reply->body.length,
				(void *)buf_text(&reply->body), MHD_RESPMEM_MUST_COPY));
	if (outflow_failure(reply->outflow, &fail))
		return queue_failure(exchange, &fail);
	return queue(exchange, MHD_HTTP_OK,
		MHD_create_response_from_callback(
			MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_outflow, exchange, NULL));
}

/* ---- questions ---- */

static enum MHD_Result take_parameter(
	void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct exchange *exchange = context;
	const struct route *route = exchange->route;
	struct option_table tables[2];
	unsigned int table_count = route_tables(route, exchange->params, tables);
	int error;

	value = value ? value : "";
	if (str_equal(name, "token"))
		return MHD_YES;
	error = option_set(tables, table_count, name, value, &exchange->refusal);
	if (error != -ENOENT || !route->takes_extras)
		return error ? MHD_NO : MHD_YES;
	if (exchange->extra_count == ROUTE_EXTRAS_MAXIMUM) {
		fail_set(
			&exchange->refusal, -EINVAL, "at most %d parameters", ROUTE_EXTRAS_MAXIMUM);
		return MHD_NO;
	}
	exchange->refusal.code = 0;
	exchange->extras[exchange->extra_count++] = (struct route_extra){ name, value };
	return MHD_YES;
}

static int read_parameters(struct exchange *exchange, struct fail *fail)
{
	const struct route *route = exchange->route;
	struct option_table tables[2];
	int error;

	exchange->params = calloc(1, MAX(route->params_bytes, 1U));
	if (!exchange->params)
		return fail_set(fail, -ENOMEM, "no memory");
	error = option_defaults(tables, route_tables(route, exchange->params, tables), fail);
	if (error)
		return error;
	MHD_get_connection_values(
		exchange->connection, MHD_GET_ARGUMENT_KIND, take_parameter, exchange);
	if (exchange->refusal.code == -ENOENT)
		exchange->refusal.code = -EINVAL;
	return exchange->refusal.code;
}

static int check_visitor(struct exchange *exchange, struct fail *fail)
{
	struct MHD_Connection *connection = exchange->connection;
	struct auth_facts facts = {
		.host = header_value(connection, MHD_HTTP_HEADER_HOST),
		.origin = header_value(connection, MHD_HTTP_HEADER_ORIGIN),
		.authorization = header_value(connection, MHD_HTTP_HEADER_AUTHORIZATION),
		.cookie = header_value(connection, MHD_HTTP_HEADER_COOKIE),
		.token = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token"),
	};

	exchange->has_token_in_address = facts.token != NULL;
	return auth_check(&exchange->all->auth, &facts, fail);
}

static int prepare(struct exchange *exchange, const struct exchange_door *door, const char *method,
	const char *url)
{
	struct fail *fail = &exchange->refusal;
	int error = door->needs_token ? check_visitor(exchange, fail) : 0;

	if (error)
		return error;
	exchange->path = url;
	error = route_find(method, url, &exchange->route, &exchange->rest);
	if (error == -EOPNOTSUPP)
		return fail_set(fail, error, "%s is not for %s: see /api", url, method);
	if (error)
		return fail_set(fail, error, "there is no %s: see /api for what there is", url);
	return read_parameters(exchange, fail);
}

/* The whole request is there: has the route answer it. */
static int handle(struct exchange *exchange, struct fail *fail)
{
	struct route_request request = exchange->all->common;

	if (exchange->body.error)
		return fail_set(
			fail, -E2BIG, "the body is longer than %d bytes", ROUTE_BODY_MAXIMUM);
	request.path = exchange->path;
	request.rest = exchange->rest;
	request.params = exchange->params;
	request.body =
		(struct slice){ (const uint8_t *)buf_text(&exchange->body), exchange->body.length };
	memcpy(request.extras, exchange->extras, sizeof(request.extras));
	request.extra_count = exchange->extra_count;
	request.has_token_in_address = exchange->has_token_in_address;
	request.accept_encoding =
		header_value(exchange->connection, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	return exchange->route->handle(&request, &exchange->reply, fail);
}

static struct exchange *exchange_new(struct exchanges *all, struct MHD_Connection *connection)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	if (!exchange)
		return NULL;
	exchange->all = all;
	exchange->connection = connection;
	exchange->visitor = info ? info->socket_context : NULL;
	buf_init(&exchange->body, ROUTE_BODY_MAXIMUM);
	buf_init(&exchange->reply.body, ROUTE_REPLY_MAXIMUM);
	exchange->link = &all->first;
	exchange->next = all->first;
	if (exchange->next)
		exchange->next->link = &exchange->next;
	all->first = exchange;
	return exchange;
}

static enum MHD_Result answer(struct exchange *exchange)
{
	struct fail fail = { 0 };

	if (exchange->visitor)
		exchange->visitor->is_answered = true;
	if (!exchange->is_handled) {
		exchange->is_handled = true;
		if (handle(exchange, &fail))
			return queue_failure(exchange, &fail);
	}
	/* Whoever follows wants to know at once that it began; all else waits for the first bytes,
	 * since only they tell the status. */
	if (exchange->reply.outflow && !exchange->reply.is_followed &&
		!outflow_is_ready(exchange->reply.outflow)) {
		if (outflow_is_cancelled(exchange->reply.outflow))
			return MHD_NO;
		MHD_suspend_connection(exchange->connection);
		exchange->is_suspended = true;
		return MHD_YES;
	}
	return queue_reply(exchange);
}

enum MHD_Result exchange_handle(void *door_context, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *upload,
	size_t *upload_bytes, void **exchange_pointer)
{
	const struct exchange_door *door = door_context;
	struct exchange *exchange = *exchange_pointer;

	if (!exchange) {
		exchange = exchange_new(door->exchanges, connection);
		*exchange_pointer = exchange;
		if (!exchange)
			return MHD_NO;
		/* A request that is refused is not read to its end. */
		if (prepare(exchange, door, method, url))
			return queue_failure(exchange, &exchange->refusal);
		return MHD_YES;
	}
	if (exchange->is_queued)
		return MHD_YES;
	if (*upload_bytes > 0) {
		buf_append(&exchange->body, upload, *upload_bytes);
		*upload_bytes = 0;
		return MHD_YES;
	}
	return answer(exchange);
}

static void cancel_outflows(struct exchange *exchange)
{
	if (exchange->reply.outflow)
		outflow_cancel(exchange->reply.outflow);
	if (exchange->reply.next)
		outflow_cancel(exchange->reply.next);
}

void exchange_completed(void *door, struct MHD_Connection *connection, void **exchange_pointer,
	enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *exchange_pointer;

	if (!exchange)
		return;
	*exchange_pointer = NULL;
	if (exchange->visitor) {
		exchange->visitor->is_answered = false;
		exchange->visitor->since_ns = clock_monotonic_ns();
	}
	cancel_outflows(exchange);
	outflow_unref(exchange->reply.outflow);
	outflow_unref(exchange->reply.next);
	*exchange->link = exchange->next;
	if (exchange->next)
		exchange->next->link = exchange->link;
	buf_done(&exchange->body);
	buf_done(&exchange->reply.body);
	free(exchange->params);
	free(exchange);
}

/* ---- connections ---- */

void exchange_visitor(void *door_context, struct MHD_Connection *connection, void **pointer,
	enum MHD_ConnectionNotificationCode code)
{
	struct exchanges *all = ((struct exchange_door *)door_context)->exchanges;
	struct visitor *visitor = *pointer;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		visitor = calloc(1, sizeof(*visitor));
		*pointer = visitor;
		if (!visitor)
			return;
		visitor->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
				      ->connect_fd;
		visitor->since_ns = clock_monotonic_ns();
		visitor->link = &all->first_visitor;
		visitor->next = all->first_visitor;
		if (visitor->next)
			visitor->next->link = &visitor->next;
		all->first_visitor = visitor;
	} else if (visitor) {
		*visitor->link = visitor->next;
		if (visitor->next)
			visitor->next->link = visitor->link;
		free(visitor);
		*pointer = NULL;
	}
}

static void resume(struct exchange *exchange)
{
	if (!exchange->is_suspended)
		return;
	exchange->is_suspended = false;
	MHD_resume_connection(exchange->connection);
}

void exchanges_resume_ready(struct exchanges *exchanges)
{
	for (struct exchange *exchange = exchanges->first; exchange; exchange = exchange->next) {
		if (exchange->is_suspended && outflow_is_ready(exchange->reply.outflow))
			resume(exchange);
	}
}

static bool is_gone(const struct visitor *visitor)
{
	char byte;

	return visitor && recv(visitor->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void exchanges_tick(struct exchanges *exchanges, uint64_t now_ns)
{
	/* libmicrohttpd does not look at suspended connections. */
	for (struct exchange *exchange = exchanges->first; exchange; exchange = exchange->next) {
		if (exchange->is_suspended && is_gone(exchange->visitor)) {
			cancel_outflows(exchange);
			resume(exchange);
		}
	}
	/* Its own timeout begins anew with each byte: one byte now and then would hold a place. */
	for (struct visitor *visitor = exchanges->first_visitor; visitor; visitor = visitor->next) {
		if (!visitor->is_answered && now_ns > visitor->since_ns + ASKING_NS)
			shutdown(visitor->fd, SHUT_RDWR);
	}
}

void exchanges_cancel(struct exchanges *exchanges)
{
	for (struct exchange *exchange = exchanges->first; exchange; exchange = exchange->next) {
		cancel_outflows(exchange);
		resume(exchange);
	}
}
