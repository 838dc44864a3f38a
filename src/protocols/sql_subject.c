/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb of a statement and its main table. No grammar: a list of verbs, and for each where its
 * table stands. Behind WITH the verb is the one that follows the list of names; where it reads only
 * what WITH made, the first table in there is the one.
 */
#include "protocols/sql_subject.h"

#include "base/str.h"

enum state {
	STATE_VERB,   /* the verb comes first, parentheses may stand before it */
	STATE_WITH,   /* WITH's names go by until the verb comes */
	STATE_SEEK,   /* the verb's table stands behind a word that has not come yet */
	STATE_NESTED, /* the same in a query in parentheses */
	STATE_NAME,   /* the table is the next name */
	STATE_DOT,    /* a dot may follow and more of the name */
	STATE_PART,   /* more of the name */
	STATE_DONE,
};

/* Words that may stand between a verb and its table; a mask. */
enum noise {
	NOISE_QUERY = 1,  /* FROM */
	NOISE_CHANGE = 2, /* INSERT, UPDATE, DELETE */
	NOISE_OBJECT = 4, /* CREATE, ALTER, DROP */
	NOISE_SET = 8,
	NOISE_PREPARED = 16,
};

struct sql_verb {
	const char *word;
	const char *before; /* the word before its table; "": the verb itself; NULL: it has none */
	unsigned int noise;
};

#define NAMED(word, noise)                                                                         \
	{                                                                                          \
		word, "", noise                                                                    \
	}
#define BARE(word)                                                                                 \
	{                                                                                          \
		word, NULL, 0                                                                      \
	}

/* What is used most comes first. */
static const struct sql_verb verbs[] = {
	{ "SELECT", "FROM", NOISE_QUERY },
	NAMED("INSERT", NOISE_CHANGE),
	NAMED("UPDATE", NOISE_CHANGE),
	{ "DELETE", "FROM", NOISE_QUERY },
	BARE("BEGIN"),
	BARE("COMMIT"),
	BARE("ROLLBACK"),
	NAMED("SET", NOISE_SET),
	NAMED("SHOW", NOISE_SET),
	/* COPY's may be a query, whose FROM it is then. */
	NAMED("COPY", NOISE_QUERY),
	NAMED("REPLACE", NOISE_CHANGE),
	NAMED("MERGE", NOISE_CHANGE),
	BARE("START"),
	BARE("END"),
	BARE("ABORT"),
	BARE("SAVEPOINT"),
	BARE("RELEASE"),
	BARE("VALUES"),
	NAMED("TABLE", NOISE_QUERY),
	NAMED("CREATE", NOISE_OBJECT),
	NAMED("ALTER", NOISE_OBJECT),
	NAMED("DROP", NOISE_OBJECT),
	NAMED("TRUNCATE", NOISE_OBJECT),
	NAMED("RENAME", NOISE_OBJECT),
	NAMED("COMMENT", NOISE_OBJECT),
	NAMED("LOCK", NOISE_OBJECT),
	BARE("UNLOCK"),
	NAMED("VACUUM", NOISE_OBJECT),
	NAMED("ANALYZE", NOISE_OBJECT),
	NAMED("OPTIMIZE", NOISE_OBJECT),
	NAMED("REPAIR", NOISE_OBJECT),
	NAMED("CHECK", NOISE_OBJECT),
	NAMED("CHECKSUM", NOISE_OBJECT),
	NAMED("REINDEX", NOISE_OBJECT),
	NAMED("CLUSTER", NOISE_OBJECT),
	NAMED("REFRESH", NOISE_OBJECT),
	{ "GRANT", "ON", NOISE_OBJECT },
	{ "REVOKE", "ON", NOISE_OBJECT },
	NAMED("CALL", 0),
	BARE("DO"),
	BARE("EXPLAIN"),
	NAMED("DESCRIBE", NOISE_OBJECT),
	NAMED("DESC", NOISE_OBJECT),
	NAMED("PREPARE", 0),
	NAMED("EXECUTE", 0),
	NAMED("DEALLOCATE", NOISE_PREPARED),
	NAMED("DECLARE", 0),
	BARE("FETCH"),
	BARE("MOVE"),
	NAMED("CLOSE", 0),
	NAMED("LISTEN", 0),
	NAMED("NOTIFY", 0),
	NAMED("UNLISTEN", 0),
	NAMED("USE", 0),
	{ "LOAD", "TABLE", 0 },
	NAMED("HANDLER", 0),
	BARE("KILL"),
	BARE("FLUSH"),
	BARE("RESET"),
	BARE("DISCARD"),
	BARE("CHECKPOINT"),
	BARE("PURGE"),
	BARE("CHANGE"),
	BARE("STOP"),
	BARE("XA"),
	BARE("BINLOG"),
	BARE("INSTALL"),
	BARE("UNINSTALL"),
	BARE("SECURITY"),
	BARE("REASSIGN"),
	BARE("IMPORT"),
	BARE("SIGNAL"),
	BARE("GET"),
	/* PostgreSQL's commands for replication. */
	BARE("IDENTIFY_SYSTEM"),
	BARE("START_REPLICATION"),
	BARE("CREATE_REPLICATION_SLOT"),
	BARE("DROP_REPLICATION_SLOT"),
	BARE("READ_REPLICATION_SLOT"),
	BARE("TIMELINE_HISTORY"),
	BARE("BASE_BACKUP"),
};

