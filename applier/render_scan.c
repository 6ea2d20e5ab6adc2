#include "applier/render_scan.h"

#include <strings.h>

#include "applier/render_parts.h"
#include "applier/row_image.h"

/* Each row that passes the filter is compared with so many images at most. */
#define SCAN_IMAGES 256u
/* Longer values make the filter longer than it is useful. */
#define FILTER_BYTES 255u

/* Images that one statement deletes. */
struct scan {
	const struct row_change *first, *end; /* end: not of it */
	size_t images, rows;
	struct buffer cases;
};

static int put_case(struct scan *scan, const struct row_change *row, const struct render_options *options, struct error *error)
{
	buffer_puts(&scan->cases, " WHEN ");
	if (render_put_image(&scan->cases, row, options, error) < 0)
		return -1;
	buffer_printf(&scan->cases, " THEN (@changeling_%zu := @changeling_%zu + 1) <= %u", scan->images, scan->images,
		row->copies);
	scan->images++;
	scan->rows += row->copies;
	return 0;
}

/* As many images from `first` on as go into one statement. */
static int gather(struct scan *scan, const struct row_change *first, const struct render_options *options, struct error *error)
{
	const struct row_change *row = first;

	buffer_clear(&scan->cases);
	scan->first = first;
	scan->images = scan->rows = 0;
	do {
		if (put_case(scan, row, options, error) < 0)
			return -1;
		row = row->next;
	} while (row && scan->images < SCAN_IMAGES && scan->images < options->statement_rows &&
		scan->cases.length < options->statement_bytes);
	scan->end = row;
	return 0;
}

/* Can the source's column stand in the filter: values that every server compares in a list as it does by themselves? */
static bool can_filter(const struct row_change *row, uint32_t source)
{
	const struct target_column *column = render_column(row->binding, source);
	const struct value *value = &row->before[source];

	if (!column || column->generated)
		return false;
	switch ((enum value_kind)value->kind) {
	case VALUE_INT:
	case VALUE_UINT:
		return column->class == COLUMN_NUMBER && strcasecmp(column->type, "bit") != 0;
	case VALUE_STRING:
		return (column->class == COLUMN_TEXT || column->class == COLUMN_BYTES) && !value->compressed &&
			value->length <= FILTER_BYTES;
	default:
		return false;
	}
}

/* How often the column's value changes from image to image; 0 also where it cannot filter. */
static size_t variety(const struct scan *scan, uint32_t source)
{
	size_t changes = 1;

	for (const struct row_change *row = scan->first; row != scan->end; row = row->next) {
		if (source >= row->binding->map->columns_count || !can_filter(row, source) ||
			row->binding->to_target[source] != scan->first->binding->to_target[source])
			return 0;
		changes += row != scan->first && !image_same_value(&row->before[source], &row->previous->before[source]);
	}
	return changes;
}

/* What a row must have in one column to be one of the images: decides about most rows quickly, or by an index. */
static int put_filter(struct buffer *out, const struct scan *scan, const struct render_options *options, struct error *error)
{
	size_t most = 0;
	uint32_t best = 0;

	for (uint32_t i = 0; i < scan->first->binding->map->columns_count; i++) {
		size_t found = variety(scan, i);

		if (found > most) {
			most = found;
			best = i;
		}
	}
	if (!most)
		return 0;
	buffer_printf(out, "%s IN (", render_column(scan->first->binding, best)->quoted);
	for (const struct row_change *row = scan->first; row != scan->end; row = row->next) {
		buffer_puts(out, row == scan->first ? "" : ", ");
		if (render_put_value(out, row->binding, row->before, best, LITERAL_COMPARE, options, error) < 0)
			return -1;
	}
	buffer_puts(out, ") AND ");
	return 0;
}

static void put_counters(struct flight *flight, const struct scan *scan)
{
	size_t start = flight->text.length;

	for (size_t i = 0; i < scan->images; i++)
		buffer_printf(&flight->text, "%s@changeling_%zu = 0", i ? ", " : "SET ", i);
	flight_add_item(flight, start, EXPECT_ANYTHING);
}

static int put_scan(struct flight *flight, const struct operation *operation, const struct scan *scan,
	const struct render_options *options, struct error *error)
{
	struct buffer *out = &flight->text;
	size_t start;

	put_counters(flight, scan);
	start = out->length;
	buffer_printf(out, "DELETE FROM %s WHERE ", operation->rows->table->quoted);
	if (put_filter(out, scan, options, error) < 0)
		return -1;
	buffer_puts(out, "CASE");
	buffer_append(out, scan->cases.data, scan->cases.length);
	buffer_printf(out, " ELSE 0 END LIMIT %zu", scan->rows);
	flight_add_item(flight, start, scan->rows)->operation = operation;
	return 0;
}

int render_put_scans(struct flight *flight, const struct operation *operation, const struct render_options *options,
	struct error *error)
{
	const struct row_change *row = operation->rows->deletes.first;
	struct scan scan = {.cases = BUFFER_INIT};
	int result = 0;

	while (row && result == 0) {
		result = gather(&scan, row, options, error);
		if (result == 0)
			result = put_scan(flight, operation, &scan, options, error);
		row = scan.end;
	}
	buffer_release(&scan.cases);
	return result;
}
