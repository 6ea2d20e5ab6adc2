/* The session that a statement needs, time zones, character sets, sql_mode and what statements are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "applier/sql/charset.h"
#include "applier/session.h"
#include "applier/sql/account.h"
#include "applier/sql/context.h"
#include "applier/sql/mode.h"
#include "applier/sql/zone.h"
#include "tests/unit/applier/rules.h"

/* "name=literal;" for each variable that is not at its ordinary value, once ones with '!' */
static void translate(const struct context_input *input, const char *target, struct buffer *out)
{
	struct arena arena = ARENA_INIT;
	struct error error = {0};
	struct session_context context;

	buffer_clear(out);
	if (session_context_translate(input, target_of(target), &arena, &context, &error) != 0)
		buffer_printf(out, "ERROR %s", error.text);
	else
		for (size_t i = 0; i < context.count; i++)
			buffer_printf(out, "%s%s=%s;", context.variables[i].once ? "!" : "",
				strncmp(context.variables[i].name, "@@session.", 10) == 0
					? context.variables[i].name + 10
					: context.variables[i].name,
				context.variables[i].literal);
	arena_release(&arena);
}

static void expect_part(const struct buffer *out, const char *part)
{
	if (!strstr(buffer_text(out), part))
		fail_msg("no \"%s\" in %s", part, buffer_text(out));
}

static void plain_context(void **state)
{
	struct query_context query = {.has = QUERY_HAS_FLAGS2 | QUERY_HAS_SQL_MODE | QUERY_HAS_CHARSET |
					     QUERY_HAS_MICROSECONDS | QUERY_HAS_TIME_ZONE |
					     QUERY_HAS_DEFAULT_UTF8MB4,
		.flags2 = QUERY_FLAG_NO_FOREIGN_KEY_CHECKS,
		.sql_mode = (uint64_t)1 << 28 | MODE_STRICT_TRANS_TABLES | (uint64_t)1 << 32 |
			    MODE_NO_DIR_IN_CREATE,
		.client_collation = 8,
		.connection_collation = 255,
		.server_collation = 45,
		.microseconds = 1234,
		.time_zone = "+02:00",
		.time_zone_length = 6,
		.default_utf8mb4_collation = 255};
	struct statement_context statement = {.has_insert_id = true, .insert_id = 7};
	struct context_input input = {.query = &query,
		.statement = &statement,
		.source = MYSQL80,
		.timestamp = 1500000000,
		.keep_microseconds = true};
	struct buffer out = BUFFER_INIT;
	const char *client;

	(void)state;
	translate(&input, "my97", &out);
	expect_part(&out, "timestamp=1500000000.001234;");
	expect_part(&out, "sql_mode='STRICT_TRANS_TABLES,TIME_TRUNCATE_FRACTIONAL';");
	expect_part(&out, "foreign_key_checks=0;unique_checks=1;sql_auto_is_null=0;");
	expect_part(&out, "auto_increment_increment=1;auto_increment_offset=1;time_zone='+02:00';lc_time_"
			  "names='en_US';");
	expect_part(&out,
		"default_collation_for_utf8mb4=utf8mb4_0900_ai_ci;collation_database=DEFAULT;");
	expect_part(&out, "timestamp=1500000000.001234;!insert_id=7;");
	expect_part(&out, "collation_connection=utf8mb4_0900_ai_ci;collation_server=utf8mb4_general_ci;");
	/* last of all, as what stands behind it would be read in it */
	client = strstr(out.data, "character_set_client=latin1;");
	assert_non_null(client);
	assert_string_equal(client, "character_set_client=latin1;");
	translate(&input, "ma1011", &out);
	expect_part(&out, "sql_mode='STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER';"); /* cutting is what MariaDB
										     does anyway */
	expect_part(&out, "collation_connection=utf8mb4_uca1400_nopad_ai_ci;");
	query.sql_mode = MODE_STRICT_TRANS_TABLES;
	translate(&input, "ma1011", &out);
	expect_part(&out, "sql_mode='STRICT_TRANS_TABLES,TIME_ROUND_FRACTIONAL';");
	translate(&input, "ma118", &out);
	expect_part(&out, "character_set_collations='utf8mb4=utf8mb4_0900_ai_ci';");
	translate(&input, "my56", &out);
	expect_part(&out, "collation_connection=utf8mb4_unicode_520_ci;");
	assert_null(strstr(out.data, "default_collation"));
	buffer_release(&out);
}

