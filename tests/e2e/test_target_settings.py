"""What a target was told globally, for other people's sessions, does not reach ours."""
import pytest

SETTINGS = ["sql_safe_updates = 1", "sql_select_limit = 1", "max_join_size = 10", "sql_big_selects = 0", "completion_type = 1",
            "autocommit = 0", "time_zone = '+05:30'", "foreign_key_checks = 0", "max_error_count = 0", "group_concat_max_len = 8",
            "init_connect = 'SET NAMES latin1'", "auto_increment_increment = 7", "auto_increment_offset = 3",
            "lc_messages = 'de_DE'", "big_tables = 1",
            "sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,PAD_CHAR_TO_FULL_LENGTH,STRICT_ALL_TABLES'"]
LOAD = """
CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, d DATETIME(3), s TIMESTAMP NULL, e ENUM('a', 'b'), c CHAR(5), b TEXT);
INSERT INTO t (d, s, e, c) VALUES (NOW(3), NOW(), 'a', 'q\\\\''\"'), (NULL, NULL, 'b', ' ');
CREATE TABLE k (a INT, b CHAR(3)); INSERT INTO k VALUES (1, 'a'), (1, 'a'), (2, NULL); DELETE FROM k WHERE a = 1 LIMIT 1;
SET SESSION binlog_format = STATEMENT;
INSERT INTO t (c, b) VALUES ('a', 'x\\\\\\\\y'), ('b', 'y'); INSERT INTO t (c, b) SELECT c, CONCAT(b, 'w') FROM t WHERE id = 3;
UPDATE t SET c = CONCAT(c, 'z') WHERE c <> 'a'; DELETE FROM t WHERE c = ' z';
SET SESSION binlog_format = ROW;
CREATE VIEW v AS SELECT t.id, k.a FROM t JOIN k; CREATE TABLE l LIKE t;
CREATE TABLE `ñ表` (`ソ` INT, c VARCHAR(20) CHARACTER SET utf8mb4); INSERT INTO `ñ表` VALUES (1, '😀ñ'), (2, 'n');
DELETE FROM `ñ表` WHERE c = '😀ñ'
"""


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_global_settings_of_the_target(pairing, pool, kind):
    target = pool.fresh(kind, "rds")
    p = pairing(kind, target)
    for setting in SETTINGS:
        target.sql(f"SET GLOBAL {setting}")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.source.sql(LOAD, database=p.db)
    p.changeling.wait_caught_up()
    p.changeling.stop()
    p.source.sql(f"INSERT INTO `{p.db}`.t (c) VALUES ('more'); UPDATE `{p.db}`.t SET b = 'all'")
    p.changeling.run()
    p.changeling.wait_caught_up()
    target.forget()
    target.sql("SET SESSION sql_select_limit = DEFAULT, SESSION sql_mode = DEFAULT")
    for setting in SETTINGS:
        target.sql(f"SET GLOBAL {setting.split(' ')[0]} = DEFAULT")
    target.forget()
    assert p.compare() > 5
