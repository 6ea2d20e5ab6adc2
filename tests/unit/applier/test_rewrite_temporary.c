/* Temporary tables: their names in statements, what becomes of them, and the steps that are completed later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "applier/sql/rule_temporary.h"
#include "tests/unit/applier/rules.h"

struct registry {
	char names[8][3][80]; /* database, name, real */
	size_t count;
};

static bool any(void *context, uint32_t server_id, uint64_t thread_id)
{
	const struct registry *registry = context;

	return registry->count > 0 && server_id == 1 && thread_id == 7;
}

static const char *find(
	void *context, uint32_t server_id, uint64_t thread_id, const char *database, const char *name)
{
	const struct registry *registry = context;

	for (size_t i = 0; i < registry->count && server_id == 1 && thread_id == 7; i++)
		if (strcmp(registry->names[i][0], database) == 0 && strcmp(registry->names[i][1], name) == 0)
			return registry->names[i][2];
	return NULL;
}

static void rewrite_temp(const char *sql, const char *target, struct server_version source,
	struct arena *arena, struct rewrite_plan *plan)
{
	static struct registry registry = {{{"app", "t", "R"}, {"app", "u", "S"}, {"other", "t", "O"}}, 3};
	struct temp_registry temps = {.any = any, .find = find, .context = &registry};
	struct rewrite_input input = input_of(sql, source);

	input.server_id = 1;
	input.thread_id = 7;
	input.serial = 42;
	input.temps = &temps;
	rewrite_statement(&input, target_of(target), arena, plan);
}

#define R "`changeling`.`R`"
#define S "`changeling`.`S`"