static void contexts_that_cannot_be_given(void **state)
{
	struct query_context query = {.has = QUERY_HAS_CHARSET,
		.client_collation = 33,
		.connection_collation = 33,
		.server_collation = 9999};
	struct context_input input = {.query = &query, .source = MYSQL80, .timestamp = 1};
	struct buffer out = BUFFER_INIT;

	(void)state;
	translate(&input, "my97", &out);
	expect_part(&out, "ERROR The log gives the number 9999");
	query.server_collation = 33;
	query.client_collation = 35; /* ucs2 */
	translate(&input, "my97", &out);
	expect_part(&out, "ERROR The statement is written in the character set ucs2");
	query.client_collation = 248; /* gb18030 */
	translate(&input, "ma1011", &out);
	expect_part(&out, "ERROR The statement is written in the character set gb18030");
	query.has = QUERY_HAS_TIME_ZONE;
	query.time_zone = "SYSTEM";
	query.time_zone_length = 6;
	translate(&input, "my97", &out);
	expect_part(&out, "SET GLOBAL time_zone='Europe/Berlin'");
	input.source_time_zone = "-03:30";
	translate(&input, "my97", &out);
	expect_part(&out, "time_zone='-03:30';");
	input.source_time_zone = "No/Where";
	translate(&input, "my97", &out);
	expect_part(&out, "ERROR The time zone \"No/Where\" is not known");
	query.has = QUERY_HAS_UNKNOWN;
	translate(&input, "my97", &out);
	expect_part(&out, "ERROR");
	buffer_release(&out);
}

