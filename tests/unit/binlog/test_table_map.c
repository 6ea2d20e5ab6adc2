/* Tables as the master describes them. */
#include "rows_support.h"

#include "binlog/table_map.h"

static void full_metadata_of_mariadb(void **state)
{
	static const uint8_t types[] = {TYPE_LONG, TYPE_STRING, TYPE_STRING, TYPE_VARCHAR, TYPE_NEWDECIMAL,
		TYPE_TIME2, TYPE_DATETIME2, TYPE_TIMESTAMP2, TYPE_YEAR, TYPE_BIT, TYPE_ENUM, TYPE_SET,
		TYPE_BLOB, TYPE_FLOAT, TYPE_DOUBLE, TYPE_STRING, TYPE_STRING};
	static const uint8_t signs[] = {2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 1, 1, 0, 0};
	static const uint32_t collations[] = {0, 45, 63, 8, 0, 0, 0, 0, 0, 0, 8, 8, 63, 0, 0, 63, 63};
	struct arena arena = ARENA_INIT;
	struct table_map *map;
	struct error error;

	(void)state;
	assert_int_equal(map_of(FAMILY_MARIADB, VECTOR_MAP, &arena, &map, &error), 0);
	assert_int_equal(map->table_id, 36);
	assert_int_equal(map->flags, 1);
	assert_string_equal(map->database, "g");
	assert_string_equal(map->table, "tv");
	assert_int_equal(map->columns_count, 17);
	assert_int_equal(map->json_count, 0);
	for (unsigned i = 0; i < 17; i++) {
		assert_int_equal(map->columns[i].type, types[i]);
		assert_int_equal(map->columns[i].sign, signs[i]);
		assert_int_equal(map->columns[i].collation, collations[i]);
		assert_int_equal(map->columns[i].has_collation, collations[i] != 0);
		assert_int_equal(map->columns[i].nullable, i != 0);
		assert_false(map->columns[i].has_visibility);
		assert_int_equal(map->columns[i].geometry_type, -1);
	}
	assert_true(map->has_names && map->has_signedness && map->has_primary_key);
	assert_string_equal(map->columns[0].name, "id");
	assert_string_equal(map->columns[16].name, "i6");
	assert_int_equal(map->columns[1].maximum_bytes, 12);
	assert_int_equal(map->columns[3].maximum_bytes, 300);
	assert_int_equal(map->columns[4].precision, 10);
	assert_int_equal(map->columns[4].scale, 4);
	assert_int_equal(map->columns[4].maximum_bytes, 5);
	assert_int_equal(map->columns[5].scale, 3);
	assert_int_equal(map->columns[9].bits, 10);
	assert_int_equal(map->columns[9].bytes, 2);
	assert_int_equal(map->columns[10].wire_type, TYPE_STRING);
	assert_int_equal(map->columns[10].bytes, 1);
	assert_int_equal(map->columns[10].names->count, 2);
	assert_string_equal(map->columns[10].names->text[1], "b");
	assert_int_equal(map->columns[11].names->count, 3);
	assert_string_equal(map->columns[11].names->text[2], "z");
	assert_int_equal(map->columns[11].names->length[2], 1);
	assert_int_equal(map->columns[12].maximum_bytes, 2);
	assert_int_equal(map->primary_key_count, 1);
	assert_int_equal(map->primary_key[0], 0);
	assert_int_equal(map->primary_key_prefix[0], 0);
	arena_release(&arena);
}

/* Columns: ti SIGNED, vc VARCHAR, geometry, vector, json, year, char, text; what each family counts. */
#define MIXED "010000000000 0100 01 64 00 01 74 00 08 01 0f ff f2 f5 0d fe fc 08 0a00 04 04 04 fe03 02 ff"

