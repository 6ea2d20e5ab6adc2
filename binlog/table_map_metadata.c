/* The optional metadata at the end of a TABLE_MAP (2.13): type, length, value. Each of them speaks of a set
 * of columns by counting only these, so the whole depends on counting as the master does; a value that does
 * not end where its columns end is refused. */
#include "binlog/table_map.h"

#include <string.h>

enum metadata_type {
	METADATA_SIGNEDNESS = 1,
	METADATA_DEFAULT_CHARSET = 2,
	METADATA_COLUMN_CHARSET = 3,
	METADATA_COLUMN_NAME = 4,
	METADATA_SET_STR_VALUE = 5,
	METADATA_ENUM_STR_VALUE = 6,
	METADATA_GEOMETRY_TYPE = 7,
	METADATA_SIMPLE_PRIMARY_KEY = 8,
	METADATA_PRIMARY_KEY_WITH_PREFIX = 9,
	METADATA_ENUM_AND_SET_DEFAULT_CHARSET = 10,
	METADATA_ENUM_AND_SET_COLUMN_CHARSET = 11,
	METADATA_COLUMN_VISIBILITY = 12,
	METADATA_VECTOR_DIMENSIONALITY = 13,
};

#define MEMBERS_MAXIMUM 65535u /* of an ENUM */

struct reader {
	struct table_map *map;
	enum server_family family;
	struct arena *arena;
};

typedef bool column_test(const struct table_column *column, enum server_family family);

static bool is_any(const struct table_column *column, enum server_family family)
{
	(void)column;
	(void)family;
	return true;
}

/* What has a bit of sign: YEAR too. */
static bool is_numeric(const struct table_column *column, enum server_family family)
{
	(void)family;
	switch (column->type) {
	case TYPE_TINY:
	case TYPE_SHORT:
	case TYPE_INT24:
	case TYPE_LONG:
	case TYPE_LONGLONG:
	case TYPE_FLOAT:
	case TYPE_DOUBLE:
	case TYPE_NEWDECIMAL:
	case TYPE_YEAR:
		return true;
	default:
		return false;
	}
}

/* What has a charset, ENUM and SET left out; binary strings have charset 63. MySQL counts VECTOR, MariaDB
 * GEOMETRY. */
static bool is_character(const struct table_column *column, enum server_family family)
{
	switch (column->type) {
	case TYPE_STRING:
	case TYPE_VARCHAR:
	case TYPE_BLOB:
	case TYPE_TINY_BLOB:
	case TYPE_MEDIUM_BLOB:
	case TYPE_LONG_BLOB:
	case TYPE_BLOB_COMPRESSED:
	case TYPE_VARCHAR_COMPRESSED:
		return true;
	case TYPE_VECTOR:
		return family == FAMILY_MYSQL;
	case TYPE_GEOMETRY:
		return family == FAMILY_MARIADB;
	default:
		return false;
	}
}

static bool is_enum(const struct table_column *column, enum server_family family)
{
	(void)family;
	return column->type == TYPE_ENUM;
}

static bool is_set(const struct table_column *column, enum server_family family)
{
	(void)family;
	return column->type == TYPE_SET;
}

static bool is_enum_or_set(const struct table_column *column, enum server_family family)
{
	return is_enum(column, family) || is_set(column, family);
}

static bool is_geometry(const struct table_column *column, enum server_family family)
{
	(void)family;
	return column->type == TYPE_GEOMETRY;
}

static bool is_vector(const struct table_column *column, enum server_family family)
{
	(void)family;
	return column->type == TYPE_VECTOR;
}

/* The next column from *i on that the value speaks of, or NULL; moves *i behind it. */
static struct table_column *next_column(const struct reader *reader, column_test *test, uint32_t *i)
{
	while (*i < reader->map->columns_count) {
		struct table_column *column = &reader->map->columns[(*i)++];

		if (test(column, reader->family))
			return column;
	}
	return NULL;
}

/* A bit for each column that passes the test, the highest bit of a byte first. */
static void read_bits(const struct reader *reader, struct cursor *value, column_test *test,
	void (*set)(struct table_column *column, bool bit))
{
	struct table_column *column;
	uint8_t byte = 0;

	for (uint32_t i = 0, n = 0; (column = next_column(reader, test, &i)) != NULL; n++) {
		if (n % 8 == 0)
			byte = cursor_u8(value);
		if (value->bad)
			return;
		set(column, byte >> (7 - n % 8) & 1);
	}
}

