/* Where `run --until` ends, and positions as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "proxy/pipeline_internal.h"

#define UUID "3e11fa47-71ca-11e1-9e33-c80aa9429562"

static struct goal parsed(const char *text)
{
	struct error error = {.kind = ERROR_NONE};
	struct goal goal;

	assert_int_equal(goal_parse(&goal, text, &error), 0);
	return goal;
}

static void positions_as_text(void **state)
{
	struct position position;
	char text[300];

	(void)state;
	assert_true(position_parse("binlog.000012:4", &position));
	assert_string_equal(position.file, "binlog.000012");
	assert_int_equal(position.offset, 4);
	position.offset = UINT64_C(5000000000);
	position_text(&position, text, sizeof(text));
	assert_string_equal(text, "binlog.000012:5000000000");
	assert_true(position_parse("odd:name.000001:77", &position));
	assert_string_equal(position.file, "odd:name.000001");
	assert_false(position_parse("binlog.000012", &position));
	assert_false(position_parse(":4", &position));
	assert_false(position_parse("binlog.000012:", &position));
	assert_false(position_parse("binlog.000012:4x", &position));
	assert_false(position_parse("binlog.000012:-4", &position));
	assert_false(position_parse("binlog.000012:99999999999999999999", &position));
}

static void kinds_of_goals(void **state)
{
	struct error error = {.kind = ERROR_NONE};
	struct goal goal;

	(void)state;
	goal = parsed(NULL);
	assert_int_equal(goal.kind, GOAL_NONE);
	goal = parsed("now");
	assert_int_equal(goal.kind, GOAL_NOW);
	goal = parsed("mysql-bin.000003:1234");
	assert_int_equal(goal.kind, GOAL_POSITION);
	goal = parsed("0-1-55");
	assert_int_equal(goal.kind, GOAL_GTID);
	assert_null(goal.set);
	goal = parsed(UUID ":7");
	assert_int_equal(goal.kind, GOAL_GTID);
	assert_null(goal.set);
	goal = parsed(UUID ":1-7");
	assert_int_equal(goal.kind, GOAL_GTID);
	assert_non_null(goal.set);
	goal_release(&goal);
	assert_int_equal(goal_parse(&goal, "tomorrow", &error), -1);
	assert_int_equal(error.kind, ERROR_USAGE);
	assert_non_null(strstr(error.text, "tomorrow"));
	assert_int_equal(goal_parse(&goal, "", &error), -1);
}

static void a_position_is_reached(void **state)
{
	struct goal goal = parsed("binlog.000002:500");
	struct position position = {.file = "binlog.000002", .offset = 499};

	(void)state;
	assert_false(goal_reached(&goal, &position, NULL));
	assert_false(goal_is_before(&goal, position_place(&position)));
	position.offset = 500;
	assert_true(goal_reached(&goal, &position, NULL));
	/* what begins there is behind it already */
	assert_true(goal_is_before(&goal, position_place(&position)));
	strcpy(position.file, "binlog.000010");
	position.offset = 4;
	assert_true(goal_reached(&goal, &position, NULL));
	strcpy(position.file, "binlog.000001");
	position.offset = 9999;
	assert_false(goal_reached(&goal, &position, NULL));
	position.file[0] = '\0';
	assert_false(goal_reached(&goal, &position, NULL));
}

static void gtids_are_reached(void **state)
{
	struct error error = {.kind = ERROR_NONE};
	struct position nowhere = {.file = ""};
	struct gtid_set *set = gtid_set_new();
	struct goal one = parsed(UUID ":7"), many = parsed(UUID ":1-7");

	(void)state;
	assert_int_equal(gtid_set_parse(set, UUID ":7", &error), 0);
	assert_true(goal_reached(&one, &nowhere, set));
	assert_false(goal_reached(&many, &nowhere, set));
	assert_int_equal(gtid_set_parse(set, UUID ":1-6", &error), 0);
	assert_true(goal_reached(&many, &nowhere, set));
	/* a set that is not known has reached nothing */
	assert_false(goal_reached(&one, &nowhere, NULL));
	gtid_set_free(set);
	goal_release(&many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(positions_as_text),
		cmocka_unit_test(kinds_of_goals),
		cmocka_unit_test(a_position_is_reached),
		cmocka_unit_test(gtids_are_reached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
