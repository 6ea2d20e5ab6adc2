/* Literals and conditions that servers take in their own way; each was seen to lose or miss a row. */
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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
	struct target_column column = {.name = "s", .quoted = "`s`", .type = "set", .class = COLUMN_SET, .whole_set = true};
	struct value value = {.kind = VALUE_SET, .number.u = UINT64_MAX};

	(void)state;
	expect(&value, &column, LITERAL_ASSIGN, "18446744073709551615");
	expect(&value, &column, LITERAL_COMPARE, "-1");
	assert_false(literal_can_join(&column));
	column.whole_set = false;
	assert_true(literal_can_join(&column));
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

	assert_int_equal(table_bind(&table, &map, &arena, &binding, &error), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_largest_float),
		cmocka_unit_test(test_limited_float),
		cmocka_unit_test(test_whole_set),
		cmocka_unit_test(test_conditions_without_a_key),
		cmocka_unit_test(test_logged_cascades),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
