/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments into a line. One pass over words: an argument is a word, or several where it holds
 * a command for a shell, a connection string, a header or JSON. What is a secret is told by the
 * name in front of it, by the client it is given to, or by its own form.
 */
#include "observe/exec/arguments.h"

#include <ctype.h>
#include <strings.h>

#include "base/str.h"
#include "protocols/message.h"
#include "protocols/url.h"

/* Letters of short options whose value is a secret, or holds one behind the user's name. */
static const struct client {
	const char *name;
	const char *attached; /* -pSECRET */
	const char *separate; /* -p SECRET */
	const char *user;     /* -u NAME:SECRET, -U NAME%SECRET */
	const char *word;     /* a word before the secret */
	bool is_prefix;
} clients[] = {
	{ "mysqladmin", "p", "", "", "password", false },
	{ "mysql", "p", "", "", "", true },
	{ "mariadb-admin", "p", "", "", "password", false },
	{ "mariadb", "p", "", "", "", true },
	{ "mongo", "p", "p", "", "", true },
	{ "redis-cli", "", "a", "", "auth", false },
	{ "valkey-cli", "", "a", "", "auth", false },
	{ "sshpass", "p", "p", "", "", false },
	{ "curl", "", "b", "uU", "", false },
	{ "lftp", "", "", "u", "", false },
	{ "ldap", "w", "w", "", "", true },
	{ "smb", "", "", "U", "", true },
	{ "rpcclient", "", "", "U", "", false },
	{ "sqlcmd", "P", "P", "", "", false },
	{ "bcp", "P", "P", "", "", false },
	{ "cqlsh", "p", "p", "", "", false },
	{ "login", "p", "p", "", "", false }, /* docker login, az login */
	{ "ipmitool", "P", "PKY", "", "", false },
	{ "snmp", "", "AXc", "", "", true },
	{ "mosquitto_", "", "P", "", "", true },
	{ "rabbitmqadmin", "", "p", "", "", false },
	{ "7z", "p", "", "", "", true },
	{ "zip", "", "P", "", "", false },
	{ "unzip", "P", "P", "", "", false },
	{ "openssl", "", "kK", "", "", false },
	{ "rdesktop", "p", "p", "", "", false },
};

/* Secrets that say themselves what they are. */
static const char *const token_prefixes[] = { "ghp_", "gho_", "ghs_", "ghu_", "github_pat_",
	"glpat-", "xoxb-", "xoxp-", "sk_live_", "rk_live_", "hvs.", "eyJhbGciOi" };

enum wanted { NOTHING, SECRET, USER_AND_SECRET };

struct scan {
	struct slice text; /* the argument */
	size_t written;	   /* bytes of it that are in the line, or masked */
	size_t at;
	bool is_command; /* for a shell: a value ends with its word */
	struct buf *line;
	/* These outlive the argument. */
	const struct client *client;
	enum wanted wanted; /* what the next word is */
};

static bool is_separator(uint8_t byte)
{
	return isspace(byte) || (byte && strchr("\"'`;|()<>{}", byte));
}

static bool is_name_byte(uint8_t byte)
{
	return isalnum(byte) || byte == '_' || byte == '-' || byte == '.';
}

static bool slice_is(struct slice text, const char *word)
{
	return text.length == strlen(word) &&
	       strncasecmp((const char *)text.data, word, text.length) == 0;
}

static bool slice_starts(struct slice text, const char *prefix)
{
	return text.length >= strlen(prefix) && memcmp(text.data, prefix, strlen(prefix)) == 0;
}

static bool slice_ends(struct slice text, const char *suffix)
{
	size_t length = strlen(suffix);

	return text.length >= length &&
	       strncasecmp((const char *)text.data + text.length - length, suffix, length) == 0;
}

static struct slice part(const struct scan *scan, size_t from, size_t to)
{
	return (struct slice){ scan->text.data + from, to - from };
}

/* Writes what is due before from, then the mask for what is between from and to. */
static void mask(struct scan *scan, size_t from, size_t to)
{
	if (to <= from || from < scan->written)
		return;
	buf_append(scan->line, scan->text.data + scan->written, from - scan->written);
	buf_append_string(scan->line, MESSAGE_MASK);
	scan->written = to;
	scan->at = MAX(scan->at, to);
}

/* --password-file names a file, --no-password nothing. */
static bool is_secret_name(struct slice name)
{
	static const char *const harmless[] = { "file", "path", "dir", "stdin", "prompt" };

	while (name.length > 0 && name.data[0] == '-') {
		name.data++;
		name.length--;
	}
	if (name.length == 0 || slice_starts(name, "no-") || slice_starts(name, "ask-"))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(harmless); i++)
		if (slice_ends(name, harmless[i]))
			return false;
	return url_is_secret_name(name);
}

