/* Conflict keys: what two rows may want for the same must have one number, or be coarse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "applier/conflict.h"
#include "binlog/table_map.h"

static unsigned only_column[] = {0};

/* 0 = coarse. `source_collation`: its MySQL number. */
static uint64_t text_number(const void *bytes, size_t length, uint16_t source_collation, const char *charset, const char *collation)
{
	struct target_column column = {.name = "c", .type = "varchar", .full_type = "varchar(20)", .octets = 80,
		.class = COLUMN_TEXT, .charset = charset, .collation = collation,
		.loose = table_collation_is_loose(charset, collation)};
	struct target_table table = {.exists = true, .quoted = "`t`", .id = 7, .columns = &column, .columns_count = 1,
		.key = {.count = 1, .columns = only_column, .primary = true}};
	struct table_column source = {.type = TYPE_VARCHAR, .maximum_bytes = 80, .has_collation = true,
		.collation = source_collation};
	struct table_map map = {.columns_count = 1, .columns = &source};
	struct value value = {.kind = VALUE_STRING, .bytes = bytes, .length = length};
	struct arena arena = ARENA_INIT;
	struct table_binding *binding;
	struct error error = {0};
	uint64_t number = 0;

	assert_int_equal(table_bind(&table, &map, FAMILY_MYSQL, &arena, &binding, &error), 0);
	if (conflict_key_taken(binding, &table.key, 0, NULL, &value, &number) != KEY_NUMBER)
		number = 0;
	arena_release(&arena);
	return number;
}

static uint64_t text_key(const char *text)
{
	return text_number(text, strlen(text), 255, "utf8mb4", "utf8mb4_0900_ai_ci");
}

/* What any collation may take for the same must have the same key. */
static void test_coarse_text(void **state)
{
	(void)state;
	assert_int_equal(text_key("Straße"), 0); /* equals "STRASSE" in some */
	assert_int_equal(text_key("Vi"), text_key("wy"));
	assert_int_equal(text_key("abc"), text_key("ABC  "));
	assert_int_equal(text_key("a-b_c"), text_key("abc"));
	assert_int_not_equal(text_key("abc"), 0);
	assert_int_not_equal(text_key("abc"), text_key("abd"));
}

