/* Literals and conditions that servers take in their own way; each was seen to lose or miss a row. */
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "applier/batch.h"
#include "applier/literal.h"
#include "applier/render.h"

static const struct literal_target mysql = {.family = FAMILY_MYSQL, .version = 90704, .source_family = FAMILY_MYSQL,
	.same_family = true};
static struct table_column column_of_source = {.type = TYPE_LONG};

static void expect(const struct value *value, const struct target_column *column, enum literal_use use,
	const char *text)
{
	struct buffer out = BUFFER_INIT;
	struct error error = {0};

	assert_int_equal(value_literal_put(&out, &mysql, value, &column_of_source, column, use, &error), 0);
	assert_string_equal(buffer_text(&out), text);
	buffer_release(&out);
}

/* Half a surrogate pair: what MySQL stores of it, since CONVERT makes NULL of it. Whole text is left to the server. */
static void test_half_a_surrogate_pair(void **state)
{
	static const uint8_t half[] = {0xda, 0xcd, 0, 'a', 0, 0xe9}, whole[] = {0x6f, 0x22};
	struct target_column column = {.name = "s", .quoted = "`s`", .type = "char", .class = COLUMN_TEXT, .charset = "utf8mb4"};
	struct value value = {.kind = VALUE_STRING, .bytes = half, .length = sizeof(half)};

	(void)state;
	column_of_source = (struct table_column){.type = TYPE_STRING, .maximum_bytes = 20, .has_collation = true, .collation = 35};
	expect(&value, &column, LITERAL_BYTES, "x'edab8d61c3a9'");
	expect(&value, &column, LITERAL_ASSIGN, "_ucs2 x'dacd006100e9'");
	value.bytes = whole;
	value.length = sizeof(whole);
	expect(&value, &column, LITERAL_BYTES, "CONVERT(_ucs2 x'6f22' USING utf8mb4)");
	column_of_source = (struct table_column){.type = TYPE_LONG};
}

/* Nine digits of the largest FLOAT are more than a FLOAT takes. */
static void test_largest_float(void **state)
{
	struct target_column column = {.name = "f", .quoted = "`f`", .type = "float", .class = COLUMN_FLOAT};
	struct value value = {.kind = VALUE_FLOAT, .number.f = FLT_MAX};

	(void)state;
	expect(&value, &column, LITERAL_ASSIGN, "3.4028234663852886e38");
	expect(&value, &column, LITERAL_COMPARE, "3.4028234663852886e38");
	value.number.f = 0.5f;
	expect(&value, &column, LITERAL_ASSIGN, "5e-1");
}

/* FLOAT(10,3) rounds 9999999.999 to 10000000, and would refuse that. */
static void test_limited_float(void **state)
{
	struct target_column column = {.name = "f", .quoted = "`f`", .type = "float", .class = COLUMN_FLOAT,
		.limit = 9999999.999};
	struct value value = {.kind = VALUE_FLOAT, .number.f = 1e7f};

	(void)state;
	expect(&value, &column, LITERAL_ASSIGN, "9.999999999e6");
	expect(&value, &column, LITERAL_JOIN, "9.999999999e6");
	expect(&value, &column, LITERAL_COMPARE, "1e7");
	assert_true(literal_beyond_limit(&value, &column));
	value.number.f = -1e7f;
	expect(&value, &column, LITERAL_ASSIGN, "-9.999999999e6");
	assert_true(literal_beyond_limit(&value, &column));
	value.number.f = 1;
	assert_false(literal_beyond_limit(&value, &column));
}

/* The 64th member makes a SET negative where it is compared, and a DOUBLE in a derived table. */
static void test_whole_set(void **state)
{
	struct target_column column = {.name = "s", .quoted = "`s`", .type = "set", .class = COLUMN_SET, .members = {.count = 64}};
	struct value value = {.kind = VALUE_SET, .number.u = UINT64_MAX};

	(void)state;
	expect(&value, &column, LITERAL_ASSIGN, "18446744073709551615");
	expect(&value, &column, LITERAL_COMPARE, "-1");
	assert_false(literal_can_join(&column));
	column.members.count = 63;
	assert_true(literal_can_join(&column));
}