/* Behind what a table stands in WITH. */
static const char *const table_words[] = { "FROM", "INTO", "UPDATE" };

static const struct {
	const char *word;
	unsigned int noise;
} noise_words[] = {
	{ "ONLY", NOISE_QUERY | NOISE_CHANGE | NOISE_OBJECT },
	{ "LATERAL", NOISE_QUERY },
	{ "PREPARE", NOISE_PREPARED },
	{ "INTO", NOISE_CHANGE },
	{ "IGNORE", NOISE_CHANGE | NOISE_OBJECT },
	{ "LOW_PRIORITY", NOISE_CHANGE },
	{ "HIGH_PRIORITY", NOISE_CHANGE },
	{ "DELAYED", NOISE_CHANGE },
	{ "OVERWRITE", NOISE_CHANGE },
	{ "TABLE", NOISE_OBJECT },
	{ "TABLES", NOISE_OBJECT },
	{ "TEMP", NOISE_OBJECT },
	{ "TEMPORARY", NOISE_OBJECT },
	{ "UNLOGGED", NOISE_OBJECT },
	{ "GLOBAL", NOISE_OBJECT | NOISE_SET },
	{ "LOCAL", NOISE_OBJECT | NOISE_SET },
	{ "SESSION", NOISE_SET },
	{ "IF", NOISE_OBJECT },
	{ "NOT", NOISE_OBJECT },
	{ "EXISTS", NOISE_OBJECT },
	{ "OR", NOISE_OBJECT },
	{ "REPLACE", NOISE_OBJECT },
	{ "ON", NOISE_OBJECT },
	{ "VIEW", NOISE_OBJECT },
	{ "MATERIALIZED", NOISE_OBJECT },
	{ "RECURSIVE", NOISE_OBJECT },
	{ "UNIQUE", NOISE_OBJECT },
	{ "CONCURRENTLY", NOISE_OBJECT },
	{ "SEQUENCE", NOISE_OBJECT },
	{ "SCHEMA", NOISE_OBJECT },
	{ "DATABASE", NOISE_OBJECT },
	{ "FUNCTION", NOISE_OBJECT },
	{ "PROCEDURE", NOISE_OBJECT },
	{ "EXTENSION", NOISE_OBJECT },
	{ "DOMAIN", NOISE_OBJECT },
	{ "TYPE", NOISE_OBJECT },
	{ "ROLE", NOISE_OBJECT },
	{ "USER", NOISE_OBJECT },
	{ "FULL", NOISE_OBJECT },
	{ "FREEZE", NOISE_OBJECT },
	{ "VERBOSE", NOISE_OBJECT },
	{ "ANALYZE", NOISE_OBJECT },
	{ "COLUMN", NOISE_OBJECT },
	{ "EXTENDED", NOISE_OBJECT },
	{ "NO_WRITE_TO_BINLOG", NOISE_OBJECT },
};

static const struct sql_verb *find_verb(const struct sql_token *token)
{
	for (size_t index = 0; index < ARRAY_LENGTH(verbs); index++) {
		if (sql_token_is(token, verbs[index].word))
			return &verbs[index];
	}
	return NULL;
}

static bool is_noise(const struct sql_token *token, unsigned int noise)
{
	for (size_t index = 0; noise != 0 && index < ARRAY_LENGTH(noise_words); index++) {
		if (noise_words[index].noise & noise &&
			sql_token_is(token, noise_words[index].word))
			return true;
	}
	return false;
}

static void add_part(struct sql_path *path, const struct sql_token *token)
{
	if (path->count == SQL_PATH_PARTS)
		return;
	path->is_quoted[path->count] = token->kind == SQL_NAME;
	path->parts[path->count++] = token->name;
}

static bool is_name(const struct sql_token *token)
{
	return token->kind == SQL_WORD || token->kind == SQL_NAME;
}

static void expect_name(struct sql_subject *subject)
{
	subject->state = STATE_NAME;
	subject->name_depth = subject->depth;
}

static void take_verb(struct sql_subject *subject, const struct sql_token *token)
{
	const struct sql_verb *verb = find_verb(token);

	subject->name_depth = subject->depth;
	if (sql_token_is(token, "WITH")) {
		subject->state = STATE_WITH;
		return;
	}
	if (subject->is_explained && (!verb || is_noise(token, NOISE_OBJECT)))
		return;
	if (!subject->operation)
		subject->operation = verb ? verb->word : "OTHER";
	if (verb && sql_token_is(token, "EXPLAIN")) {
		subject->is_explained = true;
		return;
	}
	subject->verb = verb;
	subject->state = STATE_DONE;
	if (verb && verb->before)
		subject->state = STATE_SEEK;
	if (verb && verb->before && verb->before[0] == '\0')
		expect_name(subject);
}