static void user_variables(void **state)
{
	static const struct {
		struct user_variable variable;
		const char *wanted;
	} cases[] = {
		{{.is_null = true}, "NULL"},
		{{.type = USER_VARIABLE_INT,
			 .value = (const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff",
			 .value_length = 8},
			"-1"},
		{{.type = USER_VARIABLE_INT,
			 .is_unsigned = true,
			 .value = (const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff",
			 .value_length = 8},
			"CAST(18446744073709551615 AS UNSIGNED)"},
		{{.type = USER_VARIABLE_DECIMAL,
			 .value = (const uint8_t *)"\x02\x01\x81\x05",
			 .value_length = 4},
			"CAST(1.5 AS DECIMAL(2,1))"},
		{{.type = USER_VARIABLE_REAL,
			 .value = (const uint8_t *)"\x00\x00\x00\x00\x00\x00\xf8\x3f",
			 .value_length = 8},
			"1.5e0"},
		{{.type = USER_VARIABLE_STRING,
			 .collation = 33,
			 .value = (const uint8_t *)"a'",
			 .value_length = 2},
			"_utf8mb3 x'6127' COLLATE utf8mb3_general_ci"},
		{{.type = USER_VARIABLE_STRING,
			 .collation = 63,
			 .value = (const uint8_t *)"",
			 .value_length = 0},
			"_binary x''"},
	};
	struct buffer out = BUFFER_INIT;
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buffer_clear(&out);
		assert_int_equal(user_variable_literal(&cases[i].variable, (struct server_version)MYSQL80,
					 target_of("my97"), &out, &error),
			0);
		assert_string_equal(buffer_text(&out), cases[i].wanted);
	}
	buffer_clear(&out);
	assert_int_equal(user_variable_literal(&cases[5].variable, (struct server_version)MYSQL80,
				 target_of("my56"), &out, &error),
		0);
	assert_string_equal(buffer_text(&out), "_utf8 x'6127' COLLATE utf8_general_ci");
	buffer_release(&out);
}

/* What only begins like an offset is a name, and a name cannot leave its quotes. */
static void time_zones_stay_quoted(void **state)
{
	static const char zone[] = "+0:00', @@session.sql_mode = ''; DROP DATABASE d; -- ";
	struct query_context query = {
		.has = QUERY_HAS_TIME_ZONE, .time_zone = zone, .time_zone_length = sizeof(zone) - 1};
	struct context_input input = {.query = &query, .source = MYSQL80, .timestamp = 1};
	struct buffer out = BUFFER_INIT;
	struct capabilities *target = target_of("my97");
	bool tables = target->time_zone_tables;

	(void)state;
	target->time_zone_tables = true;
	translate(&input, "my97", &out);
	expect_part(&out, "time_zone='+0:00'', @@session.sql_mode = ''''; DROP DATABASE d; -- ';");
	target->time_zone_tables = false;
	translate(&input, "my97", &out);
	expect_part(&out, "ERROR The time zone \"+0:00', @@session.sql_mode");
	target->time_zone_tables = tables;
	buffer_release(&out);
}

/* The statement before may have left a character set in which a back-tick ends a character: names of variables are sent
 * in UTF-8, and what is ASCII goes in any. */
static void names_of_variables_are_sent_as_utf8(void **state)
{
	static const struct {
		const char *name, *from;
	} cases[] = {{"plain", "SET @`plain` = 1"},
		{"\xbf` = 1; DROP DATABASE d; -- ", "SET @@session.character_set_client = utf8mb4; SET @`"}};
	struct session *session = session_new(FAMILY_MARIADB, 101106);
	struct buffer out = BUFFER_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer name = BUFFER_INIT;
		struct context_variable variables[2] = {
			{.literal = "1", .variable = SESSION_VARIABLES, .once = true},
			{"@@session.character_set_client", "gbk", VARIABLE_CHARACTER_SET_CLIENT, false}};
		struct planned_statement statement = {.session = {.variables = variables, .count = 2}};
		const char *last;

		buffer_putc(&name, '@');
		identifier_put(cases[i].name, NULL, &name);
		variables[0].name = buffer_text(&name);
		session_forget(session);
		session_put_statement(session, &out, &statement);
		buffer_clear(&out); /* the session is gbk's now */
		session_put_statement(session, &out, &statement);
		assert_int_equal(strncmp(buffer_text(&out), cases[i].from, strlen(cases[i].from)), 0);
		last = strstr(buffer_text(&out), "character_set_client = gbk");
		assert_int_equal(last != NULL, i == 1); /* set back only when it was changed */
		assert_true(!last || last > strstr(buffer_text(&out), buffer_text(&name)));
		buffer_clear(&out);
		buffer_release(&name);
	}
	session_free(session);
	buffer_release(&out);
}

static void time_zones(void **state)
{
	static const struct {
		const char *zone;
		int64_t instant;
		const char *offset;
	} cases[] = {
		{"Europe/Berlin", 1500000000, "+02:00"},
		{"Europe/Berlin", 1484000000, "+01:00"},
		{"Europe/Berlin", 1711846799, "+01:00"},
		{"Europe/Berlin", 1711846800, "+02:00"}, /* 2024-03-31 01:00 UTC */
		{"Europe/Berlin", 4102444800, "+01:00"},
		{"Europe/Berlin", 4118169600, "+02:00"}, /* 2100: the rule at the end */
		{"America/New_York", 1500000000, "-04:00"},
		{"Asia/Kolkata", 1500000000, "+05:30"},
		{"Australia/Sydney", 4102444800, "+11:00"},
		{"America/St_Johns", 1484000000, "-03:30"},
		{"UTC", 0, "+00:00"},
	};
	struct error error = {0};
	char text[8];
	int32_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			zone_offset_by_name(NULL, cases[i].zone, cases[i].instant, &seconds, &error), 0);
		assert_int_equal(zone_print(seconds, text), 0);
		assert_string_equal(text, cases[i].offset);
	}
	assert_int_equal(zone_offset_by_name(NULL, "../../etc/passwd", 0, &seconds, &error), -1);
	assert_int_equal(zone_offset_by_name(NULL, "/etc/passwd", 0, &seconds, &error), -1);
	assert_int_equal(zone_offset((const uint8_t *)"TZif", 4, 0, &seconds, &error), -1);
	assert_int_equal(zone_print(3601, text), -1);
}

