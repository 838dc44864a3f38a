/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine of call frame instructions: see cfa_program.h.
 */
#include "doors/cfa_program.h"

/* System V ABI for x86-64, figure 3.36 */
#define REGISTER_BP 6
#define REGISTER_SP 7
#define REGISTER_IP 16

#define REMEMBERED_MAXIMUM 8

/* Expressions: DWARF 5, 7.7.1 */
#define OPERATION_DEREF	  0x06
#define OPERATION_BREG_BP (0x70 + REGISTER_BP)
#define OPERATION_BREG_SP (0x70 + REGISTER_SP)

struct cfa_state {
	struct unwind_rule rule;
	uint64_t cfa_register; /* UINT64_MAX: an expression, kind and offset stand in rule */
	int64_t cfa_offset;
	bool is_stop; /* the return address is undefined */
};

struct cfa_machine {
	const struct cfa_function *function;
	eh_frame_row *row;
	void *context;
	uint64_t address;
	struct cfa_state state, initial;
	struct cfa_state remembered[REMEMBERED_MAXIMUM];
	unsigned int depth;
	struct unwind_rule told;
	bool has_told;
};

struct cfa_reader cfa_reader_of(struct slice bytes)
{
	return (struct cfa_reader){ bytes.data, bytes.data + bytes.length, false };
}

uint64_t cfa_read_fixed(struct cfa_reader *reader, unsigned int bytes)
{
	uint64_t value = 0;

	if ((size_t)(reader->end - reader->at) < bytes) {
		reader->at = reader->end;
		reader->is_over = true;
		return 0;
	}
	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint64_t)reader->at[i] << (8 * i);
	reader->at += bytes;
	return value;
}

/* The groups of seven bits; *ret_shift is how many bits were read. */
static uint64_t read_groups(struct cfa_reader *reader, unsigned int *ret_shift, uint8_t *ret_last)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)cfa_read_fixed(reader, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) && !reader->is_over);
	*ret_shift = shift;
	*ret_last = byte;
	return value;
}

uint64_t cfa_read_uleb(struct cfa_reader *reader)
{
	unsigned int shift;
	uint8_t last;

	return read_groups(reader, &shift, &last);
}

int64_t cfa_read_sleb(struct cfa_reader *reader)
{
	unsigned int shift;
	uint8_t last;
	uint64_t value = read_groups(reader, &shift, &last);

	if (shift < 64 && (last & 0x40))
		value |= ~0ULL << shift;
	return (int64_t)value;
}

void cfa_skip(struct cfa_reader *reader, uint64_t bytes)
{
	if (bytes > (uint64_t)(reader->end - reader->at)) {
		reader->at = reader->end;
		reader->is_over = true;
		return;
	}
	reader->at += bytes;
}

/* ---- rules ---- */

static bool fits(int64_t offset)
{
	return offset >= INT16_MIN && offset <= INT16_MAX;
}

/* The state as a rule that a sample's registers can follow. */
static struct unwind_rule rule_of(const struct cfa_machine *machine)
{
	const struct cfa_state *state = &machine->state;
	struct unwind_rule rule = state->rule;

	if (machine->function->common->is_signal)
		return (struct unwind_rule){ .kind = RULE_SIGNAL };
	if (state->is_stop)
		return (struct unwind_rule){ .kind = RULE_STOP };
	if (state->cfa_register != UINT64_MAX) {
		rule.kind = state->cfa_register == REGISTER_SP	 ? RULE_SP
			    : state->cfa_register == REGISTER_BP ? RULE_BP
								 : RULE_UNKNOWN;
		rule.cfa_offset = (int16_t)state->cfa_offset;
		if (!fits(state->cfa_offset))
			rule.kind = RULE_UNKNOWN;
	}
	if (rule.kind == RULE_UNKNOWN)
		return (struct unwind_rule){ .kind = RULE_UNKNOWN };
	return rule;
}

static int tell(struct cfa_machine *machine)
{
	struct unwind_rule rule = rule_of(machine);

	if (machine->has_told && memcmp(&rule, &machine->told, sizeof(rule)) == 0)
		return 0;
	machine->told = rule;
	machine->has_told = true;
	return machine->row(machine->context, machine->address, &rule, false);
}

static int advance(struct cfa_machine *machine, uint64_t delta)
{
	const struct cfa_function *function = machine->function;
	int r = tell(machine);

	if (r < 0)
		return r;
	delta *= function->common->code_factor;
	if (delta > function->length - (machine->address - function->start))
		return -EBADMSG;
	machine->address += delta;
	return 0;
}

/* Wraps: the numbers come from the file. */
static int64_t scaled(const struct cfa_machine *machine, uint64_t number)
{
	return (int64_t)(number * (uint64_t)machine->function->common->data_factor);
}

