/* TABLE_MAP: a table as the master described it for the row events that follow (2.13). The head and the
 * columns' types stand here, what the optional metadata adds in table_map_metadata.c. */
#include "binlog/table_map.h"

#include <string.h>

#include "base/cursor.h"

/* How many bytes of metadata a type has (3.1), or -1 for a type that cannot stand in a row event. */
static int metadata_bytes(unsigned type)
{
	switch (type) {
	case TYPE_TINY:
	case TYPE_SHORT:
	case TYPE_LONG:
	case TYPE_NULL:
	case TYPE_TIMESTAMP:
	case TYPE_LONGLONG:
	case TYPE_INT24:
	case TYPE_DATE:
	case TYPE_TIME:
	case TYPE_DATETIME:
	case TYPE_YEAR:
	case TYPE_NEWDATE:
		return 0;
	case TYPE_FLOAT:
	case TYPE_DOUBLE:
	case TYPE_TIMESTAMP2:
	case TYPE_DATETIME2:
	case TYPE_TIME2:
	case TYPE_BLOB_COMPRESSED:
	case TYPE_VECTOR:
	case TYPE_JSON:
	case TYPE_TINY_BLOB:
	case TYPE_MEDIUM_BLOB:
	case TYPE_LONG_BLOB:
	case TYPE_BLOB:
	case TYPE_GEOMETRY:
		return 1;
	case TYPE_VARCHAR:
	case TYPE_BIT:
	case TYPE_VARCHAR_COMPRESSED:
	case TYPE_NEWDECIMAL:
	case TYPE_VAR_STRING:
	case TYPE_STRING:
		return 2;
	default:
		return -1;
	}
}

const char *column_type_name(unsigned type)
{
	static const char *const low[] = {"DECIMAL (before 5.0)", "TINYINT", "SMALLINT", "INT", "FLOAT",
		"DOUBLE", "NULL", "TIMESTAMP (before 5.6)", "BIGINT", "MEDIUMINT", "DATE",
		"TIME (before 5.6)", "DATETIME (before 5.6)", "YEAR", "NEWDATE", "VARCHAR", "BIT",
		"TIMESTAMP", "DATETIME", "TIME", "TYPED_ARRAY"};
	static const char *const high[] = {"JSON", "DECIMAL", "ENUM", "SET", "TINYBLOB", "MEDIUMBLOB",
		"LONGBLOB", "BLOB", "VAR_STRING", "CHAR", "GEOMETRY"};

	if (type < sizeof(low) / sizeof(low[0]))
		return low[type];
	if (type >= TYPE_JSON && type <= TYPE_GEOMETRY)
		return high[type - TYPE_JSON];
	if (type == TYPE_BLOB_COMPRESSED)
		return "BLOB COMPRESSED";
	if (type == TYPE_VARCHAR_COMPRESSED)
		return "VARCHAR COMPRESSED";
	return type == TYPE_VECTOR ? "VECTOR" : "unknown";
}

/* ENUM, SET and CHAR share one wire type; lengths above 255 hide two bits in the first byte (3.4). */
static bool set_string(struct table_column *column, unsigned first, unsigned second)
{
	if ((first & 0x30) != 0x30) {
		column->type = TYPE_STRING;
		column->maximum_bytes = second | ((first & 0x30) ^ 0x30) << 4;
		first |= 0x30;
		return first == TYPE_STRING || first == TYPE_VAR_STRING;
	}
	switch (first) {
	case TYPE_ENUM:
		column->type = TYPE_ENUM;
		column->bytes = (uint8_t)second;
		return second == 1 || second == 2;
	case TYPE_SET:
		column->type = TYPE_SET;
		column->bytes = (uint8_t)second;
		return (second >= 1 && second <= 4) || second == 8;
	case TYPE_STRING:
	case TYPE_VAR_STRING:
		column->type = TYPE_STRING;
		column->maximum_bytes = second;
		return true;
	default:
		return false;
	}
}

static bool set_bit(struct table_column *column, unsigned odd_bits, unsigned bytes)
{
	unsigned bits = bytes * 8 + odd_bits;

	column->bits = (uint16_t)bits;
	column->bytes = (uint8_t)((bits + 7) / 8);
	return odd_bits < 8 && bits >= 1 && bits <= 64;
}

static bool set_decimal(struct table_column *column, unsigned precision, unsigned scale)
{
	column->precision = (uint8_t)precision;
	column->scale = (uint8_t)scale;
	if (precision < 1 || precision > DECIMAL_PRECISION_MAXIMUM || scale > precision ||
		scale > DECIMAL_SCALE_MAXIMUM)
		return false;
	column->maximum_bytes = (uint32_t)decimal_packed_size(precision, scale);
	return true;
}