static void collations(void **state)
{
	static const struct {
		const char *target, *from, *to;
		bool exact;
	} cases[] = {
		{"ma1011", "utf8mb4_0900_ai_ci", "utf8mb4_uca1400_nopad_ai_ci", false},
		{"ma118", "utf8mb4_0900_ai_ci", "utf8mb4_0900_ai_ci", true},
		{"ma118", "utf8mb4_zh_0900_as_cs", "utf8mb4_uca1400_nopad_as_cs", false},
		{"ma1011", "utf8mb4_0900_bin", "utf8mb4_nopad_bin", false},
		{"my56", "utf8mb4_0900_ai_ci", "utf8mb4_unicode_520_ci", false},
		{"my56", "utf8mb4_sv_0900_ai_ci", "utf8mb4_swedish_ci", false},
		{"my56", "utf8mb3_general_ci", "utf8_general_ci", true},
		{"my97", "utf8_general_ci", "utf8mb3_general_ci", true},
		{"my97", "utf8mb4_uca1400_spanish2_ai_ci", "utf8mb4_es_trad_0900_ai_ci", false},
		{"my97", "utf8mb4_uca1400_ai_cs", "utf8mb4_0900_as_cs", false},
		{"my97", "utf8mb4_croatian_mysql561_ci", "utf8mb4_croatian_ci", false},
		{"ma1011", "utf8_general_mysql500_ci", "utf8mb3_general_mysql500_ci", true},
		{"my97", "latin1_nopad_bin", "latin1_bin", false},
		{"ma1011", "gb18030_chinese_ci", NULL, false},
		{"my97", "no_such_ci", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool exact;
		const char *to = collation_translate(cases[i].from, target_of(cases[i].target), &exact);

		if (!cases[i].to) {
			assert_null(to);
			continue;
		}
		assert_non_null(to);
		assert_string_equal(to, cases[i].to);
		assert_int_equal(exact, cases[i].exact);
	}
	assert_string_equal(collation_by_id(FAMILY_MYSQL, 255)->name, "utf8mb4_0900_ai_ci");
	assert_string_equal(collation_by_id(FAMILY_MYSQL, 213)->name, "utf8mb3_croatian_ci");
	assert_string_equal(collation_by_id(FAMILY_MARIADB, 213)->name, "utf8mb3_croatian_mysql561_ci");
	assert_string_equal(collation_by_id(FAMILY_MARIADB, 2304)->name, "utf8mb4_uca1400_ai_ci");
	assert_string_equal(
		collation_by_id(FAMILY_MARIADB, 3271)->name, "utf32_uca1400_croatian_nopad_as_cs");
	assert_null(collation_by_id(FAMILY_MYSQL, 2304));
}

static void names_become_utf8(void **state)
{
	struct buffer out = BUFFER_INIT;

	(void)state;
	assert_true(charset_to_utf8("latin1", "K\xe4se \x80", 6, &out));
	assert_string_equal(buffer_text(&out), "K\xc3\xa4se \xe2\x82\xac");
	buffer_clear(&out);
	assert_true(charset_to_utf8("sjis", "\x83\x5c", 2, &out));
	assert_string_equal(buffer_text(&out), "\xe3\x82\xbd");
	buffer_clear(&out);
	assert_true(charset_to_utf8("utf8mb4_general_ci", "\xc3\xa4", 2, &out));
	assert_string_equal(buffer_text(&out), "\xc3\xa4");
	assert_false(charset_to_utf8("keybcs2", "\xe4", 1, &out));
	buffer_release(&out);
}

static void modes(void **state)
{
	struct server_version maria = MARIA, mysql80 = MYSQL80, mysql57 = MYSQL57, mysql56 = MYSQL56;
	uint64_t oracle = MODE_ORACLE | (uint64_t)1 << 28 | (uint64_t)1 << 33 | MODE_PIPES_AS_CONCAT, mode;
	struct buffer out = BUFFER_INIT;
	struct error error = {0};

	(void)state;
	mode_print(mode_translate(oracle, maria, mysql80), mysql80, &out);
	assert_string_equal(buffer_text(&out), "PIPES_AS_CONCAT,TIME_TRUNCATE_FRACTIONAL");
	/* MySQL's ORACLE is a list of modes, and so is ANSI, which is longer since 5.7.5 */
	assert_true(mode_translate(MODE_ORACLE | MODE_PIPES_AS_CONCAT, mysql56, maria) == (MODE_PIPES_AS_CONCAT | (uint64_t)1 << 34));
	assert_true(mode_translate(MODE_ORACLE, mysql56, mysql57) == MODE_ORACLE);
	assert_true(mode_translate(MODE_ANSI | MODE_ANSI_QUOTES, mysql56, mysql80) == MODE_ANSI_QUOTES);
	assert_true(mode_translate(MODE_ANSI | MODE_ANSI_QUOTES, mysql57, mysql80) == (MODE_ANSI | MODE_ANSI_QUOTES));
	assert_true(mode_translate(MODE_ANSI | MODE_ANSI_QUOTES, maria, maria) == (MODE_ANSI | MODE_ANSI_QUOTES));
	assert_true(mode_translate((uint64_t)1 << 28, mysql57, mysql57) == (uint64_t)1 << 28);
	assert_true(mode_translate((uint64_t)1 << 28, mysql57, mysql80) == 0);
	assert_int_equal(mode_parse("strict_trans_tables, ANSI_QUOTES", mysql80, &mode, &error), 0);
	assert_true(mode == (MODE_STRICT_TRANS_TABLES | MODE_ANSI_QUOTES));
	assert_int_equal(mode_parse("NO_AUTO_CREATE_USER", mysql80, &mode, &error), -1);
	assert_int_equal(mode_parse("1168113696", mysql80, &mode, &error), 0);
	assert_true(mode == 1168113696);
	buffer_release(&out);
}

static void classes(void **state)
{
	static const struct {
		const char *sql;
		enum statement_class class;
		const char *objects; /* db.name kinds by role: t target, s source, n new, d delete list, o
					table of */
	} cases[] = {
		{"insert into a.b values (1)", STATEMENT_INSERT, "t:a.b "},
		{"INSERT INTO t SELECT * FROM x JOIN y.z ON 1", STATEMENT_INSERT, "t:t s:x s:y.z "},
		{"UPDATE a, b AS c SET a.x = 1", STATEMENT_UPDATE, "t:a t:b "},
		{"DELETE a FROM a JOIN b", STATEMENT_DELETE, "d:a t:a s:b "},
		{"DELETE FROM a WHERE x IN (SELECT y FROM b)", STATEMENT_DELETE, "t:a s:b "},
		{"CREATE TABLE IF NOT EXISTS a.b LIKE c", STATEMENT_CREATE_TABLE, "t:a.b s:c "},
		{"CREATE TABLE a (x INT, FOREIGN KEY (x) REFERENCES p.q (r))", STATEMENT_CREATE_TABLE,
			"t:a s:p.q "},
		{"/*!50001 CREATE ALGORITHM=UNDEFINED */ /*!50013 DEFINER=`r`@`l` SQL SECURITY DEFINER */ "
		 "/*!50001 VIEW v AS select 1 from w */",
			STATEMENT_CREATE_VIEW, "t:v s:w "},
		{"CREATE DEFINER = 'a'@'b' TRIGGER d.t BEFORE INSERT ON d.x FOR EACH ROW SET @a=1",
			STATEMENT_CREATE_TRIGGER, "t:d.t o:d.x "},
		{"CREATE AGGREGATE FUNCTION f RETURNS STRING SONAME 'x'", STATEMENT_CREATE_UDF, "t:f "},
		{"CREATE FUNCTION f(a INT) RETURNS INT RETURN 1", STATEMENT_CREATE_FUNCTION, "t:f "},
		{"ALTER TABLE a RENAME b.c", STATEMENT_ALTER_TABLE, "t:a n:b.c "},
		{"ALTER TABLE a RENAME COLUMN x TO y", STATEMENT_ALTER_TABLE, "t:a "},
		{"ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b", STATEMENT_ALTER_TABLE, "t:a t:b "},
		{"RENAME TABLE a TO b, c.d TO e.f", STATEMENT_RENAME_TABLE, "t:a n:b t:c.d n:e.f "},
		{"DROP TABLE IF EXISTS a, b.c", STATEMENT_DROP_TABLE, "t:a t:b.c "},
		{"CREATE UNIQUE INDEX i ON a.b (c)", STATEMENT_CREATE_INDEX, "o:a.b "},
		{"DROP INDEX i ON a", STATEMENT_DROP_INDEX, "o:a "},
		{"CREATE UNDO TABLESPACE x ADD DATAFILE 'y'", STATEMENT_TABLESPACE, ""},
		{"CREATE OR REPLACE SPATIAL REFERENCE SYSTEM 1 NAME 'x'", STATEMENT_SPATIAL_REFERENCE_SYSTEM,
			""},
		{"CREATE SPATIAL INDEX i ON a (g)", STATEMENT_CREATE_INDEX, "o:a "},
		{"ALTER EVENT a ON SCHEDULE EVERY 1 DAY RENAME TO b DO SELECT 1", STATEMENT_ALTER_EVENT,
			"t:a n:b "},
		{"ALTER DATABASE CHARACTER SET utf8", STATEMENT_ALTER_DATABASE, ""},
		{"SET STATEMENT a=(1), b=2 FOR INSERT INTO c VALUES (1)", STATEMENT_INSERT, "t:c "},
		{"SET @a = (SELECT 1 FROM b)", STATEMENT_SET, "s:b "},
		{"SET PASSWORD FOR a = 'b'", STATEMENT_SET_PASSWORD, ""},
		{"BEGIN", STATEMENT_BEGIN, ""},
		{"START TRANSACTION READ ONLY", STATEMENT_BEGIN, ""},
		{"ROLLBACK WORK TO SAVEPOINT a", STATEMENT_ROLLBACK_TO, ""},
		{"rollback", STATEMENT_ROLLBACK, ""},
		{"XA PREPARE X'31'", STATEMENT_XA_PREPARE, ""},
		{"( SELECT 1 )", STATEMENT_SELECT, ""},
		{"CALL a.b(1)", STATEMENT_CALL, "s:a.b "},
		{"", STATEMENT_EMPTY, ""},
		{"-- x", STATEMENT_EMPTY, ""},
		{"LOAD DATA INFILE 'x' INTO TABLE a.b", STATEMENT_LOAD, "t:a.b "},
		{"ANALYZE NO_WRITE_TO_BINLOG TABLE a, b", STATEMENT_ANALYZE, "t:a t:b "},
		{"WITH x AS (SELECT 1 FROM a) DELETE FROM b WHERE c IN (SELECT * FROM x)", STATEMENT_DELETE,
			"s:a t:b s:x "},
	};
	static const char roles[] = "tsndo";
	struct lexer_options options = {.source = MYSQL80};
	struct token_list tokens = TOKEN_LIST_INIT;
	struct buffer found = BUFFER_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena = ARENA_INIT;
		struct statement statement;

		token_list_read(&tokens, cases[i].sql, strlen(cases[i].sql), &options, true);
		classify(&tokens, &arena, &statement);
		buffer_clear(&found);
		for (size_t k = 0; k < statement.object_count; k++)
			buffer_printf(&found, "%c:%s%s%s ", roles[statement.objects[k].role],
				statement.objects[k].database ? statement.objects[k].database : "",
				statement.objects[k].database ? "." : "", statement.objects[k].name);
		if (statement.class != cases[i].class || strcmp(buffer_text(&found), cases[i].objects) != 0)
			fail_msg("%s is %s with %s", cases[i].sql, statement_class_name(statement.class),
				buffer_text(&found));
		arena_release(&arena);
	}
	token_list_release(&tokens);
	buffer_release(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_context),
		cmocka_unit_test(contexts_that_cannot_be_given),
		cmocka_unit_test(user_variables),
		cmocka_unit_test(time_zones_stay_quoted),
		cmocka_unit_test(names_of_variables_are_sent_as_utf8),
		cmocka_unit_test(time_zones),
		cmocka_unit_test(collations),
		cmocka_unit_test(names_become_utf8),
		cmocka_unit_test(modes),
		cmocka_unit_test(classes),
	};

	return cmocka_run_group_tests(tests, NULL, release_targets_after);
}
