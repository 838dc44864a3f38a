/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.0 and 1.1 (RFC 9110, RFC 9112). Heads and chunked bodies come in, at any
 * split; messages go out. It reads what servers accept, not only what the RFCs allow: the first
 * line decides whether this is HTTP, and no header field can make it something else.
 */
#include "base/str.h"
#include "protocols/http_framing.h"
#include "protocols/http_match.h"
#include "protocols/http_target.h"
#include "protocols/message.h"
#include "protocols/proxy_header.h"
#include <ctype.h>

/* Nginx and Apache refuse fields longer than 8 KiB, Node heads of more than 16. */
#define HEAD_BYTES_MAXIMUM (16 * 1024)

static int http_request(struct slice bytes, unsigned int flags, struct message *ret_message);
static int http_response(struct slice bytes, unsigned int flags, const struct message *request,
	struct message *ret_message);

static unsigned int http_requests(struct slice bytes, bool is_start);

const struct protocol http_protocol = {
	.name = "http",
	.summary = "HTTP/1.0 and 1.1: requests with method, route, host and status",
	.request = http_request,
	.response = http_response,
	.body = http_chunks,
	.requests = http_requests,
};

struct request_line {
	struct slice method;
	struct slice target;
	bool is_old; /* HTTP/1.0 */
	bool is_cut; /* the target goes on */
};

static struct slice slice_from(struct slice bytes, size_t at)
{
	return (struct slice){ bytes.data + at, bytes.length - at };
}

/* Servers skip empty lines before a message (RFC 9112, 2.2). */
static size_t empty_lines(struct slice bytes)
{
	size_t at = 0;

	for (;;) {
		struct http_line line = http_line_at(slice_from(bytes, at));

		if (line.length == 0 || line.text.length > 0)
			return at;
		at += line.length;
	}
}