/* BINARY(n) comes without its zeros at the end: a column of another width or type must have them all the same. */
static void test_padded_bytes(void **state)
{
	static const uint8_t bytes[2] = {0x61, 0x62};
	struct target_column column = {.name = "b", .quoted = "`b`", .type = "binary", .class = COLUMN_BYTES, .octets = 4};
	struct value value = {.kind = VALUE_STRING, .bytes = bytes, .length = 2};
	struct table_column plain = column_of_source;

	(void)state;
	column_of_source = (struct table_column){.type = TYPE_STRING, .maximum_bytes = 3};
	expect(&value, &column, LITERAL_ASSIGN, "x'6162'");
	expect(&value, &column, LITERAL_COMPARE, "x'61620000'");
	expect(&value, &column, LITERAL_JOIN, "x'61620000'");
	column.type = "varbinary";
	expect(&value, &column, LITERAL_ASSIGN, "x'616200'");
	expect(&value, &column, LITERAL_COMPARE, "x'616200'");
	column_of_source.maximum_bytes = 18;
	expect(&value, &column, LITERAL_ASSIGN, "x'616200000000000000000000000000000000'");
	column_of_source = (struct table_column){.type = TYPE_STRING, .maximum_bytes = 3, .has_collation = true,
		.collation = 8}; /* CHAR(3) in latin1 */
	expect(&value, &column, LITERAL_ASSIGN, "x'6162'");
	column_of_source = plain;
}

/* A column of text takes a document as its text, whatever the family. */
static void test_documents_in_text(void **state)
{
	static const uint8_t one[] = {0x05, 1, 0}, real[] = {0x0b, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f};
	struct target_column column = {.name = "j", .quoted = "`j`", .type = "longtext", .charset = "latin1",
		.class = COLUMN_TEXT};
	struct value value = {.kind = VALUE_JSON, .bytes = one, .length = sizeof(one)};

	(void)state;
	expect(&value, &column, LITERAL_ASSIGN, "'1'");
	expect(&value, &column, LITERAL_COMPARE, "'1'");
	expect(&value, &column, LITERAL_JOIN, "_utf8mb4 '1'");
	value.bytes = real;
	value.length = sizeof(real);
	expect(&value, &column, LITERAL_COMPARE, "'1.0'");
	column.type = "json";
	column.class = COLUMN_JSON;
	value.bytes = one;
	value.length = sizeof(one);
	expect(&value, &column, LITERAL_COMPARE, "CAST('1' AS JSON)");
}

/* VARCHAR(10) of utf8mb4 takes 40 bytes, of latin1 10: of such a column's text only ASCII is certain. */
static void test_charsets_that_nobody_tells(void **state)
{
	static const uint8_t bytes[2] = {0xc3, 0xbc};
	struct target_column column = {.name = "v", .quoted = "`v`", .type = "varchar", .full_type = "varchar(10)",
		.charset = "latin1", .class = COLUMN_TEXT, .octets = 10};
	struct value value = {.kind = VALUE_STRING, .bytes = bytes, .length = 2};
	struct table_column plain = column_of_source;
	struct buffer out = BUFFER_INIT;
	struct error error = {0};

	(void)state;
	column_of_source = (struct table_column){.type = TYPE_VARCHAR, .maximum_bytes = 40};
	assert_int_equal(value_literal_put(&out, &mysql, &value, &column_of_source, &column, LITERAL_ASSIGN, &error), -1);
	assert_int_equal(error.kind, ERROR_STOP);
	assert_non_null(strstr(error.text, "binlog_row_metadata"));
	column_of_source.maximum_bytes = 10;
	expect(&value, &column, LITERAL_ASSIGN, "_latin1 x'c3bc'");
	column_of_source = (struct table_column){.type = TYPE_VARCHAR, .maximum_bytes = 40, .has_collation = true, .collation = 45};
	expect(&value, &column, LITERAL_ASSIGN, "'\xc3\xbc'");
	column_of_source = (struct table_column){.type = TYPE_VARCHAR, .maximum_bytes = 40};
	column.charset = "utf8mb3";
	expect(&value, &column, LITERAL_ASSIGN, "'\xc3\xbc'");
	column.charset = "latin1";
	value.bytes = (const uint8_t *)"ab";
	expect(&value, &column, LITERAL_ASSIGN, "'ab'");
	column_of_source.maximum_bytes = 10;
	value.bytes = (const uint8_t *)"a\x7f";
	expect(&value, &column, LITERAL_ASSIGN, "_latin1 x'617f'");
	column_of_source = plain;
	buffer_release(&out);
}