static void set_sign(struct table_column *column, bool bit)
{
	column->sign = bit ? SIGN_UNSIGNED : SIGN_SIGNED;
}

static void set_visibility(struct table_column *column, bool bit)
{
	column->has_visibility = true;
	column->visible = bit;
}

/* A number for each column that passes the test. */
static void read_numbers(const struct reader *reader, struct cursor *value, column_test *test,
	void (*set)(struct table_column *column, uint64_t number, struct cursor *value))
{
	struct table_column *column;

	for (uint32_t i = 0; (column = next_column(reader, test, &i)) != NULL;) {
		uint64_t number = cursor_lenenc(value);

		if (value->bad)
			return;
		set(column, number, value);
	}
}

static void set_collation(struct table_column *column, uint64_t number, struct cursor *value)
{
	if (number > UINT32_MAX)
		value->bad = true;
	column->collation = (uint32_t)number;
	column->has_collation = true;
}

static void set_geometry_type(struct table_column *column, uint64_t number, struct cursor *value)
{
	if (number > 7)
		value->bad = true;
	column->geometry_type = (int8_t)(number & 7);
}

static void set_dimensions(struct table_column *column, uint64_t number, struct cursor *value)
{
	if (number > UINT32_MAX)
		value->bad = true;
	column->vector_dimensions = (uint32_t)number;
}

/* The collation of most columns, then pairs for the exceptions: index among the columns that pass, collation.
 * The indexes rise, so one walk finds them. */
static void read_default_charset(const struct reader *reader, struct cursor *value, column_test *test)
{
	uint64_t usual = cursor_lenenc(value);
	struct table_column *column;
	uint64_t index = 0, exception = UINT64_MAX, collation = 0;
	bool have = false;

	for (uint32_t i = 0; (column = next_column(reader, test, &i)) != NULL && !value->bad; index++) {
		if (!have && !cursor_empty(value)) {
			exception = cursor_lenenc(value);
			collation = cursor_lenenc(value);
			have = true;
		}
		if (have && exception == index) {
			set_collation(column, collation, value);
			have = false;
		} else {
			set_collation(column, usual, value);
		}
	}
	if (have)
		value->bad = true;
}

/* The next text of a list as a NUL-terminated copy at *to, which moves behind it. As each text has at least
 * one byte of length in front of it, a block as large as the list holds all copies. */
static const char *read_text(struct cursor *value, char **to, size_t *length)
{
	uint64_t size = cursor_lenenc(value);
	const uint8_t *text = cursor_bytes(value, size);
	char *copy = *to;

	if (!text)
		return NULL;
	if (size)
		memcpy(copy, text, (size_t)size);
	copy[size] = '\0';
	*to = copy + size + 1;
	*length = (size_t)size;
	return copy;
}

static void read_column_names(const struct reader *reader, struct cursor *value)
{
	char *to = arena_alloc(reader->arena, cursor_left(value));
	size_t length;

	for (uint32_t i = 0; i < reader->map->columns_count; i++) {
		const char *name = read_text(value, &to, &length);

		if (!name || memchr(name, 0, length)) {
			value->bad = true;
			return;
		}
		reader->map->columns[i].name = name;
		reader->map->columns[i].has_name = true;
	}
	reader->map->has_names = true;
}

/* The members of each ENUM or SET. */
static void read_members(const struct reader *reader, struct cursor *value, column_test *test)
{
	char *to = arena_alloc(reader->arena, cursor_left(value));
	struct table_column *column;

	for (uint32_t i = 0; (column = next_column(reader, test, &i)) != NULL;) {
		uint64_t count = cursor_lenenc(value);
		struct column_names *names;

		if (value->bad || count > cursor_left(value) || count > MEMBERS_MAXIMUM) {
			value->bad = true;
			return;
		}
		names = arena_alloc(reader->arena, sizeof(*names));
		names->count = (uint32_t)count;
		names->text = arena_alloc(reader->arena, count * sizeof(*names->text));
		names->length = arena_alloc(reader->arena, count * sizeof(*names->length));
		for (uint32_t n = 0; n < names->count; n++) {
			size_t length;

			names->text[n] = read_text(value, &to, &length);
			if (!names->text[n])
				return;
			names->length[n] = (uint32_t)length;
		}
		column->names = names;
	}
}

