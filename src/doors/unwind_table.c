/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows are kept by the low 16 bits of their address and a byte that numbers their rule; the 255
 * most frequent rules have such a byte, rows with others stand in a list beside. See
 * unwind_table.h.
 */
#include "doors/unwind_table.h"

#include "base/map.h"

#define PAGE_BITS      16
#define PAGE_BYTES     (1U << PAGE_BITS)
#define RULES_MAXIMUM  65536
#define RULE_ELSEWHERE 255 /* see exceptions */

struct exception {
	uint32_t row;
	uint32_t rule;
};

struct unwind_table {
	uint64_t base; /* multiple of PAGE_BYTES */
	uint32_t page_count;
	uint32_t row_count;
	uint32_t *pages; /* first row of each, and one more at the end */
	uint16_t *lows;
	uint8_t *numbers;
	struct unwind_rule *rules; /* the most frequent first */
	uint32_t rule_count;
	struct exception *exceptions; /* by row */
	uint32_t exception_count;
	uint32_t *functions; /* where each begins, from base on, sorted */
	uint32_t function_count;
};

/* ---- collecting ---- */

struct raw_row {
	uint64_t address;
	uint32_t rule;
	bool is_end;
	bool is_start; /* of a function */
};

struct collector {
	struct raw_row *rows;
	size_t count, capacity;
	size_t functions;
	struct map *rules; /* struct unwind_rule → struct known_rule */
};

struct known_rule {
	uint32_t number;
	uint32_t uses;
};

static void collector_done(struct collector *collector)
{
	free(collector->rows);
	map_free(collector->rules);
}

static int rule_number(
	struct collector *collector, const struct unwind_rule *rule, uint32_t *ret_number)
{
	bool is_new;
	struct known_rule *known = map_add(collector->rules, rule, &is_new);

	if (!known)
		return map_count(collector->rules) >= RULES_MAXIMUM ? -E2BIG : -ENOMEM;
	if (is_new)
		known->number = (uint32_t)map_count(collector->rules) - 1;
	*ret_number = known->number;
	return 0;
}

