/* Statements for rows of a table without a key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "applier/render.h"
#include "applier/render_scan.h"

#define COLUMNS 2

static struct target_column columns[COLUMNS] = {
	{.name = "a", .quoted = "`a`", .type = "int", .full_type = "int", .class = COLUMN_NUMBER},
	{.name = "b", .quoted = "`b`", .type = "varbinary", .full_type = "varbinary(9)", .class = COLUMN_BYTES},
};
static const struct target_table table = {.database = "d", .name = "t", .quoted = "`d`.`t`", .exists = true,
	.columns_count = COLUMNS, .columns = columns};
static struct table_column source_columns[COLUMNS] = {
	{.type = TYPE_LONG, .wire_type = TYPE_LONG, .sign = SIGN_SIGNED},
	{.type = TYPE_VARCHAR, .wire_type = TYPE_VARCHAR, .maximum_bytes = 9, .has_collation = true, .collation = 63},
};
static struct table_map map = {.database = "d", .table = "t", .columns_count = COLUMNS, .columns = source_columns};
static int to_target[COLUMNS] = {0, 1};
static const struct table_binding binding = {.table = &table, .map = &map, .to_target = to_target, .row_start = -1,
	.row_end = -1, .all_columns = true};
static const struct render_options options = {
	.literal = {.family = FAMILY_MYSQL, .version = 90704, .source_family = FAMILY_MYSQL, .same_family = true},
	.statement_rows = 1000,
	.statement_bytes = 1 << 20,
};

static void set_image(struct value *image, int64_t a, const char *b)
{
	memset(image, 0, COLUMNS * sizeof(*image));
	image[0] = (struct value){.kind = VALUE_INT, .number.i = a};
	image[1] = b ? (struct value){.kind = VALUE_STRING, .bytes = (const uint8_t *)b, .length = strlen(b)}
		     : (struct value){.kind = VALUE_NULL};
}

static void link_rows(struct row_list *list, struct row_change *rows, size_t count)
{
	*list = (struct row_list){rows, &rows[count - 1], count};
	for (size_t i = 0; i < count; i++) {
		rows[i].previous = i ? &rows[i - 1] : NULL;
		rows[i].next = i + 1 < count ? &rows[i + 1] : NULL;
	}
}

/* The filter is of the column that differs, and of values that are no NULLs. */
static void test_scan(void **state)
{
	struct value images[3][COLUMNS];
	struct row_change rows[3];
	struct row_set set = {.table = &table};
	struct operation operation = {.kind = OPERATION_ROWS, .rows = &set};
	struct flight flight;
	struct error error = {0};

	(void)state;
	set_image(images[0], 7, "x");
	set_image(images[1], 7, "y");
	set_image(images[2], 8, "z");
	for (int i = 0; i < 3; i++)
		rows[i] = (struct row_change){.kind = ROWS_DELETE, .before = images[i], .binding = &binding, .copies = (unsigned)i + 1};
	link_rows(&set.deletes, rows, 3);
	flight_init(&flight);
	assert_int_equal(render_put_scans(&flight, &operation, &options, &error), 0);
	assert_string_equal(buffer_text(&flight.text),
		"SET @changeling_0 = 0, @changeling_1 = 0, @changeling_2 = 0; "
		"DELETE FROM `d`.`t` WHERE `b` IN (x'78', x'79', x'7a') AND CASE "
		"WHEN `a` <=> 7 AND `b` <=> x'78' THEN (@changeling_0 := @changeling_0 + 1) <= 1 "
		"WHEN `a` <=> 7 AND `b` <=> x'79' THEN (@changeling_1 := @changeling_1 + 1) <= 2 "
		"WHEN `a` <=> 8 AND `b` <=> x'7a' THEN (@changeling_2 := @changeling_2 + 1) <= 3 ELSE 0 END LIMIT 6; ");
	assert_int_equal(flight.count, 2);
	assert_int_equal(flight.items[1].expected, 6);
	assert_ptr_equal(flight.items[1].operation, &operation);
	flight_clear(&flight);
	set_image(images[1], 7, NULL);
	assert_int_equal(render_put_scans(&flight, &operation, &options, &error), 0);
	assert_non_null(strstr(buffer_text(&flight.text), "WHERE `a` IN (7, 7, 8) AND CASE WHEN"));
	assert_non_null(strstr(buffer_text(&flight.text), "`b` <=> NULL THEN"));
	flight_release(&flight);
}

/* Many images are several statements, each with counters of its own. */
static void test_scans_are_bounded(void **state)
{
	enum { COUNT = 600 };
	static struct value images[COUNT][COLUMNS];
	static struct row_change rows[COUNT];
	struct row_set set = {.table = &table};
	struct operation operation = {.kind = OPERATION_ROWS, .rows = &set};
	struct flight flight;
	struct error error = {0};
	uint64_t expected = 0;

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		set_image(images[i], i, "x");
		rows[i] = (struct row_change){.kind = ROWS_DELETE, .before = images[i], .binding = &binding, .copies = 1};
	}
	link_rows(&set.deletes, rows, COUNT);
	flight_init(&flight);
	assert_int_equal(render_put_scans(&flight, &operation, &options, &error), 0);
	assert_int_equal(flight.count, 6);
	for (size_t i = 1; i < flight.count; i += 2)
		expected += flight.items[i].expected;
	assert_int_equal(expected, COUNT);
	flight_release(&flight);
}

/* One update by itself is one statement, and one without the other is as simple. */
static void test_one_row(void **state)
{
	struct value before[COLUMNS], after[COLUMNS];
	struct row_change update = {.kind = ROWS_UPDATE, .before = before, .after = after, .binding = &binding};
	struct row_change gone = update, come = update;
	struct row_set set = {.table = &table};
	struct operation operation = {.kind = OPERATION_ROWS, .rows = &set};
	struct session *session = session_new(FAMILY_MYSQL, 90704);
	struct flight flight;
	struct error error = {0};

	(void)state;
	set_image(before, 1, "x");
	set_image(after, 2, "y");
	gone = (struct row_change){.kind = ROWS_DELETE, .before = before, .binding = &binding, .copies = 1, .update = &update};
	come = (struct row_change){.kind = ROWS_WRITE, .after = after, .binding = &binding, .update = &update};
	link_rows(&set.deletes, &gone, 1);
	link_rows(&set.inserts, &come, 1);
	flight_init(&flight);
	assert_int_equal(render_operation(&flight, &operation, session, &options, &error), 0);
	assert_non_null(strstr(buffer_text(&flight.text),
		"UPDATE `d`.`t` SET `a` = 2, `b` = x'79' WHERE `a` <=> 1 AND `b` <=> x'78' LIMIT 1; "));
	assert_null(strstr(buffer_text(&flight.text), "INSERT"));
	assert_ptr_equal(flight.items[flight.count - 1].row, &update);
	flight_clear(&flight);
	come.update = NULL;
	assert_int_equal(render_operation(&flight, &operation, session, &options, &error), 0);
	assert_non_null(strstr(buffer_text(&flight.text),
		"DELETE FROM `d`.`t` WHERE `a` <=> 1 AND `b` <=> x'78' LIMIT 1; INSERT INTO `d`.`t` (`a`, `b`) VALUES (2, x'79'); "));
	flight_release(&flight);
	session_free(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_scans_are_bounded),
		cmocka_unit_test(test_one_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
