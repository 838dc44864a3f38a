/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which segments of a path are data. Decided from the look of each alone, so that
 * the same path always has the same template, on every machine and after every restart.
 */
#include "protocols/path_template.h"

#include "base/str.h"
#include "protocols/text.h"
#include <ctype.h>

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_letter(uint8_t byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static bool is_hex(uint8_t byte)
{
	return is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

static size_t digits_at(struct slice bytes, size_t at)
{
	size_t count = 0;

	while (at + count < bytes.length && is_digit(bytes.data[at + count]))
		count++;
	return count;
}

static struct slice slice_from(struct slice bytes, size_t at)
{
	return (struct slice){ bytes.data + at, bytes.length - at };
}

/* Length of an RFC 9562 UUID at the start, else 0. */
static size_t match_uuid(struct slice bytes)
{
	if (bytes.length < 36 || (bytes.length > 36 && isalnum(bytes.data[36])))
		return 0;
	for (size_t at = 0; at < 36; at++) {
		bool is_dash = at == 8 || at == 13 || at == 18 || at == 23;

		if (is_dash ? bytes.data[at] != '-' : !is_hex(bytes.data[at]))
			return 0;
	}
	return 36;
}

/* Two digits at this place between lowest and highest? */
static bool is_between(struct slice bytes, size_t at, int lowest, int highest)
{
	int value;

	if (digits_at(bytes, at) < 2)
		return false;
	value = (bytes.data[at] - '0') * 10 + bytes.data[at + 1] - '0';
	return value >= lowest && value <= highest;
}

/* Length of YYYY-MM, YYYY-MM-DD or an RFC 3339 time at the start, else 0. */
static size_t match_date(struct slice bytes)
{
	size_t length = 7;

	if (digits_at(bytes, 0) != 4 || (bytes.data[0] != '1' && bytes.data[0] != '2') ||
		bytes.length < length || bytes.data[4] != '-' || !is_between(bytes, 5, 1, 12))
		return 0;
	if (bytes.length >= 10 && bytes.data[7] == '-' && is_between(bytes, 8, 1, 31))
		length = 10;
	if (length == 10 && bytes.length > 12 && (bytes.data[10] | 0x20) == 't' &&
		is_between(bytes, 11, 0, 23))
		return bytes.length;
	return bytes.length > length && isalnum(bytes.data[length]) ? 0 : length;
}

static bool is_hash(struct slice word)
{
	size_t digits = 0;
	size_t start = word.length > 2 && word.data[0] == '0' && word.data[1] == 'x' ? 2 : 0;

	for (size_t at = start; at < word.length; at++) {
		if (!is_hex(word.data[at]))
			return false;
		digits += is_digit(word.data[at]);
	}
	if (word.length < 8 || (digits == word.length && start == 0))
		return false;
	return digits > 0 || start > 0 || word.length >= 16;
}

/*
 * Random text, as base64, base36 or ULIDs are: it changes between digits, small letters and
 * capitals far more often than words do (0.45 changes a character in base62).
 */
static bool is_token(struct slice word)
{
	size_t digits = 0, letters = 0, changes = 0;
	uint8_t last = '-';

	for (size_t at = 0; at < word.length; at++) {
		uint8_t byte = word.data[at];
		bool is_change =
			is_digit(byte) != is_digit(last) || (isupper(byte) && islower(last));

		if (!isalnum(byte) && memchr("-_=.~+", byte, 6) == NULL)
			return false;
		digits += is_digit(byte);
		letters += is_letter(byte);
		changes += isalnum(byte) && isalnum(last) && is_change;
		last = byte;
	}
	if (word.length >= 20)
		return digits >= 1 && letters >= 2 && changes * 4 >= word.length;
	return word.length >= 10 && digits >= 2 && letters >= 2 && changes * 5 >= word.length * 2;
}

/* Numbers, coordinates, ranges; "1.0" and "2.10.3" are versions and stay, four groups are an IP. */
static const char *number_class(struct slice segment)
{
	size_t dots = 0, others = 0, digits = 0;
	size_t group = 0, longest = 0;

	for (size_t at = 0; at < segment.length; at++) {
		uint8_t byte = segment.data[at];

		if (!is_digit(byte) && memchr(".,-+", byte, 4) == NULL)
			return NULL;
		digits += is_digit(byte);
		dots += byte == '.';
		others += byte != '.' && !is_digit(byte);
		group = is_digit(byte) ? group + 1 : 0;
		longest = MAX(longest, group);
	}
	if (digits == 0)
		return NULL;
	if (others == 0 && dots == 3 && longest <= 3)
		return "{ip}";
	return others == 0 && dots > 0 && longest <= 3 ? NULL : "{id}";
}

/* Has it an '@' after its first byte, escaped or not? */
static bool is_email(struct slice segment)
{
	for (size_t at = 1; at < segment.length; at++) {
		if (segment.data[at] == '@' ||
			(segment.data[at] == '%' && segment.length - at > 3 &&
				memcmp(segment.data + at, "%40", 3) == 0))
			return true;
	}
	return false;
}

static bool has_digit(struct slice segment)
{
	for (size_t at = 0; at < segment.length; at++) {
		if (is_digit(segment.data[at]))
			return true;
	}
	return false;
}

/* What the whole segment is; NULL when it has to be looked at by words. */
static const char *segment_class(struct slice segment)
{
	const char *class = NULL;

	if (is_email(segment))
		return "{email}";
	if (has_digit(segment)) {
		if (match_uuid(segment) == segment.length)
			return "{uuid}";
		if (match_date(segment) == segment.length)
			return "{date}";
		class = number_class(segment);
		if (class == NULL && is_token(segment) && !is_hash(segment))
			return "{token}";
	}
	if (class != NULL)
		return class;
	if (is_hash(segment))
		return "{hash}";
	return segment.length > PATH_TEMPLATE_SEGMENT_BYTES ? "{text}" : NULL;
}

/* A word with each run of three or more digits replaced: user1234 becomes user{id}. */
static void write_digit_runs(struct slice word, struct text *text)
{
	for (size_t at = 0; at < word.length;) {
		size_t digits = digits_at(word, at);
		size_t length = digits == 0 ? 1 : digits;

		if (digits >= 3)
			text_string(text, "{id}");
		else
			text_bytes(text, (struct slice){ word.data + at, length });
		at += length;
	}
}

/* Writes the word (or uuid, or date) at the start of rest; returns the bytes it took. */
static size_t write_word(struct slice rest, struct text *text)
{
	size_t length = match_uuid(rest);
	struct slice word;

	if (length != 0) {
		text_string(text, "{uuid}");
		return length;
	}
	length = match_date(rest);
	if (length != 0) {
		text_string(text, "{date}");
		return length;
	}
	while (length < rest.length && isalnum(rest.data[length]))
		length++;
	word = (struct slice){ rest.data, length };
	if (is_hash(word))
		text_string(text, "{hash}");
	else if (is_token(word))
		text_string(text, "{token}");
	else
		write_digit_runs(word, text);
	return length;
}

static void write_words(struct slice segment, struct text *text)
{
	size_t at = 0;

	if (!has_digit(segment) && memchr(segment.data, '=', segment.length) == NULL) {
		text_bytes(text, segment);
		return;
	}
	while (at < segment.length && !text->is_full) {
		size_t width = 1;

		if (segment.data[at] == '%' && segment.length - at >= 3)
			width = 3;
		else if (isalnum(segment.data[at])) {
			at += write_word(slice_from(segment, at), text);
			continue;
		} else if (segment.data[at] >= 0x80) {
			while (at + width < segment.length && segment.data[at + width] >= 0x80)
				width++;
		}
		text_bytes(text, (struct slice){ segment.data + at, width });
		at += width;
		if (segment.data[at - width] == '=') {
			text_string(text, at < segment.length ? "{value}" : "");
			return;
		}
	}
}

/* Bytes of a file name's extension with its dot, 0 when there is none. */
static size_t extension_length(struct slice segment)
{
	size_t length = 0;

	while (length < segment.length && length < 6) {
		uint8_t byte = segment.data[segment.length - ++length];

		if (byte == '.')
			return length > 1 && is_letter(segment.data[segment.length - length + 1])
				       ? length
				       : 0;
		if (!isalnum(byte))
			return 0;
	}
	return 0;
}

static void write_segment(struct slice segment, struct text *text)
{
	const char *class = segment_class(segment);
	size_t extension = extension_length(segment);

	if (extension > 0 && !str_equal(class, "{email}")) {
		struct slice stem = { segment.data, segment.length - extension };
		const char *stem_class = segment_class(stem);

		if (stem_class != NULL) {
			text_string(text, stem_class);
			text_bytes(text, slice_from(segment, stem.length));
			return;
		}
	}
	if (class != NULL)
		text_string(text, class);
	else
		write_words(segment, text);
}

/* A segment without its parameters (RFC 3986, 3.3): cut at the first ';'. */
static size_t plain_length(struct slice segment)
{
	const uint8_t *end = memchr(segment.data, ';', segment.length);

	return end == NULL ? segment.length : (size_t)(end - segment.data);
}

void path_template(struct slice path, bool is_cut, char *destination, size_t size)
{
	struct text text;
	size_t segments = 0;
	size_t at = 0;

	text_init(&text, destination, size);
	while (at < path.length && !text.is_full) {
		struct slice rest = slice_from(path, at);
		const uint8_t *slash = memchr(rest.data, '/', rest.length);
		size_t length = slash == NULL ? rest.length : (size_t)(slash - rest.data);

		if (length > 0 && (segments++ == PATH_TEMPLATE_SEGMENTS || (is_cut && !slash))) {
			text_string(&text, "{rest}");
			return;
		}
		if (length > 0)
			write_segment((struct slice){ rest.data,
					      plain_length((struct slice){ rest.data, length }) },
				&text);
		if (slash != NULL)
			text_string(&text, "/");
		at += length + (slash != NULL);
	}
}
