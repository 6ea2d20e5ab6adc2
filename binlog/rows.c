/* Row events and the walk over their rows (2.14, 2.15). The walk is the program's inner loop: nothing is
 * allocated in it, values are views, and whatever costs time for an error's text stands in functions of its
 * own. */
#include "binlog/rows.h"

#include "base/cursor.h"
#include "binlog/compressed.h"
#include "binlog/table_map.h"
#include "binlog/value_decode.h"

#define POST_HEADER_V2 10u
#define PARTIAL_JSON 0x1u /* of the value options */

/* Kind of a rows event by its type, and whether its rows are compressed; -1 for other types. */
static int kind_of(unsigned type, bool *v2, bool *compressed)
{
	*compressed = type >= EVENT_MARIA_WRITE_ROWS_COMPRESSED_V1;
	*v2 = (type >= EVENT_WRITE_ROWS_V2 && type <= EVENT_PARTIAL_UPDATE_ROWS) ||
	      type >= EVENT_MARIA_WRITE_ROWS_COMPRESSED;
	switch (type) {
	case EVENT_WRITE_ROWS_V1:
	case EVENT_WRITE_ROWS_V2:
	case EVENT_MARIA_WRITE_ROWS_COMPRESSED_V1:
	case EVENT_MARIA_WRITE_ROWS_COMPRESSED:
		return ROWS_WRITE;
	case EVENT_UPDATE_ROWS_V1:
	case EVENT_UPDATE_ROWS_V2:
	case EVENT_PARTIAL_UPDATE_ROWS:
	case EVENT_MARIA_UPDATE_ROWS_COMPRESSED_V1:
	case EVENT_MARIA_UPDATE_ROWS_COMPRESSED:
		return ROWS_UPDATE;
	case EVENT_DELETE_ROWS_V1:
	case EVENT_DELETE_ROWS_V2:
	case EVENT_MARIA_DELETE_ROWS_COMPRESSED_V1:
	case EVENT_MARIA_DELETE_ROWS_COMPRESSED:
		return ROWS_DELETE;
	default:
		return -1;
	}
}

static int read_event(const struct event *event, const struct binlog_format *format, struct arena *arena,
	struct rows_event *rows, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);
	unsigned post_header = format->post_header_length[event->header.type];
	bool v2, compressed;
	int kind = kind_of(event->header.type, &v2, &compressed);
	uint64_t count;

	if (kind < 0)
		return error_set(error, ERROR_STOP, "it is not a rows event that this program can read.");
	*rows = (struct rows_event){.kind = (enum rows_kind)kind};
	rows->partial = event->header.type == EVENT_PARTIAL_UPDATE_ROWS;
	rows->table_id = cursor_le(&cursor, post_header == 6 ? 4 : 6);
	rows->flags = cursor_u16(&cursor);
	if (post_header ? post_header == POST_HEADER_V2 : v2) {
		uint16_t extra = cursor_u16(&cursor); /* counts its own two bytes */

		if (extra < 2)
			cursor.bad = true;
		cursor_bytes(&cursor, extra - 2u);
	}
	if (!cursor.bad && rows->table_id == ROWS_DUMMY_TABLE_ID)
		return 0;
	count = cursor_lenenc(&cursor);
	if (cursor.bad)
		return error_set(error, ERROR_CORRUPT, "it ends before the number of columns.");
	if (count > TABLE_COLUMNS_MAXIMUM)
		return error_set(error, ERROR_CORRUPT, "it declares %llu columns, expected at most %u.",
			(unsigned long long)count, TABLE_COLUMNS_MAXIMUM);
	rows->columns_count = (uint32_t)count;
	rows->present = cursor_bytes(&cursor, (count + 7) / 8);
	if (kind == ROWS_UPDATE)
		rows->present_after = cursor_bytes(&cursor, (count + 7) / 8);
	if (cursor.bad)
		return error_set(error, ERROR_CORRUPT, "it ends inside the bitmaps of its %u columns.",
			rows->columns_count);
	if (compressed)
		return compressed_expand(
			cursor.at, cursor_left(&cursor), arena, &rows->rows, &rows->rows_length, error);
	rows->rows = cursor.at;
	rows->rows_length = cursor_left(&cursor);
	return 0;
}

