#include "applier/render_parts.h"

#include <math.h>

bool render_writes(const struct table_binding *binding, const struct value *image, uint32_t source)
{
	const struct target_column *column = render_column(binding, source);

	return column && image[source].kind != VALUE_ABSENT && !column->generated && !column->row_start && !column->row_end;
}

/* Is the value another number with the other sign, and the sign not certain? */
static bool is_unsure(const struct table_binding *binding, const struct value *value, uint32_t source)
{
	unsigned bits = binding->unsure_bits ? binding->unsure_bits[source] : 0;

	return bits && ((value->kind == VALUE_INT && value->number.i < 0) ||
			       (value->kind == VALUE_UINT && value->number.u >> (bits - 1)));
}

int render_put_value(struct buffer *out, const struct table_binding *binding, const struct value *image, uint32_t source,
	enum literal_use use, const struct render_options *options, struct error *error)
{
	const struct target_column *column = render_column(binding, source);
	const struct value *value = &image[source];
	struct value member;

	if (is_unsure(binding, value, source))
		return error_set(error, ERROR_STOP,
			"column %s has a number that is above its type's signed range, or negative: the master's log does not tell "
			"which, and the target's %s is not of the master's type. Give it the master's type until "
			"binlog_row_metadata=MINIMAL is set on the master and this position has passed, then run changeling retry.",
			column->name, column->full_type);
	if (value->kind == VALUE_ENUM || value->kind == VALUE_SET) {
		member = *value;
		value = &member;
		if (members_translate(&member, &binding->map->columns[source], binding->members ? binding->members[source] : NULL,
			    &column->members, column->name, column->full_type, error) < 0)
			return -1;
	}
	if (value_literal_put(out, &options->literal, value, &binding->map->columns[source], column, use, error) < 0)
		return error_context(error, "column %s", column->name);
	return 0;
}

int render_put_condition(struct buffer *out, const struct table_binding *binding, const struct value *image,
	uint32_t source, bool null_safe, const struct render_options *options, struct error *error)
{
	const struct target_column *column = render_column(binding, source);

	buffer_puts(out, column->quoted);
	buffer_puts(out, literal_beyond_limit(&image[source], column) ? " + 0e0" : "");
	buffer_puts(out, null_safe ? " <=> " : " = ");
	return render_put_value(out, binding, image, source, LITERAL_COMPARE, options, error);
}

bool render_key_in_image(const struct row_change *row)
{
	if (!row->binding->keyed)
		return false;
	for (unsigned i = 0; i < row->binding->table->key.count; i++) {
		if (row->before[row->binding->key_sources[i]].kind == VALUE_ABSENT)
			return false;
	}
	return true;
}

#define COMPARED_TWICE 1024u /* bytes: a longer text stands but once in a condition, so that the statement fits into a packet */

/* Text that must match to the byte: a collation would take other rows for this one. */
static bool needs_binary_match(const struct target_column *column, const struct value *value)
{
	return column->class == COLUMN_TEXT && (value->kind == VALUE_STRING || value->kind == VALUE_JSON);
}

/* MySQL keeps the sign of 0, and takes -0 and 0 for equal. */
static void put_sign_of_zero(struct buffer *out, const struct target_column *column, const struct value *value,
	const struct render_options *options)
{
	double number;

	if (options->literal.family != FAMILY_MYSQL || (value->kind != VALUE_FLOAT && value->kind != VALUE_DOUBLE))
		return;
	number = value->kind == VALUE_FLOAT ? value->number.f : value->number.d;
	if (number < 0 || number > 0)
		return;
	buffer_printf(out, " AND CONCAT(%s) %s '-%%'", column->quoted, signbit(number) ? "LIKE" : "NOT LIKE");
}

/* As HEX() gives it: the comparison need not ignore case. */
static void put_upper_hex(struct buffer *out, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		buffer_printf(out, "%02X", bytes[i]);
}

/* MySQL takes documents for equal that have 1 in one and 1.0 in the other: of such rows, the one with the very text. */
static int put_order_of_documents(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	const struct table_binding *binding = row->binding;
	const char *lead = " ORDER BY";

	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		const struct target_column *column = render_column(binding, i);

		if (!column || column->class != COLUMN_JSON || column->generated || row->before[i].kind == VALUE_ABSENT ||
			row->before[i].kind == VALUE_NULL)
			continue;
		buffer_printf(out, "%s BINARY CAST(%s AS CHAR) = BINARY CAST(", lead, column->quoted);
		if (render_put_value(out, binding, row->before, i, LITERAL_COMPARE, options, error) < 0)
			return -1;
		buffer_puts(out, " AS CHAR) DESC");
		lead = ",";
	}
	return 0;
}

