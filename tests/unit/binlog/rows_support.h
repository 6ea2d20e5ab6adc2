/* Tables and row events by hand, for the tests of table maps, rows and values. */
#ifndef TESTS_UNIT_BINLOG_ROWS_SUPPORT_H
#define TESTS_UNIT_BINLOG_ROWS_SUPPORT_H

#include "support.h"

#include "binlog/rows.h"
#include "binlog/value_decode.h"

/* The table of the reference's vectors: every common type of MariaDB, full metadata. */
#define VECTOR_MAP                                                                                           \
	"240000000000 0100 01 67 00 02 7476 00 11"                                                           \
	"03 fe fe 0f f6 13 12 11 0d 10 fe fe fc 04 05 fe fe"                                                 \
	"18 fe0c fe04 2c01 0a04 03 06 02 0201 f701 f801 02 04 08 fe10 fe10 feff01"                           \
	"01 01 a0  02 05 3f 00 2d 02 08"                                                                     \
	"04 2c 02 6964 01 63 01 62 01 76 01 64 02 7433 03 647436 03 747332 01 79 02 6274 01 65 01 73"        \
	"02 626c 01 66 02 6462 01 75 02 6936"                                                                \
	"0a 01 08  05 07 03 0178 0179 017a  06 05 02 0161 0162  08 01 00"

/* Its two rows, as they stand in a WRITE_ROWS of version 1. */
#define VECTOR_ROWS_HEAD "240000000000 0100 11 ffff01"
#define VECTOR_ROW_1                                                                                         \
	"0000fe ffffffff 02 c3a9 01 61 0300 616263 7ffb2de9d1 7fef7c ee30 99b2bb7efb 000001 3b9aca00 0c 7c"  \
	"03ff 02 05 0200 00ff cdcc8c3f 2f30b7b3a7c9ba81"                                                     \
	"10 00112233445566778899aabbccddeeff 10 00000000000000000000000000000001"
#define VECTOR_ROW_2                                                                                         \
	"a200fe 00000000 00 0000 8000000000 8000000000 000000 00 0000 00 00 0000 00000000 0000000000000000 " \
	"00 00"

static UNUSED struct event event_of(uint8_t type, const struct buffer *body)
{
	struct event event = {.header = {.type = type}};

	event.body = (const uint8_t *)buffer_text(body);
	event.body_length = body->length;
	return event;
}

static UNUSED struct binlog_format format_of(enum server_family family)
{
	struct binlog_format format = {.known = true, .family = family};

	for (unsigned type = 0; type < 256; type++)
		format.post_header_length[type] = 8;
	format.post_header_length[EVENT_WRITE_ROWS_V2] = 10;
	format.post_header_length[EVENT_UPDATE_ROWS_V2] = 10;
	format.post_header_length[EVENT_DELETE_ROWS_V2] = 10;
	format.post_header_length[EVENT_PARTIAL_UPDATE_ROWS] = 10;
	return format;
}

/* A table map from the hex of its body. */
static UNUSED int map_of(enum server_family family, const char *hex, struct arena *arena,
	struct table_map **map, struct error *error)
{
	struct binlog_format format = format_of(family);
	struct buffer body = BUFFER_INIT;
	struct event event;
	int result;

	put_hex(&body, hex);
	event = event_of(EVENT_TABLE_MAP, &body);
	result = table_map_parse(&event, &format, arena, map, error);
	buffer_release(&body);
	return result;
}

/* The bytes of a value, in memory of their exact size so that the sanitizer sees a read beyond them. The shortcut for common
 * types must say the same as the way for any. */
static UNUSED int decode_hex(const struct table_column *column, const char *hex, struct value *value,
	struct buffer *bytes, const char **problem)
{
	const uint8_t *next, *next_of_any;
	const char *problem_of_any = NULL;
	struct value of_any;
	uint8_t *exact;
	size_t length;

	memset(value, 0, sizeof(*value));
	memset(&of_any, 0, sizeof(of_any));
	buffer_clear(bytes);
	put_hex(bytes, hex);
	length = bytes->length;
	exact = malloc(length ? length : 1);
	if (length)
		memcpy(exact, bytes->data, length);
	next = value_decode(column, exact, exact + length, value, problem);
	next_of_any = value_decode_any(column, exact, exact + length, &of_any, &problem_of_any);
	assert_ptr_equal(next, next_of_any);
	if (next)
		assert_memory_equal(value, &of_any, sizeof(of_any));
	else
		assert_string_equal(*problem, problem_of_any);
	if (next)
		assert_int_equal(next - exact, length);
	if (next &&
		(value->kind == VALUE_STRING || value->kind == VALUE_DECIMAL || value->kind == VALUE_JSON ||
			value->kind == VALUE_GEOMETRY || value->kind == VALUE_VECTOR))
		value->bytes = (const uint8_t *)buffer_text(bytes) + (value->bytes - exact);
	free(exact);
	return next ? 0 : -1;
}

#endif
