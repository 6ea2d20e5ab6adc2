#include "applier/render.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Sets the session for rows, as items of the flight. */
static void put_session(struct flight *flight, struct session *session, const struct operation *operation)
{
	size_t start = flight->text.length;
	size_t statements = session_put_rows(session, &flight->text, operation->flags, operation->timestamp_us);

	flight_add_session(flight, start, statements);
}

static const struct target_column *target_of(const struct table_binding *binding, uint32_t source)
{
	int at = binding->to_target[source];

	return at < 0 ? NULL : &binding->table->columns[at];
}

/* Is the source's column written: there, with a value, not generated. */
static bool writable(const struct table_binding *binding, const struct value *image, uint32_t source)
{
	const struct target_column *column = target_of(binding, source);

	return column && image[source].kind != VALUE_ABSENT && !column->generated && !column->row_start && !column->row_end;
}

/* Is the value another number with the other sign, and the sign not certain? */
static bool is_unsure(const struct table_binding *binding, const struct value *value, uint32_t source)
{
	unsigned bits = binding->unsure_bits ? binding->unsure_bits[source] : 0;

	return bits && ((value->kind == VALUE_INT && value->number.i < 0) ||
			       (value->kind == VALUE_UINT && value->number.u >> (bits - 1)));
}

static int put_value(struct buffer *out, const struct table_binding *binding, const struct value *image, uint32_t source,
	enum literal_use use, const struct render_options *options, struct error *error)
{
	const struct target_column *column = target_of(binding, source);
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

/* ---- one row ---- */

static int put_condition(struct buffer *out, const struct table_binding *binding, const struct value *image,
	uint32_t source, bool null_safe, const struct render_options *options, struct error *error)
{
	const struct target_column *column = target_of(binding, source);

	buffer_puts(out, column->quoted);
	buffer_puts(out, literal_beyond_limit(&image[source], column) ? " + 0e0" : "");
	buffer_puts(out, null_safe ? " <=> " : " = ");
	return put_value(out, binding, image, source, LITERAL_COMPARE, options, error);
}

static bool key_in_image(const struct row_change *row)
{
	if (!row->binding->keyed)
		return false;
	for (unsigned i = 0; i < row->binding->table->key.count; i++) {
		if (row->before[row->binding->key_sources[i]].kind == VALUE_ABSENT)
			return false;
	}
	return true;
}

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
		const struct target_column *column = target_of(binding, i);

		if (!column || column->class != COLUMN_JSON || column->generated || row->before[i].kind == VALUE_ABSENT ||
			row->before[i].kind == VALUE_NULL)
			continue;
		buffer_printf(out, "%s BINARY CAST(%s AS CHAR) = BINARY CAST(", lead, column->quoted);
		if (put_value(out, binding, row->before, i, LITERAL_COMPARE, options, error) < 0)
			return -1;
		buffer_puts(out, " AS CHAR) DESC");
		lead = ",";
	}
	return 0;
}

/* WHERE for the row's old image: by its key, else by every column, NULL-safe and to the byte. */
static int put_where(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	const struct table_binding *binding = row->binding;
	bool first = true;

	buffer_puts(out, " WHERE ");
	if (key_in_image(row)) {
		for (unsigned i = 0; i < binding->table->key.count; i++) {
			buffer_puts(out, i ? " AND " : "");
			if (put_condition(out, binding, row->before, binding->key_sources[i], false, options, error) < 0)
				return -1;
		}
		return 0;
	}
	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		const struct target_column *column = target_of(binding, i);

		if (!column || row->before[i].kind == VALUE_ABSENT || (column->generated && column->class != COLUMN_NUMBER))
			continue;
		buffer_puts(out, first ? "" : " AND ");
		first = false;
		if (column->class == COLUMN_VECTOR) { /* MySQL compares no vectors */
			buffer_printf(out, "HEX(%s)", column->quoted);
			if (row->before[i].kind == VALUE_NULL) {
				buffer_puts(out, " IS NULL");
				continue;
			}
			buffer_puts(out, " = '");
			put_upper_hex(out, row->before[i].bytes, row->before[i].length);
			buffer_putc(out, '\'');
			continue;
		}
		if (column->class == COLUMN_GEOMETRY && row->before[i].kind != VALUE_NULL) {
			buffer_printf(out, "CAST(%s AS BINARY) = x'", column->quoted);
			buffer_put_hex(out, row->before[i].bytes, row->before[i].length);
			buffer_putc(out, '\'');
			continue;
		}
		if (put_condition(out, binding, row->before, i, true, options, error) < 0)
			return -1;
		put_sign_of_zero(out, column, &row->before[i], options);
		if (needs_binary_match(column, &row->before[i])) {
			buffer_printf(out, " AND BINARY %s <=> BINARY ", column->quoted);
			if (put_value(out, binding, row->before, i, LITERAL_BYTES, options, error) < 0)
				return -1;
		}
	}
	if (first)
		return error_set(error, ERROR_STOP, "table %s: the row's old image has no column to find it by.",
			binding->table->quoted);
	if (put_order_of_documents(out, row, options, error) < 0)
		return -1;
	buffer_puts(out, " LIMIT 1");
	return 0;
}

