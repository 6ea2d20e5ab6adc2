/* Tables, stored code, character sets and the families' words: what each kind of target is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/applier/rules.h"

static const struct {
	const char *target;
	struct server_version source;
	bool trusted; /* log_bin_trust_function_creators */
	const char *sql, *wanted;
} cases[] = {
	{"my56", MYSQL80, false,
		"CREATE TABLE ta (a TIMESTAMP, b TIMESTAMP(3) NOT NULL, c TIMESTAMP(6) DEFAULT NULL, d INT, KEY (a))",
		"CREATE TABLE ta (a TIMESTAMP NULL, b TIMESTAMP(3) NOT NULL, c TIMESTAMP(6) NULL DEFAULT NULL, d INT, KEY (a))"},
	{"ma1011", MYSQL56, false,
		"ALTER TABLE ta ADD COLUMN a TIMESTAMP",
		"{explicit_defaults_for_timestamp=0} ALTER TABLE ta ADD COLUMN a TIMESTAMP"},
	{"ma1011", MYSQL80, true,
		"CREATE TABLE a1 (id INT PRIMARY KEY, e INT, engine INT, comment VARCHAR(10) COMMENT 'ENGINE=MyISAM') "
		"ENGINE=MyISAM DATA DIRECTORY='/x' INDEX DIRECTORY = '/y' COMMENT='c' ROW_FORMAT=FIXED, "
		"MAX_ROWS=10, UNION=(t1,t2), INSERT_METHOD=LAST PACK_KEYS=1",
		"CREATE TABLE a1 (id INT PRIMARY KEY, e INT, engine INT, comment VARCHAR(10) COMMENT 'ENGINE=MyISAM') "
		"ENGINE=InnoDB COMMENT='c', MAX_ROWS=10 PACK_KEYS=1"},
	{"ma1011", MYSQL80, true,
		"CREATE TABLE a2 (id INT) ENGINE=InnoDB TABLESPACE=ts1 ENCRYPTION='Y' COMPRESSION='lz4' "
		"KEY_BLOCK_SIZE=8 PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10) ENGINE = "
		"MyISAM DATA DIRECTORY = '/z', PARTITION p1 VALUES LESS THAN MAXVALUE STORAGE ENGINE = "
		"InnoDB TABLESPACE = x)",
		"CREATE TABLE a2 (id INT) ENGINE=InnoDB PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS "
		"THAN (10) ENGINE=InnoDB, PARTITION p1 VALUES LESS THAN MAXVALUE STORAGE ENGINE = InnoDB)"},
	{"ma1011", MYSQL80, true,
		"ALTER TABLE a1 ENGINE=MyISAM, ALGORITHM=INPLACE, LOCK=NONE",
		"ALTER TABLE a1 ENGINE=InnoDB"},
	{"ma1011", MYSQL80, true,
		"ALTER TABLE a1 ADD COLUMN algorithm INT, ADD COLUMN `lock` INT, ALGORITHM=INSTANT, ADD "
		"INDEX (algorithm), LOCK=NONE",
		"ALTER TABLE a1 ADD COLUMN algorithm INT, ADD COLUMN `lock` INT, ADD INDEX (algorithm)"},
	{"ma1011", MYSQL80, true,
		"ALTER TABLE a1 ALGORITHM=COPY",
		"SKIP nothing-left"},
	{"ma1011", MYSQL80, true,
		"ALTER TABLE a1 ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8",
		"SKIP nothing-left"},
	{"ma1011", MYSQL80, true,
		"ALTER TABLE a1 COMMENT='x' ROW_FORMAT=COMPRESSED, ADD COLUMN z INT",
		"ALTER TABLE a1 COMMENT='x', ADD COLUMN z INT"},
	{"ma1011", MYSQL80, true,
		"ALTER TABLE a1 ADD COLUMN x INT, ROW_FORMAT=FIXED, COMMENT='y'",
		"ALTER TABLE a1 ADD COLUMN x INT, COMMENT='y'"},
	{"ma1011", MYSQL80, true,
		"ALTER ONLINE TABLE a1 ADD COLUMN q INT",
		"ALTER TABLE a1 ADD COLUMN q INT"},
	{"ma1011", MYSQL80, true,
		"CREATE INDEX i ON a1 (e) ALGORITHM=INPLACE LOCK=NONE COMMENT 'x'",
		"CREATE INDEX i ON a1 (e) COMMENT 'x'"},
	{"ma1011", MYSQL80, true,
		"DROP INDEX i ON a1 LOCK=NONE",
		"DROP INDEX i ON a1"},
	{"ma1011", MYSQL80, true,
		"CREATE TABLE a3 (a VARCHAR(10) CHARACTER SET utf8mb4, b VARCHAR(10) CHARACTER SET utf8mb4 "
		"COLLATE utf8mb4_bin, c CHAR(3) AS (CAST('x' AS CHAR CHARACTER SET utf8mb4)), d TEXT COLLATE "
		"utf8mb4_0900_ai_ci) DEFAULT CHARSET=utf8mb4",
		"CREATE TABLE a3 (a VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci, "
		"b VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, c CHAR(3) AS (CAST('x' AS CHAR "
		"CHARACTER SET utf8mb4)), d TEXT COLLATE utf8mb4_uca1400_nopad_ai_ci) DEFAULT CHARSET=utf8mb4 "
		"COLLATE utf8mb4_uca1400_nopad_ai_ci"},
	{"ma1011", MYSQL80, true,
		"CREATE TABLE a4 (a INT) CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci",
		"RUN"},
	{"ma1011", MYSQL80, true,
		"CREATE DATABASE d1 CHARACTER SET utf8mb4",
		"CREATE DATABASE d1 CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci"},
	{"ma1011", MYSQL80, true,
		"ALTER TABLE a3 CONVERT TO CHARACTER SET utf8mb4",
		"ALTER TABLE a3 CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci"},
	{"ma1011", MYSQL80, true,
		"ALTER TABLE a3 DEFAULT CHARACTER SET utf8mb4, ADD COLUMN x VARCHAR(3) CHARSET utf8mb4 "
		"COLLATE utf8mb4_bin",
		"ALTER TABLE a3 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci, ADD "
		"COLUMN x VARCHAR(3) CHARSET utf8mb4 COLLATE utf8mb4_bin"},
	{"ma1011", MYSQL80, true,
		"SELECT 'a' COLLATE utf8mb4_de_pb_0900_as_cs, _utf8mb3'x', CONVERT(x USING utf8mb4), CONVERT(x "
		"USING gb18030) FROM t",
		"STOP collations"},
	{"ma1011", MYSQL80, true,
		"INSERT INTO t VALUES (CONNECTION_ID(), UUID(), 'SYSDATE()')",
		"INSERT INTO t VALUES (7, UUID(), 'SYSDATE()')"},
	{"ma1011", MYSQL80, true,
		"CREATE TABLE a5 (a INT, b INT /*!80023 INVISIBLE */, KEY k (b) /*!80000 INVISIBLE */, "
		"g GEOMETRY NOT NULL /*!80003 SRID 4326 */, SPATIAL KEY (g)) /*!50100 PARTITION BY KEY "
		"(a) */ /*!80016 DEFAULT ENCRYPTION='N' */",
		"CREATE TABLE a5 (a INT, b INT   INVISIBLE  , KEY k (b)   IGNORED  , g GEOMETRY REF_SYSTEM_ID=4326 "
		"NOT NULL    , SPATIAL KEY (g)) /*!50100 PARTITION BY KEY (a) */   DEFAULT ENCRYPTION='N' "
		" "},
	{"ma1011", MYSQL80, true,
		"ALTER TABLE a5 ALTER INDEX k VISIBLE, ALTER INDEX k2 INVISIBLE",
		"ALTER TABLE a5 ALTER INDEX k NOT IGNORED, ALTER INDEX k2 IGNORED"},
	/* foreign keys that the source's engine ignored; it made keys of them */
	{"ma1011", MYSQL80, true,
		"CREATE TABLE f1 (a INT REFERENCES p (a) ON DELETE SET NULL, b INT, CONSTRAINT `x` FOREIGN KEY y (b) REFERENCES p (b) "
		"ON DELETE CASCADE, FOREIGN KEY (a) REFERENCES q (a), CONSTRAINT FOREIGN KEY z (a, b) REFERENCES q (a, b)) ENGINE=MyISAM",
		"CREATE TABLE f1 (a INT, b INT, KEY `x` (b), KEY (a), KEY z (a, b)) ENGINE=InnoDB"},
	{"my97", MYSQL56, true,
		"ALTER TABLE f1 ADD COLUMN c INT REFERENCES p (a) AFTER b, ADD FOREIGN KEY (b) REFERENCES p (a), ENGINE=MyISAM",
		"ALTER TABLE f1 ADD COLUMN c INT AFTER b, ADD KEY (b), ENGINE=InnoDB"},
	{"my97", MYSQL80, true,
		"CREATE TABLE f1 (a INT, FOREIGN KEY (a) REFERENCES p (a)) ENGINE=InnoDB",
		"RUN"},
	{"ma1011", MYSQL80, true,
		"ALTER TABLE a5 ALTER COLUMN e SET VISIBLE",
		"STOP invisible"},
	{"my97", MYSQL80, true,
		"ALTER TABLE a5 ALTER COLUMN e SET INVISIBLE",
		"RUN"},
	{"ma1011", MYSQL80, true,
		"CREATE TABLE a6 (id INT, KEY ((id+1)))",
		"STOP functional-indexes"},
	{"ma1011", MYSQL80, true,
		"CREATE TABLE a7 SELECT 1 AS x",
		"CREATE TABLE a7 AS SELECT 1 AS x LIMIT 0 | INSERT INTO a7 SELECT "
		"1 AS x"},
	{"ma1011", MYSQL80, true,
		"CREATE TABLE a8 (y INT DEFAULT 4, x INT) REPLACE AS SELECT 1 AS x UNION SELECT 2",
		"CREATE TABLE a8 (y INT DEFAULT 4, x INT) AS SELECT * FROM (SELECT 1 AS x UNION SELECT "
		"2) AS q LIMIT 0 | REPLACE INTO a8 [names] SELECT 1 AS x UNION SELECT 2"},
	{"ma1011", MYSQL80, true,
		"CREATE TABLE a9 (`x` int NOT NULL) ENGINE=InnoDB START TRANSACTION",
		"CREATE TABLE a9 (`x` int NOT NULL) ENGINE=InnoDB"},
	/* as the log has it: options behind it are options still */
	{"ma1011", MYSQL80, true,
		"CREATE TABLE a9 (`x` int NOT NULL) START TRANSACTION ENGINE=InnoDB DATA DIRECTORY='/srv' COMMENT='x'",
		"CREATE TABLE a9 (`x` int NOT NULL) ENGINE=InnoDB COMMENT='x'"},
	{"ma1011", MYSQL80, true,
		"ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE q WITHOUT VALIDATION",
		"ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE q"},
	{"ma118", MYSQL80, true,
		"ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE q WITHOUT VALIDATION",
		"RUN"},
	{"ma1011", MYSQL80, true,
		"CREATE TABLE m (a INT) ENGINE=MERGE UNION=(a, b)",
		"STOP merge-tables"},
	{"my97", MYSQL80, true,
		"GRANT SELECT ON *.* TO a@b WITH GRANT OPTION AS `root`@`localhost` WITH ROLE NONE;",
		"CREATE USER IF NOT EXISTS `a`@`b`" NO_PASSWORD_97 " ACCOUNT LOCK | GRANT SELECT ON *.* TO `a`@`b` WITH GRANT OPTION"},
	{"my97", MARIA, true,
		"CREATE TABLE c (a CHAR(9) CHARACTER SET utf8mb4 COLLATE uca1400_as_cs) CHARSET=utf8mb4 COLLATE=uca1400_ai_ci",
		"CREATE TABLE c (a CHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs) CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci"},
	{"ma118", MARIA, true,
		"CREATE TABLE c (a CHAR(9) CHARACTER SET utf8mb4 COLLATE uca1400_as_cs)",
		"RUN"},
	{"ma1011", MYSQL80, true,
		"CREATE TABLE b1 (a INT, id INT AUTO_INCREMENT, KEY (a, id)) ENGINE=Aria TRANSACTIONAL=1 "
		"PAGE_CHECKSUM=1",
		"CREATE TABLE b1 (a INT, id INT AUTO_INCREMENT, KEY (a, id), KEY (`id`)) ENGINE=InnoDB"},
	{"ma1011", MYSQL80, true,
		"DELETE FROM mysql.innodb_index_stats WHERE 1",
		"SKIP system-schemas"},
	{"ma1011", MYSQL80, true,
		"DROP TABLE app.x, mysql.y",
		"STOP system-schemas"},
	{"ma1011", MYSQL80, true,
		"ALTER DATABASE app READ ONLY = 1",
		"SKIP nothing-left"},
	{"ma1011", MYSQL80, true,
		"ALTER DATABASE app ENCRYPTION='N' READ ONLY=0",
		"SKIP nothing-left"},
	{"ma1011", MYSQL80, true,
		"CREATE DEFINER=`root`@`localhost` EVENT e1 ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL "
		"1 HOUR ON COMPLETION PRESERVE ENABLE COMMENT 'do' DO UPDATE t SET enable=1",
		"CREATE DEFINER=CURRENT_USER EVENT e1 ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 HOUR "
		"ON COMPLETION PRESERVE DISABLE ON SLAVE COMMENT 'do' DO UPDATE t SET enable=1"},
	{"ma1011", MYSQL80, true,
		"ALTER EVENT e1 ENABLE",
		"ALTER EVENT e1 DISABLE ON SLAVE"},
	{"ma1011", MYSQL80, true,
		"ALTER EVENT e1 ON SCHEDULE EVERY 1 DAY RENAME TO app.e2",
		"RUN"},
	{"ma1011", MYSQL80, true,
		"DROP EVENT IF EXISTS e2",
		"RUN"},
	{"ma1011", MYSQL80, true,
		"DROP TRIGGER tr",
		"RUN"},
	{"ma1011", MYSQL80, true,
		"/*!50003 CREATE*/ /*!50017 DEFINER=`app`@`%`*/ /*!50003 TRIGGER `tr` BEFORE INSERT ON "
		"`t` FOR EACH ROW BEGIN SET NEW.a = 1; END */",
		"/*!50003 CREATE*/ /*!50017 DEFINER=CURRENT_USER*/ /*!50003 TRIGGER `tr` BEFORE INSERT "
		"ON `t` FOR EACH ROW IF @changeling_rows IS NULL THEN BEGIN SET NEW.a = 1; END; END IF "
		"*/"},
	{"ma1011", MYSQL80, true,
		"CREATE DEFINER=`app`@`%` TRIGGER tr2 AFTER UPDATE ON t FOR EACH ROW FOLLOWS tr INSERT "
		"INTO log VALUES (1) /* done */",
		"CREATE DEFINER=CURRENT_USER TRIGGER tr2 AFTER UPDATE ON t FOR EACH ROW FOLLOWS tr IF @changeling_rows "
		"IS NULL THEN INSERT INTO log VALUES (1); END IF /* done */"},
	{"ma1011", MYSQL80, true,
		"/*!50001 CREATE ALGORITHM=UNDEFINED */ /*!50013 DEFINER=`root`@`localhost` SQL SECURITY "
		"DEFINER */ /*!50001 VIEW `v` AS select 1 AS `1` */",
		"/*!50001 CREATE ALGORITHM=UNDEFINED */ /*!50013 DEFINER=CURRENT_USER SQL SECURITY DEFINER "
		"*/ /*!50001 VIEW `v` AS select 1 AS `1` */"},
	{"ma1011", MYSQL80, true,
		"CREATE DEFINER=app@'%' PROCEDURE p() SQL SECURITY INVOKER BEGIN SELECT 1; END",
		"CREATE DEFINER=CURRENT_USER PROCEDURE p() SQL SECURITY INVOKER BEGIN SELECT 1; END"},
	{"my97", MARIA, true,
		"CREATE OR REPLACE TABLE t1 (a INT, b VARCHAR(36) DEFAULT uuid(), c INT DEFAULT (1+2), "
		"d TIMESTAMP DEFAULT current_timestamp() ON UPDATE current_timestamp(), e INT DEFAULT "
		"1+2 NOT NULL, f INT AS (a+1) PERSISTENT, g TEXT COMPRESSED, h INT INVISIBLE DEFAULT 5, "
		"KEY (a) IGNORED) ENGINE=Aria",
		"{explicit_defaults_for_timestamp=1} DROP TABLE IF EXISTS t1 | CREATE TABLE t1 (a INT, b VARCHAR(36) DEFAULT (uuid()), c INT "
		"DEFAULT (1+2), d TIMESTAMP DEFAULT current_timestamp() ON UPDATE current_timestamp(), "
		"e INT DEFAULT (1+2) NOT NULL, f INT AS (a+1) STORED, g TEXT, h INT INVISIBLE DEFAULT "
		"5, KEY (a) INVISIBLE) ENGINE=InnoDB"},
	{"my97", MARIA, true,
		"CREATE OR REPLACE TABLE t1 SELECT 1 AS a",
		"DROP TABLE IF EXISTS t1 | CREATE TABLE t1 SELECT 1 AS a"},
	{"my97", MARIA, true,
		"CREATE OR REPLACE PROCEDURE p() SELECT 1",
		"DROP PROCEDURE IF EXISTS p | CREATE PROCEDURE p() SELECT 1"},
	{"my97", MARIA, true,
		"CREATE OR REPLACE VIEW v AS SELECT 1",
		"RUN"},
	{"my97", MARIA, true,
		"CREATE OR REPLACE INDEX i ON t1 (a)",
		"DROP INDEX i ON t1 | CREATE INDEX i ON t1 (a)"},
	{"my97", MARIA, true,
		"CREATE OR REPLACE DATABASE d2",
		"DROP DATABASE IF EXISTS d2 | CREATE DATABASE d2"},
	{"my97", MARIA, true,
		"ALTER TABLE IF EXISTS t1 ADD COLUMN IF NOT EXISTS z INT AFTER a, DROP COLUMN IF EXISTS "
		"y, ADD INDEX IF NOT EXISTS k (z), ENGINE=InnoDB",
		"ALTER TABLE t1 ADD COLUMN z INT AFTER a | ALTER TABLE t1 DROP COLUMN y | ALTER TABLE t1 "
		"ADD INDEX k (z) | ALTER TABLE t1 ENGINE=InnoDB"},
	/* each column of a list by itself */
	{"my97", MARIA, true,
		"ALTER TABLE t1 ADD COLUMN IF NOT EXISTS (d INT, a INT, e INT NOT NULL)",
		"ALTER TABLE t1 ADD d INT | ALTER TABLE t1 ADD a INT | ALTER TABLE t1 ADD e INT NOT NULL"},
	/* what exists is asked of the table as it was: parts must not see what others have done */
	{"my97", MARIA, true,
		"ALTER TABLE t1 DROP COLUMN IF EXISTS f, ADD COLUMN IF NOT EXISTS f VARCHAR(5)",
		"STOP alter-if-exists"},
	{"my97", MARIA, true,
		"ALTER TABLE t1 CHANGE COLUMN IF EXISTS a b INT, CHANGE COLUMN IF EXISTS b a INT",
		"STOP alter-if-exists"},
	{"my97", MARIA, true,
		"ALTER TABLE t1 ADD COLUMN IF NOT EXISTS (d INT, a INT), DROP COLUMN IF EXISTS a",
		"STOP alter-if-exists"},
	{"my97", MARIA, true,
		"ALTER TABLE t1 DROP INDEX k, ADD INDEX k (a), ADD COLUMN IF NOT EXISTS z INT, ADD INDEX IF NOT EXISTS z (z)",
		"ALTER TABLE t1 DROP INDEX k | ALTER TABLE t1 ADD INDEX k (a) | ALTER TABLE t1 ADD COLUMN z INT | ALTER TABLE t1 ADD "
		"INDEX z (z)"},
	{"my97", MARIA, true,
		"RENAME TABLE IF EXISTS nope TO yes, t TO app.t3",
		"RENAME TABLE nope TO yes | RENAME TABLE t TO app.t3"},
	{"my97", MARIA, true,
		"ALTER TABLE t1 DROP FOREIGN KEY IF EXISTS fk",
		"ALTER TABLE t1 DROP FOREIGN KEY fk"},
	{"my97", MARIA, true,
		"ALTER TABLE t1 WAIT 10 ADD COLUMN w INT",
		"ALTER TABLE t1 ADD COLUMN w INT"},
	{"my97", MARIA, true,
		"ALTER TABLE t1 NOWAIT ADD COLUMN IF NOT EXISTS w INT",
		"ALTER TABLE t1 ADD COLUMN w INT"},
	{"my97", MARIA, true,
		"DROP TABLE IF EXISTS t9 WAIT 5",
		"DROP TABLE IF EXISTS t9"},
	{"my97", MARIA, true,
		"CREATE INDEX IF NOT EXISTS i ON t1 (a)",
		"CREATE INDEX i ON t1 (a)"},
	{"my97", MARIA, true,
		"DROP INDEX IF EXISTS i ON t1",
		"DROP INDEX i ON t1"},
	{"my97", MARIA, true,
		"RENAME TABLE IF EXISTS a TO b",
		"RENAME TABLE a TO b"},
	{"my97", MARIA, true,
		"SET STATEMENT max_statement_time=60, sql_mode='ANSI', lock_wait_timeout=5 FOR INSERT INTO "
		"t1 (a) VALUES (1) RETURNING a",
		"{sql_mode='ANSI'} INSERT INTO t1 (a) VALUES (1)"},
	{"my97", MARIA, true,
		"SET STATEMENT foo=1 FOR UPDATE t1 SET a=2",
		"{foo=1} UPDATE t1 SET a=2"},
	{"my97", MARIA, true,
		"DELETE FROM t1 WHERE a=1 RETURNING *",
		"DELETE FROM t1 WHERE a=1"},
	{"my97", MARIA, true,
		"INSERT DELAYED IGNORE INTO t1 VALUES (1)",
		"INSERT IGNORE INTO t1 VALUES (1)"},
	{"my97", MARIA, true,
		"REPLACE DELAYED t1 VALUES (1)",
		"REPLACE t1 VALUES (1)"},
	{"my97", MARIA, true,
		"CREATE SEQUENCE s1",
		"STOP sequences"},
	{"my97", MARIA, true,
		"CREATE TABLE v1 (a INT, PERIOD FOR SYSTEM_TIME (x, y)) WITH SYSTEM VERSIONING",
		"STOP versioning"},
	{"my97", MARIA, true,
		"/*M!100100 ALTER TABLE t1 ADD COLUMN q INT */",
		"  ALTER TABLE t1 ADD COLUMN q INT  "},
	{"my97", MARIA, true,
		"ALTER TABLE t1 ADD COLUMN r INT /*!100500 INVISIBLE */",
		"ALTER TABLE t1 ADD COLUMN r INT   INVISIBLE  "},
	{"my97", MARIA, true,
		"CREATE TABLE c1 (a VARCHAR(10) COLLATE utf8mb4_uca1400_ai_ci, b VARCHAR(10) COLLATE utf8mb4_general_nopad_ci, "
		"c TEXT COLLATE utf8mb4_nopad_bin, d TEXT COLLATE utf8mb3_uca1400_swedish_as_cs, e TEXT "
		"COLLATE latin1_swedish_nopad_ci)",
		"CREATE TABLE c1 (a VARCHAR(10) COLLATE utf8mb4_0900_ai_ci, b VARCHAR(10) COLLATE utf8mb4_general_ci, "
		"c TEXT COLLATE utf8mb4_0900_bin, d TEXT COLLATE utf8mb3_swedish_ci, e TEXT COLLATE latin1_swedish_ci)"},
	{"my97", MARIA, true,
		"CREATE TABLE c2 (a VARCHAR(10)) CHARSET utf8mb4",
		"CREATE TABLE c2 (a VARCHAR(10)) CHARSET utf8mb4 COLLATE utf8mb4_general_ci"},
	{"my97", MARIA, true,
		"CREATE TABLE c3 (a VARCHAR(10)) CHARSET utf8",
		"RUN"},
	{"my97", MARIA, true,
		"CREATE TABLE g1 (p POINT REF_SYSTEM_ID=4326)",
		"CREATE TABLE g1 (p POINT)"},
	{"my97", MARIA, true,
		"GRANT ALL ON *.* TO a@b",
		"CREATE USER IF NOT EXISTS `a`@`b`" NO_PASSWORD_97 " ACCOUNT LOCK | GRANT SELECT, INSERT, UPDATE, DELETE, "
		"CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, CREATE TEMPORARY "
		"TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW "
		"VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, CREATE ROLE, DROP ROLE, "
		"APPLICATION_PASSWORD_ADMIN, ROLE_ADMIN, SET_ANY_DEFINER, XA_RECOVER_ADMIN ON *.* TO `a`@`b`"},
	{"my97", MARIA, true,
		"CREATE USER IF NOT EXISTS x IDENTIFIED VIA mysql_native_password USING '*2B602296A79E0A8784ACC5C88D92E46588CCA3C3' "
		"REQUIRE SSL",
		"CREATE USER IF NOT EXISTS `x`" NO_PASSWORD_97 " REQUIRE SSL ACCOUNT LOCK"},
	{"my97", MARIA, true,
		"ANALYZE TABLE x",
		"SKIP table-maintenance"},
	{"my97", MARIA, true,
		"FLUSH TABLES",
		"SKIP flush"},
	{"my97", MARIA, true,
		"BEGIN",
		"RUN"},
	{"my97", MARIA, true,
		"COMMIT",
		"RUN"},
	{"my97", MARIA, true,
		"SAVEPOINT a",
		"RUN"},
	{"my97", MARIA, true,
		"XA COMMIT X'31',X'',1",
		"RUN"},
};

static void each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct capabilities *target = target_of(cases[i].target);
		struct rewrite_input input = {.text = cases[i].sql, .length = strlen(cases[i].sql), .database = "app",
			.client_charset = "utf8mb4", .source = cases[i].source, .server_id = 1, .thread_id = 7, .serial = 42,
			.explicit_defaults = -1};
		struct buffer found = BUFFER_INIT;
		struct arena arena = ARENA_INIT;
		struct rewrite_plan plan;

		target->may_create_functions = cases[i].trusted;
		rewrite_statement(&input, target, &arena, &plan);
		plan_text(&plan, &found);
		if (strcmp(buffer_text(&found), cases[i].wanted) != 0)
			fail_msg("%s to %s:\nwanted %s\nfound  %s", cases[i].sql, cases[i].target, cases[i].wanted, buffer_text(&found));
		if (plan.action == PLAN_STOP)
			assert_non_null(strstr(plan.stop_text, "changeling skip"));
		arena_release(&arena);
		buffer_release(&found);
	}
	release_targets();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_case)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
