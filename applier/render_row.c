#include "applier/render.h"

#include <string.h>

#include "applier/render_mariadb.h"
#include "applier/render_parts.h"

int render_put_insert(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	buffer_printf(out, "INSERT INTO %s (", row->binding->table->quoted);
	render_put_columns(out, row);
	buffer_puts(out, ") VALUES (");
	if (render_put_values(out, row, options, error) < 0)
		return -1;
	buffer_putc(out, ')');
	return 0;
}

int render_put_update(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	const struct table_binding *binding = row->binding;
	bool first = true;

	buffer_printf(out, "UPDATE %s SET ", binding->table->quoted);
	for (unsigned i = 0; i < binding->table->columns_count; i++) {
		if (!render_keeps_itself(binding, row->after, i))
			continue;
		buffer_printf(out, "%s%s = %s", first ? "" : ", ", binding->table->columns[i].quoted,
			binding->table->columns[i].quoted);
		first = false;
	}
	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (!render_writes(binding, row->after, i))
			continue;
		buffer_printf(out, "%s%s = ", first ? "" : ", ", render_column(binding, i)->quoted);
		first = false;
		if (render_put_value(out, binding, row->after, i, LITERAL_ASSIGN, options, error) < 0)
			return -1;
	}
	if (first) { /* only generated columns: nothing to write, but the row must be there */
		const char *any = binding->table->columns[0].quoted;

		buffer_printf(out, "%s = %s", any, any);
	}
	return render_put_where(out, row, options, error);
}

int render_row(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error)
{
	if (row->binding->table->is_sequence && row->after)
		return render_put_sequence_row(out, row, options, error);
	if (row->is_history)
		return render_put_history(out, row, options, error);
	switch (row->kind) {
	case ROWS_WRITE:
		return render_put_insert(out, row, options, error);
	case ROWS_UPDATE:
		return render_put_update(out, row, options, error);
	case ROWS_DELETE:
		break;
	}
	buffer_printf(out, "DELETE FROM %s", row->binding->table->quoted);
	return render_put_where(out, row, options, error);
}

void render_row_key(struct buffer *out, const struct row_change *row, const struct render_options *options)
{
	const struct table_binding *binding = row->binding;
	const struct value *image = row->before ? row->before : row->after;
	struct error ignored;
	bool first = true;

	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		const struct target_column *column = render_column(binding, i);
		bool in_key = !binding->keyed;

		for (unsigned k = 0; binding->keyed && k < binding->table->key.count; k++)
			in_key = in_key || binding->key_sources[k] == i;
		if (!in_key || !column || image[i].kind == VALUE_ABSENT)
			continue;
		buffer_printf(out, "%s%s=", first ? "" : ", ", column->name);
		first = false;
		if (render_put_value(out, binding, image, i, LITERAL_ASSIGN, options, &ignored) < 0)
			buffer_putc(out, '?');
	}
}

void render_image(struct buffer *out, const struct row_change *row, const struct value *image,
	const struct render_options *options)
{
	bool first = true;

	buffer_putc(out, '{');
	for (uint32_t i = 0; image && i < row->binding->map->columns_count; i++) {
		const struct target_column *column = render_column(row->binding, i);
		struct buffer text = BUFFER_INIT;
		struct error ignored;

		if (!column || image[i].kind == VALUE_ABSENT)
			continue;
		buffer_puts(out, first ? "" : ", ");
		first = false;
		buffer_put_json(out, column->name, strlen(column->name));
		buffer_puts(out, ": ");
		if (render_put_value(&text, row->binding, image, i, LITERAL_ASSIGN, options, &ignored) < 0)
			buffer_puts(&text, "?");
		buffer_put_json(out, buffer_text(&text), text.length);
		buffer_release(&text);
	}
	buffer_putc(out, '}');
}
