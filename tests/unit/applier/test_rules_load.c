/* LOAD DATA: what is sent in place of what the log has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "applier/sql/mode.h"
#include "tests/unit/applier/rules.h"

#define SENT "LOAD DATA LOCAL INFILE 'changeling' "
/* as a server prints what stands for nothing else */
#define PRINTED "FIELDS TERMINATED BY '\\t' ENCLOSED BY '' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' "
#define SPELLED "FIELDS TERMINATED BY x'09' ENCLOSED BY '' ESCAPED BY x'5c' LINES TERMINATED BY x'0a' "
/* without a strict mode all warnings are looked at */
#define LAX "{max_error_count=65535} "

static const struct {
	uint64_t mode;
	const char *charset, *sql, *wanted;
} loads[] = {
	{0, "utf8mb4", "LOAD DATA CONCURRENT INFILE '/tmp/x' REPLACE INTO TABLE t", LAX SENT "REPLACE INTO TABLE t"},
	{MODE_STRICT_ALL_TABLES, "utf8mb4", "LOAD DATA INFILE '/x' INTO TABLE `t` " PRINTED "(`a`) SET `a`='\\n'",
		SENT "INTO TABLE `t` " PRINTED "(`a`) SET `a`='\\n'"},
	{MODE_NO_BACKSLASH_ESCAPES, "utf8mb4", "LOAD DATA INFILE '/x' INTO TABLE `t` " PRINTED "(`a`)",
		LAX SENT "INTO TABLE `t` " SPELLED "(`a`)"},
	/* a quote and a NUL as terminators; behind them it is the client's text again, where a backslash is one */
	{MODE_NO_BACKSLASH_ESCAPES | MODE_STRICT_TRANS_TABLES, "utf8mb4",
		"LOAD DATA INFILE '/x' IGNORE INTO TABLE `t` CHARACTER SET latin1 FIELDS TERMINATED BY '\\0A' OPTIONALLY  ENCLOSED BY "
		"'\\'' ESCAPED BY '' LINES TERMINATED BY '\\\\n' STARTING BY ';' IGNORE 1 LINES  (@`v`) SET `a`=concat(@v,'x\\')",
		SENT "IGNORE INTO TABLE `t` CHARACTER SET latin1 FIELDS TERMINATED BY x'0041' OPTIONALLY  ENCLOSED BY "
		     "x'27' ESCAPED BY '' LINES TERMINATED BY x'5c6e' STARTING BY ';' IGNORE 1 LINES  (@`v`) SET `a`=concat(@v,'x\\')"},
	{MODE_NO_BACKSLASH_ESCAPES | MODE_STRICT_TRANS_TABLES, "utf8mb4",
		"LOAD DATA INFILE '/x' INTO TABLE `t` " PRINTED "SET `a`='x\\'", SENT "INTO TABLE `t` " SPELLED "SET `a`='x\\'"},
	/* printed byte by byte: the second byte of a character looks like a backslash, and has got another one */
	{MODE_STRICT_TRANS_TABLES, "sjis",
		"LOAD DATA INFILE '/x' INTO TABLE `t` FIELDS TERMINATED BY '\x95\\\\' ENCLOSED BY '' ESCAPED BY '' LINES TERMINATED BY ';' "
		"(`a`) SET `a`='\x95\\'",
		SENT "INTO TABLE `t` FIELDS TERMINATED BY x'955c' ENCLOSED BY '' ESCAPED BY '' LINES TERMINATED BY ';' "
		     "(`a`) SET `a`='\x95\\'"},
	{0, "utf8mb4",
		"LOAD DATA INFILE '/x' INTO TABLE `t` FIELDS TERMINATED BY '\\t' ENCLOSED BY '' ESCAPED BY '\\\\' "
		"LINES TERMINATED BY '<row>' (`a`)",
		"STOP load-xml"},
	{MODE_NO_BACKSLASH_ESCAPES, "utf8mb4",
		"LOAD DATA INFILE '/x' INTO TABLE `t` FIELDS TERMINATED BY '\\t' ENCLOSED BY '' ESCAPED BY '\\\\' "
		"LINES TERMINATED BY '<row>' (`a`)",
		"STOP load-xml"},
	{MODE_STRICT_TRANS_TABLES, "utf8mb4",
		"LOAD DATA INFILE '/x' INTO TABLE `t` FIELDS TERMINATED BY ',' ENCLOSED BY '' ESCAPED BY '\\\\' "
		"LINES TERMINATED BY '<br>' (`a`)",
		SENT "INTO TABLE `t` FIELDS TERMINATED BY ',' ENCLOSED BY '' ESCAPED BY '\\\\' LINES TERMINATED BY '<br>' (`a`)"},
};

