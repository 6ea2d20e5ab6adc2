/* Partial updates read, and written as SQL and as text (2.15). How they are applied stands in json_apply.c.
 */
#include "binlog/json_diff.h"

#include "base/buffer.h"
#include "binlog/json.h"
#include "binlog/json_path.h"
#include "binlog/json_put.h"

#define PATH_SHOWN 200u /* bytes of a path in messages */

int json_diff_next(struct cursor *cursor, struct json_diff *diff, struct error *error)
{
	if (cursor_empty(cursor))
		return 0;
	*diff = (struct json_diff){.operation = cursor_u8(cursor)};
	if (diff->operation > JSON_DIFF_REMOVE)
		return error_set(error, ERROR_STOP,
			"Reading a partial JSON update: its operation %u is unknown.", diff->operation);
	diff->path_length = (size_t)cursor_lenenc(cursor);
	diff->path = cursor_bytes(cursor, diff->path_length);
	if (diff->operation != JSON_DIFF_REMOVE) {
		diff->value_length = (size_t)cursor_lenenc(cursor);
		diff->value = cursor_bytes(cursor, diff->value_length);
	}
	if (cursor->bad)
		return error_set(error, ERROR_CORRUPT,
			"Reading a partial JSON update: it ends inside a path or a value.");
	return 1;
}

int json_diff_bad_path(const struct json_diff *diff, struct error *error)
{
	struct buffer shown = BUFFER_INIT;

	buffer_put_printable(&shown, diff->path, diff->path_length, PATH_SHOWN);
	error_set(error, ERROR_CORRUPT,
		"Reading a partial JSON update: its path %s is not one of a single place.",
		buffer_text(&shown));
	buffer_release(&shown);
	return -1;
}

/* Does the path end in a cell of an array: 0 or 1, -1 when it cannot be read. */
static int ends_in_cell(const struct json_diff *diff)
{
	struct arena arena = ARENA_INIT;
	struct json_path path;
	struct json_leg leg;
	int more = -1, cell = 0;

	if (json_path_init(&path, diff->path, diff->path_length)) {
		while ((more = json_path_next(&path, &arena, &leg)) > 0)
			cell = leg.is_cell;
	}
	arena_release(&arena);
	return more < 0 ? -1 : cell;
}

static int put_value_sql(const struct json_diff *diff, struct buffer *out, struct error *error)
{
	return json_put_sql(diff->value, diff->value_length, out, error);
}

/* ", path, value)" of one diff. */
static int put_arguments(const struct json_diff *diff, struct buffer *out, struct error *error)
{
	buffer_putc(out, ',');
	json_put_sql_text(diff->path, diff->path_length, out);
	if (diff->operation != JSON_DIFF_REMOVE) {
		buffer_putc(out, ',');
		if (put_value_sql(diff, out, error) < 0)
			return -1;
	}
	buffer_putc(out, ')');
	return 0;
}

/* The functions' names come last diff first, as the last one is applied to the result of all others. */
static int put_functions(const uint8_t *diffs, size_t length, struct buffer *out, struct error *error)
{
	struct cursor cursor = cursor_of(diffs, length);
	struct buffer names = BUFFER_INIT;
	struct json_diff diff;
	int more;

	while ((more = json_diff_next(&cursor, &diff, error)) > 0) {
		int cell = ends_in_cell(&diff);

		if (cell < 0) {
			more = json_diff_bad_path(&diff, error);
			break;
		}
		if (diff.operation == JSON_DIFF_REPLACE)
			buffer_putc(&names, 'r');
		else if (diff.operation == JSON_DIFF_REMOVE)
			buffer_putc(&names, 'd');
		else
			buffer_putc(&names, cell ? 'a' : 'i');
	}
	for (size_t i = names.length; more == 0 && i-- > 0;) {
		switch (names.data[i]) {
		case 'r':
			buffer_puts(out, "JSON_REPLACE(");
			break;
		case 'd':
			buffer_puts(out, "JSON_REMOVE(");
			break;
		case 'a':
			buffer_puts(out, "JSON_ARRAY_INSERT(");
			break;
		default:
			buffer_puts(out, "JSON_INSERT(");
			break;
		}
	}
	buffer_release(&names);
	return more;
}

int json_diffs_put_sql(const char *column_sql, const uint8_t *diffs, size_t diffs_length, struct buffer *out,
	struct error *error)
{
	struct cursor cursor = cursor_of(diffs, diffs_length);
	struct json_diff diff;
	int more;

	if (put_functions(diffs, diffs_length, out, error) < 0)
		return -1;
	buffer_puts(out, column_sql);
	while ((more = json_diff_next(&cursor, &diff, error)) > 0) {
		if (put_arguments(&diff, out, error) < 0)
			return -1;
	}
	return more;
}

int json_diffs_put_text(const uint8_t *diffs, size_t diffs_length, struct buffer *out, struct error *error)
{
	static const char *const names[] = {"replace", "insert", "remove"};
	struct cursor cursor = cursor_of(diffs, diffs_length);
	struct json_diff diff;
	int more;

	buffer_putc(out, '[');
	for (bool first = true; (more = json_diff_next(&cursor, &diff, error)) > 0; first = false) {
		buffer_printf(out, "%s{\"op\": \"%s\", \"path\": ", first ? "" : ", ", names[diff.operation]);
		json_put_quoted(diff.path, diff.path_length, out);
		if (diff.operation != JSON_DIFF_REMOVE) {
			buffer_puts(out, ", \"value\": ");
			if (json_put_text(diff.value, diff.value_length, out, error) < 0)
				return -1;
		}
		buffer_putc(out, '}');
	}
	buffer_putc(out, ']');
	return more;
}