/* A row that fits into a packet must do so as a statement. */
static void test_long_text_is_no_longer_as_a_literal(void **state)
{
	static const uint8_t bytes[] = "nicht l\xe4nger als 'es' ist";
	struct target_column column = {.name = "v", .quoted = "`v`", .type = "text", .full_type = "text", .charset = "latin1",
		.class = COLUMN_TEXT, .octets = 65535};
	struct value value = {.kind = VALUE_STRING, .bytes = bytes, .length = sizeof(bytes) - 1};
	struct table_column plain = column_of_source;

	(void)state;
	column_of_source = (struct table_column){.type = TYPE_BLOB, .maximum_bytes = 2};
	expect(&value, &column, LITERAL_ASSIGN, "_latin1 'nicht l\xe4nger als \\'es\\' ist'");
	expect(&value, &column, LITERAL_JOIN, "_latin1 'nicht l\xe4nger als \\'es\\' ist'");
	column.charset = "gbk"; /* its letters may end in a quote's byte */
	expect(&value, &column, LITERAL_ASSIGN, "_gbk x'6e69636874206ce46e67657220616c7320276573272069" "7374'");
	column_of_source = plain;
}

/* Servers put a value of their own in its place. */
static void test_null_that_is_not_taken(void **state)
{
	static const struct value null = {.kind = VALUE_NULL};
	struct target_column column = {.name = "u", .type = "timestamp", .full_type = "timestamp", .class = COLUMN_TEMPORAL};
	struct buffer out = BUFFER_INIT;
	struct error error = {0};

	(void)state;
	expect(&null, &column, LITERAL_COMPARE, "NULL");
	assert_int_equal(value_literal_put(&out, &mysql, &null, &column_of_source, &column, LITERAL_ASSIGN, &error), -1);
	assert_int_equal(error.kind, ERROR_STOP);
	column.nullable = true;
	expect(&null, &column, LITERAL_ASSIGN, "NULL");
	column = (struct target_column){.name = "n", .type = "int", .full_type = "int", .auto_increment = true};
	assert_int_equal(value_literal_put(&out, &mysql, &null, &column_of_source, &column, LITERAL_JOIN, &error), -1);
	column.auto_increment = false;
	expect(&null, &column, LITERAL_ASSIGN, "NULL"); /* refused by the server */
	buffer_release(&out);
}

/* ---- one row's statement ---- */

static struct target_column columns[2] = {
	{.name = "v", .quoted = "`v`", .type = "vector", .class = COLUMN_VECTOR, .nullable = true},
	{.name = "f", .quoted = "`f`", .type = "float", .class = COLUMN_FLOAT, .nullable = true, .limit = 9999999.999},
};
static int straight[2] = {0, 1};

static void expect_delete(const struct value *before, const char *text)
{
	static const struct render_options options = {.literal = {.family = FAMILY_MYSQL, .version = 90704}};
	struct target_table table = {.database = "d", .name = "t", .quoted = "`d`.`t`", .columns_count = 2,
		.columns = columns};
	struct table_column sources[2] = {{.type = TYPE_VECTOR}, {.type = TYPE_FLOAT}};
	struct table_map map = {.columns_count = 2, .columns = sources};
	struct table_binding binding = {.table = &table, .map = &map, .to_target = straight};
	struct row_change row = {.kind = ROWS_DELETE, .before = before, .binding = &binding};
	struct buffer out = BUFFER_INIT;
	struct error error = {0};

	assert_int_equal(render_row(&out, &row, &options, &error), 0);
	assert_string_equal(buffer_text(&out), text);
	buffer_release(&out);
}

