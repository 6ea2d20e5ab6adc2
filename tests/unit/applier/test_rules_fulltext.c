/* MATCH … AGAINST, which finds other rows in tables of another engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/applier/rules.h"

static bool has_none(void *context, uint32_t server_id, uint64_t thread_id)
{
	(void)context;
	(void)server_id;
	(void)thread_id;
	return false;
}

static const char *find_none(void *context, uint32_t server_id, uint64_t thread_id, const char *database, const char *name)
{
	(void)context;
	(void)server_id;
	(void)thread_id;
	(void)database;
	(void)name;
	return NULL;
}

static enum temp_engine engine_of(void *context, const char *database, const char *name)
{
	(void)context;
	(void)database;
	return name[0] == 'i' ? TEMP_ROLLS_BACK : name[0] == 'm' ? TEMP_KEEPS_ROWS : TEMP_UNKNOWN;
}

static const struct {
	const char *sql, *wanted;
	size_t notes;
} cases[] = {
	{"INSERT INTO i SELECT a FROM m WHERE MATCH (b) AGAINST ('x')", "STOP fulltext", 1},
	{"INSERT INTO m SELECT a FROM i WHERE MATCH (b) AGAINST ('x' IN BOOLEAN MODE)", "RUN", 1},
	{"INSERT INTO i SELECT a FROM unknown WHERE MATCH (b, c) AGAINST ('x')", "STOP fulltext", 1},
	{"CREATE TABLE n SELECT a FROM m WHERE MATCH b AGAINST ('x')", "STOP fulltext", 1},
	{"DELETE FROM m WHERE MATCH (b) AGAINST ('x')", "STOP fulltext", 1},
	{"DELETE FROM i WHERE MATCH (b) AGAINST ('x')", "RUN", 1},
	{"UPDATE i SET a = 1 WHERE a IN (SELECT a FROM m WHERE MATCH (b) AGAINST ('x'))", "STOP fulltext", 1},
	{"UPDATE m SET a = 1 WHERE b = 'match against'", "RUN", 0},
	{"INSERT INTO m (`match`, against) VALUES (1, 2)", "RUN", 0},
};

static void what_another_engine_finds(void **state)
{
	struct temp_registry registry = {.any = has_none, .find = find_none, .engine = engine_of};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rewrite_input input = input_of(cases[i].sql, (struct server_version)MYSQL80);
		struct buffer found = BUFFER_INIT;
		struct arena arena = ARENA_INIT;
		struct rewrite_plan plan;

		input.temps = &registry;
		rewrite_statement(&input, target_of("my97"), &arena, &plan);
		plan_text(&plan, &found);
		if (strcmp(buffer_text(&found), cases[i].wanted) != 0 || plan.note_count != cases[i].notes)
			fail_msg("%s: %s, %zu notes", cases[i].sql, buffer_text(&found), plan.note_count);
		assert_int_equal((plan.flags & PLAN_ALONE) != 0, cases[i].notes != 0);
		buffer_release(&found);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_another_engine_finds),
	};

	return cmocka_run_group_tests(tests, NULL, release_targets_after);
}