/* Turns the metadata of one column into what its decoder needs; false when it is not possible. */
static bool set_metadata(struct table_column *column, unsigned first, unsigned second)
{
	column->type = column->wire_type;
	column->metadata = (uint16_t)(first | second << 8);
	switch (column->wire_type) {
	case TYPE_FLOAT:
		return first == 4;
	case TYPE_DOUBLE:
		return first == 8;
	case TYPE_TIMESTAMP2:
	case TYPE_DATETIME2:
	case TYPE_TIME2:
		column->scale = (uint8_t)first;
		return first <= 6;
	case TYPE_BLOB_COMPRESSED:
	case TYPE_VECTOR:
	case TYPE_JSON:
	case TYPE_TINY_BLOB:
	case TYPE_MEDIUM_BLOB:
	case TYPE_LONG_BLOB:
	case TYPE_BLOB:
	case TYPE_GEOMETRY:
		column->maximum_bytes = first;
		return first >= 1 && first <= 4;
	case TYPE_VARCHAR:
	case TYPE_VARCHAR_COMPRESSED:
		column->maximum_bytes = first | second << 8;
		return true;
	case TYPE_BIT:
		return set_bit(column, first, second);
	case TYPE_NEWDECIMAL:
		return set_decimal(column, first, second);
	case TYPE_VAR_STRING:
	case TYPE_STRING:
		return set_string(column, first, second);
	default:
		return true;
	}
}

static int read_columns(struct table_map *map, struct cursor *cursor, struct error *error)
{
	uint32_t count = map->columns_count;
	const uint8_t *types = cursor_bytes(cursor, count);
	struct cursor metadata = cursor_sub(cursor, cursor_lenenc(cursor));
	const uint8_t *nullable = cursor_bytes(cursor, (count + 7) / 8);

	if (cursor->bad)
		return error_set(
			error, ERROR_CORRUPT, "it ends inside the description of its %u columns.", count);
	for (uint32_t i = 0; i < count; i++) {
		struct table_column *column = &map->columns[i];
		int bytes = metadata_bytes(types[i]);
		unsigned first, second;

		if (bytes < 0)
			return error_set(error, ERROR_STOP,
				"column %u is of type %u (%s), which this program cannot read.", i + 1,
				types[i], column_type_name(types[i]));
		column->wire_type = types[i];
		column->nullable = bitmap_get(nullable, i);
		column->geometry_type = -1;
		first = bytes > 0 ? cursor_u8(&metadata) : 0;
		second = bytes > 1 ? cursor_u8(&metadata) : 0;
		if (metadata.bad)
			return error_set(error, ERROR_CORRUPT,
				"the metadata of its types ends before column %u.", i + 1);
		if (!set_metadata(column, first, second))
			return error_set(error, ERROR_CORRUPT,
				"column %u of type %u (%s) has the impossible metadata 0x%02x 0x%02x.", i + 1,
				types[i], column_type_name(types[i]), first, second);
		map->json_count += column->type == TYPE_JSON;
	}
	if (!cursor_empty(&metadata))
		return error_set(error, ERROR_CORRUPT,
			"%zu bytes are left of the metadata of its types, expected none.",
			cursor_left(&metadata));
	return 0;
}

/* A length byte, the name, a NUL. */
static const char *read_name(struct cursor *cursor, struct arena *arena)
{
	uint8_t length = cursor_u8(cursor);
	const uint8_t *name = cursor_bytes(cursor, length);

	if (cursor_u8(cursor) != 0 || !name || memchr(name, 0, length))
		cursor->bad = true;
	return cursor->bad ? NULL : arena_strndup(arena, (const char *)name, length);
}

int table_map_parse(const struct event *event, const struct binlog_format *format, struct arena *arena,
	struct table_map **result, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);
	struct table_map *map = arena_zalloc(arena, sizeof(*map));
	uint64_t count;

	map->table_id = cursor_le(&cursor, format->post_header_length[EVENT_TABLE_MAP] == 6 ? 4 : 6);
	map->flags = cursor_u16(&cursor);
	map->database = read_name(&cursor, arena);
	map->table = read_name(&cursor, arena);
	count = cursor_lenenc(&cursor);
	if (cursor.bad)
		return error_set(error, ERROR_CORRUPT,
			"Reading a TABLE_MAP event: it ends, or a name does, before the number of columns.");
	if (count > TABLE_COLUMNS_MAXIMUM || count > cursor_left(&cursor)) {
		error_set(error, ERROR_CORRUPT,
			"it declares %llu columns, expected at most %u, and one byte for each.",
			(unsigned long long)count, TABLE_COLUMNS_MAXIMUM);
		goto fail;
	}
	map->columns_count = (uint32_t)count;
	map->columns = arena_zalloc(arena, sizeof(*map->columns) * count);
	if (read_columns(map, &cursor, error) < 0)
		goto fail;
	if (table_map_read_metadata(map, &cursor, format->family, arena, error) < 0)
		goto fail;
	*result = map;
	return 0;
fail:
	return error_context(error, "Reading the TABLE_MAP event of `%s`.`%s`", map->database, map->table);
}
