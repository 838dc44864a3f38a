/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lexer of SQL. What it takes for a literal is never shown, so that it takes too
 * much rather than too little where a text is broken.
 */
#include "protocols/sql_token.h"

enum { BLANK = 1, LETTER = 2, DIGIT = 4, OPERATOR = 8 };

/* What a byte may be; bytes from 0x80 on are letters. */
static const uint8_t classes[256] = {
	['\t'] = BLANK,
	['\n'] = BLANK,
	['\v'] = BLANK,
	['\f'] = BLANK,
	['\r'] = BLANK,
	[' '] = BLANK,
	['0' ... '9'] = DIGIT,
	['A' ... 'Z'] = LETTER,
	['a' ... 'z'] = LETTER,
	['_'] = LETTER,
	[0x80 ... 0xff] = LETTER,
	['<'] = OPERATOR,
	['>'] = OPERATOR,
	['='] = OPERATOR,
	['!'] = OPERATOR,
	['|'] = OPERATOR,
	['&'] = OPERATOR,
	[':'] = OPERATOR,
};

static bool is_class(const struct sql_lexer *lexer, size_t at, unsigned int class)
{
	return at < lexer->text.length && classes[lexer->text.data[at]] & class;
}

/* The byte at this place, 0 behind the end. */
static uint8_t byte_at(const struct sql_lexer *lexer, size_t at)
{
	return at < lexer->text.length ? lexer->text.data[at] : 0;
}

static size_t find_line_end(const struct sql_lexer *lexer, size_t at)
{
	const uint8_t *end = at < lexer->text.length
				     ? memchr(lexer->text.data + at, '\n', lexer->text.length - at)
				     : NULL;

	return end ? (size_t)(end - lexer->text.data) : lexer->text.length;
}

/* Behind a comment whose opening slash and star stand at this place; PostgreSQL's nest. */
static size_t comment_end(const struct sql_lexer *lexer, size_t at)
{
	size_t depth = 0;

	while (at < lexer->text.length) {
		uint8_t byte = byte_at(lexer, at);
		uint8_t next = byte_at(lexer, at + 1);
		bool is_open = byte == '/' && next == '*';
		bool is_close = byte == '*' && next == '/';

		if (is_open && (depth == 0 || lexer->dialect == SQL_POSTGRESQL))
			depth++;
		if (is_close && --depth == 0)
			return at + 2;
		at += is_open || is_close ? 2 : 1;
	}
	return lexer->text.length;
}

/* In MySQL two dashes want a blank behind them; a hash will do. */
static bool is_line_comment(const struct sql_lexer *lexer)
{
	size_t at = lexer->at;

	if (lexer->dialect == SQL_MYSQL && byte_at(lexer, at) == '#')
		return true;
	if (byte_at(lexer, at) != '-' || byte_at(lexer, at + 1) != '-')
		return false;
	return lexer->dialect == SQL_POSTGRESQL || at + 2 >= lexer->text.length ||
	       byte_at(lexer, at + 2) <= ' ';
}

static bool is_comment(const struct sql_lexer *lexer, size_t at)
{
	return byte_at(lexer, at) == '/' && byte_at(lexer, at + 1) == '*';
}

/* MySQL runs what stands in such a comment, MariaDB also behind an M. */
static size_t hint_length(const struct sql_lexer *lexer)
{
	size_t length = 3;

	if (lexer->dialect != SQL_MYSQL || !is_comment(lexer, lexer->at))
		return 0;
	if (byte_at(lexer, lexer->at + 2) == 'M' && byte_at(lexer, lexer->at + 3) == '!')
		length = 4;
	else if (byte_at(lexer, lexer->at + 2) != '!')
		return 0;
	while (is_class(lexer, lexer->at + length, DIGIT))
		length++;
	return length;
}

