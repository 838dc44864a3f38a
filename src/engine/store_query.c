/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite's own guards do the work: a connection that cannot write, an authorizer that sees every
 * statement before it runs, and a progress handler that looks at the clock.
 */
#include "engine/store_query.h"

#include <ctype.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "engine/store_function.h"
#include "engine/store_memory.h"
#include "engine/store_schema.h"
#include "engine/store_text.h"

#define BUSY_MS		     1000
#define COLUMNS_MAXIMUM	     256
/* A call of a function between two looks takes up to some 0.2 s on the longest texts. */
#define OPCODES_PER_LOOK     100
#define SQL_BYTES_MAXIMUM    (256 * 1024)
#define EXPRESSION_DEPTH     200
#define COMPOUND_MAXIMUM     64
#define OPCODES_MAXIMUM	     250000
#define LIKE_PATTERN_MAXIMUM 256

/* One query as it runs. */
struct run {
	const struct store_query *query;
	sqlite3 *database;
	sqlite3_stmt *statement;
	uint64_t end_ns;
	int stopped_by;	  /* the errno of the limit that ended it, 0: none */
	char refused[64]; /* what the authorizer refused */
};

/* ---- guards -------------------------------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcasecmp(name, *names) == 0)
			return true;
	return false;
}

/* Functions that reach beyond the database, and json_patch, whose one call takes the square of the
 * lengths. */
static const char *const refused_functions[] = { "load_extension", "fts3_tokenizer", "readfile",
	"writefile", "edit", "json_patch", NULL };
/* Only those that describe tables. */
static const char *const allowed_pragmas[] = { "table_info", "table_xinfo", "table_list",
	"index_list", "index_info", "index_xinfo", "function_list", NULL };

/* SQLite asks for six parameters, of which four say something here. */
#define AUTHORIZER_PARAMETERS                                                                      \
	void *context, int action, const char *first, const char *second, const char *database,    \
		const char *trigger

static int authorize(AUTHORIZER_PARAMETERS)
{
	struct run *run = context;

	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_UPDATE:
		/* What SQLite says while it declares a table-valued function; the table itself
		 * cannot be changed on this connection. */
		if (str_equal(first, "sqlite_master"))
			return SQLITE_OK;
		break;
	case SQLITE_FUNCTION:
		if (!is_one_of(second, refused_functions))
			return SQLITE_OK;
		str_set(run->refused, second);
		return SQLITE_DENY;
	case SQLITE_PRAGMA:
		if (is_one_of(first, allowed_pragmas))
			return SQLITE_OK;
		snprintf(run->refused, sizeof(run->refused), "PRAGMA %s", first);
		return SQLITE_DENY;
	}
	str_set(run->refused, "anything but SELECT");
	return SQLITE_DENY;
}

static int look(void *context)
{
	struct run *run = context;

	if (run->query->cancel && atomic_load(run->query->cancel))
		run->stopped_by = -ECANCELED;
	else if (clock_monotonic_ns() > run->end_ns)
		run->stopped_by = -ETIMEDOUT;
	return run->stopped_by != 0;
}

