/* Statements of a prepared transaction behind which others were committed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/applier/rules.h"

static bool has_code(void *context, const char *database, const char *name, bool function)
{
	(void)context;
	(void)database;
	return strcmp(name, function ? "f" : "watched") == 0;
}

static bool has_none(void *context, uint32_t server_id, uint64_t thread_id)
{
	(void)context;
	(void)server_id;
	(void)thread_id;
	return false;
}

static const char *find_none(void *context, uint32_t server_id, uint64_t thread_id, const char *database, const char *name)
{
	(void)database;
	(void)name;
	(void)context;
	(void)server_id;
	(void)thread_id;
	return NULL;
}

static const struct {
	const char *sql;
	bool reads;
} cases[] = {
	{"INSERT INTO t VALUES (1, 2), (3, 4)", false},
	{"INSERT INTO t SET a = 1, b = LENGTH('x')", false},
	{"REPLACE INTO t (a, b) VALUES (1, NOW())", false},
	{"INSERT INTO t VALUES (1, 2) ON DUPLICATE KEY UPDATE b = b + VALUES(b)", false},
	{"LOAD DATA INFILE '/x' INTO TABLE `t` (a, b)", true},
	{"INSERT IGNORE INTO t VALUES (1, 2)", true},
	{"INSERT INTO t SELECT a + 1, b FROM t", true},
	{"INSERT INTO t VALUES (1, (SELECT MAX(b) FROM u))", true},
	{"INSERT INTO t VALUES (1, f())", true},
	{"INSERT INTO watched VALUES (1, 2)", true},
	{"UPDATE t SET b = 1 WHERE a = 2", true},
	{"DELETE FROM t", true},
	{"SELECT f()", true},
};

static void what_reads_stops(void **state)
{
	struct temp_registry registry = {.any = has_none, .find = find_none, .has_code = has_code};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rewrite_input input = input_of(cases[i].sql, (struct server_version)MARIA);

		input.temps = &registry;
		for (int overtaken = 0; overtaken < 2; overtaken++) {
			struct arena arena = ARENA_INIT;
			struct rewrite_plan plan;

			input.overtaken = input.looks_for_code = overtaken;
			rewrite_statement(&input, target_of("ma1011"), &arena, &plan);
			if ((plan.action == PLAN_STOP) != (overtaken && cases[i].reads))
				fail_msg("%s%s: %s", cases[i].sql, overtaken ? ", overtaken" : "",
					plan.stop_text ? plan.stop_text : "goes on");
			arena_release(&arena);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_reads_stops),
	};

	return cmocka_run_group_tests(tests, NULL, release_targets_after);
}
