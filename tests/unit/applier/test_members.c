/* Members of ENUM and SET columns that have another number on the target. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "applier/members.h"

static struct arena arena;

static void expect_members(const char *full_type, uint32_t count, const char *const *names)
{
	struct member_list list;

	members_read(&list, full_type, &arena);
	assert_int_equal(list.count, count);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(list.members[i].length, strlen(names[i]));
		assert_memory_equal(list.members[i].name, names[i], list.members[i].length);
	}
}

static void test_types_are_read(void **state)
{
	(void)state;
	expect_members("enum('a','b''c','d,e','')", 4, (const char *const[]){"a", "b'c", "d,e", ""});
	expect_members("set('x\\\\y','two\\nlines','\\'')", 3, (const char *const[]){"x\\y", "two\nlines", "'"});
	expect_members("enum('''','b')", 2, (const char *const[]){"'", "b"});
	expect_members("varchar(10)", 0, NULL);
	expect_members("enum('a", 1, (const char *const[]){"a"});
	expect_members("set(", 0, NULL);
	arena_release(&arena);
}

static const char *texts[] = {"a", "\xfc", "gone"};
static uint32_t lengths[] = {1, 1, 4};
static struct column_names names = {3, texts, lengths};
static struct table_column column = {.type = TYPE_ENUM, .names = &names};

static void expect_number(unsigned kind, uint64_t number, const uint32_t *numbers, const struct member_list *list,
	uint64_t expected, const char *text)
{
	struct value value = {.kind = (uint8_t)kind, .number.u = number};
	struct error error = {0};

	assert_int_equal(members_translate(&value, &column, numbers, list, "e", "enum('ü','x','a')", &error), text ? -1 : 0);
	if (!text) {
		assert_int_equal(value.number.u, expected);
		return;
	}
	assert_int_equal(error.kind, ERROR_STOP);
	assert_non_null(strstr(error.text, "column e"));
	assert_non_null(strstr(error.text, text));
}

/* By name: the list is in another order, and one of the master's members is not in it. */
static void test_another_order(void **state)
{
	struct member_list list;
	const uint32_t *numbers;

	(void)state;
	members_read(&list, "enum('ü','x','a')", &arena);
	numbers = members_match(&column, "latin1", &list, &arena);
	assert_non_null(numbers);
	expect_number(VALUE_ENUM, 0, numbers, &list, 0, NULL);
	expect_number(VALUE_ENUM, 1, numbers, &list, 3, NULL);
	expect_number(VALUE_ENUM, 2, numbers, &list, 1, NULL);
	expect_number(VALUE_ENUM, 3, numbers, &list, 0, "number 3 ('gone')");
	expect_number(VALUE_SET, 3, numbers, &list, 5, NULL);
	expect_number(VALUE_SET, 4, numbers, &list, 0, "number 3 ('gone')");
	expect_number(VALUE_ENUM, 4, numbers, &list, 0, "number 4");
	arena_release(&arena);
}

/* The same members, more behind them, and such as information_schema cannot show, keep their numbers. */
static void test_the_same_order(void **state)
{
	static const char *fish[] = {"\xf0\x9f\x90\x9f", "\xf0\x9f\x90\xa0!"};
	static uint32_t fish_lengths[] = {4, 5};
	struct column_names fish_names = {2, fish, fish_lengths};
	struct table_column fishes = {.type = TYPE_ENUM, .names = &fish_names}, bare = {.type = TYPE_ENUM};
	struct member_list list;

	(void)state;
	members_read(&list, "enum('a','ü','gone','new')", &arena);
	assert_null(members_match(&column, "latin1", &list, &arena));
	members_read(&list, "enum('?','?!')", &arena);
	assert_null(members_match(&fishes, "utf8mb4", &list, &arena));
	members_read(&list, "enum('?!','?')", &arena);
	assert_int_equal(members_match(&fishes, "utf8mb4", &list, &arena)[0], 2);
	assert_null(members_match(&bare, "utf8mb4", &list, &arena));
	/* which of several that look alike is not known: it stops */
	members_read(&list, "enum('x','?','?','?!')", &arena);
	assert_int_equal(members_match(&fishes, "utf8mb4", &list, &arena)[0], 0);
	assert_int_equal(members_match(&fishes, "utf8mb4", &list, &arena)[1], 4);
	/* a byte of a character set that only servers can read */
	members_read(&list, "enum('a','ა','gone')", &arena);
	assert_null(members_match(&column, "geostd8", &list, &arena));
	arena_release(&arena);
}

/* ASCII in two bytes a character. */
static void test_wide_names(void **state)
{
	static const char *wide[] = {"\0a", "\0b"};
	static uint32_t wide_lengths[] = {2, 2};
	struct column_names wide_names = {2, wide, wide_lengths};
	struct table_column wides = {.type = TYPE_ENUM, .names = &wide_names};
	struct member_list list;
	const uint32_t *numbers;

	(void)state;
	members_read(&list, "enum('b','a')", &arena);
	numbers = members_match(&wides, "ucs2", &list, &arena);
	assert_non_null(numbers);
	assert_int_equal(numbers[0], 2);
	assert_int_equal(numbers[1], 1);
	arena_release(&arena);
}

/* Without names a number behind the target's list stops, also where '' of another column takes strict mode away. */
static void test_numbers_alone(void **state)
{
	struct member_list list;

	(void)state;
	column.names = NULL;
	members_read(&list, "enum('a','b')", &arena);
	expect_number(VALUE_ENUM, 2, NULL, &list, 2, NULL);
	expect_number(VALUE_ENUM, 3, NULL, &list, 0, "number 3");
	expect_number(VALUE_SET, 3, NULL, &list, 3, NULL);
	expect_number(VALUE_SET, UINT64_C(1) << 63, NULL, &list, 0, "number 64");
	column.names = &names;
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types_are_read), cmocka_unit_test(test_another_order),
		cmocka_unit_test(test_the_same_order), cmocka_unit_test(test_wide_names),
		cmocka_unit_test(test_numbers_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
