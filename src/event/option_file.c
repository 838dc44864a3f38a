/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a configuration file into option tables: a YAML mapping from option names to scalars, or
 * to lists of them, taken event by event from libyaml.
 */
#include "event/option.h"

#include <fcntl.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/str.h"

#define FILE_BYTES_MAXIMUM (1 << 20)
#define KEYS_MAXIMUM	   256
#define NAME_BYTES	   64

struct reader {
	yaml_parser_t parser;
	const struct option_table *tables;
	unsigned int count;
	const char *path;
	struct fail *fail;
	unsigned int key_count;
	char keys[KEYS_MAXIMUM][NAME_BYTES]; /* to refuse one that comes twice */
};

static int fail_at(struct reader *reader, const yaml_event_t *event, const char *text)
{
	return fail_set(reader->fail, -EINVAL, "%s:%zu: %s", reader->path,
		event->start_mark.line + 1, text);
}

static int next_event(struct reader *reader, yaml_event_t *ret_event)
{
	if (yaml_parser_parse(&reader->parser, ret_event))
		return 0;
	const yaml_parser_t *parser = &reader->parser;
	if (parser->error == YAML_READER_ERROR)
		return fail_set(reader->fail, -EINVAL, "%s: %s at byte %zu", reader->path,
			parser->problem, parser->problem_offset);
	return fail_set(reader->fail, -EINVAL, "%s:%zu: %s", reader->path,
		parser->problem_mark.line + 1,
		parser->problem ? parser->problem : "not a YAML file");
}

static const char *scalar_text(const yaml_event_t *event)
{
	return (const char *)event->data.scalar.value;
}

static int add_key(struct reader *reader, const yaml_event_t *event)
{
	const char *name = scalar_text(event);

	if (strlen(name) >= NAME_BYTES)
		return fail_at(reader, event, "the key is too long");
	for (unsigned int i = 0; i < reader->key_count; i++) {
		if (strcmp(reader->keys[i], name) == 0)
			return fail_set(reader->fail, -EINVAL, "%s:%zu: '%s' is there twice",
				reader->path, event->start_mark.line + 1, name);
	}
	if (reader->key_count == KEYS_MAXIMUM)
		return fail_at(reader, event, "too many keys");
	str_set(reader->keys[reader->key_count++], name);
	return 0;
}

static int set_scalar(struct reader *reader, const yaml_event_t *event, const char *name)
{
	const char *text = scalar_text(event);

	if (strlen(text) != event->data.scalar.length)
		return fail_at(reader, event, "a value must not hold a NUL");
	int error = option_set(reader->tables, reader->count, name, text, reader->fail);
	if (error < 0)
		fail_prefix(reader->fail, "%s:%zu", reader->path, event->start_mark.line + 1);
	return error;
}

static bool is_list(const struct reader *reader, const char *name)
{
	for (unsigned int i = 0; i < reader->count; i++) {
		for (unsigned int j = 0; j < reader->tables[i].count; j++) {
			const struct option_row *row = &reader->tables[i].rows[j];
			if (strcmp(row->name, name) == 0)
				return row->type == OPTION_LIST;
		}
	}
	return false;
}

/* Up to the end of a list. */
static int read_list(struct reader *reader, const char *name)
{
	for (;;) {
		_cleanup_(yaml_event_delete)
		yaml_event_t event = { 0 };
		int error = next_event(reader, &event);

		if (error < 0)
			return error;
		if (event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		if (event.type != YAML_SCALAR_EVENT)
			return fail_at(reader, &event, "expected a plain value in the list");
		error = set_scalar(reader, &event, name);
		if (error < 0)
			return error;
	}
}

static int read_value(struct reader *reader, const char *name)
{
	_cleanup_(yaml_event_delete)
	yaml_event_t event = { 0 };
	int error = next_event(reader, &event);

	if (error < 0)
		return error;
	if (event.type == YAML_SCALAR_EVENT)
		return set_scalar(reader, &event, name);
	if (event.type != YAML_SEQUENCE_START_EVENT)
		return fail_set(reader->fail, -EINVAL, "%s:%zu: %s: expected a value or a list",
			reader->path, event.start_mark.line + 1, name);
	if (!is_list(reader, name))
		return fail_set(reader->fail, -EINVAL, "%s:%zu: %s: expected one value, not a list",
			reader->path, event.start_mark.line + 1, name);
	return read_list(reader, name);
}

/* Up to the end of the mapping. */
static int read_mapping(struct reader *reader)
{
	for (;;) {
		_cleanup_(yaml_event_delete)
		yaml_event_t event = { 0 };
		int error = next_event(reader, &event);

		if (error < 0)
			return error;
		if (event.type == YAML_MAPPING_END_EVENT)
			return 0;
		if (event.type != YAML_SCALAR_EVENT)
			return fail_at(reader, &event, "expected 'name: value'");
		error = add_key(reader, &event);
		if (error == 0)
			error = read_value(reader, reader->keys[reader->key_count - 1]);
		if (error < 0)
			return error;
	}
}

/* The document; an empty one, or nothing but comments, sets nothing. */
static int read_document(struct reader *reader)
{
	for (;;) {
		_cleanup_(yaml_event_delete)
		yaml_event_t event = { 0 };
		int error = next_event(reader, &event);

		if (error < 0 || event.type == YAML_STREAM_END_EVENT)
			return error;
		if (event.type == YAML_MAPPING_START_EVENT && reader->key_count == 0)
			error = read_mapping(reader);
		else if (event.type == YAML_DOCUMENT_START_EVENT && reader->key_count > 0)
			error = fail_at(reader, &event, "expected one document");
		else if (event.type == YAML_SEQUENCE_START_EVENT ||
			 event.type == YAML_ALIAS_EVENT ||
			 (event.type == YAML_SCALAR_EVENT && event.data.scalar.length > 0))
			error = fail_at(reader, &event, "expected 'name: value'");
		if (error < 0)
			return error;
	}
}

int option_read_file(
	const struct option_table *tables, unsigned int count, const char *path, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf content;

	buf_init(&content, FILE_BYTES_MAXIMUM);
	int error = file_read(AT_FDCWD, path, &content);
	if (error < 0)
		return fail_set(fail, error, "%s: %s", path,
			error == -EFBIG ? "longer than 1 MiB" : strerror(-error));

	_cleanup_(freep)
	struct reader *reader = calloc(1, sizeof(*reader));
	if (!reader || !yaml_parser_initialize(&reader->parser))
		return fail_set(fail, -ENOMEM, "%s: no memory", path);
	reader->tables = tables;
	reader->count = count;
	reader->path = path;
	reader->fail = fail;
	yaml_parser_set_input_string(
		&reader->parser, (const unsigned char *)buf_text(&content), content.length);
	error = read_document(reader);
	yaml_parser_delete(&reader->parser);
	return error;
}
