/* What the errors of a target mean: wait and connect anew, try again, or stop for a person. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "applier/target_internal.h"

static const struct {
	unsigned code;
	const char *text;
	enum error_kind kind;
} errors[] = {
	{1040, "Too many connections", ERROR_CONNECT},
	{1047, "Unknown command", ERROR_STOP},
	{1047, "WSREP has not yet prepared node for application use", ERROR_CONNECT},
	{1062, "Duplicate entry '1' for key 'PRIMARY'", ERROR_STOP},
	{1180, "Got error 149 during COMMIT", ERROR_RETRY},
	{1205, "Lock wait timeout exceeded; try restarting transaction", ERROR_RETRY},
	{1213, "Deadlock found when trying to get lock; try restarting transaction", ERROR_RETRY},
	{1290, "The server is running with the --read-only option so it cannot execute this statement", ERROR_CONNECT},
	{1290, "The server is running with the --secure-file-priv option so it cannot execute this statement", ERROR_STOP},
	{1792, "Cannot execute statement in a READ ONLY transaction.", ERROR_CONNECT},
	{1836, "Running in read-only mode", ERROR_CONNECT},
	{3101, "Plugin instructed the server to rollback the current transaction.", ERROR_RETRY},
};

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		enum error_kind kind = target_error_kind(errors[i].code, errors[i].text);

		if (kind != errors[i].kind)
			fail_msg("%u %s: %s instead of %s", errors[i].code, errors[i].text, error_kind_name(kind),
				error_kind_name(errors[i].kind));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
