/* Commits out of order: the low-water mark, and what is left out after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "applier/window.h"

static struct batch *batch_at(uint64_t sequence)
{
	struct batch *batch = batch_new(true, false);

	batch->sequence = sequence;
	batch->checkpoint.sequence = sequence;
	batch->checkpoint.position.offset = sequence * 100;
	batch->checkpoint.gtid_set = (char *)"";
	return batch;
}

static void test_low_water_mark(void **state)
{
	struct checkpoint start = {.sequence = 10, .position = {"binlog.000001", 1000}};
	struct window *window = window_new(&start);

	(void)state;
	for (uint64_t sequence = 11; sequence <= 14; sequence++) {
		struct batch *batch = batch_at(sequence);

		assert_true(window_has_room(window, sequence));
		window_add(window, batch);
		batch_free(batch);
	}
	assert_int_equal(window_done(window, 12)->sequence, 10);
	assert_int_equal(window_done(window, 14)->sequence, 10);
	assert_int_equal(window_done(window, 11)->sequence, 12);
	assert_int_equal(window_low(window)->position.offset, 1200);
	assert_int_equal(window_done(window, 13)->sequence, 14);
	assert_true(window_has_room(window, 14 + WINDOW_BATCHES - 1));
	assert_false(window_has_room(window, 14 + WINDOW_BATCHES));
	window_free(window);
}

static void test_window_wraps(void **state)
{
	struct checkpoint start = {0};
	struct window *window = window_new(&start);

	(void)state;
	for (uint64_t sequence = 1; sequence < 3 * WINDOW_BATCHES; sequence++) {
		struct batch *batch = batch_at(sequence);

		window_add(window, batch);
		assert_int_equal(window_done(window, sequence)->sequence, sequence);
		batch_free(batch);
	}
	window_free(window);
}

#define UUID "3e11fa47-71ca-11e1-9e33-c80aa9429562"

/* Rows of `applied` as the target gives them: file, offset, GTID. */
static struct applied_set *noted(const char *const (*rows)[3], size_t count, const char *gtid_set)
{
	struct checkpoint checkpoint = {.position = {"binlog.000002", 1000}};
	struct question answered = {.rows = {.rows = count, .columns = 3, .cells = (const char **)rows}};
	struct gtid_set *gtids = gtid_set ? gtid_set_new() : NULL;
	struct applied_set *set;
	struct error error = {0};

	if (gtids)
		assert_int_equal(gtid_set_parse(gtids, gtid_set, &error), 0);
	set = applied_set_new(&answered, &checkpoint, gtids);
	gtid_set_free(gtids);
	return set;
}

static bool takes_kind(struct applied_set *set, enum transaction_end kind, const char *file, uint64_t offset, const char *gtid)
{
	struct transaction transaction = {.begin = {file, offset}, .kind = kind};
	struct error error = {0};

	if (*gtid)
		assert_int_equal(gtid_parse(gtid, &transaction.gtid, &error), 0);
	return applied_set_take(set, &transaction);
}

static bool takes(struct applied_set *set, const char *file, uint64_t offset, const char *gtid)
{
	return takes_kind(set, TRANSACTION_COMMIT, file, offset, gtid);
}

static void test_applied_without_gtids(void **state)
{
	static const char *const rows[][3] = {
		{"binlog.000002", "900", ""}, {"binlog.000002", "1000", ""}, {"binlog.000003", "4", ""}};
	struct applied_set *set = noted(rows, 3, NULL);

	(void)state;
	assert_int_equal(applied_set_count(set), 2); /* the checkpoint has passed the first */
	assert_false(takes(set, "binlog.000002", 900, ""));
	assert_false(takes(set, "binlog.000002", 4, ""));
	assert_true(takes(set, "binlog.000003", 4, ""));
	assert_false(takes(set, "binlog.000003", 4, ""));
	assert_true(takes(set, "binlog.000002", 1000, ""));
	assert_int_equal(applied_set_count(set), 0);
	applied_set_free(set);
}

static void test_applied_is_known_by_its_gtid(void **state)
{
	static const char *const rows[][3] = {
		{"binlog.000001", "500", UUID ":8"}, {"binlog.000009", "500", UUID ":4"}, {"binlog.000002", "1200", UUID ":9"}};
	struct applied_set *set = noted(rows, 3, UUID ":1-5");

	(void)state;
	assert_int_equal(applied_set_count(set), 2); /* 4 is in the set, wherever it is in a log */
	assert_false(takes(set, "binlog.000002", 1200, UUID ":7")); /* there in another server's log */
	assert_true(takes(set, "other.000001", 77, UUID ":9"));
	assert_true(takes(set, "other.000001", 66, UUID ":8"));
	assert_int_equal(applied_set_count(set), 0);
	applied_set_free(set);
}

static void test_applied_comes_in_parts(void **state)
{
	static const char *const rows[][3] = {{"binlog.000002", "1200", ""}};
	struct applied_set *set = noted(rows, 1, NULL);

	(void)state;
	assert_true(takes_kind(set, TRANSACTION_OPEN, "binlog.000002", 1200, ""));
	assert_true(takes_kind(set, TRANSACTION_ABANDONED, "binlog.000002", 1200, "")); /* and from its beginning again */
	assert_true(takes_kind(set, TRANSACTION_OPEN, "binlog.000002", 1200, ""));
	assert_int_equal(applied_set_count(set), 1);
	assert_true(takes(set, "binlog.000002", 1200, ""));
	assert_int_equal(applied_set_count(set), 0);
	applied_set_free(set);
}

static void test_mariadb_numbers_out_of_order(void **state)
{
	static const char *const rows[][3] = {{"binlog.000002", "1200", "0-2-40"}, {"binlog.000002", "800", "0-1-50"},
		{"other.000001", "800", "0-1-70"}};
	struct applied_set *set = noted(rows, 3, "0-1-60");

	(void)state;
	assert_int_equal(applied_set_count(set), 2); /* the second one is passed by either account */
	assert_true(takes(set, "binlog.000002", 1200, "0-2-40"));
	assert_true(takes(set, "other.000001", 800, "0-1-70"));
	applied_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_low_water_mark), cmocka_unit_test(test_window_wraps),
		cmocka_unit_test(test_applied_without_gtids), cmocka_unit_test(test_applied_is_known_by_its_gtid),
		cmocka_unit_test(test_mariadb_numbers_out_of_order), cmocka_unit_test(test_applied_comes_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
