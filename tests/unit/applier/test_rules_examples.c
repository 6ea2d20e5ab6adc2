/* Every rule has a name of its own, and an example that it concerns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/applier/rules.h"

static void every_rule_has_a_name_of_its_own_and_an_example(void **state)
{
	const struct rewrite_rule *rule;

	(void)state;
	for (size_t i = 0; (rule = rewrite_rule_at(i)); i++) {
		bool concerned = false;

		assert_int_equal(rewrite_rule_find(rule->name), (int)i);
		assert_true(rule->allowed & 1u << rule->standard);
		for (int p = 0; rule->example && p < 4 && !concerned; p++) {
			static const char *const targets[] = {"my97", "my56", "ma1011", "ma118"};
			struct rewrite_input input = input_of(rule->example, rule->example_source);
			struct arena arena = ARENA_INIT;
			struct rewrite_plan plan;

			target_of(targets[p])->may_create_functions =
				strcmp(rule->name, "trigger-guard") == 0;
			rewrite_statement(&input, target_of(targets[p]), &arena, &plan);
			for (size_t n = 0; n < plan.note_count; n++)
				concerned = concerned || plan.notes[n].rule == i;
			arena_release(&arena);
		}
		/* these speak only when they are told to, or in silence */
		if (rule->example && !concerned && strcmp(rule->name, "accounts") != 0 &&
			strcmp(rule->name, "event-names") != 0 && strcmp(rule->name, "row-order") != 0 &&
			strcmp(rule->name, "dropped-functions") != 0)
			fail_msg("the example of %s concerns it on no target", rule->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_has_a_name_of_its_own_and_an_example),
	};

	return cmocka_run_group_tests(tests, NULL, release_targets_after);
}