static void put_written_columns(struct buffer *out, const struct row_change *row)
{
	const struct table_binding *binding = row->binding;
	bool first = true;

	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (!writable(binding, row->after, i))
			continue;
		buffer_puts(out, first ? "" : ", ");
		buffer_puts(out, target_of(binding, i)->quoted);
		first = false;
	}
}

static int put_written_values(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	const struct table_binding *binding = row->binding;
	bool first = true;

	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (!writable(binding, row->after, i))
			continue;
		buffer_puts(out, first ? "" : ", ");
		first = false;
		if (put_value(out, binding, row->after, i, LITERAL_ASSIGN, options, error) < 0)
			return -1;
	}
	return 0;
}

static int put_insert(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	buffer_printf(out, "INSERT INTO %s (", row->binding->table->quoted);
	put_written_columns(out, row);
	buffer_puts(out, ") VALUES (");
	if (put_written_values(out, row, options, error) < 0)
		return -1;
	buffer_putc(out, ')');
	return 0;
}

/* A timestamp that would set itself keeps its value when the image does not tell another. */
static bool keeps_itself(const struct table_binding *binding, const struct value *after, unsigned target_column)
{
	if (!binding->table->columns[target_column].on_update_now)
		return false;
	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (binding->to_target[i] == (int)target_column)
			return after[i].kind == VALUE_ABSENT;
	}
	return true;
}

static int put_update(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	const struct table_binding *binding = row->binding;
	bool first = true;

	buffer_printf(out, "UPDATE %s SET ", binding->table->quoted);
	for (unsigned i = 0; i < binding->table->columns_count; i++) {
		if (!keeps_itself(binding, row->after, i))
			continue;
		buffer_printf(out, "%s%s = %s", first ? "" : ", ", binding->table->columns[i].quoted,
			binding->table->columns[i].quoted);
		first = false;
	}
	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (!writable(binding, row->after, i))
			continue;
		buffer_printf(out, "%s%s = ", first ? "" : ", ", target_of(binding, i)->quoted);
		first = false;
		if (put_value(out, binding, row->after, i, LITERAL_ASSIGN, options, error) < 0)
			return -1;
	}
	if (first) { /* only generated columns: nothing to write, but the row must be there */
		const char *any = binding->table->columns[0].quoted;

		buffer_printf(out, "%s = %s", any, any);
	}
	return put_where(out, row, options, error);
}

/* Columns of a sequence's row. */
#define SEQUENCE_NEXT 0u
#define SEQUENCE_CYCLE 6u
#define SEQUENCE_ROUND 7u
#define SEQUENCE_COLUMNS 8u

static void put_version_time(struct buffer *out, const struct value *time)
{
	buffer_putc(out, '\'');
	value_put_time(time, out);
	buffer_putc(out, '\'');
}

/* A row that holds no more is inserted with its times, which have no other name than these where nobody declared them. */
static int put_history(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	const struct table_binding *binding = row->binding;
	const struct target_column *start = target_of(binding, (uint32_t)binding->row_start);
	const struct target_column *end = target_of(binding, (uint32_t)binding->row_end);

	if (options->literal.version < 101100)
		return error_set(error, ERROR_STOP,
			"table %s: a row of its history was inserted on the master (system_versioning_insert_history), which the target "
			"can take from MariaDB 10.11 on. Run changeling skip to go on without it.",
			binding->table->quoted);
	buffer_puts(out, "SET STATEMENT system_versioning_insert_history = 1 FOR INSERT INTO ");
	buffer_printf(out, "%s (", binding->table->quoted);
	put_written_columns(out, row);
	buffer_printf(out, ", %s, %s) VALUES (", start ? start->quoted : "row_start", end ? end->quoted : "row_end");
	if (put_written_values(out, row, options, error) < 0)
		return -1;
	buffer_puts(out, ", ");
	put_version_time(out, &row->after[binding->row_start]);
	buffer_puts(out, ", ");
	put_version_time(out, &row->after[binding->row_end]);
	buffer_putc(out, ')');
	return 0;
}