/* A register was saved at cfa + offset. */
static void save_at(struct cfa_machine *machine, uint64_t number, int64_t offset)
{
	struct cfa_state *state = &machine->state;

	if (number != REGISTER_BP)
		return;
	state->rule.bp = fits(offset) ? RULE_BP_AT_CFA : RULE_BP_UNKNOWN;
	state->rule.bp_offset = fits(offset) ? (int16_t)offset : 0;
}

static void set_bp(struct cfa_machine *machine, uint64_t number, enum rule_bp bp)
{
	if (number != REGISTER_BP)
		return;
	machine->state.rule.bp = bp;
	machine->state.rule.bp_offset = 0;
}

static void restore(struct cfa_machine *machine, uint64_t number)
{
	if (number == REGISTER_BP) {
		machine->state.rule.bp = machine->initial.rule.bp;
		machine->state.rule.bp_offset = machine->initial.rule.bp_offset;
	}
}

/* The stub through which a program calls a library (x86-64 psABI): sp + 8 + ((ip & 15) >= N) * 8.
 */
static bool is_plt(struct slice bytes, uint8_t *ret_from)
{
	static const uint8_t before[] = { OPERATION_BREG_SP, 8, 0x70 + REGISTER_IP, 0, 0x3f, 0x1a };
	static const uint8_t after[] = { 0x2a, 0x33, 0x24, 0x22 };

	if (bytes.length != sizeof(before) + 1 + sizeof(after) ||
		memcmp(bytes.data, before, sizeof(before)) != 0 ||
		memcmp(bytes.data + sizeof(before) + 1, after, sizeof(after)) != 0)
		return false;
	*ret_from = (uint8_t)(bytes.data[sizeof(before)] - 0x30); /* DW_OP_lit0 */
	return *ret_from < 16;
}

/* breg N followed by deref and nothing else, or by nothing at all. */
static bool is_register_place(
	struct slice bytes, bool has_deref, uint8_t operation, int64_t *ret_offset)
{
	struct cfa_reader reader = cfa_reader_of(bytes);

	if (cfa_read_fixed(&reader, 1) != operation)
		return false;
	*ret_offset = cfa_read_sleb(&reader);
	if (has_deref && cfa_read_fixed(&reader, 1) != OPERATION_DEREF)
		return false;
	return !reader.is_over && reader.at == reader.end && fits(*ret_offset);
}

static void set_cfa_expression(struct cfa_machine *machine, struct slice bytes)
{
	struct cfa_state *state = &machine->state;
	int64_t offset;
	uint8_t from;

	state->cfa_register = UINT64_MAX;
	state->rule.cfa_offset = 0;
	if (is_plt(bytes, &from)) {
		state->rule.kind = RULE_PLT;
		state->rule.cfa_offset = from;
	} else if (is_register_place(bytes, true, OPERATION_BREG_BP, &offset)) {
		state->rule.kind = RULE_BP_DEREF;
		state->rule.cfa_offset = (int16_t)offset;
	} else if (is_register_place(bytes, true, OPERATION_BREG_SP, &offset)) {
		state->rule.kind = RULE_SP_DEREF;
		state->rule.cfa_offset = (int16_t)offset;
	} else {
		state->rule.kind = RULE_UNKNOWN;
	}
}

static void save_by_expression(struct cfa_machine *machine, uint64_t number, struct slice bytes)
{
	int64_t offset;

	if (number != REGISTER_BP)
		return;
	if (is_register_place(bytes, false, OPERATION_BREG_BP, &offset)) {
		machine->state.rule.bp = RULE_BP_AT_BP;
		machine->state.rule.bp_offset = (int16_t)offset;
	} else {
		set_bp(machine, number, RULE_BP_UNKNOWN);
	}
}

/* ---- instructions ---- */

static struct slice read_block(struct cfa_reader *reader)
{
	uint64_t length = cfa_read_uleb(reader);
	struct slice block = { reader->at, 0 };

	if (length <= (uint64_t)(reader->end - reader->at))
		block.length = (size_t)length;
	cfa_skip(reader, length);
	return block;
}

static void set_cfa(struct cfa_machine *machine, uint64_t number, int64_t offset)
{
	machine->state.cfa_register = number;
	machine->state.cfa_offset = offset;
}

/* Those that say where the frame is. False: not one of them. */
static bool run_frame(struct cfa_machine *machine, uint8_t code, struct cfa_reader *reader)
{
	uint64_t number;

	switch (code) {
	case 0x0c: /* def_cfa */
		number = cfa_read_uleb(reader);
		set_cfa(machine, number, (int64_t)cfa_read_uleb(reader));
		return true;
	case 0x0d: /* def_cfa_register */
		set_cfa(machine, cfa_read_uleb(reader), machine->state.cfa_offset);
		return true;
	case 0x0e: /* def_cfa_offset */
		machine->state.cfa_offset = (int64_t)cfa_read_uleb(reader);
		return true;
	case 0x0f: /* def_cfa_expression */
		set_cfa_expression(machine, read_block(reader));
		return true;
	case 0x12: /* def_cfa_sf */
		number = cfa_read_uleb(reader);
		set_cfa(machine, number, scaled(machine, (uint64_t)cfa_read_sleb(reader)));
		return true;
	case 0x13: /* def_cfa_offset_sf */
		machine->state.cfa_offset = scaled(machine, (uint64_t)cfa_read_sleb(reader));
		return true;
	}
	return false;
}