int rows_event_parse(const struct event *event, const struct binlog_format *format, struct arena *arena,
	struct rows_event *rows, struct error *error)
{
	const char *name = event_type_name(event->header.type);

	if (read_event(event, format, arena, rows, error) < 0)
		return error_context(error, "Reading the head of a rows event of type %u (%s)",
			event->header.type, name ? name : "unknown");
	return 0;
}

/* The words for messages. */
static const char *kind_name(const struct rows_event *event)
{
	static const char *const names[] = {"WRITE_ROWS", "UPDATE_ROWS", "DELETE_ROWS"};

	return event->partial ? "PARTIAL_UPDATE_ROWS" : names[event->kind];
}

static int fail_at(const struct rows_iterator *iterator, struct error *error)
{
	return error_context(error, "Reading row %llu of a %s event of `%s`.`%s`",
		(unsigned long long)iterator->row + 1, kind_name(iterator->event), iterator->map->database,
		iterator->map->table);
}

static int fail_value(uint32_t index, const struct table_column *column, const char *problem,
	const char *image, struct error *error)
{
	if (column->name)
		return error_set(error, ERROR_CORRUPT,
			"the value of column %u (`%s`, %s) in the %s image %s.", index + 1, column->name,
			column_type_name(column->type), image, problem);
	return error_set(error, ERROR_CORRUPT, "the value of column %u (%s) in the %s image %s.", index + 1,
		column_type_name(column->type), image, problem);
}

static uint32_t count_bits(const uint8_t *bitmap, uint32_t bits)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < bits; i++)
		count += bitmap_get(bitmap, i);
	return count;
}

/* Zeroed, so that what is in no row of the event stays VALUE_ABSENT. */
static void image_init(struct rows_image *image, const uint8_t *present, uint32_t columns,
	struct arena *arena, struct value **values)
{
	image->present = present;
	image->count = count_bits(present, columns);
	*values = arena_zalloc(arena, sizeof(**values) * columns);
}

int rows_iterator_init(struct rows_iterator *iterator, const struct rows_event *event,
	const struct table_map *map, struct arena *arena, struct error *error)
{
	*iterator = (struct rows_iterator){.event = event, .map = map};
	iterator->at = event->rows;
	iterator->end = event->rows ? event->rows + event->rows_length : NULL;
	if (event->table_id == ROWS_DUMMY_TABLE_ID)
		return 0;
	if (event->columns_count != map->columns_count)
		return error_set(error, ERROR_CORRUPT,
			"Reading a %s event of `%s`.`%s`: it has %u columns, but the TABLE_MAP in front of "
			"it %u.",
			kind_name(event), map->database, map->table, event->columns_count,
			map->columns_count);
	if (event->kind == ROWS_WRITE) {
		image_init(&iterator->after_image, event->present, event->columns_count, arena,
			&iterator->after);
	} else {
		image_init(&iterator->before_image, event->present, event->columns_count, arena,
			&iterator->before);
		if (event->kind == ROWS_UPDATE)
			image_init(&iterator->after_image, event->present_after, event->columns_count, arena,
				&iterator->after);
	}
	return 0;
}

static bool has(const struct rows_iterator *iterator, uint64_t bytes)
{
	return (uint64_t)(iterator->end - iterator->at) >= bytes;
}

/* The value options in front of the after image of a partial update, and the bits of its JSON columns (2.15):
 * *partial is NULL when none of them is partial. */