/* MySQL refuses every comparison of a VECTOR, and takes one with a number that the column's type cannot have for false. */
static void test_conditions_without_a_key(void **state)
{
	static const uint8_t bytes[4] = {0, 0, 0x80, 0x3f};
	struct value before[2] = {
		{.kind = VALUE_VECTOR, .bytes = bytes, .length = 4}, {.kind = VALUE_FLOAT, .number.f = 1e7f}};

	(void)state;
	expect_delete(before, "DELETE FROM `d`.`t` WHERE HEX(`v`) = '0000803F' AND `f` + 0e0 <=> 1e7 LIMIT 1");
	before[1].number.f = -0.0f;
	expect_delete(before, "DELETE FROM `d`.`t` WHERE HEX(`v`) = '0000803F' AND `f` <=> -0e0 AND CONCAT(`f`) LIKE '-%' LIMIT 1");
	before[1].number.f = 0;
	expect_delete(before,
		"DELETE FROM `d`.`t` WHERE HEX(`v`) = '0000803F' AND `f` <=> 0e0 AND CONCAT(`f`) NOT LIKE '-%' LIMIT 1");
	before[0].kind = before[1].kind = VALUE_NULL;
	expect_delete(before, "DELETE FROM `d`.`t` WHERE HEX(`v`) IS NULL AND `f` <=> NULL LIMIT 1");
}

/* ---- what the session must have off ---- */

/* What the binding of one INT without a sign in the log makes of the four bytes for a column of that type; NULL: it stops. */
static void expect_insert(const char *type, bool is_unsigned, bool sign_is_logged, const char *image, const char *text)
{
	static const struct render_options options = {.literal = {.family = FAMILY_MYSQL, .version = 90704}};
	struct target_column id = {.name = "id", .quoted = "`id`", .type = type, .full_type = type, .class = COLUMN_NUMBER,
		.is_unsigned = is_unsigned};
	struct target_table table = {.database = "d", .name = "t", .quoted = "`d`.`t`", .exists = true, .columns_count = 1,
		.columns = &id};
	struct table_column source = {.type = TYPE_LONG, .wire_type = TYPE_LONG,
		.sign = sign_is_logged ? SIGN_UNSIGNED : SIGN_UNKNOWN};
	struct table_map map = {.database = "d", .table = "t", .columns_count = 1, .columns = &source,
		.has_signedness = sign_is_logged};
	struct value value = {.kind = VALUE_ABSENT};
	struct row_change row = {.kind = ROWS_WRITE, .after = &value};
	struct arena arena = {0};
	struct buffer out = BUFFER_INIT;
	struct error error = {0};
	struct table_binding *binding;

	/* bound again, as after a change of definitions: what the first time assumed is still not known */
	assert_int_equal(table_bind(&table, &map, FAMILY_MYSQL, &arena, &binding, &error), 0);
	assert_int_equal(table_bind(&table, &map, FAMILY_MYSQL, &arena, &binding, &error), 0);
	value.kind = source.sign == SIGN_UNSIGNED ? VALUE_UINT : VALUE_INT;
	if (source.sign == SIGN_UNSIGNED)
		value.number.u = strtoul(image, NULL, 16);
	else
		value.number.i = (int32_t)strtoul(image, NULL, 16);
	row.binding = binding;
	assert_int_equal(render_row(&out, &row, &options, &error), text ? 0 : -1);
	if (text) {
		assert_string_equal(buffer_text(&out), text);
	} else {
		assert_int_equal(error.kind, ERROR_STOP);
		assert_non_null(strstr(error.text, "binlog_row_metadata"));
	}
	buffer_release(&out);
	arena_release(&arena);
}

/* 0xffffffff is 4294967295 or -1: a wider column of the target does not tell which. */
static void test_signs_that_nobody_tells(void **state)
{
	(void)state;
	expect_insert("bigint", false, false, "7fffffff", "INSERT INTO `d`.`t` (`id`) VALUES (2147483647)");
	expect_insert("bigint", false, false, "ffffffff", NULL);
	expect_insert("bigint", true, false, "ffffffff", NULL);
	expect_insert("decimal", false, false, "80000000", NULL);
	expect_insert("bigint", false, true, "ffffffff", "INSERT INTO `d`.`t` (`id`) VALUES (4294967295)");
	expect_insert("int", false, false, "ffffffff", "INSERT INTO `d`.`t` (`id`) VALUES (-1)");
	expect_insert("int", true, false, "ffffffff", "INSERT INTO `d`.`t` (`id`) VALUES (4294967295)");
}

