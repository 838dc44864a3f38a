/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET / and the addresses inside the page: all of them get the same document, whose script reads
 * the address. GET /assets/: its script and style. GET /api/status beside it.
 */
#include <ctype.h>

#include "api/page_files.h"
#include "api/routes.h"
#include "base/json.h"
#include "base/str.h"
#include "engine/status.h"

/* As in the query of an address (RFC 3986, 2.3): all but unreserved characters is escaped. */
static void append_escaped(struct buf *body, const char *text)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			buf_append_byte(body, *text);
		else
			buf_printf(body, "%%%02X", (unsigned char)*text);
	}
}

/* The rest of what may be in the address, so that a token can stand before a deep link. */
static void append_query(const struct route_request *request, struct buf *body)
{
	for (unsigned int i = 0; i < request->extra_count; i++) {
		buf_append_byte(body, i ? '&' : '?');
		append_escaped(body, request->extras[i].name);
		buf_append_byte(body, '=');
		append_escaped(body, request->extras[i].value);
	}
}

/* The cookie is set by now: a second load takes the token out of the address. A redirect would not
 * do, since browsers keep strict cookies back in a chain that began elsewhere. */
static int write_refresh(const struct route_request *request, struct route_reply *reply)
{
	struct buf *body = &reply->body;

	reply->content_type = "text/html; charset=utf-8";
	buf_printf(body,
		"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
		"<title>skep</title>\n<meta http-equiv=\"refresh\" content=\"0;url=%s",
		request->path);
	append_query(request, body);
	buf_append_string(body, "\">\n</html>\n");
	return body->error;
}

static int write_missing(struct route_reply *reply)
{
	reply->content_type = "text/html; charset=utf-8";
	return buf_printf(&reply->body,
		"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
		"<title>skep</title>\n<h1>skep</h1>\n"
		"<p>The page was not built into this program: %s. With nodejs and npm installed "
		"(<code>make deps-build</code>), <code>make</code> builds it in.</p>\n"
		"<p>The API is there: <a href=\"/api/status\">status</a>, "
		"<a href=\"/api/events?last=20\">events</a>, <a href=\"/api/views\">views</a>, "
		"<a href=\"/api/map\">map</a>, <a href=\"/metrics\">metrics</a>, "
		"<a href=\"/api\">reference</a>.</p>\n</html>\n",
		page_missing_reason());
}

/* Whether the word is among those of Accept-Encoding; a weight of zero counts as absent. */
static bool accepts(const char *header, const char *word)
{
	const char *at = header ? strstr(header, word) : NULL;

	if (!at)
		return false;
	at += strlen(word);
	at += strspn(at, " \t");
	return !str_starts_with(at, ";q=0") || str_starts_with(at, ";q=0.");
}

static int write_file(const struct route_request *request, const struct page_file *file,
	struct route_reply *reply)
{
	bool is_brotli = accepts(request->accept_encoding, "br");
	const uint8_t *start = is_brotli ? file->brotli : file->gzip;
	const uint8_t *end = is_brotli ? file->brotli_end : file->gzip_end;

	/* Every browser takes gzip; whoever says nothing can be expected to as well. */
	reply->content_type = file->content_type;
	reply->bytes = (struct slice){ start, (size_t)(end - start) };
	reply->encoding = is_brotli ? "br" : "gzip";
	reply->tag = file->tag;
	return 0;
}

static int page_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	const struct page_file *file = page_file_find("/");

	if (request->has_token_in_address)
		return write_refresh(request, reply);
	return file ? write_file(request, file, reply) : write_missing(reply);
}

static int asset_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	const struct page_file *file = page_file_find(request->path);

	if (!file)
		return fail_set(fail, -ENOENT, "there is no %s", request->path);
	reply->is_immutable = str_starts_with(file->path, "/assets/");
	return write_file(request, file, reply);
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

/* As in ui/src/pages.ts. */
static const char *const page_paths[] = { "/service", "/map", "/requests", "/connections",
	"/processes", "/query", "/status", NULL };

const struct route page_route = {
	.method = "GET",
	.path = "/",
	.aliases = page_paths,
	.summary = "the page",
	.takes_extras = true,
	.handle = page_handle,
};

/* Browsers ask for it on their own. */
static const char *const icon_paths[] = { "/favicon.ico", NULL };

const struct route asset_route = {
	.method = "GET",
	.path = "/assets/",
	.aliases = icon_paths,
	.summary = "scripts and styles of the page",
	.handle = asset_handle,
};

const struct route status_route = {
	.method = "GET",
	.path = "/api/status",
	.summary = "what is on, off and why; losses; what the agent costs",
	.handle = status_handle,
};
