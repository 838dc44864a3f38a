/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /: the page. Until there is one, a short text with links. GET /api/status beside it.
 */
#include "api/routes.h"
#include "base/json.h"
#include "engine/status.h"

static int page_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	/* The cookie is set by now: a second load takes the token out of the address. A redirect
	 * would not do, since browsers keep strict cookies back in a chain that began elsewhere. */
	const char *refresh = request->has_token_in_address
				      ? "<meta http-equiv=\"refresh\" content=\"0;url=/\">\n"
				      : "";

	reply->content_type = "text/html; charset=utf-8";
	return buf_printf(&reply->body,
		"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n%s"
		"<title>skep</title>\n<h1>skep</h1>\n"
		"<p>The page is not there yet. The API is: "
		"<a href=\"/api/status\">status</a>, <a href=\"/api/events?last=20\">events</a>, "
		"<a href=\"/api/views\">views</a>, <a href=\"/api/map\">map</a>, "
		"<a href=\"/metrics\">metrics</a>, <a href=\"/api\">reference</a>.</p>\n</html>\n",
		refresh);
}

static int status_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	struct json json;

	json_init(&json, &reply->body);
	status_write(request->agent, request->url, &json);
	buf_append_byte(&reply->body, '\n');
	reply->content_type = "application/json";
	return 0;
}

const struct route page_route = {
	.method = "GET",
	.path = "/",
	.summary = "the page",
	.handle = page_handle,
};

const struct route status_route = {
	.method = "GET",
	.path = "/api/status",
	.summary = "what is on, off and why; losses; what the agent costs",
	.handle = status_handle,
};