static void charsets_count_by_family(void **state)
{
	struct arena arena = ARENA_INIT;
	struct table_map *map;
	struct error error;

	(void)state;
	/* MySQL: VARCHAR, VECTOR, CHAR, TEXT */
	assert_int_equal(map_of(FAMILY_MYSQL, MIXED "0101 40 03 04 08 3f 0b fc", &arena, &map, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "type 3");
	assert_int_equal(
		map_of(FAMILY_MYSQL, MIXED "0101 40 03 06 08 3f 0b fcff00", &arena, &map, &error), 0);
	assert_int_equal(map->columns[0].sign, SIGN_SIGNED);
	assert_int_equal(map->columns[5].sign, SIGN_UNSIGNED);
	assert_int_equal(map->columns[1].collation, 8);
	assert_int_equal(map->columns[3].collation, 63);
	assert_int_equal(map->columns[6].collation, 11);
	assert_int_equal(map->columns[7].collation, 255);
	assert_false(map->columns[2].has_collation);
	assert_false(map->columns[4].has_collation);
	assert_int_equal(map->json_count, 1);
	/* MariaDB: VARCHAR, GEOMETRY, CHAR, TEXT */
	assert_int_equal(map_of(FAMILY_MARIADB, MIXED "03 06 08 3f 0b fcff00", &arena, &map, &error), 0);
	assert_int_equal(map->columns[2].collation, 63);
	assert_int_equal(map->columns[7].collation, 255);
	assert_false(map->columns[3].has_collation);
	/* defaults with two exceptions, one of them the last */
	assert_int_equal(map_of(FAMILY_MYSQL, MIXED "02 05 2d 00 08 03 3f", &arena, &map, &error), 0);
	assert_int_equal(map->columns[1].collation, 8);
	assert_int_equal(map->columns[3].collation, 45);
	assert_int_equal(map->columns[6].collation, 45);
	assert_int_equal(map->columns[7].collation, 63);
	assert_int_equal(map_of(FAMILY_MYSQL, MIXED "02 03 2d 04 3f", &arena, &map, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "type 2");
	arena_release(&arena);
}

static void further_metadata(void **state)
{
	struct arena arena = ARENA_INIT;
	struct table_map *map;
	struct error error;

	(void)state;
	assert_int_equal(
		map_of(FAMILY_MYSQL, MIXED "07 01 03  0d 01 05  0c 01 fd  09 04 0103 0700  63 02 0000",
			&arena, &map, &error),
		0);
	assert_int_equal(map->columns[2].geometry_type, 3);
	assert_int_equal(map->columns[3].vector_dimensions, 5);
	assert_true(map->columns[5].has_visibility && map->columns[5].visible);
	assert_false(map->columns[6].visible);
	assert_int_equal(map->primary_key_count, 2);
	assert_int_equal(map->primary_key[0], 1);
	assert_int_equal(map->primary_key_prefix[0], 3);
	assert_int_equal(map->primary_key[1], 7);
	assert_int_equal(map->primary_key_prefix[1], 0);
	arena_release(&arena);
}

static void metadata_that_does_not_fit_is_refused(void **state)
{
	static const char *const wrong[] = {
		"01 00",      /* no bits for two numeric columns */
		"01 02 4000", /* bits for more than eight */
		"02 00",
		"02 02 2d fc",
		"02 02 2d 00",
		"03 01 08",
		"03 05 08 3f 0b 2d 08",
		"03 0c fe0000000001000000 08 08 08",
		"04 02 01 61",						 /* one name of eight */
		"04 10 01 61 01 00 01 62 01 63 01 64 01 65 01 66 01 67", /* a NUL in a name */
		"07 00",
		"07 01 08", /* geometry types end at 7 */
		"08 01 08",
		"08 09 00 00 00 00 00 00 00 00 00",
		"09 01 00",
		"09 0a 00 fe0000000001000000",
		"05 01 00", /* members of a SET that is not there */
		"0a 02 2d 08",
		"0b 01 08",
		"0c 00",
		"0d 00",
		"0d 09 fe0000000001000000",
		"01 01 40 01 01 40", /* twice */
		"01",
		"01 02 40",
		"63 05 00",
		"07 fc",
	};
	struct arena arena = ARENA_INIT;
	struct table_map *map;
	struct error error;
	char hex[512];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(hex, sizeof(hex), "%s%s", MIXED, wrong[i]);
		if (map_of(FAMILY_MYSQL, hex, &arena, &map, &error) == 0)
			fail_msg("metadata %s was taken", wrong[i]);
		assert_error(&error, ERROR_CORRUPT, "Reading the TABLE_MAP event of `d`.`t`: ");
	}
	arena_release(&arena);
}

/* A primary key cannot be longer than a column list allows. */
static void a_key_that_is_too_long_is_refused(void **state)
{
	struct buffer hex = BUFFER_INIT;
	struct arena arena = ARENA_INIT;
	struct table_map *map;
	struct error error;

	(void)state;
	buffer_puts(&hex, MIXED "08 fc9100");
	for (unsigned i = 0; i < 145; i++)
		buffer_puts(&hex, "00");
	assert_int_equal(map_of(FAMILY_MYSQL, buffer_text(&hex), &arena, &map, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "type 8");
	buffer_release(&hex);
	arena_release(&arena);
}

static void members_are_bounded(void **state)
{
	/* one ENUM */
#define ENUM_TABLE "010000000000 0100 01 64 00 01 74 00 01 fe 02 f701 01"
	static const char *const wrong[] = {"06 01 02", "06 02 02 05", "06 03 02 00 05", "06 04 fd000001"};
	struct arena arena = ARENA_INIT;
	struct table_map *map;
	struct error error;
	char hex[512];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(hex, sizeof(hex), "%s%s", ENUM_TABLE, wrong[i]);
		assert_int_equal(map_of(FAMILY_MYSQL, hex, &arena, &map, &error), -1);
		assert_error(&error, ERROR_CORRUPT, "type 6");
	}
	assert_int_equal(
		map_of(FAMILY_MYSQL, ENUM_TABLE "06 03 02 00 00  0a 01 2d", &arena, &map, &error), 0);
	assert_int_equal(map->columns[0].names->count, 2);
	assert_string_equal(map->columns[0].names->text[0], "");
	assert_int_equal(map->columns[0].collation, 45);
	assert_int_equal(map_of(FAMILY_MYSQL, ENUM_TABLE "0b 01 2d", &arena, &map, &error), 0);
	assert_int_equal(map->columns[0].collation, 45);
	arena_release(&arena);
}

/* A table of one column of the type with so many bytes of metadata. */
static int one_column(unsigned type, const char *metadata, struct table_column *column, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct table_map *map;
	char hex[128];
	int result;

	snprintf(hex, sizeof(hex), "010000000000 0100 01 64 00 01 74 00 01 %02x %02zx %s 00", type,
		strlen(metadata) / 2, metadata);
	result = map_of(FAMILY_MYSQL, hex, &arena, &map, error);
	if (result == 0)
		*column = map->columns[0];
	arena_release(&arena);
	return result;
}

static void lengths_above_255_hide_in_the_type(void **state)
{
	struct table_column column;
	struct error error;

	(void)state;
	assert_int_equal(one_column(TYPE_STRING, "eefc", &column, &error), 0);
	assert_int_equal(column.type, TYPE_STRING);
	assert_int_equal(column.maximum_bytes, 252 + 256);
	assert_int_equal(one_column(TYPE_STRING, "cefc", &column, &error), 0);
	assert_int_equal(column.maximum_bytes, 1020);
	assert_int_equal(one_column(TYPE_VAR_STRING, "fd10", &column, &error), 0);
	assert_int_equal(column.type, TYPE_STRING);
	assert_int_equal(column.wire_type, TYPE_VAR_STRING);
	assert_int_equal(column.maximum_bytes, 16);
	assert_int_equal(one_column(TYPE_STRING, "f702", &column, &error), 0);
	assert_int_equal(column.type, TYPE_ENUM);
	assert_int_equal(column.bytes, 2);
}

static void impossible_metadata_is_refused(void **state)
{
	static const struct {
		unsigned type;
		const char *metadata;
	} wrong[] = {{TYPE_FLOAT, "08"}, {TYPE_DOUBLE, "04"}, {TYPE_TIME2, "07"}, {TYPE_DATETIME2, "ff"},
		{TYPE_TIMESTAMP2, "07"}, {TYPE_BLOB, "00"}, {TYPE_BLOB, "05"}, {TYPE_JSON, "05"},
		{TYPE_GEOMETRY, "00"}, {TYPE_VECTOR, "05"}, {TYPE_BIT, "0000"}, {TYPE_BIT, "0800"},
		{TYPE_BIT, "0108"}, {TYPE_NEWDECIMAL, "0000"}, {TYPE_NEWDECIMAL, "4200"},
		{TYPE_NEWDECIMAL, "0506"}, {TYPE_NEWDECIMAL, "4127"}, {TYPE_STRING, "f700"},
		{TYPE_STRING, "f703"}, {TYPE_STRING, "f800"}, {TYPE_STRING, "f805"}, {TYPE_STRING, "f809"},
		{TYPE_STRING, "ff01"}, {TYPE_STRING, "e701"}, {TYPE_STRING, "3001"},
		{TYPE_BLOB_COMPRESSED, "05"}};
	static const unsigned unknown[] = {
		TYPE_DECIMAL_OLD, TYPE_TYPED_ARRAY, 21, 139, 142, 241, 243, 244, TYPE_ENUM, TYPE_SET};
	struct table_column column;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(one_column(wrong[i].type, wrong[i].metadata, &column, &error), -1);
		assert_error(&error, ERROR_CORRUPT, "impossible metadata");
	}
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		assert_int_equal(one_column(unknown[i], "0000", &column, &error), -1);
		assert_error(&error, ERROR_STOP, "cannot read");
	}
	assert_int_equal(one_column(TYPE_LONG, "00", &column, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "left of the metadata");
	assert_int_equal(one_column(TYPE_VARCHAR, "01", &column, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "ends before column 1");
}

static void broken_heads_are_refused(void **state)
{
	static const char *const wrong[] = {"", "0100000000", "010000000000 0100 01 64 01",
		"010000000000 0100 05 64 00", "010000000000 0100 01 00 00 01 74 00 00",
		"010000000000 0100 01 64 00 01 74", "010000000000 0100 01 64 00 01 74 00",
		"010000000000 0100 01 64 00 01 74 00 fb", "010000000000 0100 01 64 00 01 74 00 fc0110",
		"010000000000 0100 01 64 00 01 74 00 02 01", "010000000000 0100 01 64 00 01 74 00 01 01",
		"010000000000 0100 01 64 00 01 74 00 01 01 05",
		"010000000000 0100 01 64 00 01 74 00 01 01 00"};
	struct arena arena = ARENA_INIT;
	struct table_map *map;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (map_of(FAMILY_MYSQL, wrong[i], &arena, &map, &error) == 0)
			fail_msg("head %s was taken", wrong[i]);
		assert_error(&error, ERROR_CORRUPT, "TABLE_MAP");
	}
	arena_release(&arena);
}