/* Behind one blank or comment; where it stands when there is none. */
static size_t blank_end(struct sql_lexer *lexer)
{
	uint8_t byte = byte_at(lexer, lexer->at);
	size_t hint;

	if (is_class(lexer, lexer->at, BLANK))
		return lexer->at + 1;
	/* All others begin with one of these. */
	if (byte != '-' && byte != '/' && byte != '*' && byte != '#')
		return lexer->at;
	if (is_line_comment(lexer))
		return find_line_end(lexer, lexer->at);
	if (lexer->is_in_hint && byte_at(lexer, lexer->at) == '*' &&
		byte_at(lexer, lexer->at + 1) == '/') {
		lexer->is_in_hint = false;
		return lexer->at + 2;
	}
	hint = hint_length(lexer);
	if (hint > 0) {
		lexer->is_in_hint = true;
		return lexer->at + hint;
	}
	return is_comment(lexer, lexer->at) ? comment_end(lexer, lexer->at) : lexer->at;
}

static bool skip_blanks(struct sql_lexer *lexer)
{
	size_t start = lexer->at;

	for (;;) {
		size_t end = blank_end(lexer);

		if (end == lexer->at)
			return end > start;
		lexer->at = end;
	}
}

/* Behind the quote that closes what the one at this place opened; a double one closes nothing. */
static size_t quoted_end(const struct sql_lexer *lexer, size_t at, bool has_backslash)
{
	uint8_t quote = byte_at(lexer, at);

	for (at++; at < lexer->text.length; at++) {
		uint8_t byte = lexer->text.data[at];

		if (byte == '\\' && has_backslash)
			at++;
		else if (byte == quote && byte_at(lexer, at + 1) == quote)
			at++;
		else if (byte == quote)
			return at + 1;
	}
	return lexer->text.length;
}

/* Length of $tag$ at this place, 0 when there is none. */
static size_t dollar_tag(const struct sql_lexer *lexer, size_t at)
{
	size_t length = 1;

	if (byte_at(lexer, at) != '$' || is_class(lexer, at + 1, DIGIT))
		return 0;
	while (is_class(lexer, at + length, LETTER | DIGIT))
		length++;
	return byte_at(lexer, at + length) == '$' ? length + 1 : 0;
}

static size_t dollar_end(const struct sql_lexer *lexer, size_t at, size_t tag)
{
	const uint8_t *data = lexer->text.data;
	const uint8_t *found =
		memmem(data + at + tag, lexer->text.length - at - tag, data + at, tag);

	return found ? (size_t)(found - data) + tag : lexer->text.length;
}

/* A number with fraction and exponent, in any base; letters that hang on it are part of it. */
static size_t number_end(const struct sql_lexer *lexer, size_t at)
{
	while (is_class(lexer, at, DIGIT | LETTER) || byte_at(lexer, at) == '.') {
		bool is_exponent = (byte_at(lexer, at) | 0x20) == 'e';
		uint8_t sign = byte_at(lexer, at + 1);

		at++;
		if (is_exponent && (sign == '-' || sign == '+') && is_class(lexer, at + 1, DIGIT))
			at++;
	}
	return at;
}

/* The length of a string's prefix (E'', B'', X'', N'', U&''), 0 when no string begins here. */
static size_t string_prefix(const struct sql_lexer *lexer, bool *ret_has_backslash)
{
	uint8_t letter = byte_at(lexer, lexer->at) | 0x20;
	bool is_mysql = lexer->dialect == SQL_MYSQL;
	size_t length = 1;

	if (letter == 'u' && !is_mysql && byte_at(lexer, lexer->at + 1) == '&')
		length = 2;
	else if (letter != 'b' && letter != 'x' && letter != 'n' && (letter != 'e' || is_mysql))
		return 0;
	if (byte_at(lexer, lexer->at + length) != '\'')
		return 0;
	*ret_has_backslash = letter == 'e' || is_mysql;
	return length;
}

static struct slice part(const struct sql_lexer *lexer, size_t start, size_t end)
{
	return (struct slice){ lexer->text.data + start, end - start };
}

static void take(
	struct sql_lexer *lexer, struct sql_token *token, enum sql_token_kind kind, size_t end)
{
	token->kind = kind;
	token->text = part(lexer, lexer->at, end);
	lexer->at = end;
}

