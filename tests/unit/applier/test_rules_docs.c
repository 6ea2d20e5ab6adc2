/* docs/rewrites.md is what the rules say of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "applier/sql/rewrite.h"

static void the_page_is_up_to_date(void **state)
{
	static const char seen[] = "\n## Seen on real servers\n";
	const char *source = getenv("CHANGELING_SOURCE_DIR");
	struct buffer page = BUFFER_INIT, path = BUFFER_INIT, rules = BUFFER_INIT;
	char block[8192];
	size_t n;
	FILE *file;

	(void)state;
	buffer_printf(&path, "%s/docs/rewrites.md", source ? source : ".");
	file = fopen(buffer_text(&path), "r");
	assert_non_null(file);
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		buffer_append(&page, block, n);
	fclose(file);
	rules_markdown(&rules);
	/* what was seen on servers follows, written by tests/e2e/statements/test_rules.py */
	if (page.length < rules.length || memcmp(page.data, rules.data, rules.length) != 0 ||
		strncmp(buffer_text(&page) + rules.length, seen, sizeof(seen) - 1) != 0)
		fail_msg("docs/rewrites.md is not what `changeling explain --rules` prints: print it anew");
	buffer_release(&page);
	buffer_release(&path);
	buffer_release(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_page_is_up_to_date)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