/* The bytes end anywhere: never a crash, and never a table without its columns. */
static void every_truncation_is_seen_or_harmless(void **state)
{
	struct binlog_format format = format_of(FAMILY_MARIADB);
	struct buffer body = BUFFER_INIT;

	(void)state;
	put_hex(&body, VECTOR_MAP);
	for (size_t length = 0; length < body.length; length++) {
		struct arena arena = ARENA_INIT;
		uint8_t *exact = malloc(length + 1);
		struct event event = {
			.header = {.type = EVENT_TABLE_MAP}, .body = exact, .body_length = length};
		struct table_map *map;
		struct error error;

		memcpy(exact, body.data, length);
		if (table_map_parse(&event, &format, &arena, &map, &error) == 0)
			assert_int_equal(
				map->columns_count, 17); /* ended between two pieces of optional metadata */
		else
			assert_int_equal(error.kind, ERROR_CORRUPT);
		free(exact);
		arena_release(&arena);
	}
	buffer_release(&body);
}

static void old_masters_have_short_table_ids(void **state)
{
	struct binlog_format format = format_of(FAMILY_MYSQL);
	struct buffer body = BUFFER_INIT;
	struct arena arena = ARENA_INIT;
	struct event event;
	struct table_map *map;
	struct error error;

	(void)state;
	format.post_header_length[EVENT_TABLE_MAP] = 6;
	put_hex(&body, "78563412 0100 01 64 00 01 74 00 01 03 00 01");
	event = event_of(EVENT_TABLE_MAP, &body);
	assert_int_equal(table_map_parse(&event, &format, &arena, &map, &error), 0);
	assert_int_equal(map->table_id, 0x12345678);
	assert_true(map->columns[0].nullable);
	assert_false(map->has_signedness || map->has_names || map->has_primary_key);
	buffer_release(&body);
	arena_release(&arena);
}