/* Columns that are compared by their bytes; false = it is none. */
static bool put_byte_match(struct buffer *out, const struct target_column *column, const struct value *value)
{
	if (column->class == COLUMN_VECTOR) { /* MySQL compares no vectors */
		buffer_printf(out, "HEX(%s)", column->quoted);
		if (value->kind == VALUE_NULL) {
			buffer_puts(out, " IS NULL");
			return true;
		}
		buffer_puts(out, " = '");
		put_upper_hex(out, value->bytes, value->length);
		buffer_putc(out, '\'');
		return true;
	}
	if (column->class == COLUMN_GEOMETRY && value->kind != VALUE_NULL) {
		buffer_printf(out, "CAST(%s AS BINARY) = x'", column->quoted);
		buffer_put_hex(out, value->bytes, value->length);
		buffer_putc(out, '\'');
		return true;
	}
	return false;
}

int render_put_match(struct buffer *out, const struct table_binding *binding, const struct value *image, uint32_t source,
	const struct render_options *options, struct error *error)
{
	const struct target_column *column = render_column(binding, source);
	const struct value *value = &image[source];
	bool by_bytes;

	if (put_byte_match(out, column, value))
		return 0;
	by_bytes = needs_binary_match(column, value);
	if (!by_bytes || value->length <= COMPARED_TWICE) { /* which an index may decide */
		if (render_put_condition(out, binding, image, source, true, options, error) < 0)
			return -1;
		put_sign_of_zero(out, column, value, options);
		buffer_puts(out, by_bytes ? " AND " : "");
	}
	if (!by_bytes)
		return 0;
	buffer_printf(out, "BINARY %s <=> BINARY ", column->quoted);
	return render_put_value(out, binding, image, source, LITERAL_BYTES, options, error);
}

int render_put_image(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	const struct table_binding *binding = row->binding;
	bool first = true;

	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		const struct target_column *column = render_column(binding, i);
		const struct value *value = &row->before[i];

		if (!column || value->kind == VALUE_ABSENT || (column->generated && column->class != COLUMN_NUMBER))
			continue;
		buffer_puts(out, first ? "" : " AND ");
		first = false;
		if (render_put_match(out, binding, row->before, i, options, error) < 0)
			return -1;
	}
	if (first)
		return error_set(error, ERROR_STOP, "table %s: the row's old image has no column to find it by.",
			binding->table->quoted);
	return 0;
}

int render_put_key(struct buffer *out, const struct row_change *row, const struct render_options *options, struct error *error)
{
	const struct table_binding *binding = row->binding;

	for (unsigned i = 0; i < binding->table->key.count; i++) {
		buffer_puts(out, i ? " AND " : "");
		if (render_put_condition(out, binding, row->before, binding->key_sources[i], false, options, error) < 0)
			return -1;
	}
	return 0;
}

int render_put_where(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	buffer_puts(out, " WHERE ");
	if (render_key_in_image(row))
		return render_put_key(out, row, options, error);
	if (render_put_image(out, row, options, error) < 0 || put_order_of_documents(out, row, options, error) < 0)
		return -1;
	buffer_puts(out, " LIMIT 1");
	return 0;
}

void render_put_columns(struct buffer *out, const struct row_change *row)
{
	const struct table_binding *binding = row->binding;
	bool first = true;

	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (!render_writes(binding, row->after, i))
			continue;
		buffer_puts(out, first ? "" : ", ");
		buffer_puts(out, render_column(binding, i)->quoted);
		first = false;
	}
}

int render_put_values(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	const struct table_binding *binding = row->binding;
	bool first = true;

	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (!render_writes(binding, row->after, i))
			continue;
		buffer_puts(out, first ? "" : ", ");
		first = false;
		if (render_put_value(out, binding, row->after, i, LITERAL_ASSIGN, options, error) < 0)
			return -1;
	}
	return 0;
}

bool render_keeps_itself(const struct table_binding *binding, const struct value *after, unsigned target_column)
{
	if (!binding->table->columns[target_column].on_update_now)
		return false;
	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (binding->to_target[i] == (int)target_column)
			return after[i].kind == VALUE_ABSENT;
	}
	return true;
}
