/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masking of secrets in URLs. One pass over units: a unit is a byte or its
 * percent-escape, however often it was escaped, so that a URL inside a parameter of another
 * is searched like the outer one. Each part of the input is looked at a bounded number of times.
 */
#include "protocols/url.h"

#include "protocols/message.h"
#include <ctype.h>
#include <strings.h>

/* Longer names of parameters are not worth looking into: they count as secret. */
#define NAME_BYTES 64

enum where { ANYWHERE, AS_WORD, AS_WHOLE };

struct secret_name {
	const char *text;
	enum where where;
};

/* By first letter, so that most names are done with at a glance. */
static const struct secret_name secret_names[26][8] = {
	['a' - 'a'] = { { "accesskey", ANYWHERE }, { "apikey", ANYWHERE }, { "assertion", AS_WORD },
		{ "auth", AS_WORD }, { "authentication", ANYWHERE },
		{ "authorization", ANYWHERE } },
	['c' - 'a'] = { { "code", AS_WHOLE }, { "cookie", ANYWHERE }, { "credential", ANYWHERE },
		{ "csrf", ANYWHERE } },
	['h' - 'a'] = { { "hmac", AS_WORD } },
	['j' - 'a'] = { { "jwt", AS_WORD } },
	['k' - 'a'] = { { "key", AS_WORD } },
	['o' - 'a'] = { { "oauth", ANYWHERE }, { "otp", AS_WORD } },
	['p' - 'a'] = { { "pass", AS_WORD }, { "passphrase", ANYWHERE }, { "passw", ANYWHERE },
		{ "pin", AS_WORD }, { "privatekey", ANYWHERE }, { "pw", AS_WORD },
		{ "pwd", ANYWHERE } },
	['s' - 'a'] = { { "saml", ANYWHERE }, { "secret", ANYWHERE }, { "session", ANYWHERE },
		{ "sessid", ANYWHERE }, { "sid", AS_WORD }, { "sig", AS_WORD },
		{ "signature", ANYWHERE } },
	['t' - 'a'] = { { "ticket", AS_WORD }, { "token", ANYWHERE } },
	['v' - 'a'] = { { "verifier", ANYWHERE } },
};

/* One byte of the URL as it is meant. */
struct unit {
	uint8_t byte;
	size_t width; /* bytes it takes as written */
	size_t depth; /* how often it was escaped */
};

struct scan {
	struct slice url;
	struct text *text;
	size_t at;
	size_t written; /* bytes of url that are in text, or are masked */
	bool is_cut;
	bool is_in_query;
};

