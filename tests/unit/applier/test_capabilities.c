/* What a target can do, saved and read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/applier/rules.h"

static void capabilities_survive_saving(void **state)
{
	struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
	struct capabilities again;
	struct error error = {0};

	(void)state;
	for (size_t i = 0; capabilities_profile_name(i); i++) {
		static const char *const names[] = {"my97", "ma118", "ma1011", "my56"};

		target_of(names[i])->may_create_functions = false;
		buffer_clear(&first);
		buffer_clear(&second);
		capabilities_save(target_of(names[i]), &first);
		capabilities_init(&again);
		assert_int_equal(capabilities_load(&again, first.data, first.length, &error), 0);
		capabilities_save(&again, &second);
		assert_string_equal(first.data, second.data);
		capabilities_release(&again);
	}
	capabilities_init(&again);
	assert_int_equal(
		capabilities_set(&again, "grant",
			"GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*ABC' REQUIRE SSL", &error),
		0);
	assert_null(strstr(again.grants[0], "ABC"));
	assert_int_equal(capabilities_set(&again, "nonsense", "1", &error), -1);
	assert_int_equal(capabilities_set(&again, "log_bin", "7", &error), -1);
	capabilities_release(&again);
	buffer_release(&first);
	buffer_release(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities_survive_saving),
	};

	return cmocka_run_group_tests(tests, NULL, release_targets_after);
}