/* ---- values ---- */

/* Where a value ends that starts at from, inside the word that ends at word_end. */
static size_t value_end(const struct scan *scan, size_t from, size_t word_end)
{
	const uint8_t *data = scan->text.data;
	const uint8_t *end;

	/* NAME="…": up to the quote that closes it. */
	if (from < scan->text.length && (data[from] == '"' || data[from] == '\'')) {
		end = memchr(data + from + 1, data[from], scan->text.length - from - 1);
		return end ? (size_t)(end - data) + 1 : scan->text.length;
	}
	return MAX(from, word_end);
}

/* The value of the name that begins the argument, or else the one inside a word. */
static void mask_value(struct scan *scan, size_t name_start, size_t from, size_t word_end)
{
	size_t to;

	if (name_start == 0 && !scan->is_command) {
		mask(scan, from, scan->text.length);
		return;
	}
	to = value_end(scan, from, word_end);
	/* A parameter among others: a=1&token=2&b=3 */
	for (size_t at = from; at < word_end && name_start > 0; at++)
		if (strchr("&#,", scan->text.data[at]) && scan->text.data[at]) {
			to = at;
			break;
		}
	mask(scan, from, to);
}

static size_t skip_blanks(const struct scan *scan, size_t at)
{
	while (at < scan->text.length && scan->text.data[at] == ' ')
		at++;
	return at;
}

/* "Authorization: Bearer …" goes to the end of what surrounds it: a quote, a line, the argument. */
static void mask_header(struct scan *scan, size_t name_start, size_t from)
{
	const uint8_t *data = scan->text.data;
	uint8_t quote = name_start > 0 ? data[name_start - 1] : '\0';
	size_t to = from;

	from = skip_blanks(scan, from);
	if (from < scan->text.length && (data[from] == '"' || data[from] == '\'') &&
		data[from] != quote) {
		mask(scan, from, value_end(scan, from, from));
		return;
	}
	for (to = from; to < scan->text.length && data[to] != '\n'; to++)
		if (data[to] == quote && (quote == '"' || quote == '\''))
			break;
	mask(scan, from, to);
}

/* ---- words ---- */

static void check_url(struct scan *scan, size_t start, size_t end)
{
	const uint8_t *data = scan->text.data;
	const uint8_t *found = memmem(data + start, end - start, "://", 3);
	size_t from, sign, at;

	if (!found)
		return;
	from = sign = (size_t)(found - data) + 3;
	for (at = from; at < end && data[at] != '/' && data[at] != '?' && data[at] != '#'; at++)
		if (data[at] == '@')
			sign = at;
	mask(scan, from, sign);
}

/* NAME=VALUE and NAME:VALUE anywhere in the word. */
static void check_names(struct scan *scan, size_t start, size_t end)
{
	const uint8_t *data = scan->text.data;

	for (size_t at = start; at < end; at++) {
		size_t name = at;

		if (data[at] != '=' && data[at] != ':')
			continue;
		while (name > start && is_name_byte(data[name - 1]))
			name--;
		if (name == at || !is_secret_name(part(scan, name, at)))
			continue;
		if (data[at] == '=')
			mask_value(scan, name, at + 1, end);
		else
			mask_header(scan, name, at + 1);
		at = MAX(at, MIN(scan->written, end));
	}
}

/* {"password": "…"}: the name was a word between quotes. */
static void check_json(struct scan *scan, size_t start, size_t end)
{
	const uint8_t *data = scan->text.data;
	size_t at, to;

	if (start == 0 || data[start - 1] != '"' || end >= scan->text.length || data[end] != '"')
		return;
	at = skip_blanks(scan, end + 1);
	if (at >= scan->text.length || data[at] != ':' || !is_secret_name(part(scan, start, end)))
		return;
	at = skip_blanks(scan, at + 1);
	for (to = at; to < scan->text.length && data[to] != ',' && data[to] != '}';)
		to++;
	mask(scan, at, at < to && data[at] == '"' ? value_end(scan, at, to) : to);
}

static const struct client *find_client(struct slice word)
{
	for (size_t at = word.length; at > 0; at--)
		if (word.data[at - 1] == '/') {
			word.data += at;
			word.length -= at;
			break;
		}
	for (size_t i = 0; i < ARRAY_LENGTH(clients); i++)
		if (clients[i].is_prefix ? slice_starts(word, clients[i].name)
					 : slice_is(word, clients[i].name))
			return &clients[i];
	return NULL;
}

static bool has_letter(const char *letters, uint8_t letter)
{
	return letter && strchr(letters, letter);
}

