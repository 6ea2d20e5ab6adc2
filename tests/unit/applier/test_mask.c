/* Passwords are masked wherever a statement is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "applier/sql/mask.h"
#include "tests/unit/applier/rules.h"

static void secrets_are_masked(void **state)
{
	static const char *const texts[] = {"CREATE USER a IDENTIFIED BY 'Secret1' REQUIRE SSL",
		"CREATE USER a IDENTIFIED BY PASSWORD '*Secret'",
		"CREATE USER a IDENTIFIED WITH p AS 'Secret\\'x', b IDENTIFIED WITH p BY \"Secret\"",
		"ALTER USER a IDENTIFIED BY 'Secret' REPLACE 'Secret'",
		"CREATE USER a IDENTIFIED WITH x AS 0x5365637265740A",
		"GRANT SELECT ON *.* TO a IDENTIFIED BY 'Secret'", "SET PASSWORD FOR a = 'Secret'",
		"SET PASSWORD='Secret'", "SET PASSWORD FOR a = PASSWORD('Secret')",
		"UPDATE mysql.user SET Password='Secret' WHERE User='Secret'",
		"insert into `mysql`.`user` values ('Secret')", "CHANGE MASTER TO MASTER_PASSWORD='Secret'",
		"CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u', PASSWORD 'Secret')",
		"CREATE TABLE t (a INT) ENGINE=FEDERATED CONNECTION='mysql://u:Secret@h/d/t'",
		"SELECT PASSWORD('Secret'), 1",
		"CREATE USER a IDENTIFIED VIA ed25519 USING PASSWORD('Secret') OR x USING 'Secret'",
		"CREATE USER a IDENTIFIED BY 'Secret", "/*!50000 CREATE USER a IDENTIFIED BY 'Secret' */",
		"CREATE TABLE t (a INT) ENGINE=SPIDER COMMENT='wrapper \"mysql\", user \"u\", Password \"Secret\"'",
		"ALTER TABLE t COMMENT \"host \\\"h\\\", pwd \\\"Secret\\\"\"",
		"ALTER TABLE t ADD PARTITION (PARTITION p VALUES IN (1) COMMENT = 'password ''Secret''')",
		"CREATE TABLE t (a INT) ENGINE=CONNECT OPTION_LIST='user=u,password=Secret,host=h'",
		"SET STATEMENT max_statement_time = 1 FOR SET PASSWORD FOR a = 'Secret'",
		"SET STATEMENT a = 1, b = 2, c = 3, d = 4 FOR UPDATE mysql.user SET authentication_string = 'Secret'",
		"CREATE DATABASE LINK IDENTIFIED BY 'Secret'", "CREATE USER a /* was BY 'Secret' */ ACCOUNT LOCK"};
	struct lexer_options options = {.source = MYSQL80};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buffer out = BUFFER_INIT;

		sql_mask_secrets(texts[i], strlen(texts[i]), &options, &out);
		if (strstr(buffer_text(&out), "Secret") || strstr(buffer_text(&out), "5365"))
			fail_msg("%s became %s", texts[i], buffer_text(&out));
		buffer_release(&out);
	}
}

static void what_is_no_secret_stays(void **state)
{
	static const char *const texts[] = {"CREATE TABLE t (a INT COMMENT 'hash of the password') COMMENT='pwd'",
		"UPDATE t SET note = 'his password' WHERE id = 1", "INSERT INTO t VALUES ('password=1')",
		"SET STATEMENT max_statement_time = 1 FOR UPDATE t SET note = 'x'"};
	struct lexer_options options = {.source = MYSQL80};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buffer out = BUFFER_INIT;

		sql_mask_secrets(texts[i], strlen(texts[i]), &options, &out);
		assert_string_equal(buffer_text(&out), texts[i]);
		buffer_release(&out);
	}
}

static void secrets_are_masked_where_servers_quote(void **state)
{
	static const struct {
		const char *text, *said, *shown;
	} cases[] = {
		{"CREATE USER a IDENTIFIED BY 'Secret' REQUIRE NOTHING",
			"error 1064: syntax; right syntax to use near ''Secret' REQUIRE NOTHING' at line 1",
			"error 1064: syntax; right syntax to use near '***' at line 1"},
		{"ALTER USER a IDENTIFIED BY 'Secret'", "error 1396: Operation failed for 'a'@'%' (Secret)",
			"error 1396: Operation failed for 'a'@'%' (***)"},
		{"CREATE USER a IDENTIFIED BY 'Secret", "near 'Secret", "near '***'"},
		{"CREATE TABLE t (a INT, b NIT)", "right syntax to use near 'NIT)' at line 1",
			"right syntax to use near 'NIT)' at line 1"},
	};
	struct lexer_options options = {.source = MYSQL80};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer out = BUFFER_INIT;

		sql_mask_quotation(cases[i].said, cases[i].text, strlen(cases[i].text), &options, &out);
		assert_string_equal(buffer_text(&out), cases[i].shown);
		buffer_release(&out);
	}
}

static void plans_hold_no_secrets_in_their_texts(void **state)
{
	const char *sql = "GRANT SUPER, SELECT ON *.* TO app@'%' IDENTIFIED BY 'Secret'";
	struct rewrite_input input = input_of(sql, (struct server_version)MYSQL56);
	struct arena arena = ARENA_INIT;
	struct rewrite_plan plan;

	(void)state;
	rewrite_statement(&input, target_of("my97"), &arena, &plan);
	assert_int_equal(plan.action, PLAN_REWRITE);
	assert_null(strstr(plan.masked_original, "Secret"));
	assert_null(strstr(plan.masked_sent, "Secret"));
	assert_non_null(strstr(plan.masked_sent, "CREATE USER IF NOT EXISTS `app`@`%` IDENTIFIED BY '***'"));
	for (size_t i = 0; i < plan.note_count; i++)
		assert_null(strstr(plan.notes[i].reason, "Secret"));
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_masked),
		cmocka_unit_test(what_is_no_secret_stays),
		cmocka_unit_test(secrets_are_masked_where_servers_quote),
		cmocka_unit_test(plans_hold_no_secrets_in_their_texts),
	};

	return cmocka_run_group_tests(tests, NULL, release_targets_after);
}