static void what_is_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		struct rewrite_input input = input_of(loads[i].sql, (struct server_version)MYSQL80);
		struct buffer found = BUFFER_INIT;
		struct arena arena = ARENA_INIT;
		struct rewrite_plan plan;

		input.sql_mode = loads[i].mode;
		input.client_charset = loads[i].charset;
		rewrite_statement(&input, target_of("ma1011"), &arena, &plan);
		plan_text(&plan, &found);
		assert_string_equal(buffer_text(&found), loads[i].wanted);
		buffer_release(&found);
		arena_release(&arena);
	}
}

/* A file with backslashes: whether ESCAPED BY was given is not in the log when it is the usual one. */
static void escapes_that_may_be_letters(void **state)
{
	static const struct {
		uint64_t mode;
		bool backslashes;
		const char *policy, *sql, *wanted;
	} cases[] = {
		{MODE_NO_BACKSLASH_ESCAPES, true, "stop", "LOAD DATA INFILE '/x' INTO TABLE `t` " PRINTED, "STOP load-escapes"},
		{MODE_NO_BACKSLASH_ESCAPES, false, "stop", "LOAD DATA INFILE '/x' INTO TABLE `t` " PRINTED,
			LAX SENT "INTO TABLE `t` " SPELLED},
		{0, true, "stop", "LOAD DATA INFILE '/x' INTO TABLE `t` " PRINTED, LAX SENT "INTO TABLE `t` " PRINTED},
		{MODE_NO_BACKSLASH_ESCAPES, true, "run", "LOAD DATA INFILE '/x' INTO TABLE `t` " PRINTED,
			LAX SENT "INTO TABLE `t` " SPELLED},
		{MODE_NO_BACKSLASH_ESCAPES, true, "rewrite", "LOAD DATA INFILE '/x' INTO TABLE `t` " PRINTED,
			LAX SENT "INTO TABLE `t` FIELDS TERMINATED BY x'09' ENCLOSED BY '' ESCAPED BY '' LINES TERMINATED BY x'0a' "},
		{MODE_NO_BACKSLASH_ESCAPES, true, "stop",
			"LOAD DATA INFILE '/x' INTO TABLE `t` FIELDS TERMINATED BY ',' ENCLOSED BY '' ESCAPED BY '' LINES TERMINATED BY ';'",
			LAX SENT "INTO TABLE `t` FIELDS TERMINATED BY ',' ENCLOSED BY '' ESCAPED BY '' LINES TERMINATED BY ';'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rewrite_input input = input_of(cases[i].sql, (struct server_version)MYSQL80);
		struct rewrite_settings settings = {0};
		struct buffer found = BUFFER_INIT;
		struct arena arena = ARENA_INIT;
		struct rewrite_plan plan;
		struct error error = {0};

		assert_int_equal(rewrite_settings_set(&settings, "load-escapes", cases[i].policy, &error), 0);
		input.sql_mode = cases[i].mode;
		input.load_backslashes = cases[i].backslashes;
		input.settings = &settings;
		rewrite_statement(&input, target_of("ma1011"), &arena, &plan);
		plan_text(&plan, &found);
		assert_string_equal(buffer_text(&found), cases[i].wanted);
		buffer_release(&found);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sent),
		cmocka_unit_test(escapes_that_may_be_letters),
	};

	return cmocka_run_group_tests(tests, NULL, release_targets_after);
}
