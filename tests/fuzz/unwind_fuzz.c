/* SPDX-License-Identifier: Apache-2.0 */
/*
 * .eh_frame from arbitrary bytes. What must hold: reading ends, a table that comes of it answers
 * every address, and a step over any stack by any of its rules leads up or nowhere.
 */
#include "doors/unwind_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

static const uint64_t base = 0x400000;

struct reading {
	size_t rows;
};

static int count_row(void *context, uint64_t address, const struct unwind_rule *rule, bool is_end)
{
	struct reading *reading = context;

	REQUIRE(rule->kind <= RULE_SIGNAL && rule->bp <= RULE_BP_UNKNOWN && rule->reserved == 0);
	reading->rows++;
	return 0;
}

/* The input is the stack too: its words are what a hostile program would put there. */
static void walk(const struct unwind_table *table, const uint8_t *stack, size_t size)
{
	struct unwind_memory memory = { stack, 0x7000, size };
	struct unwind_registers registers = {
		.ip = base, .sp = 0x7000, .bp = 0x7010, .is_bp_known = true, .is_exact = true
	};
	enum unwind_step step = STEP_FINE;

	for (size_t i = 0; i < 4096 && step == STEP_FINE; i++) {
		struct unwind_rule rule = unwind_table_find(table, registers.ip);
		uint64_t before = registers.sp;

		step = unwind_step(&rule, &memory, &registers);
		REQUIRE(step != STEP_FINE || rule.kind == RULE_SIGNAL || registers.sp > before);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct eh_frame_section section = { .bytes = { data, size }, .address = base };
	struct unwind_table *table = NULL;
	struct unwind_table_size figures;
	struct reading reading = { 0 };

	REQUIRE(eh_frame_read(&section, count_row, &reading, NULL) == 0);
	/* An instruction costs a byte at least. */
	REQUIRE(reading.rows <= 64 * (size + 1) * (size + 1));
	if (unwind_table_new(&section, &table) < 0)
		return 0;
	unwind_table_get_size(table, &figures);
	REQUIRE(figures.rows > 0 && figures.rules > 0);
	for (uint64_t address = base - 64; address < base + 65536; address += 61)
		(void)unwind_table_find(table, address);
	walk(table, data, size);
	unwind_table_free(table);
	return 0;
}
