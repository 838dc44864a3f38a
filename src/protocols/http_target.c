/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Targets of requests: see http_target.h. The forms are those of RFC 9112, 3.2; HTTP/2 has origin,
 * authority and asterisk form in its pseudo-fields (RFC 9113, 8.3.1).
 */
#include "protocols/http_target.h"

#include "base/str.h"
#include "protocols/path_template.h"
#include "protocols/url.h"
#include <ctype.h>

void http_set_host(struct message *message, struct slice host)
{
	const uint8_t *sign = host.length == 0 ? NULL : memrchr(host.data, '@', host.length);
	struct text text;

	if (sign != NULL) {
		host.length -= (size_t)(sign + 1 - host.data);
		host.data = sign + 1;
	}
	text_init(&text, message->host, sizeof(message->host));
	text_bytes(&text, host);
	for (char *byte = message->host; *byte != '\0'; byte++)
		*byte = (char)tolower((unsigned char)*byte);
}

/* Splits "scheme://authority/path" (absolute-form, RFC 9112, 3.2.2); false for other forms. */
static bool split_absolute(struct slice target, struct slice *ret_authority, struct slice *ret_path)
{
	size_t at = 0;
	size_t start;

	while (at < target.length &&
		(isalnum(target.data[at]) || memchr("+-.", target.data[at], 3) != NULL))
		at++;
	if (at == 0 || target.length - at < 3 || memcmp(target.data + at, "://", 3) != 0)
		return false;
	start = at + 3;
	for (at = start; at < target.length; at++) {
		if (target.data[at] == '/' || target.data[at] == '?' || target.data[at] == '#')
			break;
	}
	*ret_authority = (struct slice){ target.data + start, at - start };
	*ret_path = (struct slice){ target.data + at, target.length - at };
	return true;
}

void http_set_target(struct message *message, struct slice target, bool is_cut, unsigned int flags)
{
	struct slice path = target;
	struct slice authority = { 0 };
	struct text text;

	text_init(&text, message->detail, sizeof(message->detail));
	if (flags & MESSAGE_UNMASKED)
		text_bytes(&text, target);
	else
		url_write_masked(target, is_cut, &text);
	if (message->is_connect_request) {
		if (!is_cut)
			http_set_host(message, target);
		str_set(message->target, message->host);
		return;
	}
	if (split_absolute(target, &authority, &path) && (path.length > 0 || !is_cut))
		http_set_host(message, authority);
	for (size_t at = 0; at < path.length; at++) {
		if (path.data[at] == '?' || path.data[at] == '#') {
			path.length = at;
			is_cut = false;
		}
	}
	path_template(path, is_cut, message->target, sizeof(message->target));
	if (path.length == 0 && !is_cut)
		str_set(message->target, "/");
}
