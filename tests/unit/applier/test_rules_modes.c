/* Statements under a sql_mode that the target lacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "applier/sql/mode.h"
#include "tests/unit/applier/rules.h"

static const struct {
	uint64_t mode;
	const char *sql, *wanted;
} cases[] = {
	{MODE_ORACLE, "INSERT INTO t VALUES (NULL || 'b')", "STOP foreign-modes"},
	{MODE_ORACLE, "INSERT INTO t VALUES (concat('a', NULL))", "STOP foreign-modes"},
	{MODE_ORACLE, "UPDATE t SET a = SUBSTR(b, 0, 1)", "STOP foreign-modes"},
	{MODE_ORACLE, "CREATE VIEW v AS SELECT a || b FROM t", "STOP foreign-modes"},
	{MODE_ORACLE, "CREATE TABLE t (a INT, d DATE)", "STOP foreign-modes"},
	{MODE_ORACLE, "ALTER TABLE t ADD b BLOB", "STOP foreign-modes"},
	{MODE_ORACLE, "CREATE TABLE t (a INT, date INT)", "RUN"},
	{MODE_ORACLE, "INSERT INTO t VALUES ('a || b', 1)", "RUN"},
	{MODE_ORACLE, "UPDATE t SET a = UPPER(b), concat = 1", "RUN"},
	{MODE_ORACLE, "DROP TABLE t", "RUN"},
	{MODE_EMPTY_STRING_IS_NULL, "INSERT INTO t VALUES (1, 'it''s'), (2, 'b')", "RUN"},
	{MODE_EMPTY_STRING_IS_NULL, "INSERT INTO t VALUES (1, 'a'), (2, '')", "STOP foreign-modes"},
	{MODE_EMPTY_STRING_IS_NULL, "INSERT INTO t VALUES (1, 'a'), (2, \"\")", "STOP foreign-modes"},
	{MODE_EMPTY_STRING_IS_NULL, "UPDATE t SET a = N''", "STOP foreign-modes"},
	{MODE_EMPTY_STRING_IS_NULL, "INSERT INTO t SELECT a FROM u INTO OUTFILE 'x' FIELDS ENCLOSED BY ''", "RUN"},
	{MODE_EMPTY_STRING_IS_NULL, "DELETE FROM t WHERE a = 1", "RUN"},
	{MODE_SIMULTANEOUS_ASSIGNMENT, "UPDATE t SET a = b, b = a", "STOP foreign-modes"},
	{MODE_SIMULTANEOUS_ASSIGNMENT, "UPDATE t SET `a` = b, t.b = 1 + (SELECT MAX(t.A) FROM u WHERE c = 1)", "STOP foreign-modes"},
	{MODE_SIMULTANEOUS_ASSIGNMENT, "UPDATE t JOIN u ON t.a = u.a SET t.b = 1, u.c = u.c + t.`b` WHERE u.d = 3", "STOP foreign-modes"},
	{MODE_SIMULTANEOUS_ASSIGNMENT, "UPDATE t SET a = b, b = 1 WHERE a = 2 ORDER BY b, a LIMIT 3", "RUN"},
	{MODE_SIMULTANEOUS_ASSIGNMENT, "UPDATE t SET a = a + 1, b = b + 1", "RUN"},
	{MODE_SIMULTANEOUS_ASSIGNMENT, "INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = b, b = a", "STOP foreign-modes"},
	{MODE_SIMULTANEOUS_ASSIGNMENT, "INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = VALUES(a), b = VALUES(a)", "RUN"},
	{MODE_SIMULTANEOUS_ASSIGNMENT, "CREATE PROCEDURE p() BEGIN SELECT a FROM t FOR UPDATE; UPDATE t SET a = b, b = a; END",
		"STOP foreign-modes"},
	{MODE_SIMULTANEOUS_ASSIGNMENT,
		"CREATE TABLE t (a INT, b INT, FOREIGN KEY (a) REFERENCES u (a) ON UPDATE SET NULL, FOREIGN KEY (b) REFERENCES u (a))", "RUN"},
};

static const char *plan_under(uint64_t mode, struct server_version source, const char *target, const char *sql, struct buffer *found)
{
	struct rewrite_input input = input_of(sql, source);
	struct arena arena = ARENA_INIT;
	struct rewrite_plan plan;

	input.sql_mode = mode;
	buffer_clear(found);
	rewrite_statement(&input, target_of(target), &arena, &plan);
	plan_text(&plan, found);
	arena_release(&arena);
	return buffer_text(found);
}

static void modes_that_mysql_lacks(void **state)
{
	struct server_version maria = MARIA, mysql = MYSQL80;
	struct buffer found = BUFFER_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(plan_under(cases[i].mode, maria, "my97", cases[i].sql, &found), cases[i].wanted);
		assert_string_equal(plan_under(cases[i].mode, maria, "ma118", cases[i].sql, &found), "RUN");
		assert_string_equal(plan_under(0, maria, "my97", cases[i].sql, &found), "RUN");
		/* the same bits are something else there */
		assert_string_equal(plan_under(cases[i].mode, mysql, "my97", cases[i].sql, &found), "RUN");
	}
	buffer_release(&found);
}