static void types_have_names(void **state)
{
	(void)state;
	assert_string_equal(column_type_name(TYPE_LONG), "INT");
	assert_string_equal(column_type_name(TYPE_JSON), "JSON");
	assert_string_equal(column_type_name(TYPE_GEOMETRY), "GEOMETRY");
	assert_string_equal(column_type_name(TYPE_BLOB_COMPRESSED), "BLOB COMPRESSED");
	assert_string_equal(column_type_name(TYPE_VARCHAR_COMPRESSED), "VARCHAR COMPRESSED");
	assert_string_equal(column_type_name(TYPE_VECTOR), "VECTOR");
	assert_string_equal(column_type_name(99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_metadata_of_mariadb),
		cmocka_unit_test(charsets_count_by_family),
		cmocka_unit_test(further_metadata),
		cmocka_unit_test(metadata_that_does_not_fit_is_refused),
		cmocka_unit_test(a_key_that_is_too_long_is_refused),
		cmocka_unit_test(members_are_bounded),
		cmocka_unit_test(lengths_above_255_hide_in_the_type),
		cmocka_unit_test(impossible_metadata_is_refused),
		cmocka_unit_test(broken_heads_are_refused),
		cmocka_unit_test(every_truncation_is_seen_or_harmless),
		cmocka_unit_test(old_masters_have_short_table_ids),
		cmocka_unit_test(types_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