/* The verbs that may stand behind WITH's names. */
static bool is_with_verb(const struct sql_token *token)
{
	static const char *const words[] = { "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE",
		"VALUES", "TABLE", "REPLACE" };

	for (size_t index = 0; index < ARRAY_LENGTH(words); index++) {
		if (sql_token_is(token, words[index]))
			return true;
	}
	return false;
}

static bool is_table_word(const struct sql_token *token)
{
	for (size_t index = 0; index < ARRAY_LENGTH(table_words); index++) {
		if (sql_token_is(token, table_words[index]))
			return true;
	}
	return false;
}

/* name_depth is that of the WITH. In its parentheses the first table is kept. */
static void take_with(struct sql_subject *subject, const struct sql_token *token)
{
	if (subject->depth == subject->name_depth) {
		if (is_with_verb(token))
			take_verb(subject, token);
		else if (is_name(token) && subject->with_name.length == 0 &&
			 !sql_token_is(token, "RECURSIVE"))
			subject->with_name = token->name;
		return;
	}
	if (subject->inner.count == 0 && is_name(token) && subject->is_after_distinct)
		add_part(&subject->inner, token);
	/* Here the flag says that a table is next. */
	subject->is_after_distinct =
		is_table_word(token) || (subject->is_after_distinct && sql_token_is(token, "ONLY"));
}

static void take_seek(struct sql_subject *subject, const struct sql_token *token)
{
	const char *before = subject->state == STATE_NESTED ? "FROM" : subject->verb->before;
	bool is_here = subject->depth == subject->name_depth || subject->state == STATE_NESTED;

	/* IS DISTINCT FROM names no table. */
	if (is_here && !subject->is_after_distinct && sql_token_is(token, before))
		expect_name(subject);
	subject->is_after_distinct = sql_token_is(token, "DISTINCT");
}

static void take_name(struct sql_subject *subject, const struct sql_token *token)
{
	bool is_query = subject->verb->noise & NOISE_QUERY;

	if (subject->depth > subject->name_depth) {
		/* A query in parentheses; with other verbs they hold options. */
		if (is_query && sql_token_is_sign(token, '('))
			subject->state = STATE_NESTED;
		return;
	}
	if (subject->verb->noise == NOISE_OBJECT &&
		(sql_token_is(token, "INDEX") || sql_token_is(token, "TRIGGER")) &&
		str_equal(subject->verb->word, "CREATE")) {
		static const struct sql_verb behind_on = { "CREATE", "ON", NOISE_OBJECT };

		subject->verb = &behind_on;
		subject->state = STATE_SEEK;
		return;
	}
	if (sql_token_is_sign(token, '@') || sql_token_is_sign(token, ')') ||
		is_noise(token, subject->verb->noise))
		return;
	subject->state = STATE_DONE;
	if (is_name(token)) {
		add_part(&subject->path, token);
		subject->state = STATE_DOT;
	}
}

static void take_rest_of_name(struct sql_subject *subject, const struct sql_token *token)
{
	bool is_part = subject->state == STATE_PART && is_name(token);

	if (subject->state == STATE_DOT && sql_token_is_sign(token, '.')) {
		subject->state = STATE_PART;
		return;
	}
	if (is_part)
		add_part(&subject->path, token);
	subject->state = is_part ? STATE_DOT : STATE_DONE;
}

static void count_depth(struct sql_subject *subject, const struct sql_token *token)
{
	if (sql_token_is_sign(token, '(') && subject->depth < UINT16_MAX)
		subject->depth++;
	else if (sql_token_is_sign(token, ')') && subject->depth > 0)
		subject->depth--;
}

void sql_subject_take(struct sql_subject *subject, const struct sql_token *token)
{
	if (subject->state == STATE_DONE)
		return;
	count_depth(subject, token);
	/* What follows the first statement's end is not looked at. */
	if (subject->state != STATE_VERB && sql_token_is_sign(token, ';'))
		subject->state = STATE_DONE;
	switch ((enum state)subject->state) {
	case STATE_VERB:
		if (token->kind == SQL_WORD)
			take_verb(subject, token);
		break;
	case STATE_WITH:
		take_with(subject, token);
		break;
	case STATE_SEEK:
	case STATE_NESTED:
		take_seek(subject, token);
		break;
	case STATE_NAME:
		take_name(subject, token);
		break;
	case STATE_DOT:
	case STATE_PART:
		take_rest_of_name(subject, token);
		break;
	case STATE_DONE:
		break;
	}
}

static bool is_with_name(const struct sql_subject *subject)
{
	const struct slice *name = &subject->path.parts[0];

	return subject->path.count == 1 && name->length == subject->with_name.length &&
	       memcmp(name->data, subject->with_name.data, name->length) == 0;
}

const struct sql_path *sql_subject_path(const struct sql_subject *subject)
{
	bool is_inner = subject->inner.count > 0 && is_with_name(subject);

	return is_inner ? &subject->inner : &subject->path;
}