static int check_sequence(const struct table_binding *binding, struct error *error)
{
	if (binding->map->columns_count == SEQUENCE_COLUMNS && binding->table->columns_count == SEQUENCE_COLUMNS)
		return 0;
	return error_set(error, ERROR_STOP, "table %s is a sequence on the target, but not on the master.",
		binding->table->quoted);
}

/* Are the columns [from, to) of the target's sequence those of the row, as far as it has them? */
static int put_sequence_condition(struct buffer *out, const struct row_change *row, uint32_t from, uint32_t to,
	const struct render_options *options, struct error *error)
{
	buffer_puts(out, "1");
	for (uint32_t i = from; i < to; i++) {
		if (row->after[i].kind == VALUE_ABSENT)
			continue;
		buffer_puts(out, " AND ");
		if (put_condition(out, row->binding, row->after, i, false, options, error) < 0)
			return -1;
	}
	return 0;
}

/* A column of the row to be; where the log leaves it out, as it is. */
static int put_sequence_column(struct buffer *out, const struct row_change *row, uint32_t column,
	const struct render_options *options, struct error *error)
{
	if (row->after[column].kind != VALUE_ABSENT)
		return put_value(out, row->binding, row->after, column, LITERAL_ASSIGN, options, error);
	buffer_puts(out, target_of(row->binding, column)->quoted);
	return 0;
}

/* A sequence's row tells the next value that nobody has been given (6.12). If that is all that changed, nobody has to wait. */
static int put_sequence_value(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	const struct table_binding *binding = row->binding;

	if (check_sequence(binding, error) < 0)
		return -1;
	buffer_printf(out, "SELECT SETVAL(%s, ", binding->table->quoted);
	if (put_sequence_column(out, row, SEQUENCE_NEXT, options, error) < 0)
		return -1;
	buffer_puts(out, ", 0, ");
	if (put_sequence_column(out, row, SEQUENCE_ROUND, options, error) < 0)
		return -1;
	buffer_printf(out, ") FROM %s WHERE ", binding->table->quoted);
	if (put_sequence_condition(out, row, SEQUENCE_NEXT + 1, SEQUENCE_ROUND, options, error) < 0)
		return -1;
	buffer_printf(out, " AND (%s OR ", target_of(binding, SEQUENCE_CYCLE)->quoted);
	if (put_sequence_condition(out, row, SEQUENCE_ROUND, SEQUENCE_COLUMNS, options, error) < 0)
		return -1;
	buffer_putc(out, ')');
	return 0;
}

/* SETVAL does not go back, and an INSERT into the sequence sets all that it is made of. Where the row is not the master's by then
 * it is written whole, for which the server locks out all who use it. */
static int put_sequence_row(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	const struct table_binding *binding = row->binding;

	if (check_sequence(binding, error) < 0)
		return -1;
	buffer_printf(out, "INSERT INTO %s SELECT ", binding->table->quoted);
	for (uint32_t i = 0; i < SEQUENCE_COLUMNS; i++) {
		buffer_puts(out, i ? ", " : "");
		if (put_sequence_column(out, row, i, options, error) < 0)
			return -1;
	}
	buffer_printf(out, " FROM %s WHERE NOT (", binding->table->quoted);
	if (put_sequence_condition(out, row, 0, SEQUENCE_COLUMNS, options, error) < 0)
		return -1;
	buffer_putc(out, ')');
	return 0;
}

int render_row(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	if (row->binding->table->is_sequence && row->after)
		return put_sequence_row(out, row, options, error);
	if (row->is_history)
		return put_history(out, row, options, error);
	switch (row->kind) {
	case ROWS_WRITE:
		return put_insert(out, row, options, error);
	case ROWS_UPDATE:
		return put_update(out, row, options, error);
	case ROWS_DELETE:
		break;
	}
	buffer_printf(out, "DELETE FROM %s", row->binding->table->quoted);
	return put_where(out, row, options, error);
}