static void set_limits(sqlite3 *database)
{
	static const int limits[][2] = {
		{ SQLITE_LIMIT_LENGTH, QUERY_TEXT_BYTES },
		{ SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAXIMUM },
		{ SQLITE_LIMIT_COLUMN, COLUMNS_MAXIMUM },
		{ SQLITE_LIMIT_EXPR_DEPTH, EXPRESSION_DEPTH },
		{ SQLITE_LIMIT_COMPOUND_SELECT, COMPOUND_MAXIMUM },
		{ SQLITE_LIMIT_VDBE_OP, OPCODES_MAXIMUM },
		{ SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LIKE_PATTERN_MAXIMUM },
		{ SQLITE_LIMIT_WORKER_THREADS, 0 },
	};

	for (unsigned int i = 0; i < ARRAY_LENGTH(limits); i++)
		sqlite3_limit(database, limits[i][0], limits[i][1]);
	sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

/* ---- opening ------------------------------------------------------------------------------- */

static int open_with(struct run *run, const char *name, struct fail *fail)
{
	int code = sqlite3_open_v2(name, &run->database,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
	int64_t objects;

	if (code != SQLITE_OK)
		return fail_set(fail, store_error(run->database, code), "%s",
			sqlite3_errmsg(run->database));
	sqlite3_busy_timeout(run->database, BUSY_MS);
	/* The first read finds out whether the log can be shared. */
	return store_number(run->database, "SELECT count(*) FROM sqlite_schema", &objects, fail);
}

static void close_run(struct run *run)
{
	sqlite3_finalize(run->statement);
	sqlite3_close(run->database);
	run->statement = NULL;
	run->database = NULL;
}

/* file:PATH?immutable=1; characters with a meaning in a URI are escaped. */
static void write_immutable_name(const char *path, char *ret_name, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t length = (size_t)snprintf(ret_name, size, "file:");

	for (; *path && length + 16 < size; path++) {
		if (isalnum((unsigned char)*path) || strchr("/._-", *path)) {
			ret_name[length++] = *path;
			continue;
		}
		ret_name[length++] = '%';
		ret_name[length++] = digits[(unsigned char)*path >> 4];
		ret_name[length++] = digits[(unsigned char)*path & 15];
	}
	ret_name[length] = '\0';
	snprintf(ret_name + length, size - length, "?immutable=1");
}

static int open_run(struct run *run, struct fail *fail)
{
	const char *path = run->query->path;
	char name[1024];
	char log[512];
	int error;

	if (access(path, F_OK) != 0)
		return fail_set(fail, -errno, "%s: %s", path, strerror(errno));
	/* Never as a URI: a file may be called anything. */
	snprintf(name, sizeof(name), "%s%s", path[0] == '/' ? "" : "./", path);
	error = open_with(run, name, fail);
	snprintf(log, sizeof(log), "%s-wal", path);
	if ((error == -EACCES || error == -EIO || error == -ENOENT || error == -EINVAL) &&
		access(log, F_OK) != 0) {
		/* In a folder where nothing can be written a log that is not there cannot be
		 * shared: without it the file does not change. */
		close_run(run);
		write_immutable_name(path, name, sizeof(name));
		error = open_with(run, name, fail);
	}
	if (error == 0)
		error = store_schema_check(run->database, fail);
	if (error != 0)
		return fail_prefix(fail, "%s", path);
	return 0;
}

/* ---- running ------------------------------------------------------------------------------- */

static int explain(struct run *run, int code, struct fail *fail)
{
	const struct store_query *query = run->query;

	if (run->stopped_by == -ETIMEDOUT)
		return fail_set(fail, -ETIMEDOUT,
			"took longer than %llu s: ask for less time (WHERE time_ns > ...), or ask "
			"request_rate, which has the counts ready",
			(unsigned long long)((query->timeout_ns + NS_PER_S - 1) / NS_PER_S));
	if ((code & 0xff) == SQLITE_NOMEM)
		return fail_set(fail, -ENOMEM,
			"needs more than %llu MiB of memory: ask for less time, or for fewer rows",
			(unsigned long long)(query->memory_bytes >> 20));
	if (run->stopped_by != 0)
		return fail_set(fail, run->stopped_by, "canceled");
	/* For a function the code is that of any mistake. */
	if ((code & 0xff) == SQLITE_AUTH || run->refused[0] != '\0')
		return fail_set(
			fail, -EPERM, "the store is for reading: %s is refused", run->refused);
	return fail_set(
		fail, store_error(run->database, code), "%s", sqlite3_errmsg(run->database));
}

static bool is_blank(const char *sql)
{
	while (isspace((unsigned char)*sql) || *sql == ';')
		sql++;
	return *sql == '\0';
}

static int prepare(struct run *run, struct fail *fail)
{
	const char *rest;
	int code = sqlite3_prepare_v2(run->database, run->query->sql, -1, &run->statement, &rest);

	if (code != SQLITE_OK)
		return explain(run, code, fail);
	if (!run->statement)
		return fail_set(fail, -EINVAL, "there is no statement");
	if (!is_blank(rest))
		return fail_set(fail, -EINVAL, "one statement at a time: what is '%.40s'?", rest);
	if (!sqlite3_stmt_readonly(run->statement))
		return fail_set(fail, -EPERM, "the store is for reading");
	return 0;
}

static int bind(struct run *run, struct fail *fail)
{
	for (unsigned int i = 0; i < run->query->parameter_count; i++) {
		const struct query_parameter *parameter = &run->query->parameters[i];
		const struct query_value *value = &parameter->value;
		int at = sqlite3_bind_parameter_index(run->statement, parameter->name);
		int code = SQLITE_OK;

		if (at == 0)
			continue;
		if (value->type == QUERY_INTEGER)
			code = sqlite3_bind_int64(run->statement, at, value->integer);
		else if (value->type == QUERY_REAL)
			code = sqlite3_bind_double(run->statement, at, value->real);
		else if (value->type == QUERY_TEXT)
			code = sqlite3_bind_text(run->statement, at, (const char *)value->text.data,
				(int)value->text.length, SQLITE_STATIC);
		if (code != SQLITE_OK)
			return explain(run, code, fail);
	}
	return 0;
}

static void read_value(sqlite3_stmt *statement, int column, struct query_value *ret_value)
{
	*ret_value = (struct query_value){ 0 };
	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_INTEGER:
		ret_value->type = QUERY_INTEGER;
		ret_value->integer = sqlite3_column_int64(statement, column);
		return;
	case SQLITE_FLOAT:
		ret_value->type = QUERY_REAL;
		ret_value->real = sqlite3_column_double(statement, column);
		return;
	case SQLITE_NULL:
		return;
	case SQLITE_TEXT:
		ret_value->type = QUERY_TEXT;
		break;
	default:
		ret_value->type = QUERY_BLOB;
	}
	ret_value->text.data = sqlite3_column_blob(statement, column);
	ret_value->text.length = (size_t)sqlite3_column_bytes(statement, column);
}

static int give_columns(struct run *run, unsigned int count)
{
	const char *names[COLUMNS_MAXIMUM];

	for (unsigned int i = 0; i < count; i++)
		names[i] = sqlite3_column_name(run->statement, (int)i);
	return run->query->sink.columns(run->query->sink.context, names, count);
}

static int give_rows(struct run *run, struct query_result *result, struct fail *fail)
{
	const struct query_sink *sink = &run->query->sink;
	unsigned int count = (unsigned int)sqlite3_column_count(run->statement);
	struct query_value values[COLUMNS_MAXIMUM];
	int error = sink->columns ? give_columns(run, count) : 0;
	int code = SQLITE_ROW;

	while (error == 0 && (code = sqlite3_step(run->statement)) == SQLITE_ROW) {
		if (run->query->rows_maximum != 0 && result->rows == run->query->rows_maximum) {
			result->is_cut = true;
			return 0;
		}
		for (unsigned int i = 0; i < count; i++)
			read_value(run->statement, (int)i, &values[i]);
		result->rows++;
		error = sink->row(sink->context, values, count);
	}
	if (error != 0)
		return error;
	return code == SQLITE_DONE ? 0 : explain(run, code, fail);
}

static int run_guarded(struct run *run, struct query_result *result, struct fail *fail)
{
	int error;

	set_limits(run->database);
	store_functions_register(run->database);
	store_text_register(run->database);
	store_execute(run->database, "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY", NULL);
	sqlite3_set_authorizer(run->database, authorize, run);
	sqlite3_progress_handler(run->database, OPCODES_PER_LOOK, look, run);
	error = prepare(run, fail);
	if (error == 0)
		error = bind(run, fail);
	if (error == 0)
		error = give_rows(run, result, fail);
	return error;
}

int store_query_run(
	const struct store_query *query, struct query_result *ret_result, struct fail *fail)
{
	struct store_query filled = *query;
	uint64_t start_ns = clock_monotonic_ns();
	struct query_result result = { 0 };
	_cleanup_(close_run)
	struct run run = { .query = &filled };
	int error;

	if (filled.timeout_ns == 0)
		filled.timeout_ns = QUERY_TIMEOUT_NS;
	if (filled.memory_bytes == 0)
		filled.memory_bytes = QUERY_MEMORY_BYTES;
	run.end_ns = start_ns + filled.timeout_ns;
	store_memory_init();
	store_memory_limit(filled.memory_bytes);
	error = open_run(&run, fail);
	if (error == 0)
		error = run_guarded(&run, &result, fail);
	close_run(&run);
	store_memory_unlimited();
	if (error != 0)
		return error;
	result.elapsed_ns = clock_monotonic_ns() - start_ns;
	*ret_result = result;
	return 0;
}