static int read_value_options(struct rows_iterator *iterator, const uint8_t **partial, struct error *error)
{
	struct cursor cursor = cursor_of(iterator->at, (size_t)(iterator->end - iterator->at));
	uint64_t options = cursor_lenenc(&cursor);

	*partial = NULL;
	if (options & ~(uint64_t)PARTIAL_JSON)
		return error_set(error, ERROR_STOP, "it has the unknown value options 0x%llx.",
			(unsigned long long)options);
	if (options & PARTIAL_JSON)
		*partial = cursor_bytes(&cursor, (iterator->map->json_count + 7) / 8);
	if (cursor.bad)
		return error_set(error, ERROR_CORRUPT, "the event ends inside the row's value options.");
	iterator->at = cursor.at;
	return 0;
}

/* The diffs of a JSON column that stand for its value. */
static const uint8_t *decode_diffs(
	const uint8_t *at, const uint8_t *end, struct value *value, const char **problem)
{
	uint32_t length;

	if (end - at < 4 || (length = load_le32(at)) > (size_t)(end - at) - 4) {
		*problem = VALUE_TOO_SHORT;
		return NULL;
	}
	value->kind = VALUE_JSON_DIFF;
	value->bytes = at + 4;
	value->length = length;
	return at + 4 + length;
}

/* One image: the bits of what is NULL, one for each column that is present, and the values of the others. */
static int read_image(struct rows_iterator *iterator, const struct rows_image *image, const uint8_t *partial,
	struct value *values, const char *name, struct error *error)
{
	const struct table_map *map = iterator->map;
	const uint8_t *nulls = iterator->at, *at, *end = iterator->end;
	const bool full = image->count == map->columns_count;
	const char *problem = NULL;
	uint32_t n = 0, json = 0;

	if (!has(iterator, (image->count + 7) / 8))
		return error_set(
			error, ERROR_CORRUPT, "the event ends inside the NULL bits of the %s image.", name);
	at = nulls + (image->count + 7) / 8;
	for (uint32_t i = 0; i < map->columns_count; i++) {
		const struct table_column *column = &map->columns[i];
		bool diffs = partial && column->type == TYPE_JSON && bitmap_get(partial, json++);

		if (!full && !bitmap_get(image->present, i))
			continue;
		if (bitmap_get(nulls, n++)) {
			values[i].kind = VALUE_NULL;
			continue;
		}
		at = diffs ? decode_diffs(at, end, &values[i], &problem)
			   : value_decode(column, at, end, &values[i], &problem);
		if (!at)
			return fail_value(i, column, problem, name, error);
	}
	iterator->at = at;
	return 0;
}

/* With minimal images, a row of which the statement gave nothing has no columns and takes no bytes. MySQL
 * refuses to log two of them in one event, so an event of none is an event of one. */
static bool is_empty_row(const struct rows_iterator *iterator)
{
	const struct rows_event *event = iterator->event;

	return iterator->row == 0 && event->kind == ROWS_WRITE && event->columns_count > 0 &&
	       iterator->after_image.count == 0;
}

int rows_iterator_next(struct rows_iterator *iterator, struct error *error)
{
	const struct rows_event *event = iterator->event;
	const uint8_t *begin = iterator->at, *partial = NULL;

	if (begin == iterator->end) {
		if (!is_empty_row(iterator))
			return 0;
		iterator->row++;
		return 1;
	}
	if (iterator->before &&
		read_image(iterator, &iterator->before_image, NULL, iterator->before, "before", error) < 0)
		return fail_at(iterator, error);
	if (event->partial && read_value_options(iterator, &partial, error) < 0)
		return fail_at(iterator, error);
	if (iterator->after &&
		read_image(iterator, &iterator->after_image, partial, iterator->after, "after", error) < 0)
		return fail_at(iterator, error);
	if (iterator->at == begin) { /* no column is present, but bytes are there */
		error_set(error, ERROR_CORRUPT,
			"the row has no columns, but %zu bytes are left in the event.",
			(size_t)(iterator->end - begin));
		return fail_at(iterator, error);
	}
	iterator->row++;
	return 1;
}
