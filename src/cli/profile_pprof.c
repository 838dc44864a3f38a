/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile for pprof and what reads its files: see profile_tree.h. A function is one location,
 * since stacks are kept by name.
 *
 * Messages of protocol buffers that stand one behind the other are one message, whose lists go on
 * (protobuf.dev/programming-guides/encoding, "Last One Wins"): so each part is packed and
 * compressed by itself, and no more than one stack is in memory twice.
 */
#include <jansson.h>
#include <unistd.h>
#include <zlib.h>

#include "base/map.h"
#include "cli/profile_tree.h"
#include "pprof.pb-c.h"

#define PART_MAXIMUM (64 * 1024 * 1024)

enum pprof_text { TEXT_EMPTY, TEXT_COUNT, TEXT_NANOSECONDS, TEXT_NUMBER, TEXT_TIME, TEXT_NAMES };

/* Of the one mapping, which only says that everything has its name. */
#define MAPPING_ID 1

static int put_part(gzFile file, const PprofProfile *part)
{
	_cleanup_(freep)
	uint8_t *bytes = NULL;
	size_t length = pprof_profile__get_packed_size(part);

	if (length > PART_MAXIMUM)
		return -E2BIG;
	if (length == 0)
		return 0;
	bytes = malloc(length);
	if (!bytes)
		return -ENOMEM;
	pprof_profile__pack(part, bytes);
	return gzwrite(file, bytes, (unsigned int)length) == (int)length ? 0 : -EPIPE;
}

/* Texts of protocol buffers are UTF-8, which a symbol need not be. */
static void make_utf8(char *text)
{
	json_t *value = json_string(text);

	for (; !value && *text; text++)
		if ((unsigned char)*text >= 0x80)
			*text = '?';
	json_decref(value);
}

static int put_text(gzFile file, const char *text)
{
	PprofProfile part = PPROF_PROFILE__INIT;
	_cleanup_(freep)
	char *clean = strdup(text);
	char *texts[] = { clean };

	if (!clean)
		return -ENOMEM;
	make_utf8(clean);
	part.n_string_table = 1;
	part.string_table = texts;
	return put_part(file, &part);
}

static int put_head(gzFile file, struct profile_tree *tree)
{
	PprofProfile part = PPROF_PROFILE__INIT;
	PprofType number = PPROF_TYPE__INIT, time = PPROF_TYPE__INIT;
	PprofMapping mapping = PPROF_MAPPING__INIT;
	PprofType *types[] = { &number, &time };
	const struct profile_measure *measure = profile_tree_measure(tree);
	const char *const texts[TEXT_NAMES] = { "", "count", "nanoseconds", measure->count,
		measure->type };
	PprofMapping *mappings[] = { &mapping };
	uint64_t count = profile_tree_count(tree);
	int r;

	number.type = TEXT_NUMBER;
	number.unit = TEXT_COUNT;
	time.type = TEXT_TIME;
	time.unit = TEXT_NANOSECONDS;
	mapping.id = MAPPING_ID;
	mapping.has_functions = true;
	part.n_sample_type = ARRAY_LENGTH(types);
	part.sample_type = types;
	part.n_mapping = ARRAY_LENGTH(mappings);
	part.mapping = mappings;
	/* Waits have no period: each stands for another time. */
	if (!measure->is_time && count) {
		part.period_type = &time;
		part.period = (int64_t)(profile_tree_time_ns(tree) / count);
	}
	part.default_sample_type = TEXT_TIME;
	r = put_part(file, &part);
	for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(texts); i++)
		r = put_text(file, texts[i]);
	return r;
}

/* The function of that place in the list, whose number begins at 1, and its location. */
static int put_function(gzFile file, size_t place, const char *name)
{
	PprofProfile part = PPROF_PROFILE__INIT;
	PprofFunction function = PPROF_FUNCTION__INIT, *functions[] = { &function };
	PprofLocation location = PPROF_LOCATION__INIT, *locations[] = { &location };
	PprofLine line = PPROF_LINE__INIT, *lines[] = { &line };

	function.id = location.id = line.function_id = place + 1;
	function.name = function.system_name = (int64_t)(TEXT_NAMES + place);
	location.mapping_id = MAPPING_ID;
	location.n_line = 1;
	location.line = lines;
	part.n_function = part.n_location = 1;
	part.function = functions;
	part.location = locations;
	if (put_part(file, &part) < 0)
		return -EPIPE;
	return put_text(file, name);
}

static int put_stack(gzFile file, const struct profile_node *node, struct map *places)
{
	PprofProfile part = PPROF_PROFILE__INIT;
	PprofSample sample = PPROF_SAMPLE__INIT, *samples[] = { &sample };
	int64_t values[] = { (int64_t)node->self_count, (int64_t)node->self_ns };
	_cleanup_(freep)
	uint64_t *locations = calloc(node->depth, sizeof(uint64_t));

	if (!locations)
		return -ENOMEM;
	for (; node->depth > 0; node = node->parent)
		locations[sample.n_location_id++] =
			*(const size_t *)map_find(places, &node->name) + 1;
	sample.location_id = locations;
	sample.n_value = ARRAY_LENGTH(values);
	sample.value = values;
	part.n_sample = 1;
	part.sample = samples;
	return put_part(file, &part);
}

static int put_all(gzFile file, struct profile_tree *tree)
{
	_cleanup_(freep)
	struct profile_function *functions = NULL;
	_cleanup_(map_freep)
	struct map *places = NULL;
	size_t count;
	int r = profile_tree_functions(tree, &functions, &count);

	if (r < 0)
		return r;
	places = profile_function_places(functions, count);
	if (!places)
		return -ENOMEM;
	r = put_head(file, tree);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = put_function(file, i, functions[i].name);
	for (const struct profile_node *node = profile_tree_root(tree); r == 0 && node;
		node = profile_node_next(node))
		if (node->self > 0 && node->depth > 0)
			r = put_stack(file, node, places);
	return r;
}

int profile_write_pprof(struct profile_tree *tree, FILE *stream)
{
	gzFile file;
	int fd, r;

	if (fflush(stream) != 0)
		return -EPIPE;
	/* Closing the one leaves the other open. */
	fd = dup(fileno(stream));
	if (fd < 0)
		return -errno;
	file = gzdopen(fd, "wb");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	r = put_all(file, tree);
	return gzclose(file) == Z_OK ? r : -EPIPE;
}