void render_row_key(struct buffer *out, const struct row_change *row, const struct render_options *options)
{
	const struct table_binding *binding = row->binding;
	const struct value *image = row->before ? row->before : row->after;
	struct error ignored;
	bool first = true;

	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		const struct target_column *column = target_of(binding, i);
		bool in_key = !binding->keyed;

		for (unsigned k = 0; binding->keyed && k < binding->table->key.count; k++)
			in_key = in_key || binding->key_sources[k] == i;
		if (!in_key || !column || image[i].kind == VALUE_ABSENT)
			continue;
		buffer_printf(out, "%s%s=", first ? "" : ", ", column->name);
		first = false;
		if (put_value(out, binding, image, i, LITERAL_ASSIGN, options, &ignored) < 0)
			buffer_putc(out, '?');
	}
}

void render_image(struct buffer *out, const struct row_change *row, const struct value *image,
	const struct render_options *options)
{
	bool first = true;

	buffer_putc(out, '{');
	for (uint32_t i = 0; image && i < row->binding->map->columns_count; i++) {
		const struct target_column *column = target_of(row->binding, i);
		struct buffer text = BUFFER_INIT;
		struct error ignored;

		if (!column || image[i].kind == VALUE_ABSENT)
			continue;
		buffer_puts(out, first ? "" : ", ");
		first = false;
		buffer_put_json(out, column->name, strlen(column->name));
		buffer_puts(out, ": ");
		if (put_value(&text, row->binding, image, i, LITERAL_ASSIGN, options, &ignored) < 0)
			buffer_puts(&text, "?");
		buffer_put_json(out, buffer_text(&text), text.length);
		buffer_release(&text);
	}
	buffer_putc(out, '}');
}

/* ---- many rows a statement ---- */

/* Do the two images have values in the same columns? */
static bool same_shape(const struct row_change *a, const struct row_change *b)
{
	if (a->binding->map->columns_count != b->binding->map->columns_count)
		return false;
	for (uint32_t i = 0; i < a->binding->map->columns_count; i++) {
		if ((a->after[i].kind == VALUE_ABSENT) != (b->after[i].kind == VALUE_ABSENT) ||
			a->binding->to_target[i] != b->binding->to_target[i])
			return false;
	}
	return true;
}

struct piece {
	struct flight *flight;
	const struct operation *operation;
	const struct render_options *options;
	size_t start, rows;
	bool counted; /* it may find fewer rows without an error: an INSERT writes them all or fails */
};

static bool piece_full(const struct piece *piece)
{
	return piece->rows >= piece->options->statement_rows ||
		piece->flight->text.length - piece->start >= piece->options->statement_bytes;
}

static void piece_end(struct piece *piece)
{
	struct flight_item *item;

	if (!piece->rows)
		return;
	item = flight_add_item(piece->flight, piece->start, piece->counted ? piece->rows : EXPECT_ANYTHING);
	item->operation = piece->operation;
	piece->rows = 0;
}

static int put_inserts(struct piece *piece, const struct row_list *list, struct error *error)
{
	struct buffer *out = &piece->flight->text;
	const struct row_change *previous = NULL;

	for (const struct row_change *row = list->first; row; row = row->next) {
		if (previous && (piece_full(piece) || !same_shape(previous, row)))
			piece_end(piece);
		if (piece->rows == 0) {
			piece->start = out->length;
			if (put_insert(out, row, piece->options, error) < 0)
				return -1;
		} else {
			buffer_puts(out, ", (");
			if (put_written_values(out, row, piece->options, error) < 0)
				return -1;
			buffer_putc(out, ')');
		}
		piece->rows++;
		previous = row;
	}
	piece_end(piece);
	return 0;
}

static int put_deletes(struct piece *piece, const struct row_list *list, struct error *error)
{
	struct buffer *out = &piece->flight->text;

	for (const struct row_change *row = list->first; row; row = row->next) {
		const struct table_binding *binding = row->binding;
		bool single = binding->table->key.count == 1;

		if (piece->rows && piece_full(piece)) {
			buffer_puts(out, single ? ")" : "");
			piece_end(piece);
		}
		if (piece->rows == 0) {
			piece->start = out->length;
			/* by the key, however small the table: a scan would wait for rows of other batches */
			buffer_printf(out, "DELETE t FROM %s AS t FORCE INDEX (%s) WHERE ", binding->table->quoted,
				binding->table->key.quoted);
			if (single)
				buffer_printf(out, "%s IN (", target_of(binding, binding->key_sources[0])->quoted);
		} else {
			buffer_puts(out, single ? ", " : " OR ");
		}
		if (single) {
			if (put_value(out, binding, row->before, binding->key_sources[0], LITERAL_COMPARE, piece->options,
				    error) < 0)
				return -1;
		} else {
			buffer_putc(out, '(');
			for (unsigned k = 0; k < binding->table->key.count; k++) {
				buffer_puts(out, k ? " AND " : "");
				if (put_condition(out, binding, row->before, binding->key_sources[k], false, piece->options,
					    error) < 0)
					return -1;
			}
			buffer_putc(out, ')');
		}
		piece->rows++;
		if (!row->next) {
			buffer_puts(out, single ? ")" : "");
			piece_end(piece);
		}
	}
	return 0;
}

