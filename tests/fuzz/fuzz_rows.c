/* Table map and rows event together, all the way to the text of every value.
 *
 * Input: a byte of choices (bit 0 the family, bit 1 rows of version 1 with short table ids, bits 4–6 the
 * digits of old temporal types), the type of the rows event, the length of the table map's body in two bytes,
 * little-endian, that body, and the body of the rows event. */
#include <string.h>

#include "binlog/render.h"
#include "binlog/rows.h"
#include "fuzz.h"

#define OUTPUT_MAXIMUM ((size_t)1 << 20)

static struct binlog_format format_of(uint8_t choices)
{
	struct binlog_format format = {.known = true, .family = choices & 1 ? FAMILY_MARIADB : FAMILY_MYSQL};

	for (unsigned type = 0; type < 256; type++)
		format.post_header_length[type] = 8;
	for (unsigned type = EVENT_WRITE_ROWS_V2; type <= EVENT_DELETE_ROWS_V2; type++)
		format.post_header_length[type] = 10;
	format.post_header_length[EVENT_PARTIAL_UPDATE_ROWS] = 10;
	if (choices & 2) {
		format.post_header_length[EVENT_TABLE_MAP] = 6;
		format.post_header_length[EVENT_WRITE_ROWS_V1] = 6;
	}
	return format;
}

static void put_values(
	const struct table_map *map, const struct value *values, struct buffer *scratch, struct buffer *out)
{
	struct error error;

	for (uint32_t i = 0; values && i < map->columns_count; i++) {
		buffer_clear(out);
		render_value_text(&values[i], &map->columns[i], scratch, out, &error);
		buffer_clear(out);
		render_value_json(&values[i], &map->columns[i], scratch, out, &error);
	}
}

static void walk(const struct event *event, const struct binlog_format *format, const struct table_map *map,
	struct arena *arena)
{
	struct buffer out, scratch;
	struct rows_event rows;
	struct rows_iterator iterator, at_once;
	struct error error = {0}, error_at_once = {0};
	int more;

	buffer_init(&out, OUTPUT_MAXIMUM);
	buffer_init(&scratch, OUTPUT_MAXIMUM);
	if (rows_event_parse(event, format, arena, &rows, &error) == 0 &&
		rows_iterator_init(&iterator, &rows, map, arena, &error) == 0) {
		while ((more = rows_iterator_next(&iterator, &error)) > 0) {
			put_values(map, iterator.before, &scratch, &out);
			put_values(map, iterator.after, &scratch, &out);
		}
		rows_iterator_init(&at_once, &rows, map, arena, &error_at_once);
		MUST(rows_iterator_rest(&at_once, &error_at_once) == more);
		MUST(at_once.row == iterator.row && strcmp(error.text, error_at_once.text) == 0);
	}
	buffer_release(&scratch);
	buffer_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = ARENA_INIT;
	struct event map_event = {.header = {.type = EVENT_TABLE_MAP}}, rows_event;
	struct binlog_format format;
	struct table_map *map;
	struct error error;
	size_t length;

	if (size < 4)
		return 0;
	length = data[2] | (size_t)data[3] << 8;
	if (length > size - 4)
		return 0;
	format = format_of(data[0]);
	rows_event = (struct event){
		.header = {.type = data[1]}, .body = data + 4 + length, .body_length = size - 4 - length};
	map_event.body = data + 4;
	map_event.body_length = length;
	if (table_map_parse(&map_event, &format, &arena, &map, &error) == 0) {
		for (uint32_t i = 0; i < map->columns_count; i++)
			map->columns[i].fraction_digits = (data[0] >> 4 & 7) % 7;
		walk(&rows_event, &format, map, &arena);
	}
	arena_release(&arena);
	return 0;
}