static int collect(void *context, uint64_t address, const struct unwind_rule *rule, bool is_end)
{
	struct collector *collector = context;
	bool is_first = collector->count == 0 || collector->rows[collector->count - 1].is_end;
	struct raw_row row = { .address = address, .is_end = is_end, .is_start = is_first };
	int r = rule_number(collector, rule, &row.rule);

	if (r < 0)
		return r;
	if (collector->count == collector->capacity) {
		size_t capacity = collector->capacity ? collector->capacity * 2 : 4096;
		struct raw_row *rows;

		if (collector->count >= UNWIND_TABLE_ROWS_MAXIMUM)
			return -E2BIG;
		rows = reallocarray(collector->rows, capacity, sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		collector->rows = rows;
		collector->capacity = capacity;
	}
	collector->rows[collector->count++] = row;
	return 0;
}

/* By address; where one function ends and another begins, the beginning comes last. */
static int compare_rows(const void *left, const void *right)
{
	const struct raw_row *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (int)b->is_end - (int)a->is_end;
}

/* Of rows at one address the last one stays, and of neighbours in a function with one rule the
 * first. */
static void tidy(struct collector *collector)
{
	struct raw_row *rows = collector->rows;
	size_t kept = 0;

	qsort(rows, collector->count, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < collector->count; i++) {
		if (i + 1 < collector->count && rows[i + 1].address == rows[i].address)
			continue;
		if (kept > 0 && rows[kept - 1].rule == rows[i].rule && !rows[i].is_start)
			continue;
		collector->functions += rows[i].is_start;
		rows[kept++] = rows[i];
	}
	collector->count = kept;
}

/* ---- building ---- */

static int compare_uses(const void *left, const void *right)
{
	const struct known_rule *a = left, *b = right;

	return a->uses < b->uses ? 1 : a->uses > b->uses ? -1 : 0;
}

/* Sorts the rules by how often they are used; ret_order[old number] is the new one. */
static int order_rules(
	struct collector *collector, struct unwind_table *table, uint32_t **ret_order)
{
	size_t count = map_count(collector->rules);
	_cleanup_(freep)
	struct known_rule *known = calloc(count, sizeof(*known));
	_cleanup_(freep)
	struct unwind_rule *old = calloc(count, sizeof(*old));
	uint32_t *order = calloc(count, sizeof(*order));

	*ret_order = order;
	table->rules = calloc(count, sizeof(*table->rules));
	table->rule_count = (uint32_t)count;
	if (!known || !old || !order || !table->rules)
		return -ENOMEM;
	MAP_FOREACH(collector->rules, value) {
		const struct known_rule *rule = value;

		old[rule->number] = *(const struct unwind_rule *)map_key(value);
		known[rule->number].number = rule->number;
	}
	for (size_t i = 0; i < collector->count; i++)
		known[collector->rows[i].rule].uses++;
	qsort(known, count, sizeof(*known), compare_uses);
	for (size_t i = 0; i < count; i++) {
		table->rules[i] = old[known[i].number];
		order[known[i].number] = (uint32_t)i;
	}
	return 0;
}

struct builder {
	struct unwind_table *table;
	const struct collector *collector;
	const uint32_t *order;
	uint32_t exception_capacity;
};

static int add_exception(struct builder *builder, uint32_t rule)
{
	struct unwind_table *table = builder->table;

	if (table->exception_count == builder->exception_capacity) {
		uint32_t capacity = MAX(64U, builder->exception_capacity * 2);
		struct exception *grown =
			reallocarray(table->exceptions, capacity, sizeof(*table->exceptions));

		if (!grown)
			return -ENOMEM;
		table->exceptions = grown;
		builder->exception_capacity = capacity;
	}
	table->exceptions[table->exception_count++] = (struct exception){ table->row_count, rule };
	return 0;
}

static int add_row(struct builder *builder, uint64_t address, uint32_t raw_rule)
{
	struct unwind_table *table = builder->table;
	uint32_t rule = builder->order[raw_rule];
	bool is_elsewhere = rule >= RULE_ELSEWHERE;

	if (is_elsewhere && add_exception(builder, rule) < 0)
		return -ENOMEM;
	table->lows[table->row_count] = (uint16_t)address;
	table->numbers[table->row_count] = is_elsewhere ? RULE_ELSEWHERE : (uint8_t)rule;
	table->row_count++;
	return 0;
}

static int note_functions(struct builder *builder)
{
	struct unwind_table *table = builder->table;
	const struct collector *collector = builder->collector;

	table->functions = calloc(collector->functions + 1, sizeof(*table->functions));
	if (!table->functions)
		return -ENOMEM;
	for (size_t i = 0; i < collector->count; i++)
		if (collector->rows[i].is_start)
			table->functions[table->function_count++] =
				(uint32_t)(collector->rows[i].address - table->base);
	return 0;
}

/* Each page begins with the rule in force, so that a search never leaves it. */
static int fill(struct builder *builder)
{
	struct unwind_table *table = builder->table;
	const struct raw_row *rows = builder->collector->rows;
	size_t count = builder->collector->count, next = 0;

	for (uint32_t page = 0; page < table->page_count; page++) {
		uint64_t start = table->base + (uint64_t)page * PAGE_BYTES;

		table->pages[page] = table->row_count;
		if (next > 0 && (next == count || rows[next].address > start) &&
			add_row(builder, start, rows[next - 1].rule) < 0)
			return -ENOMEM;
		for (; next < count && rows[next].address < start + PAGE_BYTES; next++) {
			if (add_row(builder, rows[next].address, rows[next].rule) < 0)
				return -ENOMEM;
		}
	}
	table->pages[table->page_count] = table->row_count;
	return 0;
}

static int build(struct collector *collector, struct unwind_table *table)
{
	_cleanup_(freep)
	uint32_t *order = NULL;
	struct builder builder = { .table = table, .collector = collector };
	uint64_t last = collector->rows[collector->count - 1].address;
	size_t room;
	int r = order_rules(collector, table, &order);

	if (r < 0)
		return r;
	table->base = collector->rows[0].address & ~(uint64_t)(PAGE_BYTES - 1);
	if (last - table->base >= UNWIND_TABLE_SPAN_MAXIMUM)
		return -E2BIG;
	table->page_count = (uint32_t)((last - table->base) >> PAGE_BITS) + 1;
	room = collector->count + table->page_count;
	table->pages = calloc((size_t)table->page_count + 1, sizeof(*table->pages));
	table->lows = calloc(room, sizeof(*table->lows));
	table->numbers = calloc(room, sizeof(*table->numbers));
	if (!table->pages || !table->lows || !table->numbers)
		return -ENOMEM;
	builder.order = order;
	r = note_functions(&builder);
	return r < 0 ? r : fill(&builder);
}

int unwind_table_new(const struct eh_frame_section *section, struct unwind_table **ret_table)
{
	_cleanup_(collector_done)
	struct collector collector = { .rules = map_new(sizeof(struct unwind_rule),
					       sizeof(struct known_rule), RULES_MAXIMUM) };
	_cleanup_(unwind_table_freep)
	struct unwind_table *table = calloc(1, sizeof(*table));
	int r;

	if (!collector.rules || !table)
		return -ENOMEM;
	r = eh_frame_read(section, collect, &collector, NULL);
	if (r < 0)
		return r;
	if (collector.count == 0)
		return -ENOENT;
	tidy(&collector);
	r = build(&collector, table);
	if (r < 0)
		return r;
	*ret_table = TAKE(table);
	return 0;
}

void unwind_table_free(struct unwind_table *table)
{
	if (!table)
		return;
	free(table->pages);
	free(table->lows);
	free(table->numbers);
	free(table->rules);
	free(table->exceptions);
	free(table->functions);
	free(table);
}

/* ---- finding ---- */

static uint32_t exception_rule(const struct unwind_table *table, uint32_t row)
{
	uint32_t low = 0, high = table->exception_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (table->exceptions[middle].row <= row)
			low = middle;
		else
			high = middle;
	}
	return table->exceptions[low].rule;
}