static void timestamps_under_maxdb(void **state)
{
	static const char table[] = "CREATE TABLE t (timestamp INT, a TIMESTAMP(3) NULL)", alter[] = "ALTER TABLE t ADD COLUMN a timestamp";
	struct server_version maria = MARIA, mysql = MYSQL56;
	struct buffer found = BUFFER_INIT;

	(void)state;
	assert_non_null(strstr(plan_under(MODE_MAXDB, maria, "my97", table, &found), "(timestamp INT, a DATETIME(3) NULL)"));
	assert_non_null(strstr(plan_under(MODE_MAXDB, mysql, "my97", alter, &found), "ADD COLUMN a DATETIME"));
	assert_null(strstr(plan_under(MODE_MAXDB, mysql, "ma118", alter, &found), "DATETIME"));
	assert_null(strstr(plan_under(MODE_MAXDB, maria, "my56", alter, &found), "DATETIME"));
	assert_null(strstr(plan_under(0, maria, "my97", alter, &found), "DATETIME"));
	buffer_release(&found);
}

static void name_const_of_dates(void **state)
{
	static const char *const texts[][2] = {
		{"INSERT INTO r VALUES( NAME_CONST('d',DATE'2020-01-01'), NAME_CONST('n',1))",
			"INSERT INTO r VALUES( DATE'2020-01-01', NAME_CONST('n',1))"},
		{"UPDATE r SET a =  NAME_CONST('t',TIME'-01:02:03.456') + INTERVAL 1 DAY",
			"UPDATE r SET a =  TIME'-01:02:03.456' + INTERVAL 1 DAY"},
		{"CREATE TABLE n AS SELECT  NAME_CONST('d`t',TIMESTAMP'2020-01-01 02:03:04'),YEAR( NAME_CONST('d',DATE'2020-01-01')) FROM r",
			"CREATE TABLE n AS SELECT  IF(TRUE, TIMESTAMP'2020-01-01 02:03:04', NULL) AS `d``t`,YEAR( DATE'2020-01-01') FROM r"},
		{"INSERT INTO r VALUES ( NAME_CONST('d',_latin1'2020' COLLATE 'latin1_bin'))", "RUN"},
	};
	struct buffer found = BUFFER_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_string_equal(plan_under(0, (struct server_version)MARIA, "my97", texts[i][0], &found), texts[i][1]);
		assert_null(strstr(plan_under(0, (struct server_version)MARIA, "ma118", texts[i][0], &found), " AS `"));
	}
	assert_string_equal(plan_under(0, (struct server_version)MARIA, "ma118", texts[0][0], &found), "RUN");
	buffer_release(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes_that_mysql_lacks),
		cmocka_unit_test(timestamps_under_maxdb),
		cmocka_unit_test(name_const_of_dates),
	};

	return cmocka_run_group_tests(tests, NULL, release_targets_after);
}