static const struct {
	const char *target, *sql, *wanted;
} temporary[] = {
	{"ma1011", "INSERT INTO t VALUES (1)", "INSERT INTO " R " VALUES (1)"},
	{"ma1011", "INSERT INTO t (t.a, app.t.b) VALUES (1, 2) ON DUPLICATE KEY UPDATE t.a = VALUES(a)",
		"INSERT INTO " R " (" R ".a, " R ".b) VALUES (1, 2) ON DUPLICATE KEY UPDATE " R
		".a = VALUES(a)"},
	{"ma1011", "UPDATE t SET a = t.b WHERE app.t.c = 1", "UPDATE " R " AS `t` SET a = t.b WHERE t.c = 1"},
	{"ma1011", "DELETE FROM t WHERE t.a = 1", "DELETE FROM " R " WHERE " R ".a = 1"},
	{"my97", "DELETE FROM t WHERE t.a = 1", "DELETE FROM " R " AS `t` WHERE t.a = 1"},
	{"ma1011", "DELETE app.t, b FROM app.t JOIN base b ON b.id = app.t.id",
		"DELETE `t`, b FROM " R " AS `t` JOIN base b ON b.id = t.id"},
	{"ma1011", "DELETE FROM x USING t x JOIN base ON base.id = x.id",
		"DELETE FROM x USING " R " x JOIN base ON base.id = x.id"},
	{"ma1011", "UPDATE t x, t y, base SET x.a = y.a WHERE base.t = 1",
		"UPDATE " R " x, " R " y, base SET x.a = y.a WHERE base.t = 1"},
	{"ma1011", "INSERT INTO base SELECT t.*, app.t.a FROM t, (SELECT t.a FROM app.t) d",
		"INSERT INTO base SELECT t.*, t.a FROM " R " AS `t`, (SELECT t.a FROM " R " AS `t`) d"},
	{"ma1011", "INSERT INTO base SELECT app.t.a FROM app.t JOIN other.t ON app.t.a = other.t.a",
		"INSERT INTO base SELECT " R ".a FROM " R " JOIN `changeling`.`O` ON " R
		".a = `changeling`.`O`.a"},
	{"ma1011", "INSERT INTO base SELECT app.t.a FROM app.t JOIN third.t ON app.t.a = third.t.a",
		"INSERT INTO base SELECT " R ".a FROM " R " JOIN third.t ON " R ".a = third.t.a"},
	{"ma1011",
		"INSERT INTO base SELECT 1 FROM base WHERE EXISTS (SELECT 1 FROM u USE INDEX (k) WHERE u.id "
		"= base.id) AND 't' = 'u'",
		"INSERT INTO base SELECT 1 FROM base WHERE EXISTS (SELECT 1 FROM " S
		" AS `u` USE INDEX (k) WHERE u.id = base.id) AND "
		"'t' = 'u'"},
	{"ma1011", "WITH t AS (SELECT * FROM u) SELECT * FROM t",
		"WITH t AS (SELECT * FROM " S " AS `u`) SELECT * FROM t"},
	{"ma1011", "SELECT EXTRACT(DAY FROM t.d), TRIM(LEADING 'x' FROM u.e) FROM t JOIN u",
		"SELECT EXTRACT(DAY FROM t.d), TRIM(LEADING 'x' FROM u.e) FROM " R " AS `t` JOIN " S
		" AS `u`"},
	{"ma1011", "SELECT t FROM base, base2 t WHERE t.a = 1", "RUN"},
	{"ma1011", "INSERT INTO third.t VALUES (1)", "RUN"},
	{"ma1011", "CREATE TABLE t (a INT)", "RUN"},
	{"my97", "CREATE TABLE n AS SELECT * FROM t", "CREATE TABLE n AS SELECT * FROM " R " AS `t`"},
	{"ma1011", "CREATE TABLE n LIKE t", "CREATE TABLE n LIKE " R},
	{"ma1011", "CREATE TABLE n AS SELECT * FROM t",
		"CREATE TABLE n AS SELECT * FROM " R " AS `t` LIMIT 0 | "
		"INSERT INTO n SELECT * FROM " R " AS `t`"},
	{"ma1011", "TRUNCATE t", "DELETE FROM " R},
	{"ma1011", "LOAD DATA LOCAL INFILE 'x' INTO TABLE t (a, b)",
		"{max_error_count=65535} LOAD DATA LOCAL INFILE 'changeling' INTO TABLE " R " (a, b)"},
	{"ma1011", "DROP TEMPORARY TABLE t", "[after] DROP TABLE IF EXISTS " R},
	{"ma1011", "DROP TABLE IF EXISTS base, t, u",
		"[after] DROP TABLE IF EXISTS " R " | [after] DROP TABLE IF EXISTS " S " | "
		"DROP TABLE IF EXISTS base"},
	{"ma1011", "DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `nix`", "SKIP"},
	{"ma1011", "DROP TEMPORARY TABLE nix", "SKIP temporary-tables"},
	{"ma1011", "DROP TABLE base", "RUN"},
	{"ma1011", "CREATE TEMPORARY TABLE n (a INT) ENGINE=MEMORY",
		"[before] CREATE TABLE IF NOT EXISTS `changeling`.`tmp_1_7_2a_37ed8c5b_n` (a INT) "
		"ENGINE=InnoDB"},
	{"ma1011", "CREATE TEMPORARY TABLE t (a INT)",
		"[before] CREATE TABLE IF NOT EXISTS `changeling`.`tmp_1_7_2a_3627f751` (a INT) | [after] "
		"DROP TABLE IF EXISTS " R},
	{"ma1011", "CREATE TEMPORARY TABLE IF NOT EXISTS t (a INT)", "SKIP temporary-tables"},
	{"ma1011", "CREATE TEMPORARY TABLE n (b INT) REPLACE SELECT a FROM t;",
		"[before] CREATE TABLE IF NOT EXISTS `changeling`.`tmp_1_7_2a_37ed8c5b` (b INT) AS SELECT a "
		"FROM " R
		" AS `t` LIMIT 0 | REPLACE INTO `changeling`.`tmp_1_7_2a_37ed8c5b` [names] SELECT a FROM " R
		" AS `t`"},
	{"ma1011", "ALTER IGNORE TABLE t ADD UNIQUE (a), CHANGE b c INT",
		"[before] DROP TABLE IF EXISTS `changeling`.`tmp_1_7_2a_3627f751` | [before] CREATE TABLE "
		"`changeling`.`tmp_1_7_2a_3627f751` "
		"LIKE " R
		" | [before] ALTER TABLE `changeling`.`tmp_1_7_2a_3627f751` ADD UNIQUE (a), CHANGE b c INT | "
		"[copy R to tmp_1_7_2a_3627f751] | [after] DROP TABLE IF EXISTS " R},
	{"ma1011", "ALTER TABLE t RENAME TO n", ""},
	{"ma1011", "ALTER TABLE base ADD COLUMN t INT", "RUN"},
	{"ma1011", "CREATE INDEX k ON base (a)", "RUN"},
	{"ma1011", "BEGIN", "RUN"},
};

