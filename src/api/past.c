/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Past events out of the store as lines: see past.h. Rows come newest first, so that reading stops
 * as soon as there are enough; they are put in order before they are written.
 */
#include "api/past.h"

#include "base/str.h"
#include "engine/store_query.h"

#define LINES_MAXIMUM (64 * 1024 * 1024) /* bytes of all lines together */
#define SQL_MAXIMUM   (256 * 1024)
#define TEXT_MAXIMUM  (1024 * 1024) /* of one FIELD_TEXT_LONG */
#define TIMEOUT_NS    (60 * NS_PER_S)
#define ENOUGH	      (-EXFULL) /* ends a query that gave all that is needed */

struct line {
	uint64_t time_ns;
	size_t offset;
	size_t length;
};

struct reader {
	const struct past_wish *past;
	uint32_t last;
	struct buf lines;
	struct line *index;
	size_t count;
	size_t capacity;
	uint64_t left_out;
	/* Of the kind that is being read. */
	const struct event_kind *kind;
	uint64_t left_out_fields;
	struct event_header *event;
	struct buf texts[4]; /* for FIELD_TEXT_LONG */
	size_t first;	     /* of its lines in index */
};

static void reader_done(struct reader *reader)
{
	buf_done(&reader->lines);
	free(reader->index);
	free(reader->event);
	for (size_t i = 0; i < ARRAY_LENGTH(reader->texts); i++)
		buf_done(&reader->texts[i]);
}

/* ---- a row becomes the event again ---- */

static void set_number(const struct field *field, void *event, int64_t number)
{
	/* Little endian, as everything that skep runs on. */
	memcpy((char *)event + field->offset, &number, MIN(field->size, sizeof(number)));
}

static void set_word(const struct field *field, void *event, struct slice text)
{
	for (uint8_t i = 0; field->words && field->words[i]; i++) {
		if (strlen(field->words[i]) == text.length &&
			memcmp(field->words[i], text.data, text.length) == 0)
			set_number(field, event, i);
	}
}

static void set_text_long(
	struct reader *reader, const struct field *field, struct slice text, unsigned int *used)
{
	struct buf *buf;
	const char *copy;

	if (*used == ARRAY_LENGTH(reader->texts))
		return;
	buf = &reader->texts[(*used)++];
	buf_init(buf, TEXT_MAXIMUM);
	buf_append(buf, text.data, text.length);
	copy = buf_text(buf);
	memcpy((char *)reader->event + field->offset, &copy, sizeof(copy));
}

static void set_text(struct reader *reader, const struct field *field,
	const struct query_value *value, unsigned int *used)
{
	char *member = (char *)reader->event + field->offset;
	char address[ADDRESS_TEXT_BYTES];

	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_CODE:
		str_copy_slice(member, field->size, value->text);
		break;
	case FIELD_WORD:
		set_word(field, reader->event, value->text);
		break;
	case FIELD_ADDRESS:
		if (str_copy_slice(address, sizeof(address), value->text))
			address_parse(address, (struct address *)member);
		break;
	case FIELD_TEXT_LONG:
		set_text_long(reader, field, value->text, used);
		break;
	default:
		break;
	}
}

static void set_event(struct reader *reader, const struct query_value *values)
{
	unsigned int used = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(reader->texts); i++)
		buf_done(&reader->texts[i]);
	memset(reader->event, 0, reader->kind->size);
	reader->event->kind = reader->kind;
	for (uint16_t i = 0; i < reader->kind->field_count; i++) {
		const struct field *field = &reader->kind->fields[i];

		if (values[i].type == QUERY_TEXT)
			set_text(reader, field, &values[i], &used);
		else if (values[i].type == QUERY_INTEGER && field->type == FIELD_CODE)
			snprintf((char *)reader->event + field->offset, field->size, "%lld",
				(long long)values[i].integer);
		else if (values[i].type == QUERY_INTEGER)
			set_number(field, reader->event, values[i].integer);
	}
}

/* ---- reading ---- */

static int add_line(struct reader *reader)
{
	/* Times of rows are wall-clock ones: nothing to add. */
	static const struct clock_map as_it_is = { 0 };
	const struct encoder encoder = {
		.format = reader->past->wish.format,
		.has_color = reader->past->wish.has_color,
		.clock = &as_it_is,
		.left_out = reader->left_out_fields,
	};
	size_t offset = reader->lines.length;

	if (reader->count == reader->capacity) {
		size_t capacity = MAX(2 * reader->capacity, 256U);
		struct line *index = realloc(reader->index, capacity * sizeof(*index));

		if (!index)
			return -ENOMEM;
		reader->index = index;
		reader->capacity = capacity;
	}
	if (reader->lines.error || encode_event(&encoder, reader->event, &reader->lines) != 0) {
		reader->left_out++;
		return 0;
	}
	reader->index[reader->count++] =
		(struct line){ reader->event->time_ns, offset, reader->lines.length - offset };
	return 0;
}