static unsigned flags_of(enum rows_kind kind, unsigned event_flags, bool relations)
{
	static const uint8_t image[5] = {0, 1, 0, 0, 0}, both[1] = {1};
	struct target_column id = {.name = "id", .quoted = "`id`", .type = "int", .full_type = "int",
		.class = COLUMN_NUMBER};
	unsigned key_columns[1] = {0};
	struct target_table table = {.database = "d", .name = "t", .quoted = "`d`.`t`", .exists = true, .columns_count = 1,
		.columns = &id, .key = {.count = 1, .columns = key_columns, .primary = true}, .has_foreign_keys = relations};
	struct table_column source = {.type = TYPE_LONG, .wire_type = TYPE_LONG, .sign = SIGN_SIGNED};
	struct table_map map = {.database = "d", .table = "t", .columns_count = 1, .columns = &source};
	struct change change = {.kind = CHANGE_ROWS, .map = &map, .rows = {.kind = kind, .flags = (uint16_t)event_flags,
		.columns_count = 1, .present = both, .present_after = both, .rows = image, .rows_length = 5}};
	struct transaction transaction = {.first = &change, .last = &change, .changes = 1};
	struct batch *batch = batch_new(false, false);
	struct arena arena = {0};
	struct table_binding *binding;
	struct error error = {0};
	unsigned flags;

	assert_int_equal(table_bind(&table, &map, FAMILY_MYSQL, &arena, &binding, &error), 0);
	assert_int_equal(batch_add_borrowed(batch, &transaction, &error), 0);
	flags = batch->operations->flags;
	batch_free(batch);
	arena_release(&arena);
	return flags;
}

/* A source that logs its cascades: the target's own would do more than the source's did. */
static void test_logged_cascades(void **state)
{
	(void)state;
	assert_int_equal(flags_of(ROWS_DELETE, ROWS_FLAG_STMT_END | ROWS_FLAG_SQL_FOREIGN_KEYS, true),
		ROWS_FLAG_NO_FOREIGN_KEY_CHECKS);
	assert_int_equal(flags_of(ROWS_WRITE, ROWS_FLAG_SQL_FOREIGN_KEYS, true), 0);
	assert_int_equal(flags_of(ROWS_DELETE, ROWS_FLAG_SQL_FOREIGN_KEYS, false), 0);
	assert_int_equal(flags_of(ROWS_DELETE, 0, true), 0);
}

/* A server refuses x'61' COLLATE utf8mb4_bin. */
static void test_bytes_in_a_key_of_text(void **state)
{
	struct target_column column = {.name = "s", .quoted = "`s`", .type = "varchar", .class = COLUMN_TEXT, .charset = "utf8mb4",
		.collation = "utf8mb4_bin"};
	struct table_column bytes = {.type = TYPE_VARCHAR, .has_collation = true, .collation = 63};
	struct table_column text = {.type = TYPE_VARCHAR, .has_collation = true, .collation = 46};
	struct value value = {.kind = VALUE_STRING, .bytes = (const uint8_t *)"a", .length = 1};

	(void)state;
	assert_false(literal_can_join_key(&mysql, &value, &bytes, &column));
	assert_true(literal_can_join_key(&mysql, &value, &text, &column));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_largest_float),
		cmocka_unit_test(test_limited_float),
		cmocka_unit_test(test_whole_set),
		cmocka_unit_test(test_charsets_that_nobody_tells),
		cmocka_unit_test(test_long_text_is_no_longer_as_a_literal),
		cmocka_unit_test(test_padded_bytes),
		cmocka_unit_test(test_null_that_is_not_taken),
		cmocka_unit_test(test_documents_in_text),
		cmocka_unit_test(test_half_a_surrogate_pair),
		cmocka_unit_test(test_conditions_without_a_key),
		cmocka_unit_test(test_signs_that_nobody_tells),
		cmocka_unit_test(test_logged_cascades),
		cmocka_unit_test(test_bytes_in_a_key_of_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
