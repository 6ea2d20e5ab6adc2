/* What a rule does is a setting: policies, and what is held back because of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/applier/rules.h"

static enum plan_action with_policy(const char *rule, const char *value, const char *sql, bool *accepted)
{
	struct rewrite_settings settings = {0};
	struct rewrite_input input = input_of(sql, (struct server_version)MYSQL80);
	struct arena arena = ARENA_INIT;
	struct error error = {0};
	struct rewrite_plan plan = {0};

	input.settings = &settings;
	target_of("ma1011")->may_create_functions = false;
	*accepted = rewrite_settings_set(&settings, rule, value, &error) == 0;
	if (*accepted)
		rewrite_statement(&input, target_of("ma1011"), &arena, &plan);
	arena_release(&arena);
	return plan.action;
}

static void policies(void **state)
{
	const char *function = "CREATE FUNCTION f() RETURNS INT RETURN 1";
	bool accepted;

	(void)state;
	assert_int_equal(with_policy("stored-functions", "default", function, &accepted), PLAN_STOP);
	assert_int_equal(with_policy("stored-functions", "skip", function, &accepted), PLAN_SKIP);
	assert_int_equal(with_policy("stored-functions", "run", function, &accepted), PLAN_RUN);
	assert_int_equal(
		with_policy("engine", "stop", "CREATE TABLE t (a INT) ENGINE=MyISAM", &accepted), PLAN_STOP);
	assert_int_equal(
		with_policy("engine", "run", "CREATE TABLE t (a INT) ENGINE=MyISAM", &accepted), PLAN_RUN);
	assert_int_equal(with_policy("accounts", "skip", "CREATE USER a", &accepted), PLAN_SKIP);
	assert_int_equal(with_policy("accounts", "stop", "GRANT SELECT ON *.* TO a", &accepted), PLAN_STOP);
	assert_int_equal(with_policy("accounts", "translate", "CREATE USER a", &accepted), PLAN_RUN);
	with_policy("system-database", "run", "DROP DATABASE mysql", &accepted);
	assert_false(accepted);
	with_policy("no-such-rule", "run", "BEGIN", &accepted);
	assert_false(accepted);
	assert_int_equal(with_policy("flush", "run", "FLUSH TABLES", &accepted), PLAN_RUN);
}

static void held_objects_and_events(void **state)
{
	struct rewrite_settings settings = {0};
	struct rewrite_input input;
	struct arena arena = ARENA_INIT;
	struct error error = {0};
	struct rewrite_plan plan;

	(void)state;
	assert_int_equal(rewrite_settings_set(&settings, "stored-functions", "skip", &error), 0);
	input = input_of("CREATE TRIGGER shop.tr BEFORE INSERT ON shop.t FOR EACH ROW SET @a = 1",
		(struct server_version)MYSQL80);
	input.settings = &settings;
	rewrite_statement(&input, target_of("ma1011"), &arena, &plan);
	assert_int_equal(plan.action, PLAN_SKIP);
	assert_int_equal(plan.effects[0].kind, EFFECT_HELD);
	assert_string_equal(plan.effects[0].database, "shop");
	assert_string_equal(plan.effects[0].state, "TRIGGER");
	input = input_of("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO SELECT 1",
		(struct server_version)MYSQL80);
	input.settings = &settings;
	rewrite_statement(&input, target_of("my97"), &arena, &plan);
	assert_int_equal(plan.effects[0].kind, EFFECT_EVENT_STATE);
	assert_string_equal(plan.effects[0].state, "SLAVESIDE_DISABLED");
	assert_string_equal(
		plan.steps[0].sql, "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE ON REPLICA DO SELECT 1");
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies),
		cmocka_unit_test(held_objects_and_events),
	};

	return cmocka_run_group_tests(tests, NULL, release_targets_after);
}
