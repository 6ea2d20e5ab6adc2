/* Row events and the walk over their rows (2.14, 2.15). The walk is the program's inner loop: nothing is
 * allocated in it, values are views, and whatever costs time for an error's text stands in functions of its
 * own. */
#include "binlog/rows.h"

#include "base/cursor.h"
#include "binlog/compressed.h"
#include "binlog/table_map.h"
#include "binlog/value_decode.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
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

static bool is_full(const struct rows_image *image, const struct value *values, uint32_t columns)
{
	return !values || (columns > 0 && image->count == columns);
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
	iterator->full = !event->partial && is_full(&iterator->before_image, iterator->before, event->columns_count) &&
			 is_full(&iterator->after_image, iterator->after, event->columns_count);
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

static inline bool none_is_set(const uint8_t *bitmap, uint32_t bits)
{
	for (; bits > 8; bits -= 8) {
		if (*bitmap++)
			return false;
	}
	return (*bitmap & ((1u << bits) - 1)) == 0;
}

/* An image of all `count` columns, at least one, in which nothing is NULL, as most are: returns where it ends, NULL when it is
 * another, or broken. */
static ALWAYS_INLINE const uint8_t *read_plain_image(const struct table_column *columns, uint32_t count, const uint8_t *at,
	const uint8_t *end, struct value *values)
{
	size_t bytes = (count + 7) / 8;
	const char *unused;

	if ((size_t)(end - at) < bytes || !none_is_set(at, count))
		return NULL;
	at += bytes;
	for (const struct table_column *column = columns; column < columns + count; column++, values++) {
		at = value_decode(column, at, end, values, &unused);
		if (!at)
			return NULL;
	}
	return at;
}

/* The rows that have such images only, up to `maximum` of them: less than any call and any store costs what the walk must wait
 * for, which is each value's length. So `at` stays in a register from row to row. What is behind them read_row() takes. */
static ALWAYS_INLINE void read_plain_rows(struct rows_iterator *iterator, uint64_t maximum)
{
	const struct table_column *columns = iterator->map->columns;
	const uint32_t count = iterator->map->columns_count;
	const uint8_t *at = iterator->at, *const end = iterator->end, *next;
	struct value *const first = iterator->before ? iterator->before : iterator->after;
	struct value *const second = iterator->before ? iterator->after : NULL;
	uint64_t rows = 0;

	for (; rows < maximum && at < end; rows++, at = next) {
		next = read_plain_image(columns, count, at, end, first);
		if (second && next)
			next = read_plain_image(columns, count, next, end, second);
		if (!next)
			break;
	}
	iterator->at = at;
	iterator->row += rows;
}

/* With minimal images, a row of which the statement gave nothing has no columns and takes no bytes. MySQL
 * refuses to log two of them in one event, so an event of none is an event of one. */
static bool is_empty_row(const struct rows_iterator *iterator)
{
	const struct rows_event *event = iterator->event;

	return iterator->row == 0 && event->kind == ROWS_WRITE && event->columns_count > 0 &&
	       iterator->after_image.count == 0;
}

/* Any row, or what is wrong with it. */
static int read_row(struct rows_iterator *iterator, struct error *error)
{
	const struct rows_event *event = iterator->event;
	const uint8_t *begin = iterator->at, *partial = NULL;

	if (iterator->before &&
		read_image(iterator, &iterator->before_image, NULL, iterator->before, "before", error) < 0)
		return -1;
	if (event->partial && read_value_options(iterator, &partial, error) < 0)
		return -1;
	if (iterator->after &&
		read_image(iterator, &iterator->after_image, partial, iterator->after, "after", error) < 0)
		return -1;
	if (iterator->at == begin) /* no column is present, but bytes are there */
		return error_set(error, ERROR_CORRUPT,
			"the row has no columns, but %zu bytes are left in the event.",
			(size_t)(iterator->end - begin));
	return 0;
}

static inline int next_row(struct rows_iterator *iterator, uint64_t maximum, struct error *error)
{
	uint64_t row = iterator->row;

	if (iterator->full)
		read_plain_rows(iterator, maximum);
	if (iterator->row - row == maximum)
		return 1;
	if (iterator->at == iterator->end) {
		if (!is_empty_row(iterator))
			return 0;
	} else if (read_row(iterator, error) < 0) {
		return fail_at(iterator, error);
	}
	iterator->row++;
	return 1;
}

int rows_iterator_next(struct rows_iterator *iterator, struct error *error)
{
	return next_row(iterator, 1, error);
}

int rows_iterator_rest(struct rows_iterator *iterator, struct error *error)
{
	int more;

	do
		more = next_row(iterator, UINT64_MAX, error);
	while (more > 0);
	return more;
}
