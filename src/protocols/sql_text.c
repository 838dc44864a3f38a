/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Normal form, fingerprint and subject of a statement, in one walk over its tokens.
 */
#include "protocols/sql_text.h"

#include "base/str.h"
#include "protocols/sql_subject.h"
#include "protocols/text.h"

/* FNV-1a of 64 bits, byte by byte. */
#define FNV_OFFSET	  0xcbf29ce484222325ULL
#define FNV_PRIME	  0x100000001b3ULL
/* Numbers up to 2^53 are exact in JSON for everybody. */
#define FINGERPRINT_SHIFT 12

/* Where in a list of values the text stands: IN (1, 2), ARRAY[1, 2]. */
enum list {
	LIST_NONE,
	LIST_OPENING, /* the word was there, its bracket comes */
	LIST_VALUE,   /* a value comes */
	LIST_COMMA,   /* a value was there */
	LIST_HELD,    /* a comma was there: dropped when a value follows */
};

/* The same for the rows of VALUES (1, 2), (3, 4). */
enum rows {
	ROWS_NONE,
	ROWS_OPENING,
	ROWS_FIRST,  /* in the first row, which is shown */
	ROWS_CLOSED, /* a row was there */
	ROWS_HELD,   /* a comma was there: dropped when a row follows */
	ROWS_MORE,   /* in a row that is dropped */
};

struct writer {
	struct text text;
	uint64_t hash;
	bool is_raw; /* the text is written elsewhere */
	struct sql_token last;
	bool is_after_string;
	enum list list;
	enum rows rows;
	size_t row_depth;
	struct sql_token held; /* a comma or semicolon that may be dropped */
};

/* Blanks stay, one for each run of them. */
static void write_shown(struct text *text, struct slice bytes)
{
	size_t at = 0;

	while (at < bytes.length && !text->is_full) {
		size_t start = at;

		while (at < bytes.length && bytes.data[at] != ' ' &&
			(bytes.data[at] < '\t' || bytes.data[at] > '\r'))
			at++;
		if (at > start) {
			text_bytes(text, (struct slice){ bytes.data + start, at - start });
			continue;
		}
		while (at < bytes.length &&
			(bytes.data[at] == ' ' ||
				(bytes.data[at] >= '\t' && bytes.data[at] <= '\r')))
			at++;
		if (at < bytes.length && text->length > 0)
			text_string(text, " ");
	}
}

static void hash_bytes(struct writer *writer, struct slice bytes, bool is_word)
{
	uint64_t hash = writer->hash;

	for (size_t at = 0; at < bytes.length; at++) {
		uint8_t byte = bytes.data[at];

		byte |= is_word && byte >= 'A' && byte <= 'Z' ? 0x20 : 0;
		hash = (hash ^ byte) * FNV_PRIME;
	}
	/* What no token holds ends it. */
	writer->hash = (hash ^ 0xff) * FNV_PRIME;
}

static bool is_value(const struct sql_token *token)
{
	return token->kind == SQL_LITERAL || token->kind == SQL_PARAMETER;
}

static void write_token(struct writer *writer, const struct sql_token *token)
{
	static const struct slice mask = { (const uint8_t *)"?", 1 };
	struct slice shown = is_value(token) ? mask : token->text;

	/* Strings that follow each other are one. */
	if (token->is_string && writer->is_after_string)
		return;
	writer->is_after_string = token->is_string;
	hash_bytes(writer, shown, token->kind == SQL_WORD);
	if (writer->is_raw)
		return;
	if (writer->text.is_full)
		return;
	if (token->is_after_blank && writer->text.length > 0)
		text_string(&writer->text, " ");
	/* Only quoted names have blanks in them. */
	if (token->kind == SQL_NAME)
		write_shown(&writer->text, shown);
	else
		text_bytes(&writer->text, shown);
}

static void write_held(struct writer *writer)
{
	if (writer->held.kind != SQL_END)
		write_token(writer, &writer->held);
	writer->held.kind = SQL_END;
}

static bool is_bracket(const struct sql_token *token)
{
	return sql_token_is_sign(token, '(') || sql_token_is_sign(token, '[');
}

/* Returns whether the token is dropped. */
static bool fold_list(struct writer *writer, const struct sql_token *token)
{
	bool is_comma = sql_token_is_sign(token, ',');
	bool is_word = token->kind == SQL_WORD;

	if (is_word && (sql_token_is(token, "IN") || sql_token_is(token, "ARRAY"))) {
		writer->list = LIST_OPENING;
	} else if (writer->list == LIST_OPENING && is_bracket(token)) {
		writer->list = LIST_VALUE;
	} else if (writer->list == LIST_VALUE && is_value(token)) {
		writer->list = LIST_COMMA;
	} else if (writer->list == LIST_COMMA && is_comma) {
		writer->list = LIST_HELD;
		writer->held = *token;
		return true;
	} else if (writer->list == LIST_HELD && is_value(token)) {
		writer->list = LIST_COMMA;
		writer->held.kind = SQL_END;
		return true;
	} else if (writer->list != LIST_COMMA || !is_value(token)) {
		writer->list = LIST_NONE;
	}
	return false;
}