static void check_short_option(struct scan *scan, size_t start, size_t end)
{
	const struct client *client = scan->client;
	uint8_t letter = scan->text.data[start + 1];
	bool is_alone = end - start == 2;

	if (!client)
		return;
	if (is_alone && has_letter(client->separate, letter))
		scan->wanted = SECRET;
	else if (is_alone && has_letter(client->user, letter))
		scan->wanted = USER_AND_SECRET;
	else if (!is_alone && has_letter(client->attached, letter))
		mask_value(scan, start, start + 2, end);
}

static void check_option(struct scan *scan, size_t start, size_t end)
{
	struct slice word = part(scan, start, end);

	if (word.length < 2 || word.data[0] != '-')
		return;
	if (word.data[1] != '-')
		check_short_option(scan, start, end);
	if (scan->client && slice_is(word, "--user") && scan->client->user[0])
		scan->wanted = USER_AND_SECRET;
	else if (word.length > 3 && !memchr(word.data, '=', word.length) &&
		 !memchr(word.data, ':', word.length) && is_secret_name(word))
		scan->wanted = SECRET;
}

static void check_form(struct scan *scan, size_t start, size_t end)
{
	struct slice word = part(scan, start, end);

	for (size_t i = 0; i < ARRAY_LENGTH(token_prefixes); i++)
		if (slice_starts(word, token_prefixes[i]))
			mask(scan, start, end);
	if (slice_is(word, "Bearer") ||
		(scan->client && scan->client->word[0] && slice_is(word, scan->client->word)))
		scan->wanted = SECRET;
}

/* The word that the one before announced. An option means that the value was left out. */
static void take_wanted(struct scan *scan, size_t start, size_t end)
{
	enum wanted wanted = scan->wanted;
	const uint8_t *data = scan->text.data;
	size_t to = start == 0 && !scan->is_command ? scan->text.length : end;

	scan->wanted = NOTHING;
	if (start > 0 && (data[start - 1] == '"' || data[start - 1] == '\''))
		to = MAX(end, value_end(scan, start - 1, end) - 1);
	if (wanted == SECRET) {
		mask(scan, start, to);
		return;
	}
	for (size_t at = start; at < to; at++)
		if (data[at] == ':' || data[at] == '%' || data[at] == ',') {
			mask(scan, at + 1, to);
			return;
		}
}

static void check_word(struct scan *scan, size_t start, size_t end)
{
	const struct client *client;

	if (scan->wanted != NOTHING && scan->text.data[start] != '-') {
		take_wanted(scan, start, end);
		return;
	}
	scan->wanted = NOTHING;
	client = find_client(part(scan, start, end));
	scan->client = client ? client : scan->client;
	check_form(scan, start, end);
	check_option(scan, start, end);
	check_url(scan, start, end);
	check_names(scan, start, end);
	check_json(scan, start, end);
}

static void scan_argument(struct scan *scan)
{
	const uint8_t *data = scan->text.data;

	scan->at = scan->written = 0;
	while (scan->at < scan->text.length) {
		size_t start = scan->at, end;

		while (start < scan->text.length && is_separator(data[start]))
			start++;
		for (end = start; end < scan->text.length && !is_separator(data[end]);)
			end++;
		scan->at = end;
		if (end > start)
			check_word(scan, start, end);
	}
	buf_append(scan->line, data + scan->written, scan->text.length - scan->written);
}

/* sh -c, bash -lc: what follows is a command. */
static bool announces_command(struct slice argument)
{
	return argument.length >= 2 && argument.length <= 5 && argument.data[0] == '-' &&
	       argument.data[1] != '-' && argument.data[argument.length - 1] == 'c';
}

static int join(struct slice arguments, bool is_masked, struct buf *line)
{
	struct scan scan = { .line = line };
	size_t length = arguments.length;

	if (length > 0 && arguments.data[length - 1] == '\0')
		length--;
	for (size_t at = 0; at < length;) {
		const uint8_t *start = arguments.data + at;
		const uint8_t *end = memchr(start, '\0', length - at);
		struct slice argument = { start, end ? (size_t)(end - start) : length - at };

		at += argument.length + 1;
		if (is_masked) {
			scan.text = argument;
			scan_argument(&scan);
			scan.is_command = announces_command(argument);
		} else {
			buf_append(line, argument.data, argument.length);
		}
		if (at <= length)
			buf_append_byte(line, ' ');
	}
	return line->error;
}

int arguments_join(struct slice arguments, struct buf *line)
{
	return join(arguments, false, line);
}

int arguments_join_masked(struct slice arguments, struct buf *line)
{
	return join(arguments, true, line);
}