static int on_row(void *context, const struct query_value *values, unsigned int count)
{
	struct reader *reader = context;

	if (count != reader->kind->field_count)
		return -EPROTO;
	set_event(reader, values);
	if (reader->count - reader->first < reader->last)
		return add_line(reader);
	if (reader->past->last > 0)
		return ENOUGH;
	reader->left_out++;
	return 0;
}

static void write_sql(const struct past_wish *past, const struct event_kind *kind, struct buf *sql)
{
	buf_append_string(sql, "SELECT ");
	for (uint16_t i = 0; i < kind->field_count; i++)
		buf_printf(sql, "%s\"%s\"", i ? ", " : "", kind->fields[i].name);
	buf_printf(sql, " FROM \"%s\" WHERE time_ns >= %lld AND time_ns < %lld", kind->name,
		(long long)past->since_ns,
		past->until_ns ? (long long)past->until_ns : (long long)INT64_MAX);
	if (past->wish.filter) {
		buf_append_string(sql, " AND ");
		filter_write_sql(past->wish.filter, kind, sql);
	}
	buf_append_string(sql, " ORDER BY time_ns DESC");
}

static int read_kind(struct reader *reader, const struct event_kind *kind,
	const atomic_bool *cancel, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf sql = { 0 };
	struct store_query query = {
		.path = reader->past->path,
		.timeout_ns = TIMEOUT_NS,
		.cancel = cancel,
		.sink = { .context = reader, .row = on_row },
	};
	struct query_result result;
	int error;

	buf_init(&sql, SQL_MAXIMUM);
	write_sql(reader->past, kind, &sql);
	query.sql = buf_text(&sql);
	reader->kind = kind;
	reader->first = reader->count;
	free(reader->event);
	reader->event = calloc(1, kind->size);
	if (!reader->event || sql.error)
		return fail_set(fail, -ENOMEM, "no memory for events");
	error = store_query_run(&query, &result, fail);
	return error == ENOUGH ? 0 : error;
}

static int compare_lines(const void *a, const void *b)
{
	const struct line *one = a, *other = b;

	if (one->time_ns != other->time_ns)
		return one->time_ns < other->time_ns ? -1 : 1;
	return one->offset > other->offset ? -1 : 1;
}

static int64_t write_lines(struct reader *reader, FILE *stream)
{
	const struct live_wish *wish = &reader->past->wish;
	const struct encoder encoder = { .format = wish->format, .has_color = wish->has_color };
	_cleanup_(buf_done)
	struct buf text = { 0 };
	size_t skip = reader->count - MIN(reader->count, (size_t)reader->last);
	uint64_t left_out = reader->left_out + skip;

	buf_init(&text, LINES_MAXIMUM);
	if (wish->kind_count == 1)
		encode_heading(&encoder, wish->kinds[0], &text);
	if (reader->past->last == 0 && left_out > 0)
		live_write_loss(wish->format, "older ones, not shown", left_out, &text);
	fwrite(buf_text(&text), 1, text.length, stream);
	if (reader->count > 1)
		qsort(reader->index, reader->count, sizeof(*reader->index), compare_lines);
	for (size_t i = skip; i < reader->count; i++)
		fwrite(reader->lines.data + reader->index[i].offset, 1, reader->index[i].length,
			stream);
	return ferror(stream) ? -EPIPE : (int64_t)(reader->count - skip);
}

int64_t past_write(
	const struct past_wish *past, FILE *stream, const atomic_bool *cancel, struct fail *fail)
{
	_cleanup_(reader_done)
	struct reader reader = {
		.past = past,
		.last = past->last ? past->last : PAST_EVENTS_DEFAULT,
	};

	buf_init(&reader.lines, LINES_MAXIMUM);
	for (size_t i = 0; i < past->wish.kind_count; i++) {
		int error;

		reader.left_out_fields = past->wish.left_out[i];
		error = read_kind(&reader, past->wish.kinds[i], cancel, fail);
		if (error)
			return error;
	}
	return write_lines(&reader, stream);
}

/* ---- on a thread ---- */

struct past_work {
	struct work work;
	struct past_wish past;
	char path[256];
};

static int past_work_run(
	struct work *work, FILE *stream, const atomic_bool *cancel, struct fail *fail)
{
	const struct past_work *past = (const struct past_work *)work;
	int64_t result = past_write(&past->past, stream, cancel, fail);

	return result < 0 ? (int)result : 0;
}

static void past_work_free(struct work *work)
{
	struct past_work *past = (struct past_work *)work;

	filter_free(past->past.wish.filter);
	free(past);
}

int past_start(const struct past_wish *wish, struct workers *workers, struct outflow *outflow,
	struct fail *fail)
{
	struct past_work *past = calloc(1, sizeof(*past));

	if (!past) {
		filter_free(wish->wish.filter);
		return fail_set(fail, -ENOMEM, "no memory for events");
	}
	past->work =
		(struct work){ .store = wish->store, .run = past_work_run, .free = past_work_free };
	past->past = *wish;
	str_set(past->path, wish->path);
	past->past.path = past->path;
	return workers_start(workers, &past->work, outflow, fail);
}
