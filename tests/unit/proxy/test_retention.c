/* The warning before the source purges what is still to be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/retention.h"

static void told_at_half_until_a_quarter(void **state)
{
	struct retention retention = {false};

	(void)state;
	assert_false(retention_watch(&retention, 0, 3600));
	assert_false(retention_watch(&retention, 1799, 3600));
	assert_true(retention_watch(&retention, 1800, 3600));
	assert_true(retention_watch(&retention, 1000, 3600));
	assert_false(retention_watch(&retention, 900, 3600));
	assert_false(retention_watch(&retention, 1700, 3600));
}

static void logs_that_are_kept_for_good(void **state)
{
	struct retention retention = {false};

	(void)state;
	assert_false(retention_watch(&retention, 1e9, 0));
}

static void the_source_changes_its_mind(void **state)
{
	struct retention retention = {false};

	(void)state;
	assert_true(retention_watch(&retention, 600, 1000));
	assert_false(retention_watch(&retention, 600, 86400));
}

static void how_long_logs_are_kept(void **state)
{
	struct source_info info = {.expire_seconds = 2592000, .rds_retention_hours = -1};

	(void)state;
	assert_int_equal(retention_seconds(&info), 2592000);
	info.rds_retention_hours = 24;
	assert_int_equal(retention_seconds(&info), 86400);
	/* "as soon as possible": the server's own thirty days mean nothing */
	info.rds_retention_hours = 0;
	assert_int_equal(retention_seconds(&info), 300);
	info = (struct source_info){.expire_seconds = -1, .rds_retention_hours = -1};
	assert_int_equal(retention_seconds(&info), 0);
}

static void what_purges_whatever_the_lag_is_told_once(void **state)
{
	struct retention retention = {false};
	struct source_info info = {.space_limit_bytes = -1, .rds_retention_hours = -1};

	(void)state;
	assert_false(retention_tell(&retention, &info));
	info.rds_retention_hours = 24;
	assert_false(retention_tell(&retention, &info));
	info.rds_retention_hours = 0;
	assert_true(retention_tell(&retention, &info));
	assert_false(retention_tell(&retention, &info));
	retention = (struct retention){false};
	info.rds_retention_hours = -1;
	info.space_limit_bytes = 1 << 30;
	assert_true(retention_tell(&retention, &info));
	assert_false(retention_tell(&retention, &info));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_at_half_until_a_quarter),
		cmocka_unit_test(logs_that_are_kept_for_good),
		cmocka_unit_test(the_source_changes_its_mind),
		cmocka_unit_test(how_long_logs_are_kept),
		cmocka_unit_test(what_purges_whatever_the_lag_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