static int hex_value(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The two digits at data as a byte; -1 when they are none or not there. */
static int hex_byte(struct slice url, size_t at)
{
	int high = at + 1 < url.length ? hex_value(url.data[at]) : -1;
	int low = high < 0 ? -1 : hex_value(url.data[at + 1]);

	return low < 0 ? -1 : high << 4 | low;
}

/* at is within url. */
static struct unit unit_at(struct slice url, size_t at)
{
	struct unit unit = { .byte = url.data[at], .width = 1 };
	size_t digits = at + 1;

	if (unit.byte != '%')
		return unit;
	if (hex_byte(url, digits) < 0)
		return unit;
	unit.depth = 1;
	while (hex_byte(url, digits) == '%' && hex_byte(url, digits + 2) >= 0) {
		digits += 2;
		unit.depth++;
	}
	unit.byte = (uint8_t)hex_byte(url, digits);
	unit.width = digits + 2 - at;
	return unit;
}

/* All bytes that matter here are below 64: a set of them is a word. */
#define BIT(byte)  ((uint64_t)1 << (byte))
#define DELIMITERS (BIT('/') | BIT('?') | BIT('&') | BIT(';') | BIT('#'))

static bool is_in(uint8_t byte, uint64_t set)
{
	return byte < 64 && (set >> byte & 1);
}

static bool is_delimiter(uint8_t byte)
{
	return is_in(byte, DELIMITERS);
}

/* The first place from at on that is escaped or in the set. */
static size_t skip_to(struct slice url, size_t at, uint64_t set)
{
	while (at < url.length && !is_in(url.data[at], set | BIT('%')))
		at++;
	return at;
}

/* Words are bounded by what is no letter and by capitals: api_key, apiKey, AWSAccessKeyId. */
static bool is_word(const char *name, size_t start, size_t length)
{
	char before = start == 0 ? '\0' : name[start - 1];
	char after = name[start + length];

	if (isalpha((unsigned char)before) &&
		!(islower((unsigned char)before) && isupper((unsigned char)name[start])))
		return false;
	return !isalpha((unsigned char)after) ||
	       (isupper((unsigned char)after) && islower((unsigned char)name[start + length - 1]));
}

/* Does one of the secret names begin at this place of the name? */
static bool is_secret_at(const char *name, size_t start)
{
	unsigned int letter = ((unsigned char)name[start] | 0x20U) - 'a';

	if (letter >= ARRAY_LENGTH(secret_names))
		return false;
	for (size_t index = 0; index < ARRAY_LENGTH(secret_names[0]); index++) {
		const struct secret_name *secret = &secret_names[letter][index];
		size_t length;

		if (secret->text == NULL)
			return false;
		/* The second letter settles nearly all. */
		if ((name[start + 1] | 0x20) != secret->text[1])
			continue;
		length = strlen(secret->text);
		if (strncasecmp(name + start, secret->text, length) != 0)
			continue;
		if (secret->where == ANYWHERE ||
			(secret->where == AS_WORD && is_word(name, start, length)) ||
			(start == 0 && name[length] == '\0'))
			return true;
	}
	return false;
}

bool url_is_secret_name(struct slice name)
{
	char plain[NAME_BYTES + 1];
	size_t length = 0;

	for (size_t at = 0; at < name.length; length++) {
		struct unit unit = unit_at(name, at);

		if (length == NAME_BYTES)
			return true;
		plain[length] = (char)(unit.byte == '\0' ? ' ' : unit.byte);
		at += unit.width;
	}
	plain[length] = '\0';
	for (size_t start = 0; start < length; start++) {
		if (is_secret_at(plain, start))
			return true;
	}
	return false;
}

/* Writes what is due before from, then the mask for what is between from and to. */
static void mask(struct scan *scan, size_t from, size_t to)
{
	struct slice due = { scan->url.data + scan->written, from - scan->written };

	text_bytes(scan->text, due);
	text_string(scan->text, MESSAGE_MASK);
	scan->written = to;
	scan->at = to;
}

/* A secret value goes up to the next delimiter that is escaped no deeper than its '='. */
static void mask_value(struct scan *scan, size_t from, size_t depth)
{
	size_t to = from;

	while (to < scan->url.length) {
		struct unit unit = unit_at(scan->url, to);
		bool is_end = scan->is_in_query ? unit.byte == '&' || unit.byte == '#'
						: is_delimiter(unit.byte);

		if (is_end && unit.depth <= depth)
			break;
		to += unit.width;
	}
	if (to > from)
		mask(scan, from, to);
}

/* scan->at is where a parameter may begin: masks its value when its name says so. */
static void check_parameter(struct scan *scan)
{
	size_t at = scan->at;

	for (;;) {
		struct slice name = { scan->url.data + scan->at, 0 };
		struct unit unit;

		at = skip_to(scan->url, at, DELIMITERS | BIT('='));
		if (at == scan->url.length)
			return;
		unit = unit_at(scan->url, at);
		if (is_delimiter(unit.byte))
			return;
		name.length = at - scan->at;
		at += unit.width;
		if (unit.byte == '=') {
			if (url_is_secret_name(name))
				mask_value(scan, at, unit.depth);
			return;
		}
	}
}

/* scan->at is where an authority may begin: masks it up to its last '@'. */
static void check_authority(struct scan *scan)
{
	size_t start = scan->at;
	size_t at = start;
	size_t sign = start;

	while (at < scan->url.length) {
		struct unit unit = unit_at(scan->url, at);

		if (unit.byte == '/' || unit.byte == '?' || unit.byte == '#' ||
			(unit.byte == '&' && scan->is_in_query))
			break;
		if (unit.byte == '@')
			sign = at;
		at += unit.width;
	}
	if (sign == start && scan->is_cut && at == scan->url.length)
		sign = at;
	if (sign > start)
		mask(scan, start, sign);
}

/* Is "//" at this place? Returns its width, else 0. */
static size_t double_slash(struct slice url, size_t at)
{
	struct unit first, second;

	if (at >= url.length)
		return 0;
	first = unit_at(url, at);
	if (first.byte != '/' || at + first.width >= url.length)
		return 0;
	second = unit_at(url, at + first.width);
	return second.byte == '/' ? first.width + second.width : 0;
}

static void scan_unit(struct scan *scan)
{
	struct unit unit;

	scan->at = skip_to(scan->url, scan->at, DELIMITERS | BIT(':'));
	if (scan->at == scan->url.length)
		return;
	unit = unit_at(scan->url, scan->at);
	scan->at += unit.width;
	if (unit.byte == '?' || unit.byte == '#')
		scan->is_in_query = true;
	if (unit.byte == ':') {
		size_t width = double_slash(scan->url, scan->at);

		scan->at += width;
		if (width != 0)
			check_authority(scan);
	} else if (is_delimiter(unit.byte)) {
		check_parameter(scan);
	}
}

void url_write_masked(struct slice url, bool is_cut, struct text *text)
{
	struct scan scan = { .url = url, .text = text, .is_cut = is_cut };

	if (url.length == 0)
		return;
	if (url.data[0] != '/')
		check_authority(&scan);
	while (scan.at < url.length && !text->is_full)
		scan_unit(&scan);
	text_bytes(text, (struct slice){ url.data + scan.written, url.length - scan.written });
}
