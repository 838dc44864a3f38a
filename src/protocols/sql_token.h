/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL as words, names, literals and signs; blanks and comments stand between them. Reads what
 * servers accept (PostgreSQL, "Lexical Structure"; MySQL, "Language Structure"), from bytes that
 * may be cut anywhere: a literal or comment without its end goes on to the end of the text.
 * Allocates nothing and goes over each byte a fixed number of times.
 */
#ifndef SKEP_SQL_TOKEN_H
#define SKEP_SQL_TOKEN_H

#include "base/base.h"

enum sql_dialect {
	SQL_POSTGRESQL, /* standard_conforming_strings is on, as it is by default */
	SQL_MYSQL,	/* without the mode ANSI_QUOTES */
};

enum sql_token_kind {
	SQL_END,
	SQL_WORD,      /* a keyword or a name */
	SQL_NAME,      /* a quoted name; name has it without the quotes */
	SQL_LITERAL,   /* a string or a number */
	SQL_PARAMETER, /* $1 or ? */
	SQL_SIGN,      /* one sign, or an operator of several */
};

struct sql_token {
	enum sql_token_kind kind;
	struct slice text; /* as it was written */
	struct slice name; /* of a name and of a word */
	bool is_string;	   /* of a literal */
	bool is_after_blank;
};

struct sql_lexer {
	struct slice text;
	size_t at;
	enum sql_dialect dialect;
	bool is_in_hint; /* between MySQL's slash-star-exclamation and its end */
};

/* SQL_END at the end, as often as it is called. */
void sql_token_next(struct sql_lexer *lexer, struct sql_token *ret_token);
/* Is it this word? word: in capitals. */
bool sql_token_is(const struct sql_token *token, const char *word);
bool sql_token_is_sign(const struct sql_token *token, char sign);

#endif