/* Each pair is equal on a server. */
static void test_loose_collations(void **state)
{
	static const struct {
		const char *charset, *collation, *left, *right;
	} pairs[] = {
		{"utf8mb4", "utf8mb4_hu_0900_ai_ci", "ccs", "cscs"}, {"utf8mb4", "utf8mb4_lithuanian_ci", "c", "ch"},
		{"utf8mb4", "utf8mb4_lt_0900_ai_ci", "c", "ch"}, {"utf8mb4", "utf8mb4_uca1400_lithuanian_ai_ci", "c", "ch"},
		{"macce", "macce_general_ci", "m", "n"}, {"big5", "big5_chinese_ci", "`", "e"},
		{"gbk", "gbk_chinese_ci", "y", "~"}, {"gb2312", "gb2312_chinese_ci", "y", "~"}, {"swe7", "swe7_swedish_ci", "`", "e"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_int_equal(text_number(pairs[i].left, strlen(pairs[i].left), 255, pairs[i].charset, pairs[i].collation),
			text_number(pairs[i].right, strlen(pairs[i].right), 255, pairs[i].charset, pairs[i].collation));
	}
}

#define UCS2_GENERAL_CI 35
#define UTF16_BIN 55
#define CP932_BIN 96
#define UTF8MB4_BIN 46

/* Bytes below 0x80 that are no ASCII, blanks of two bytes, and letters that are one in Unicode. */
static void test_bytes_of_other_character_sets(void **state)
{
	(void)state;
	assert_int_equal(text_number("\1\0", 2, UCS2_GENERAL_CI, "ucs2", "ucs2_general_ci"), 0);
	assert_int_equal(text_number("\1\0", 2, UCS2_GENERAL_CI, "utf8mb4", "utf8mb4_general_ci"), 0);
	assert_int_equal(text_number("\0a\0 ", 4, UTF16_BIN, "utf16", "utf16_bin"), 0);
	assert_int_equal(text_number("\x81\xca", 2, CP932_BIN, "utf8mb4", "utf8mb4_bin"), 0);
	assert_int_not_equal(text_number("\x81\xca", 2, CP932_BIN, "cp932", "cp932_bin"), 0);
	assert_int_not_equal(text_number("\xc3\xa9", 2, UTF8MB4_BIN, "utf8mb4", "utf8mb4_bin"), 0);
}

/* t (id INT PRIMARY KEY, a INT, b INT, UNIQUE (a, b)) */
enum { ID, A, B, COLUMNS };

static unsigned composite_columns[] = {A, B};
static const struct target_key composite = {.count = 2, .columns = composite_columns};
static struct target_column numbers[COLUMNS];
static const struct target_table table_of_numbers = {.id = 8, .columns = numbers, .columns_count = COLUMNS};
static const struct table_map whole_map = {.columns_count = COLUMNS};
static int to_target[] = {ID, A, B};
static const struct table_binding whole = {.table = &table_of_numbers, .map = &whole_map, .to_target = to_target};

static void set_up_numbers(void)
{
	memset(numbers, 0, sizeof(numbers));
	for (int i = 0; i < COLUMNS; i++)
		numbers[i].class = COLUMN_NUMBER;
}

#define ABSENT {.kind = VALUE_ABSENT}
#define NUMBER(n) {.kind = VALUE_INT, .number.i = (n)}

static uint64_t taken(const struct value *before, const struct value *after)
{
	uint64_t number = 0;

	return conflict_key_taken(&whole, &composite, 1, before, after, &number) == KEY_NUMBER ? number : 0;
}

static enum conflict_key_kind taken_kind(const struct value *before, const struct value *after)
{
	uint64_t number;

	return conflict_key_taken(&whole, &composite, 1, before, after, &number);
}

/* (2, 5) is taken by writing 2 alone: the image before tells the 5, or nobody does. */
static void test_part_of_a_key_is_updated(void **state)
{
	static const struct value insert[] = {NUMBER(2), NUMBER(2), NUMBER(5)}, full[] = {NUMBER(1), NUMBER(1), NUMBER(5)},
		minimal[] = {NUMBER(1), ABSENT, ABSENT}, a[] = {ABSENT, NUMBER(2), ABSENT},
		other[] = {NUMBER(9), ABSENT, ABSENT}, null[] = {ABSENT, {.kind = VALUE_NULL}, ABSENT};
	uint64_t number;

	(void)state;
	set_up_numbers();
	assert_int_not_equal(taken(NULL, insert), 0);
	assert_int_equal(taken(full, a), taken(NULL, insert));
	assert_int_equal(taken_kind(minimal, a), KEY_COARSE);
	assert_int_equal(taken_kind(minimal, null), KEY_NONE);
	assert_int_equal(taken_kind(minimal, other), KEY_NONE);
	assert_int_equal(taken_kind(full, other), KEY_NONE);
	assert_int_equal(conflict_key_left(&whole, &composite, 1, minimal, &number), KEY_NONE);
	assert_int_equal(conflict_key_left(&whole, &composite, 1, full, &number), KEY_NUMBER);
}

/* What an UPDATE of other columns makes of it is not in the image. */
static void test_generated_part_of_a_key(void **state)
{
	static const struct value minimal[] = {NUMBER(1), ABSENT, ABSENT}, full[] = {NUMBER(1), NUMBER(1), NUMBER(5)},
		other[] = {NUMBER(9), ABSENT, ABSENT}, a[] = {ABSENT, NUMBER(2), ABSENT};

	(void)state;
	set_up_numbers();
	numbers[B].generated = true;
	assert_int_equal(taken_kind(minimal, other), KEY_COARSE);
	assert_int_equal(taken_kind(full, a), KEY_COARSE);
}

/* What an INSERT leaves out has its default, which is not known unless it is NULL. */
static void test_part_of_a_key_is_left_to_its_default(void **state)
{
	static const struct value insert[] = {NUMBER(1), NUMBER(2), ABSENT}, nothing[] = {NUMBER(1), ABSENT, ABSENT};

	(void)state;
	set_up_numbers();
	assert_int_equal(taken_kind(NULL, insert), KEY_COARSE);
	assert_int_equal(taken_kind(NULL, nothing), KEY_COARSE);
	numbers[B].nullable = true;
	assert_int_equal(taken_kind(NULL, insert), KEY_NONE);
	numbers[B].has_default = true;
	assert_int_equal(taken_kind(NULL, insert), KEY_COARSE);
}

/* The source does not have column b: its default, unless each row has its own number. */
static void test_part_of_a_key_that_only_the_target_has(void **state)
{
	static const struct table_map map = {.columns_count = B};
	static const struct table_binding binding = {.table = &table_of_numbers, .map = &map, .to_target = to_target};
	static const struct value row[] = {NUMBER(1), NUMBER(2)};
	uint64_t number;

	(void)state;
	set_up_numbers();
	assert_int_equal(conflict_key_taken(&binding, &composite, 1, NULL, row, &number), KEY_COARSE);
	assert_int_equal(conflict_key_taken(&binding, &composite, 1, row, row, &number), KEY_COARSE);
	numbers[B].auto_increment = true;
	assert_int_equal(conflict_key_taken(&binding, &composite, 1, NULL, row, &number), KEY_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_coarse_text), cmocka_unit_test(test_loose_collations),
		cmocka_unit_test(test_bytes_of_other_character_sets), cmocka_unit_test(test_part_of_a_key_is_updated),
		cmocka_unit_test(test_generated_part_of_a_key), cmocka_unit_test(test_part_of_a_key_is_left_to_its_default),
		cmocka_unit_test(test_part_of_a_key_that_only_the_target_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