static void take_string(
	struct sql_lexer *lexer, struct sql_token *token, size_t prefix, bool has_backslash)
{
	take(lexer, token, SQL_LITERAL, quoted_end(lexer, lexer->at + prefix, has_backslash));
	token->is_string = true;
}

static void take_name(struct sql_lexer *lexer, struct sql_token *token)
{
	size_t start = lexer->at;
	size_t end = quoted_end(lexer, start, false);
	bool is_closed = end > start + 1 && byte_at(lexer, end - 1) == byte_at(lexer, start);

	take(lexer, token, SQL_NAME, end);
	token->name = part(lexer, start + 1, is_closed ? end - 1 : end);
}

static void take_word(struct sql_lexer *lexer, struct sql_token *token)
{
	size_t end = lexer->at;

	while (is_class(lexer, end, LETTER | DIGIT) || byte_at(lexer, end) == '$')
		end++;
	take(lexer, token, SQL_WORD, end);
	token->name = token->text;
}

static void take_sign(struct sql_lexer *lexer, struct sql_token *token)
{
	size_t end = lexer->at + 1;

	if (is_class(lexer, lexer->at, OPERATOR))
		while (is_class(lexer, end, OPERATOR))
			end++;
	take(lexer, token, SQL_SIGN, end);
}

static void take_dollar(struct sql_lexer *lexer, struct sql_token *token)
{
	size_t tag = dollar_tag(lexer, lexer->at);
	size_t end = lexer->at + 1;

	if (tag > 0) {
		take(lexer, token, SQL_LITERAL, dollar_end(lexer, lexer->at, tag));
		token->is_string = true;
		return;
	}
	while (is_class(lexer, end, DIGIT))
		end++;
	take(lexer, token, end > lexer->at + 1 ? SQL_PARAMETER : SQL_SIGN, end);
}

void sql_token_next(struct sql_lexer *lexer, struct sql_token *ret_token)
{
	bool is_mysql = lexer->dialect == SQL_MYSQL;
	bool has_backslash = is_mysql;
	uint8_t byte;
	size_t prefix;

	*ret_token = (struct sql_token){ .is_after_blank = skip_blanks(lexer) };
	/* Some clients send the NUL of their own strings along. */
	if (lexer->at >= lexer->text.length || lexer->text.data[lexer->at] == '\0')
		return;
	byte = lexer->text.data[lexer->at];
	prefix = is_class(lexer, lexer->at, LETTER) ? string_prefix(lexer, &has_backslash) : 0;
	if (prefix > 0 || byte == '\'' || (byte == '"' && is_mysql))
		take_string(lexer, ret_token, prefix, has_backslash);
	else if (byte == '"' || byte == '`')
		take_name(lexer, ret_token);
	else if (is_class(lexer, lexer->at, DIGIT) ||
		 (byte == '.' && is_class(lexer, lexer->at + 1, DIGIT)))
		take(lexer, ret_token, SQL_LITERAL, number_end(lexer, lexer->at));
	else if (is_class(lexer, lexer->at, LETTER))
		take_word(lexer, ret_token);
	else if (byte == '$' && !is_mysql)
		take_dollar(lexer, ret_token);
	else if (byte == '?' && is_mysql)
		take(lexer, ret_token, SQL_PARAMETER, lexer->at + 1);
	else
		take_sign(lexer, ret_token);
}

bool sql_token_is(const struct sql_token *token, const char *word)
{
	size_t length = token->text.length;

	if (token->kind != SQL_WORD)
		return false;
	for (size_t at = 0; at < length; at++) {
		uint8_t byte = token->text.data[at];

		byte = byte >= 'a' && byte <= 'z' ? byte - 0x20 : byte;
		/* A word that is shorter ends in its NUL, which is no letter. */
		if (byte != (uint8_t)word[at])
			return false;
	}
	return word[length] == '\0';
}

bool sql_token_is_sign(const struct sql_token *token, char sign)
{
	return token->kind == SQL_SIGN && token->text.length == 1 &&
	       token->text.data[0] == (uint8_t)sign;
}
