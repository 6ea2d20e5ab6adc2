#include "applier/render_mariadb.h"

#include "applier/render_parts.h"

static void put_version_time(struct buffer *out, const struct value *time)
{
	buffer_putc(out, '\'');
	value_put_time(time, out);
	buffer_putc(out, '\'');
}

/* The times have no other names than these where nobody declared them. */
int render_put_history(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	const struct table_binding *binding = row->binding;
	const struct target_column *start = render_column(binding, (uint32_t)binding->row_start);
	const struct target_column *end = render_column(binding, (uint32_t)binding->row_end);

	if (options->literal.version < 101100)
		return error_set(error, ERROR_STOP,
			"table %s: a row of its history was inserted on the master (system_versioning_insert_history), which the target "
			"can take from MariaDB 10.11 on. Run changeling skip to go on without it.",
			binding->table->quoted);
	buffer_puts(out, "SET STATEMENT system_versioning_insert_history = 1 FOR INSERT INTO ");
	buffer_printf(out, "%s (", binding->table->quoted);
	render_put_columns(out, row);
	buffer_printf(out, ", %s, %s) VALUES (", start ? start->quoted : "row_start", end ? end->quoted : "row_end");
	if (render_put_values(out, row, options, error) < 0)
		return -1;
	buffer_puts(out, ", ");
	put_version_time(out, &row->after[binding->row_start]);
	buffer_puts(out, ", ");
	put_version_time(out, &row->after[binding->row_end]);
	buffer_putc(out, ')');
	return 0;
}

/* ---- sequences ---- */

/* Columns of a sequence's row. */
#define SEQUENCE_NEXT 0u
#define SEQUENCE_CYCLE 6u
#define SEQUENCE_ROUND 7u
#define SEQUENCE_COLUMNS 8u

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
		if (render_put_condition(out, row->binding, row->after, i, false, options, error) < 0)
			return -1;
	}
	return 0;
}

/* A column of the row to be; where the log leaves it out, as it is. */
static int put_sequence_column(struct buffer *out, const struct row_change *row, uint32_t column,
	const struct render_options *options, struct error *error)
{
	if (row->after[column].kind != VALUE_ABSENT)
		return render_put_value(out, row->binding, row->after, column, LITERAL_ASSIGN, options, error);
	buffer_puts(out, render_column(row->binding, column)->quoted);
	return 0;
}

int render_put_sequence_value(struct buffer *out, const struct row_change *row, const struct render_options *options,
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
	buffer_printf(out, " AND (%s OR ", render_column(binding, SEQUENCE_CYCLE)->quoted);
	if (put_sequence_condition(out, row, SEQUENCE_ROUND, SEQUENCE_COLUMNS, options, error) < 0)
		return -1;
	buffer_putc(out, ')');
	return 0;
}

int render_put_sequence_row(struct buffer *out, const struct row_change *row, const struct render_options *options,
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