struct unwind_rule unwind_table_find(const struct unwind_table *table, uint64_t address)
{
	struct unwind_rule unknown = { .kind = RULE_UNKNOWN };
	uint64_t page = (address - table->base) >> PAGE_BITS;
	uint16_t key = (uint16_t)address;
	uint32_t low, high;

	if (address < table->base || page >= table->page_count)
		return unknown;
	low = table->pages[page];
	high = table->pages[page + 1];
	if (low == high || table->lows[low] > key)
		return unknown;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (table->lows[middle] <= key)
			low = middle;
		else
			high = middle;
	}
	if (table->numbers[low] == RULE_ELSEWHERE)
		return table->rules[exception_rule(table, low)];
	return table->rules[table->numbers[low]];
}

uint64_t unwind_table_function(const struct unwind_table *table, uint64_t address)
{
	uint64_t offset = address - table->base;
	uint32_t low = 0, high = table->function_count;

	if (address < table->base || high == 0 || table->functions[0] > offset)
		return address;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (table->functions[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return table->base + table->functions[low];
}

void unwind_table_get_size(const struct unwind_table *table, struct unwind_table_size *ret_size)
{
	*ret_size = (struct unwind_table_size){
		.rows = table->row_count,
		.rules = table->rule_count,
		.exceptions = table->exception_count,
		.bytes = sizeof(*table) + (table->page_count + 1) * sizeof(*table->pages) +
			 table->row_count * (sizeof(*table->lows) + sizeof(*table->numbers)) +
			 table->rule_count * sizeof(*table->rules) +
			 table->exception_count * sizeof(*table->exceptions) +
			 table->function_count * sizeof(*table->functions),
	};
}