static void temporary_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(temporary) / sizeof(temporary[0]); i++) {
		struct buffer found = BUFFER_INIT;
		struct arena arena = ARENA_INIT;
		struct rewrite_plan plan;

		rewrite_temp(
			temporary[i].sql, temporary[i].target, (struct server_version)MYSQL56, &arena, &plan);
		plan_text(&plan, &found);
		if (strcmp(buffer_text(&found), temporary[i].wanted) != 0)
			fail_msg("%s:\nwanted %s\nfound  %s", temporary[i].sql, temporary[i].wanted,
				buffer_text(&found));
		/* the transaction goes on: only base tables' DDL ends it */
		if (plan.action == PLAN_REWRITE && strncmp(temporary[i].sql, "DROP TABLE", 10) != 0 &&
			strncmp(temporary[i].sql, "CREATE TABLE", 12) != 0)
			assert_int_equal(plan.flags & PLAN_COMMITS, 0);
		arena_release(&arena);
		buffer_release(&found);
	}
}

static void effects_of_temporary_tables(void **state)
{
	struct arena arena = ARENA_INIT;
	struct rewrite_plan plan;

	(void)state;
	rewrite_temp("CREATE TEMPORARY TABLE other.n (a INT)", "ma1011", (struct server_version)MYSQL56,
		&arena, &plan);
	assert_int_equal(plan.effect_count, 1);
	assert_int_equal(plan.effects[0].kind, EFFECT_TEMP_CREATE);
	assert_string_equal(plan.effects[0].database, "other");
	assert_string_equal(plan.effects[0].name, "n");
	assert_true(strlen(plan.effects[0].real) <= 64);
	rewrite_temp("ALTER TABLE t ADD COLUMN z INT, RENAME TO other.n", "ma1011",
		(struct server_version)MYSQL56, &arena, &plan);
	assert_int_equal(plan.effect_count, 2);
	assert_int_equal(plan.effects[0].kind, EFFECT_TEMP_REPLACE);
	assert_string_equal(plan.effects[0].real, plan.steps[3].to_table);
	assert_int_equal(plan.effects[1].kind, EFFECT_TEMP_RENAME);
	assert_string_equal(plan.effects[1].new_database, "other");
	assert_string_equal(plan.effects[1].new_name, "n");
	rewrite_temp("RENAME TABLE t TO n", "ma1011", (struct server_version)MARIA, &arena, &plan);
	assert_int_equal(plan.effects[0].kind, EFFECT_TEMP_RENAME);
	rewrite_temp("RENAME TABLE t TO n", "ma1011", (struct server_version)MYSQL56, &arena, &plan);
	assert_int_equal(plan.action, PLAN_RUN);
	arena_release(&arena);
}

/* What becomes of columns, as the copying is told. */
static void columns_of_altered_tables(void **state)
{
	static const char *const cases[][2] = {
		{"ALTER TABLE t DROP COLUMN b, ADD COLUMN b INT DEFAULT 77", "b>- "},
		{"ALTER TABLE t DROP b RESTRICT, DROP COLUMN IF EXISTS c, DROP IF EXISTS `d`", "b>- c>- d>- "},
		{"ALTER TABLE t DROP PRIMARY KEY, DROP INDEX k, DROP KEY IF EXISTS k, DROP CONSTRAINT c, DROP CHECK c, DROP FOREIGN KEY f", ""},
		{"ALTER TABLE t CHANGE a b INT, DROP b, RENAME COLUMN c TO d", "a>b b>- c>d "},
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rewrite_plan plan;
		struct buffer found = BUFFER_INIT;

		rewrite_temp(cases[i][0], "ma1011", (struct server_version)MARIA, &arena, &plan);
		assert_int_equal(plan.steps[3].work, WORK_COPY_TABLE);
		for (size_t k = 0; k < plan.steps[3].rename_count; k++)
			buffer_printf(&found, "%s>%s ", plan.steps[3].renames[k].from,
				plan.steps[3].renames[k].to ? plan.steps[3].renames[k].to : "-");
		assert_string_equal(buffer_text(&found), cases[i][1]);
		buffer_release(&found);
	}
	arena_release(&arena);
}