/* Indexes of columns to the end of the value, each with the length of its prefix when `prefixes`. */
static void read_primary_key(const struct reader *reader, struct cursor *value, bool prefixes)
{
	struct table_map *map = reader->map;
	size_t most = cursor_left(value);
	uint32_t count = 0;

	if (most > map->columns_count *
			   (size_t)18) { /* a column stands in a key once: two integers of ≤ 9 bytes */
		value->bad = true;
		return;
	}
	map->primary_key = arena_zalloc(reader->arena, most * sizeof(*map->primary_key));
	map->primary_key_prefix = arena_zalloc(reader->arena, most * sizeof(*map->primary_key_prefix));
	while (!cursor_empty(value) && !value->bad) {
		uint64_t index = cursor_lenenc(value);
		uint64_t prefix = prefixes ? cursor_lenenc(value) : 0;

		if (index >= map->columns_count || prefix > UINT32_MAX || count >= map->columns_count) {
			value->bad = true;
			return;
		}
		map->primary_key[count] = (uint32_t)index;
		map->primary_key_prefix[count++] = (uint32_t)prefix;
	}
	map->primary_key_count = count;
	map->has_primary_key = count > 0;
}

/* False for a type nobody knows, which is passed over. */
static bool read_value(const struct reader *reader, unsigned type, struct cursor *value)
{
	switch (type) {
	case METADATA_SIGNEDNESS:
		read_bits(reader, value, is_numeric, set_sign);
		reader->map->has_signedness = true;
		return true;
	case METADATA_DEFAULT_CHARSET:
		read_default_charset(reader, value, is_character);
		return true;
	case METADATA_COLUMN_CHARSET:
		read_numbers(reader, value, is_character, set_collation);
		return true;
	case METADATA_COLUMN_NAME:
		read_column_names(reader, value);
		return true;
	case METADATA_SET_STR_VALUE:
		read_members(reader, value, is_set);
		return true;
	case METADATA_ENUM_STR_VALUE:
		read_members(reader, value, is_enum);
		return true;
	case METADATA_GEOMETRY_TYPE:
		read_numbers(reader, value, is_geometry, set_geometry_type);
		return true;
	case METADATA_SIMPLE_PRIMARY_KEY:
	case METADATA_PRIMARY_KEY_WITH_PREFIX:
		read_primary_key(reader, value, type == METADATA_PRIMARY_KEY_WITH_PREFIX);
		return true;
	case METADATA_ENUM_AND_SET_DEFAULT_CHARSET:
		read_default_charset(reader, value, is_enum_or_set);
		return true;
	case METADATA_ENUM_AND_SET_COLUMN_CHARSET:
		read_numbers(reader, value, is_enum_or_set, set_collation);
		return true;
	case METADATA_COLUMN_VISIBILITY:
		read_bits(reader, value, is_any, set_visibility);
		return true;
	case METADATA_VECTOR_DIMENSIONALITY:
		read_numbers(reader, value, is_vector, set_dimensions);
		return true;
	default:
		return false;
	}
}

int table_map_read_metadata(struct table_map *map, struct cursor *cursor, enum server_family family,
	struct arena *arena, struct error *error)
{
	struct reader reader = {map, family, arena};
	uint32_t seen = 0;

	while (!cursor_empty(cursor)) {
		uint8_t type = cursor_u8(cursor);
		struct cursor value = cursor_sub(cursor, cursor_lenenc(cursor));

		if (cursor->bad)
			return error_set(error, ERROR_CORRUPT,
				"it ends inside the optional metadata of type %u.", type);
		if (type < 32 && seen >> type & 1) /* twice would only serve to use up memory */
			return error_set(
				error, ERROR_CORRUPT, "its optional metadata of type %u comes twice.", type);
		seen |= type < 32 ? 1u << type : 0;
		if (read_value(&reader, type, &value) && (value.bad || !cursor_empty(&value)))
			return error_set(error, ERROR_CORRUPT,
				"its optional metadata of type %u does not fit its %u columns (%zu bytes are "
				"left over).",
				type, map->columns_count, cursor_left(&value));
	}
	return 0;
}