/* In parentheses of a row; returns whether it goes on behind this token. */
static bool is_in_row(struct writer *writer, const struct sql_token *token)
{
	if (sql_token_is_sign(token, '('))
		writer->row_depth++;
	else if (sql_token_is_sign(token, ')'))
		writer->row_depth--;
	return writer->row_depth > 0;
}

/* Returns whether the token is dropped. */
static bool fold_rows(struct writer *writer, const struct sql_token *token)
{
	bool is_open = sql_token_is_sign(token, '(');
	bool is_more = writer->rows == ROWS_MORE;

	if (writer->rows == ROWS_FIRST || is_more) {
		if (!is_in_row(writer, token))
			writer->rows = ROWS_CLOSED;
		return is_more;
	}
	if (writer->rows == ROWS_CLOSED && sql_token_is_sign(token, ',')) {
		writer->rows = ROWS_HELD;
		writer->held = *token;
		return true;
	}
	if (is_open && (writer->rows == ROWS_OPENING || writer->rows == ROWS_HELD)) {
		is_more = writer->rows == ROWS_HELD;
		writer->rows = is_more ? ROWS_MORE : ROWS_FIRST;
		writer->row_depth = 1;
		if (is_more)
			writer->held.kind = SQL_END;
		return is_more;
	}
	writer->rows = sql_token_is(token, "VALUES") ? ROWS_OPENING : ROWS_NONE;
	return false;
}

static void take_token(struct writer *writer, const struct sql_token *token)
{
	bool is_dropped;

	writer->last = *token;
	if (fold_rows(writer, token))
		return;
	is_dropped = fold_list(writer, token);
	if (is_dropped)
		return;
	/* Between statements there is one, behind the last none. */
	if (sql_token_is_sign(token, ';')) {
		if (writer->hash != FNV_OFFSET)
			writer->held = *token;
		return;
	}
	write_held(writer);
	write_token(writer, token);
}

/* Does a value follow this token, and no operator? */
static bool is_value_next(const struct sql_token *token)
{
	static const char *const words[] = { "SELECT", "WHERE", "AND", "OR", "BETWEEN", "LIMIT",
		"OFFSET", "WHEN", "THEN", "ELSE", "RETURN", "TO", "DEFAULT" };

	for (size_t index = 0; index < ARRAY_LENGTH(words); index++) {
		if (sql_token_is(token, words[index]))
			return true;
	}
	return token->kind == SQL_SIGN && !sql_token_is_sign(token, ')') &&
	       !sql_token_is_sign(token, ']');
}

/* Is the sign one of a number, and none between two values? */
static bool is_before_number(const struct writer *writer, const struct sql_token *token)
{
	bool is_sign = sql_token_is_sign(token, '-') || sql_token_is_sign(token, '+');

	return is_sign && is_value_next(&writer->last);
}

static void next_token(
	const struct writer *writer, struct sql_lexer *lexer, struct sql_token *ret_token)
{
	struct sql_lexer ahead;
	struct sql_token number;

	sql_token_next(lexer, ret_token);
	if (!is_before_number(writer, ret_token))
		return;
	ahead = *lexer;
	sql_token_next(&ahead, &number);
	if (number.kind != SQL_LITERAL || number.is_string || number.is_after_blank)
		return;
	number.is_after_blank = ret_token->is_after_blank;
	*ret_token = number;
	*lexer = ahead;
}

/* PostgreSQL takes names without quotes as if they were written in small letters. */
static void write_path(struct text *text, const struct sql_path *path, bool is_postgresql)
{
	for (size_t part = 0; part < path->count; part++) {
		struct slice name = path->parts[part];
		char lower[MEMBER_SIZE(struct message, target)];
		size_t length = MIN(name.length, sizeof(lower));

		if (part > 0)
			text_string(text, ".");
		memcpy(lower, name.data, length);
		for (size_t at = 0; at < length && is_postgresql && !path->is_quoted[part]; at++)
			lower[at] |= lower[at] >= 'A' && lower[at] <= 'Z' ? 0x20 : 0;
		write_shown(text, (struct slice){ (const uint8_t *)lower, length });
	}
}

void sql_text(struct slice statement, enum sql_dialect dialect, unsigned int flags,
	struct message *message)
{
	struct sql_lexer lexer = { .text = statement, .dialect = dialect };
	struct writer writer = { .hash = FNV_OFFSET, .is_raw = flags & MESSAGE_UNMASKED };
	struct sql_subject subject = { 0 };
	struct sql_token token;
	struct text target;

	text_init(&writer.text, message->detail, sizeof(message->detail));
	for (;;) {
		next_token(&writer, &lexer, &token);
		if (token.kind == SQL_END)
			break;
		sql_subject_take(&subject, &token);
		take_token(&writer, &token);
	}
	if (writer.is_raw)
		write_shown(&writer.text, statement);
	text_init(&target, message->target, sizeof(message->target));
	write_path(&target, sql_subject_path(&subject), dialect == SQL_POSTGRESQL);
	str_set(message->operation, subject.operation ? subject.operation : "OTHER");
	message->fingerprint = writer.hash >> FINGERPRINT_SHIFT;
}
