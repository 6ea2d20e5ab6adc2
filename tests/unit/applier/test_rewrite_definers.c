/* Whose a stored object is: the map of definers, and the one that the log alone tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/applier/rules.h"

static void definers_are_mapped(void **state)
{
	static const struct definer_mapping map[] = {{"app@%", "owner@10.0.0.%"},
		{"'no''body'@'no.where'", "'ad min'@`%`"}, {"*", ""}};
	static const struct server_version source = MYSQL80;
	struct rewrite_settings settings = {.definer_map = map, .definer_mappings = 3};
	struct rewrite_input input;
	struct arena arena = ARENA_INIT;
	struct rewrite_plan plan;

	(void)state;
	input = input_of("CREATE DEFINER = 'app'@'%' PROCEDURE p() SELECT 1", source);
	input.settings = &settings;
	rewrite_statement(&input, target_of("my97"), &arena, &plan);
	assert_string_equal(plan.steps[0].sql, "CREATE DEFINER = `owner`@`10.0.0.%` PROCEDURE p() SELECT 1");
	input = input_of("CREATE DEFINER=`no'body`@`no.where` PROCEDURE p() SELECT 1", source);
	input.settings = &settings;
	rewrite_statement(&input, target_of("my97"), &arena, &plan);
	assert_string_equal(plan.steps[0].sql, "CREATE DEFINER=`ad min`@`%` PROCEDURE p() SELECT 1");
	input = input_of("CREATE DEFINER=boss@localhost PROCEDURE p() SELECT 1", source);
	input.settings = &settings;
	rewrite_statement(&input, target_of("my97"), &arena, &plan);
	assert_string_equal(plan.steps[0].sql, "CREATE DEFINER=CURRENT_USER PROCEDURE p() SELECT 1");
	input.settings = NULL;
	rewrite_statement(&input, target_of("my97"), &arena, &plan);
	assert_int_equal(plan.action, PLAN_RUN);
	/* the log tells the definer that the text does not */
	input = input_of("CREATE OR REPLACE ALGORITHM=MERGE VIEW v AS SELECT 1", source);
	input.invoker_user = "app";
	input.invoker_host = "%";
	rewrite_statement(&input, target_of("my97"), &arena, &plan);
	assert_string_equal(
		plan.steps[0].sql, "CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`app`@`%` VIEW v AS SELECT 1");
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(definers_are_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, release_targets_after);
}
