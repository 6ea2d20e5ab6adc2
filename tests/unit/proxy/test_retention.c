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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_at_half_until_a_quarter),
		cmocka_unit_test(logs_that_are_kept_for_good),
		cmocka_unit_test(the_source_changes_its_mind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
