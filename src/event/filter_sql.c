/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter as a condition of SQL, so that the store leaves out what does not match: see filter.h.
 * Values are literals; no column is ever NULL.
 */
#include "base/str.h"
#include "event/filter_term.h"

/* In single quotes, those inside doubled. */
static void append_text(struct buf *sql, const char *text)
{
	buf_append_byte(sql, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			buf_append_byte(sql, '\'');
		buf_append_byte(sql, *text);
	}
	buf_append_byte(sql, '\'');
}

/* Back from value_order(), and no further than the signed numbers of SQL reach. */
static long long bound(const struct field *field, uint64_t order)
{
	if (field_is_number(field) && field_is_signed(field))
		return (long long)(order ^ 1ULL << 63);
	return (long long)MIN(order, (uint64_t)INT64_MAX);
}

static void append_range(struct buf *sql, const struct field *field, const struct value *value)
{
	if (field->type == FIELD_WORD) {
		buf_printf(sql, "\"%s\" = ", field->name);
		append_text(sql, field->words[value->low]);
		return;
	}
	/* Of a code only numbers have an order. */
	if (field->type == FIELD_CODE)
		buf_printf(sql, "typeof(\"%s\") = 'integer' AND ", field->name);
	if (value->low == value->high)
		buf_printf(sql, "\"%s\" = %lld", field->name, bound(field, value->low));
	else
		buf_printf(sql, "\"%s\" BETWEEN %lld AND %lld", field->name,
			bound(field, value->low), bound(field, value->high));
}

static void append_network(struct buf *sql, const struct field *field, const struct value *value)
{
	char address[ADDRESS_TEXT_BYTES];

	address_format(&value->network, address, sizeof(address));
	if (value->prefix_bits == 128)
		buf_printf(sql, "\"%s\" = '%s'", field->name, address);
	else
		buf_printf(sql, "in_network(\"%s\", '%s', %u)", field->name, address,
			value->prefix_bits);
}

static void append_value(struct buf *sql, const struct field *field, const struct value *value)
{
	switch (value->type) {
	case VALUE_TEXT:
		buf_printf(sql, "\"%s\" = ", field->name);
		append_text(sql, value->text);
		break;
	case VALUE_RANGE:
		append_range(sql, field, value);
		break;
	case VALUE_NETWORK:
		append_network(sql, field, value);
		break;
	default:
		buf_append_byte(sql, '0');
	}
}

/* The side of from and to depends on who served: from is the peer of a server. */
static void append_side(struct buf *sql, const struct term *term, const struct reference *reference)
{
	bool is_from = str_equal(term->name, "from");
	bool is_of_server = is_from == (reference->side == SIDE_PEER);

	if (reference->side == SIDE_ANY)
		return;
	if (field_find(reference->kind, "role"))
		buf_printf(sql, "role %s 'server' AND ", is_of_server ? "=" : "<>");
	else if (is_of_server)
		buf_append_string(sql, "0 AND ");
}

static void append_reference(
	struct buf *sql, const struct term *term, const struct reference *reference)
{
	append_side(sql, term, reference);
	if (term->comparison == FILTER_LIKE) {
		buf_printf(sql, "\"%s\" REGEXP ", reference->field->name);
		append_text(sql, term->values[0]);
		return;
	}
	buf_append_byte(sql, '(');
	for (unsigned int i = 0; i < term->value_count; i++) {
		buf_append_string(sql, i ? " OR " : "");
		append_value(sql, reference->field, &reference->values[i]);
	}
	buf_append_byte(sql, ')');
}

static void append_term(struct buf *sql, const struct term *term, const struct event_kind *kind)
{
	bool is_first = true;

	buf_append_string(sql, term->is_negated ? "NOT (" : "(");
	for (unsigned int i = 0; i < term->reference_count; i++) {
		if (term->references[i].kind != kind)
			continue;
		buf_append_string(sql, is_first ? "" : " OR ");
		append_reference(sql, term, &term->references[i]);
		is_first = false;
	}
	buf_append_string(sql, is_first ? "0)" : ")");
}

int filter_write_sql(const struct filter *filter, const struct event_kind *kind, struct buf *sql)
{
	buf_append_byte(sql, '(');
	for (unsigned int i = 0; i < filter->term_count; i++) {
		buf_append_string(sql, i ? " AND " : "");
		append_term(sql, filter->terms[i], kind);
	}
	buf_append_string(sql, filter->term_count ? ")" : "1)");
	return sql->error;
}
