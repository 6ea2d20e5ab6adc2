/* Error texts quote servers: nothing in them is more than text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/utf8.h"

static void control_characters_are_spelled_out(void **state)
{
	struct error error = {0};

	(void)state;
	error_set(&error, ERROR_STOP, "the server said: %s", "a\n2026-01-01 error \x1b[31m\xc2\x9b" "1m \x7f \xff é");
	assert_string_equal(error.text,
		"the server said: a\\n2026-01-01 error \\x1b[31m\\xc2\\x9b1m \\x7f \\xff é");
	error_context(&error, "reading %s", "x\ry");
	assert_non_null(strstr(error.text, "reading x\\x0dy: the server said: a\\n2026"));
	error_advice(&error, "Look at %s.", "\x08");
	assert_non_null(strstr(error.text, " é Look at \\x08."));
	error_set(&error, ERROR_STOP, "Duplicate entry '1' for key 'PRIMARY'");
	error_advice(&error, "Mend it.");
	assert_string_equal(error.text, "Duplicate entry '1' for key 'PRIMARY'. Mend it.");
	error_set_server(&error, ERROR_STOP, 1, "HY000", "%s", "\x1b]0;title\x07");
	assert_string_equal(error.text, "\\x1b]0;title\\x07");
}

/* What grows by that is cut, at the end of a character. */
static void long_texts_stay_whole(void **state)
{
	struct error error = {0};
	char said[sizeof(error.text)];

	(void)state;
	memset(said, 0x1b, sizeof(said) - 1);
	said[sizeof(said) - 1] = '\0';
	error_set(&error, ERROR_STOP, "%s", said);
	assert_true(strlen(error.text) >= sizeof(error.text) - 4 && strlen(error.text) < sizeof(error.text));
	for (size_t i = 0; i + 1 < sizeof(said) - 1; i += 2)
		memcpy(said + i, "é", 2);
	error_set(&error, ERROR_STOP, "x%s", said);
	error_advice(&error, "%s", said);
	assert_true(utf8_valid(error.text, strlen(error.text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_characters_are_spelled_out),
		cmocka_unit_test(long_texts_stay_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
