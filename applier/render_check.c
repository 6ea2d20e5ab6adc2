#include "applier/render_check.h"

#include <stdlib.h>

#include "applier/render_parts.h"
#include "base/memory.h"

void render_row_now(const struct row_change *row, struct value *now)
{
	for (uint32_t i = 0; i < row->binding->map->columns_count; i++) {
		now[i] = row->after[i].kind == VALUE_ABSENT && row->before ? row->before[i] : row->after[i];
		if (now[i].kind == VALUE_JSON_DIFF)
			now[i].kind = VALUE_ABSENT;
	}
}

static bool is_compared(const struct row_change *row, uint32_t source, bool whole)
{
	const struct target_column *column = render_column(row->binding, source);

	return column && column->generated && (whole || column->unsure_expression) && row->after[source].kind != VALUE_ABSENT &&
		row->after[source].kind != VALUE_JSON_DIFF;
}

bool render_row_has_check(const struct row_change *row)
{
	const struct target_table *table = row->binding->table;

	/* of a system-versioned table any UPDATE makes a new version */
	if (!table->unsure_generated || table->is_versioned || !row->after)
		return false;
	for (uint32_t i = 0; i < row->binding->map->columns_count; i++) {
		if (is_compared(row, i, false))
			return true;
	}
	return false;
}

bool render_can_be_lenient(const struct row_change *row)
{
	const struct table_binding *binding = row->binding;

	if (!row->after || row->is_history || !binding->keyed || !binding->table->has_generated || binding->table->is_versioned)
		return false;
	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (row->after[i].kind == VALUE_JSON_DIFF)
			return false;
	}
	for (unsigned k = 0; k < binding->table->key.count; k++) {
		uint32_t source = binding->key_sources[k];

		if (row->after[source].kind == VALUE_ABSENT && (!row->before || row->before[source].kind == VALUE_ABSENT))
			return false;
	}
	return true;
}

int render_put_check(struct buffer *out, const struct row_change *row, bool whole, const struct render_options *options,
	struct error *error)
{
	const struct table_binding *binding = row->binding;
	uint32_t columns = binding->map->columns_count;
	struct value *now = memory_alloc(columns * sizeof(*now));
	struct row_change as = *row;
	const char *any = NULL;
	bool keyed;
	int result;

	render_row_now(row, now);
	as.before = now;
	keyed = render_key_in_image(&as);
	for (uint32_t i = 0; i < columns; i++) {
		const struct target_column *column = render_column(binding, i);

		if (!any && column && !column->generated && !column->row_start && !column->row_end)
			any = column->quoted;
		if (column && column->generated && (whole || !keyed))
			now[i].kind = VALUE_ABSENT; /* which of them count is said below */
	}
	any = any ? any : binding->table->columns[0].quoted;
	buffer_printf(out, "UPDATE %s SET %s = %s", binding->table->quoted, any, any);
	for (unsigned i = 0; i < binding->table->columns_count; i++) {
		if (binding->table->columns[i].on_update_now)
			buffer_printf(out, ", %s = %s", binding->table->columns[i].quoted, binding->table->columns[i].quoted);
	}
	buffer_puts(out, " WHERE ");
	result = keyed && !whole ? render_put_key(out, &as, options, error) : render_put_image(out, &as, options, error);
	for (uint32_t i = 0; i < columns && result == 0; i++) {
		if (!is_compared(row, i, whole))
			continue;
		buffer_puts(out, " AND ");
		result = render_put_match(out, binding, row->after, i, options, error);
	}
	if (result == 0 && !keyed)
		buffer_puts(out, " LIMIT 1");
	free(now);
	return result;
}