/* One row of the derived table: the key's columns k0…, then the written columns c0…, named in the first row only. */
static int put_join_row(struct buffer *out, const struct row_change *row, bool first_row,
	const struct render_options *options, struct error *error)
{
	const struct table_binding *binding = row->binding;
	unsigned number = 0;

	buffer_puts(out, first_row ? "SELECT " : " UNION ALL SELECT ");
	for (unsigned k = 0; k < binding->table->key.count; k++) {
		const struct target_column *column = target_of(binding, binding->key_sources[k]);

		buffer_puts(out, k ? ", " : "");
		if (put_value(out, binding, row->before, binding->key_sources[k], LITERAL_JOIN_KEY, options, error) < 0)
			return -1;
		if (first_row && column->class == COLUMN_TEXT && column->collation)
			buffer_printf(out, " COLLATE %s", column->collation);
		if (first_row)
			buffer_printf(out, " AS k%u", k);
	}
	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (!writable(binding, row->after, i))
			continue;
		buffer_puts(out, ", ");
		if (put_value(out, binding, row->after, i, LITERAL_JOIN, options, error) < 0)
			return -1;
		if (first_row)
			buffer_printf(out, " AS c%u", number++);
	}
	return 0;
}

static void put_join_end(struct buffer *out, const struct row_change *row)
{
	const struct table_binding *binding = row->binding;
	unsigned number = 0;
	bool first = true;

	buffer_printf(out, ") AS v STRAIGHT_JOIN %s AS t FORCE INDEX (%s) ON ", binding->table->quoted,
		binding->table->key.quoted);
	for (unsigned k = 0; k < binding->table->key.count; k++)
		buffer_printf(out, "%st.%s = v.k%u", k ? " AND " : "", target_of(binding, binding->key_sources[k])->quoted,
			k);
	buffer_puts(out, " SET ");
	for (unsigned i = 0; i < binding->table->columns_count; i++) {
		if (!keeps_itself(binding, row->after, i))
			continue;
		buffer_printf(out, "%st.%s = t.%s", first ? "" : ", ", binding->table->columns[i].quoted,
			binding->table->columns[i].quoted);
		first = false;
	}
	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (!writable(binding, row->after, i))
			continue;
		buffer_printf(out, "%st.%s = v.c%u", first ? "" : ", ", target_of(binding, i)->quoted, number++);
		first = false;
	}
}

static bool can_join(const struct row_change *row, const struct literal_target *target)
{
	const struct table_binding *binding = row->binding;
	bool any = false;

	for (unsigned k = 0; k < binding->table->key.count; k++) {
		uint32_t source = binding->key_sources[k];

		if (!literal_can_join_key(target, &row->before[source], &binding->map->columns[source], target_of(binding, source)))
			return false;
	}
	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (!writable(binding, row->after, i))
			continue;
		any = true;
		if (!literal_can_join(target_of(binding, i)))
			return false;
	}
	return any;
}

static int put_single_update(struct piece *piece, const struct row_change *row, struct error *error)
{
	struct flight_item *item;
	size_t start = piece->flight->text.length;

	if (put_update(&piece->flight->text, row, piece->options, error) < 0)
		return -1;
	item = flight_add_item(piece->flight, start, 1);
	item->operation = piece->operation;
	item->row = row;
	return 0;
}

static int put_updates(struct piece *piece, const struct row_list *list, struct error *error)
{
	struct buffer *out = &piece->flight->text;
	const struct row_change *previous = NULL;

	for (const struct row_change *row = list->first; row; row = row->next) {
		bool join = can_join(row, &piece->options->literal);

		if (piece->rows && (!join || piece_full(piece) || !same_shape(previous, row))) {
			put_join_end(out, previous);
			piece_end(piece);
		}
		if (!join || (!piece->rows && !(row->next && same_shape(row, row->next)))) {
			if (put_single_update(piece, row, error) < 0)
				return -1;
			continue;
		}
		if (piece->rows == 0) {
			piece->start = out->length;
			buffer_puts(out, "UPDATE (");
		}
		if (put_join_row(out, row, piece->rows == 0, piece->options, error) < 0)
			return -1;
		piece->rows++;
		previous = row;
	}
	if (piece->rows) {
		put_join_end(out, previous);
		piece_end(piece);
	}
	return 0;
}

