/* Which generated columns give the same in every session: applier/generated.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "applier/generated.h"

static struct target_column columns[] = {
	{.name = "a", .quoted = "`a`", .type = "int"}, {.name = "s", .quoted = "`s`", .type = "varchar"},
	{.name = "ts", .quoted = "`ts`", .type = "timestamp"}, {.name = "f", .quoted = "`f`", .type = "double"},
	{.name = "d", .quoted = "`d`", .type = "date", .generated = true, .unsure_expression = "cast(`ts` as date)"},
};
static struct target_table table = {
	.quoted = "`x`.`t`", .columns = columns, .columns_count = 5, .unsure_generated = true};

static void sure(void **state)
{
	static const char *const expressions[] = {"(`a` + 1)", "((`a` * 3) + 1) % 10", "concat(`s`,_utf8mb4\\'-x.\\',`a`)",
		"concat(`s`,'xyz')", "json_unquote(json_extract(`s`,_utf8mb4\\'$.a[0].b\\'))", "if((`a` > 5),NULL,lower(`s`))",
		"CASE WHEN `a` IS NOT NULL THEN 1 ELSE 0 END", "cast(`s` as unsigned)"};

	(void)state;
	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++)
		assert_true(generated_is_sure(&table, expressions[i]));
}

static void unsure(void **state)
{
	static const char *const expressions[] = {"", "cast(`ts` as date)", "`ts`", "from_unixtime(`a`)", "dayname(`s`)", "`a` / 3",
		"`a` DIV 3", "concat(`f`)", "cast(`s` as date)", "`unknown` + 1", "`a", "concat(`s`,'it''s')", "concat(`s`,'open",
		"concat(`s`,\\'a\\\\\\'b\\')", "concat(`s`,'ü')", "date_format(`s`,'%W')", "json_extract(`s`,\"$.a\")", "1e5 + `a`"};

	(void)state;
	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++)
		assert_false(generated_is_sure(&table, expressions[i]));
}

/* An UPDATE of two columns, ts and d, the second of which its new image has or has not. */
static int check_update(uint8_t present_after, const char *zone, enum rows_kind kind)
{
	int to_target[] = {2, 4};
	struct table_binding binding = {.table = &table, .to_target = to_target};
	struct rows_event rows = {.kind = kind, .columns_count = 2, .present_after = &present_after};
	struct error error = {0};
	int result = generated_check_update(&binding, &rows, zone, &error);

	assert_int_equal(result < 0, error.kind == ERROR_STOP);
	return result;
}

static void updates_without_the_value(void **state)
{
	(void)state;
	assert_int_equal(check_update(1, "Europe/Berlin", ROWS_UPDATE), -1);
	assert_int_equal(check_update(1, NULL, ROWS_UPDATE), -1);
	assert_int_equal(check_update(1, "+00:00", ROWS_UPDATE), 0);
	assert_int_equal(check_update(1, "utc", ROWS_UPDATE), 0);
	assert_int_equal(check_update(3, "Europe/Berlin", ROWS_UPDATE), 0);
	assert_int_equal(check_update(1, "Europe/Berlin", ROWS_WRITE), 0);
	columns[4].unsure_expression = "`a` / 3";
	assert_int_equal(check_update(1, "Europe/Berlin", ROWS_UPDATE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sure), cmocka_unit_test(unsure), cmocka_unit_test(updates_without_the_value)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