static void steps_are_completed(void **state)
{
	static const char *const from[] = {"a", "b", "gone", "again"}, *const to[] = {"c", "a", "new", "again", "filled"};
	static const char *const implicit[] = {"0", NULL, NULL, NULL, "x''"};
	static const struct column_rename renames[] = {{"b", "c"}, {"again", NULL}};
	struct plan_step step = {.work = WORK_COPY_TABLE,
		.from_table = "R",
		.to_table = "S",
		.renames = renames,
		.rename_count = 2};
	struct plan_step named = {.work = WORK_INSERT_NAMED,
		.sql = "INSERT INTO x",
		.length = 13,
		.more = "SELECT 1",
		.more_length = 8};
	struct buffer out = BUFFER_INIT;

	(void)state;
	step_copy_table(&step, NULL, from, 4, to, implicit, 5, &out);
	assert_string_equal(buffer_text(&out), "INSERT INTO " S " (`c`, `a`, `filled`) SELECT `b`, `a`, x'' FROM " R);
	assert_true(step_column_becomes(&step, "B", "c"));
	assert_false(step_column_becomes(&step, "again", "again"));
	buffer_clear(&out);
	step_insert_named(&named, from, 2, &out);
	assert_string_equal(buffer_text(&out), "INSERT INTO x (`a`, `b`) SELECT 1");
	buffer_release(&out);
}

/* MySQL wants names of CHECKs to be one of their kind in a schema, and all real tables stand in one. */
static void names_of_checks(void **state)
{
	struct arena arena = ARENA_INIT;
	struct rewrite_plan plan;
	const char *made, *dropped, *given;

	(void)state;
	rewrite_temp("ALTER TABLE t ADD CONSTRAINT `Ck` CHECK (a < 8), ADD CONSTRAINT u UNIQUE (a), ADD CHECK (b < 8)", "my97",
		(struct server_version)MYSQL80, &arena, &plan);
	assert_int_equal(plan.steps[1].work, WORK_CREATE_TWIN);
	made = strstr(plan.steps[2].sql, "CONSTRAINT chk_");
	assert_non_null(made);
	assert_non_null(strstr(made, " CHECK (a < 8), ADD CONSTRAINT u UNIQUE (a), ADD CHECK (b < 8)"));
	made = arena_strndup(&arena, made + strlen("CONSTRAINT "), 37);
	rewrite_temp("ALTER TABLE t DROP CONSTRAINT ck", "my97", (struct server_version)MARIA, &arena, &plan);
	dropped = strstr(plan.steps[2].sql, "DROP CONSTRAINT ");
	assert_string_equal(dropped + strlen("DROP CONSTRAINT "), made);
	rewrite_temp("ALTER TABLE t ALTER CHECK `CK` NOT ENFORCED", "my97", (struct server_version)MYSQL80, &arena, &plan);
	given = strstr(plan.steps[2].sql, "ALTER CHECK ");
	assert_memory_equal(given + strlen("ALTER CHECK "), made, 37);
	/* as MySQL names those without a name */
	rewrite_temp("ALTER TABLE t DROP CHECK t_chk_2", "my97", (struct server_version)MYSQL80, &arena, &plan);
	assert_string_equal(strstr(plan.steps[2].sql, "DROP CHECK "), "DROP CHECK tmp_1_7_2a_3627f751_chk_2");
	/* names are the table's own there */
	rewrite_temp("ALTER TABLE t DROP CONSTRAINT IF EXISTS ck", "ma118", (struct server_version)MARIA, &arena, &plan);
	assert_int_equal(plan.steps[1].work, WORK_SQL);
	assert_string_equal(strstr(plan.steps[2].sql, "DROP "), "DROP CONSTRAINT IF EXISTS ck");
	arena_release(&arena);
}