static int put_set(struct flight *flight, const struct operation *operation, const struct render_options *options,
	struct error *error)
{
	struct piece piece = {flight, operation, options, 0, 0, true};

	if (put_deletes(&piece, &operation->rows->deletes, error) < 0 ||
		put_updates(&piece, &operation->rows->updates, error) < 0)
		return -1;
	piece.counted = false;
	return put_inserts(&piece, &operation->rows->inserts, error);
}

/* May the row's statement find none without an error? An INSERT writes its row or fails; a sequence may be as it is to be. */
static bool row_is_counted(const struct row_change *row)
{
	return row->kind != ROWS_WRITE && !row->binding->table->is_sequence;
}

static bool row_is_lenient(const struct row_change *row)
{
	for (uint32_t i = 0; row->after && i < row->binding->map->columns_count; i++) {
		if (literal_needs_lenient(&row->after[i]))
			return true;
	}
	return false;
}

static int put_row_item(struct flight *flight, const struct operation *operation, const struct row_change *row,
	const struct render_options *options, struct error *error)
{
	size_t start = flight->text.length;
	struct flight_item *item;

	if (render_row(&flight->text, row, options, error) < 0)
		return error_context(error, "table %s", row->binding->table->quoted);
	item = flight_add_item(flight, start, row_is_counted(row) ? 1 : EXPECT_ANYTHING);
	item->operation = operation;
	item->row = operation->row;
	return 0;
}

static int put_sequence_items(struct flight *flight, const struct operation *operation, const struct render_options *options,
	struct error *error)
{
	size_t start = flight->text.length;
	struct flight_item *item;

	if (put_sequence_value(&flight->text, operation->row, options, error) < 0)
		return error_context(error, "table %s", operation->row->binding->table->quoted);
	item = flight_add_item(flight, start, EXPECT_ANYTHING);
	item->operation = operation;
	item->row = operation->row;
	return put_row_item(flight, operation, operation->row, options, error);
}

/* The row as it must be by now, and a change that gives it all its values once more but those that need leniency. */
static struct row_change again(const struct row_change *row, struct value *now, struct value *written)
{
	struct row_change change = *row;

	for (uint32_t i = 0; i < row->binding->map->columns_count; i++) {
		bool is_part = row->after[i].kind == VALUE_JSON_DIFF;

		now[i] = row->after[i].kind == VALUE_ABSENT ? row->before ? row->before[i] : row->after[i] : row->after[i];
		written[i] = row->after[i];
		if (is_part)
			now[i].kind = VALUE_ABSENT;
		if (is_part || literal_needs_lenient(&row->after[i]))
			written[i].kind = VALUE_ABSENT;
	}
	change.kind = ROWS_UPDATE;
	change.before = now;
	change.after = written;
	return change;
}

/* Strict mode does not take the '' of an invalid ENUM, and without it all other columns would be cut to what fits. So these
 * are written once more, strictly; where no key tells the row, they are left. */
static int put_lenient_row(struct flight *flight, const struct operation *operation, struct session *session,
	const struct render_options *options, struct error *error)
{
	size_t size = operation->row->binding->map->columns_count * sizeof(struct value), start = flight->text.length;
	struct value *now = memory_alloc(size), *written = memory_alloc(size);
	struct row_change change = again(operation->row, now, written);
	int result;

	flight_add_session(flight, start, session_put_lenient(session, &flight->text));
	result = put_row_item(flight, operation, operation->row, options, error);
	if (result == 0 && key_in_image(&change)) {
		put_session(flight, session, operation);
		result = put_row_item(flight, operation, &change, options, error);
	}
	free(now);
	free(written);
	return result;
}

int render_operation(struct flight *flight, const struct operation *operation, struct session *session,
	const struct render_options *options, struct error *error)
{
	put_session(flight, session, operation);
	if (operation->kind == OPERATION_ROWS) {
		if (put_set(flight, operation, options, error) < 0)
			return error_context(error, "table %s", operation->rows->table->quoted);
		return 0;
	}
	if (operation->row->binding->table->is_sequence && operation->row->after)
		return put_sequence_items(flight, operation, options, error);
	return row_is_lenient(operation->row) ? put_lenient_row(flight, operation, session, options, error)
					       : put_row_item(flight, operation, operation->row, options, error);
}