/* Those that say where registers are. False: not one of them. */
static bool run_register(struct cfa_machine *machine, uint8_t code, struct cfa_reader *reader)
{
	uint64_t number;

	if (code < 0x05 || code == 0x0a || code == 0x0b || code == 0x0f || code > 0x16)
		return false;
	number = cfa_read_uleb(reader);
	switch (code) {
	case 0x05: /* offset_extended */
		save_at(machine, number, scaled(machine, cfa_read_uleb(reader)));
		return true;
	case 0x06: /* restore_extended */
		restore(machine, number);
		return true;
	case 0x07: /* undefined */
		machine->state.is_stop |= number == machine->function->common->return_register;
		set_bp(machine, number, RULE_BP_UNKNOWN);
		return true;
	case 0x08: /* same_value */
		set_bp(machine, number, RULE_BP_SAME);
		return true;
	case 0x10: /* expression */
		save_by_expression(machine, number, read_block(reader));
		return true;
	case 0x11: /* offset_extended_sf */
		save_at(machine, number, scaled(machine, (uint64_t)cfa_read_sleb(reader)));
		return true;
	case 0x16: /* val_expression */
		(void)read_block(reader);
		set_bp(machine, number, RULE_BP_UNKNOWN);
		return true;
	case 0x15: /* val_offset_sf */
		(void)cfa_read_sleb(reader);
		set_bp(machine, number, RULE_BP_UNKNOWN);
		return true;
	default: /* register, val_offset */
		(void)cfa_read_uleb(reader);
		set_bp(machine, number, RULE_BP_UNKNOWN);
		return true;
	}
}

static int run_state(struct cfa_machine *machine, uint8_t code)
{
	if (code == 0x0a) { /* remember_state */
		if (machine->depth == REMEMBERED_MAXIMUM)
			return -EBADMSG;
		machine->remembered[machine->depth++] = machine->state;
		return 0;
	}
	if (machine->depth == 0) /* restore_state */
		return -EBADMSG;
	machine->state = machine->remembered[--machine->depth];
	return 0;
}

static int run_extended(struct cfa_machine *machine, uint8_t code, struct cfa_reader *reader)
{
	switch (code) {
	case 0x00: /* nop */
		return 0;
	case 0x02: /* advance_loc1, 2, 4 */
	case 0x03:
	case 0x04:
		return advance(machine, cfa_read_fixed(reader, 1U << (code - 2)));
	case 0x0a:
	case 0x0b:
		return run_state(machine, code);
	case 0x2e: /* GNU_args_size */
		(void)cfa_read_uleb(reader);
		return 0;
	}
	if (run_frame(machine, code, reader) || run_register(machine, code, reader))
		return 0;
	return -EBADMSG;
}

static int run_program(struct cfa_machine *machine, struct slice program)
{
	struct cfa_reader reader = cfa_reader_of(program);
	int r = 0;

	while (r == 0 && reader.at < reader.end) {
		uint8_t code = (uint8_t)cfa_read_fixed(&reader, 1);
		uint8_t low = code & 0x3f;

		switch (code >> 6) {
		case 1: /* advance_loc */
			r = advance(machine, low);
			break;
		case 2: /* offset */
			save_at(machine, low, scaled(machine, cfa_read_uleb(&reader)));
			break;
		case 3: /* restore */
			restore(machine, low);
			break;
		default:
			r = run_extended(machine, code, &reader);
		}
		if (reader.is_over)
			return -EBADMSG;
	}
	return r;
}

int cfa_run(const struct cfa_function *function, eh_frame_row *row, void *context)
{
	static const struct unwind_rule end = { .kind = RULE_UNKNOWN };
	struct cfa_machine machine = {
		.function = function,
		.row = row,
		.context = context,
		.address = function->start,
		.state = { .cfa_register = UINT64_MAX },
	};
	int r = run_program(&machine, function->common->program);

	/* The common part moves nowhere. */
	if (r < 0 || machine.address != function->start)
		return r < 0 ? r : -EBADMSG;
	machine.initial = machine.state;
	r = run_program(&machine, function->program);
	if (r == 0)
		r = tell(&machine);
	else if (r == -EBADMSG && row(context, machine.address, &end, false) < 0)
		return -ECANCELED;
	if (r < 0 && r != -EBADMSG)
		return r;
	return row(context, function->start + function->length, &end, true) < 0 ? -ECANCELED : r;
}