static void twins_name_their_checks(void **state)
{
	const struct plan_step step = {.work = WORK_CREATE_TWIN, .from_table = "R", .to_table = "S"};
	struct buffer shown = BUFFER_INIT, wanted = BUFFER_INIT, out = BUFFER_INIT, old = BUFFER_INIT, new = BUFFER_INIT;

	(void)state;
	temporary_check_prefix("R", &old);
	temporary_check_prefix("S", &new);
	buffer_printf(&shown,
		"CREATE TABLE `R` (\n  `a` int DEFAULT 'R_chk_1',\n  CONSTRAINT `%sff` CHECK ((`a` < 9)),\n  CONSTRAINT `R_chk_1` CHECK "
		"((`a` > 1)),\n  CONSTRAINT `other` UNIQUE (`a`)\n)",
		buffer_text(&old));
	buffer_printf(&wanted,
		"CREATE TABLE " S " (\n  `a` int DEFAULT 'R_chk_1',\n  CONSTRAINT `%sff` CHECK ((`a` < 9)),\n  CONSTRAINT `S_chk_1` CHECK "
		"((`a` > 1)),\n  CONSTRAINT `other` UNIQUE (`a`)\n)",
		buffer_text(&new));
	step_create_twin(&step, NULL, buffer_text(&shown), &out);
	assert_string_equal(buffer_text(&out), buffer_text(&wanted));
	buffer_release(&shown);
	buffer_release(&wanted);
	buffer_release(&out);
	buffer_release(&old);
	buffer_release(&new);
}

/* Where the database's default goes; "" = the table names its own. */
static void tables_get_the_charset_of_their_database(void **state)
{
#define NEW "CREATE TABLE IF NOT EXISTS `changeling`.`tmp_1_7_2a_37ed8c5b` "
#define GIVEN " DEFAULT CHARACTER SET latin1 COLLATE latin1_bin "
	static const char *const cases[][2] = {
		{"CREATE TEMPORARY TABLE n (a VARCHAR(9))", NEW "(a VARCHAR(9))" GIVEN},
		{"CREATE TEMPORARY TABLE other.n (a INT CHECK (a > 1)) COMMENT='x' AUTO_INCREMENT=3",
			"CREATE TABLE IF NOT EXISTS `changeling`.`tmp_1_7_2a_f0c087ae` (a INT CHECK (a > 1))" GIVEN " COMMENT='x' AUTO_INCREMENT=3"},
		{"CREATE TEMPORARY TABLE n AS SELECT 1 AS a", NEW GIVEN "AS SELECT 1 AS a LIMIT 0"},
		{"CREATE TEMPORARY TABLE n (b INT) SELECT a FROM base", NEW "(b INT)" GIVEN " AS SELECT a FROM base LIMIT 0"},
		{"CREATE TEMPORARY TABLE n (a CHAR(1)) DEFAULT CHARSET=utf8mb4", ""},
		{"CREATE TEMPORARY TABLE n (a CHAR(1)) COLLATE utf8mb4_bin", ""},
		{"CREATE TEMPORARY TABLE n LIKE base", ""},
		{"CREATE TEMPORARY TABLE n (LIKE base)", ""},
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rewrite_plan plan;
		struct buffer out = BUFFER_INIT;

		rewrite_temp(cases[i][0], "ma1011", (struct server_version)MARIA, &arena, &plan);
		assert_int_equal(plan.steps[0].work, cases[i][1][0] ? WORK_CREATE_TABLE : WORK_SQL);
		if (cases[i][1][0]) {
			assert_string_equal(plan.steps[0].database, strstr(cases[i][0], "other.") ? "other" : "app");
			step_create_table(&plan.steps[0], "latin1", "latin1_bin", &out);
			assert_string_equal(buffer_text(&out), cases[i][1]);
			buffer_clear(&out);
			step_create_table(&plan.steps[0], NULL, NULL, &out);
			assert_string_equal(buffer_text(&out), plan.steps[0].sql);
		}
		buffer_release(&out);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(temporary_tables),
		cmocka_unit_test(effects_of_temporary_tables),
		cmocka_unit_test(columns_of_altered_tables),
		cmocka_unit_test(names_of_checks),
		cmocka_unit_test(twins_name_their_checks),
		cmocka_unit_test(steps_are_completed),
		cmocka_unit_test(tables_get_the_charset_of_their_database),
	};

	return cmocka_run_group_tests(tests, NULL, release_targets_after);
}
