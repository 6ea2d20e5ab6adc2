/* Scripts are split into statements, and shown with what becomes of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "applier/sql/explain.h"
#include "tests/unit/applier/rules.h"

static void scripts_are_split(void **state)
{
	const char *script =
		"CREATE TABLE a (x INT); -- ;\nINSERT INTO a VALUES (';');\nCREATE PROCEDURE p() BEGIN IF 1 "
		"THEN SELECT ';'; END IF; "
		"CASE WHEN 1 THEN SELECT 1; END CASE; END;\nDELIMITER $$\nCREATE TRIGGER t BEFORE INSERT ON "
		"a FOR EACH ROW BEGIN SET @x = 1; "
		"END$$\nDELIMITER ;\nUSE other; CREATE TEMPORARY TABLE tt (x INT); INSERT INTO tt VALUES (1)";
	struct explain_options options = {
		.source = MYSQL80, .database = "app", .client_charset = "utf8mb4", .json = true};
	struct buffer out = BUFFER_INIT;
	unsigned lines = 0;

	(void)state;
	target_of("my97")->may_create_functions = true;
	assert_int_equal(explain_script(script, strlen(script), &options, target_of("my97"), &out), 0);
	for (size_t i = 0; i < out.length; i++)
		lines += out.data[i] == '\n';
	assert_int_equal(lines, 6);
	assert_non_null(strstr(out.data, "INSERT INTO `changeling`.`tmp_1_1_5_"));
	assert_non_null(strstr(out.data, "END CASE; END\""));
	buffer_release(&out);
}

static void scripts_for_a_client(void **state)
{
	const char *script = "USE app; CREATE TABLE a (x INT) -- ;\n;\nDELIMITER $$\nCREATE DEFINER=root@localhost PROCEDURE p() "
			     "BEGIN SELECT 1; END$$\nDELIMITER ;\nLOCK TABLES a WRITE;\nDROP TABLE a -- gone";
	struct explain_options options = {.source = MYSQL80, .client_charset = "utf8mb4", .sql = true};
	struct buffer out = BUFFER_INIT;

	(void)state;
	target_of("my97")->may_set_definer = false;
	assert_int_equal(explain_script(script, strlen(script), &options, target_of("my97"), &out), 0);
	assert_non_null(strstr(out.data, "USE app;\n"));
	assert_non_null(strstr(out.data, "-- definer (rewrite): "));
	/* what ends in a comment has its delimiter in the next line; a body keeps its own ';' */
	assert_non_null(strstr(out.data, "\nDELIMITER ;;\nCREATE TABLE a (x INT) -- ;\n;;\nDELIMITER ;\n"));
	assert_non_null(strstr(out.data, "\nDROP TABLE a -- gone\n;\n"));
	assert_non_null(strstr(out.data, "DEFINER=CURRENT_USER PROCEDURE p() BEGIN SELECT 1; END;;\nDELIMITER ;\n"));
	assert_non_null(strstr(out.data, "-- left out:\n-- LOCK TABLES a WRITE\n"));
	buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_are_split),
		cmocka_unit_test(scripts_for_a_client),
	};

	return cmocka_run_group_tests(tests, NULL, release_targets_after);
}