/* RFC 9110, 5.6.2. */
static bool is_token_byte(uint8_t byte)
{
	return isalnum(byte) || (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static bool is_known_method(struct slice method)
{
	uint8_t start[16] = { 0 };

	memcpy(start, method.data, MIN(method.length, sizeof(start) - 1));
	start[MIN(method.length, sizeof(start) - 1)] = ' ';
	return http_match_request(start, sizeof(start)) > HTTP_REQUEST_MAYBE;
}

/* Takes " HTTP/1.x" from the end of a request line; false when it is not there. */
static bool take_version(struct slice *line, bool *ret_is_old)
{
	struct slice text = http_trim(*line);
	size_t at = text.length - strlen("HTTP/1.x");

	if (text.length < strlen(" HTTP/1.x") || memcmp(text.data + at, "HTTP/1.", 7) != 0 ||
		!isdigit(text.data[text.length - 1]) || !http_is_blank(text.data[at - 1]))
		return false;
	*ret_is_old = text.data[text.length - 1] == '0';
	line->data = text.data;
	line->length = at;
	return true;
}

/*
 * method SP target SP version, with blanks as RFC 9112, 3 allows to be lenient about. Returns 1, 0
 * when the line may still become a request line, or -EBADMSG. A cut line needs a known method,
 * because its version is not seen.
 */
static int read_request_line(
	struct http_line line, unsigned int flags, struct request_line *ret_line)
{
	struct request_line found = { .method = { line.text.data, 0 } };
	struct slice rest = line.text;

	while (found.method.length < rest.length && is_token_byte(rest.data[found.method.length]))
		found.method.length++;
	if (found.method.length >= MEMBER_SIZE(struct message, operation))
		return -EBADMSG;
	rest = slice_from(rest, found.method.length);
	/* A lone CR may be the first half of an empty line. */
	if (found.method.length == 0 && rest.length == 1 && rest.data[0] == '\r' &&
		line.length == 0)
		return (flags & MESSAGE_CUT) ? -EBADMSG : 0;
	if (rest.length == 0 && line.length == 0 && !(flags & MESSAGE_CUT))
		return 0;
	if (found.method.length == 0 || rest.length == 0 || rest.data[0] != ' ')
		return -EBADMSG;
	if (line.length == 0 && !(flags & MESSAGE_CUT))
		return 0;
	if (line.length != 0 && !take_version(&rest, &found.is_old))
		return -EBADMSG;
	rest = http_trim(rest);
	found.target = rest;
	if (line.length == 0) {
		const uint8_t *blank =
			rest.length == 0 ? NULL : memchr(rest.data, ' ', rest.length);

		if (!is_known_method(found.method))
			return -EBADMSG;
		found.is_cut = blank == NULL;
		if (blank != NULL)
			found.target = (struct slice){ rest.data, (size_t)(blank - rest.data) };
	}
	if (found.target.length == 0)
		return -EBADMSG;
	*ret_line = found;
	return 1;
}

/*
 * "HTTP/1.x NNN", then a blank and a reason, or nothing. Returns 1 and the digits, 0 when the
 * line may still become a status line, or -EBADMSG.
 */
static int read_status_line(struct http_line line, unsigned int flags, struct slice *ret_status)
{
	static const char start[] = "HTTP/1.";
	struct slice text = line.text;
	size_t at = strlen("HTTP/1.x");
	size_t digits = 0;

	if (text.length == 1 && text.data[0] == '\r' && line.length == 0)
		return (flags & MESSAGE_CUT) ? -EBADMSG : 0;
	if (text.length > 0 && memcmp(text.data, start, MIN(text.length, strlen(start))) != 0)
		return -EBADMSG;
	if (text.length >= at && !isdigit(text.data[at - 1]))
		return -EBADMSG;
	if (text.length > at && text.data[at] != ' ')
		return -EBADMSG;
	while (at < text.length && text.data[at] == ' ')
		at++;
	while (at + digits < text.length && digits < 3 && isdigit(text.data[at + digits]))
		digits++;
	if (digits < 3 && at + digits < text.length)
		return -EBADMSG;
	if (digits < 3)
		return line.length == 0 && !(flags & MESSAGE_CUT) ? 0 : -EBADMSG;
	if (at + 3 < text.length && !http_is_blank(text.data[at + 3]))
		return -EBADMSG;
	*ret_status = (struct slice){ text.data + at, 3 };
	return 1;
}

/* RFC 9112, 6.3 from its fourth step on; otherwise is the body when nothing is said. */
static void set_body(
	struct message *message, const struct http_framing *framing, enum body_kind otherwise)
{
	message->is_ambiguous = framing->is_ambiguous;
	if (framing->has_coding) {
		message->body = framing->is_chunked ? BODY_CHUNKED : BODY_UNTIL_CLOSE;
	} else if (framing->is_bad_length) {
		message->body = BODY_UNTIL_CLOSE;
	} else if (framing->has_length) {
		message->body = framing->length > 0 ? BODY_LENGTH : BODY_NONE;
		message->body_bytes = framing->length;
	} else {
		message->body = otherwise;
	}
}

/* A cut head: its other fields might have said something else. */
static void forget_body(struct message *message)
{
	message->body = BODY_UNTIL_CLOSE;
	message->body_bytes = 0;
}

/* Where the head starts (after empty lines): its first line, and where its fields start. */
static struct http_line first_line(struct slice bytes, size_t *ret_fields_at)
{
	size_t start = empty_lines(bytes);
	struct http_line line = http_line_at(slice_from(bytes, start));

	*ret_fields_at = start + (line.length == 0 ? line.text.length : line.length);
	return line;
}

/* An unfinished head: more may come, unless the limit is reached. */
static int wait_for_more(struct slice bytes)
{
	return bytes.length == HEAD_BYTES_MAXIMUM ? -E2BIG : 0;
}

static uint32_t head_bytes(struct slice bytes, const struct http_framing *framing, size_t fields_at)
{
	return (uint32_t)(framing->fields_bytes == 0 ? bytes.length
						     : fields_at + framing->fields_bytes);
}

static void set_request(struct message *message, const struct request_line *line,
	const struct http_framing *framing, unsigned int flags)
{
	str_copy_slice(message->operation, sizeof(message->operation), line->method);
	message->is_head_request = str_equal(message->operation, "HEAD");
	message->is_connect_request = str_equal(message->operation, "CONNECT");
	message->wants_upgrade = framing->has_upgrade && framing->has_connection_upgrade;
	message->expects_continue = framing->expects_continue && !line->is_old;
	if (framing->host.data != NULL)
		http_set_host(message, framing->host);
	http_set_target(message, line->target, line->is_cut, flags);
	set_body(message, framing, BODY_NONE);
	/* Without chunked at the end, nobody can tell where a request ends. */
	if (message->body == BODY_UNTIL_CLOSE)
		message->is_ambiguous = true;
	if (framing->fields_bytes == 0)
		forget_body(message);
}

static int http_request(struct slice bytes, unsigned int flags, struct message *ret_message)
{
	/* No further, so that the answer does not depend on how many bytes came at once. */
	struct slice head = { bytes.data, MIN(bytes.length, HEAD_BYTES_MAXIMUM) };
	struct request_line line;
	struct http_framing framing;
	struct address client;
	size_t fields_at;
	int prefix = proxy_header(head, &client);
	int result;

	if (prefix < 0)
		return flags & MESSAGE_CUT ? -EBADMSG : 0;
	result = read_request_line(
		first_line(slice_from(head, (size_t)prefix), &fields_at), flags, &line);
	if (result <= 0)
		return result < 0 ? result : wait_for_more(head);
	fields_at += (size_t)prefix;
	framing = http_read_framing(slice_from(head, fields_at), line.is_old);
	if (framing.fields_bytes == 0 && !(flags & MESSAGE_CUT))
		return wait_for_more(head);
	memset(ret_message, 0, sizeof(*ret_message));
	ret_message->head_bytes = head_bytes(bytes, &framing, fields_at);
	ret_message->prefix_bytes = (uint32_t)prefix;
	ret_message->client_address = client;
	set_request(ret_message, &line, &framing, flags);
	return 1;
}

/* RFC 9112, 6.3: the answers whose body does not depend on their fields. */
static bool set_fixed_body(struct message *message, const struct message *request)
{
	const char *status = message->status;

	if (str_equal(status, "101") || (request->is_connect_request && status[0] == '2'))
		message->body = BODY_TUNNEL;
	else if (request->is_head_request || status[0] == '1' || str_equal(status, "204") ||
		 str_equal(status, "304"))
		message->body = BODY_NONE;
	else
		return false;
	return true;
}

static int http_response(struct slice bytes, unsigned int flags, const struct message *request,
	struct message *ret_message)
{
	struct slice head = { bytes.data, MIN(bytes.length, HEAD_BYTES_MAXIMUM) };
	struct http_framing framing;
	size_t fields_at;
	struct slice status;
	struct http_line line = first_line(head, &fields_at);
	int result = read_status_line(line, flags, &status);

	if (result <= 0)
		return result < 0 ? result : wait_for_more(head);
	framing = http_read_framing(slice_from(head, fields_at), line.text.data[7] == '0');
	if (framing.fields_bytes == 0 && !(flags & MESSAGE_CUT))
		return wait_for_more(head);
	memset(ret_message, 0, sizeof(*ret_message));
	ret_message->head_bytes = head_bytes(bytes, &framing, fields_at);
	str_copy_slice(ret_message->status, sizeof(ret_message->status), status);
	ret_message->is_error = status.data[0] >= '5';
	ret_message->is_client_error = status.data[0] == '4';
	ret_message->is_interim = status.data[0] == '1' && !str_equal(ret_message->status, "101");
	if (!set_fixed_body(ret_message, request)) {
		set_body(ret_message, &framing, BODY_UNTIL_CLOSE);
		if (framing.fields_bytes == 0)
			forget_body(ret_message);
	}
	return 1;
}

static bool may_be_method(uint8_t byte)
{
	return isupper(byte) || byte == '-';
}

/* As the kernel half counts them: at the start a known method, behind an empty line three letters
 * that may begin one. */
static unsigned int http_requests(struct slice bytes, bool is_start)
{
	unsigned int count = 0;
	uint8_t start[16] = { 0 };

	if (bytes.length == 0)
		return 0;
	memcpy(start, bytes.data, MIN(bytes.length, sizeof(start)));
	if (is_start && http_match_request(start, (__u32)bytes.length) > HTTP_REQUEST_MAYBE)
		count++;
	for (size_t at = 0; at + 6 <= bytes.length; at++)
		if (bytes.data[at] == '\n' && bytes.data[at + 1] == '\r' &&
			may_be_method(bytes.data[at + 3]) && may_be_method(bytes.data[at + 4]) &&
			may_be_method(bytes.data[at + 5]))
			count++;
	return count;
}
