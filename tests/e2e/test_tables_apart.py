"""Tables that are not the same on both sides, or hold more than the rows that one sees."""
import pytest


@pytest.mark.parametrize("source", ["maria1011", "mysql97"])
def test_a_generated_key_that_only_the_target_has(pairing, pool, source):
    """sql_generate_invisible_primary_key=ON there: the first column of the log is the second one of the table."""
    target = pool.fresh("mysql97", "rds")
    p = pairing(source, target)
    target.sql("SET GLOBAL sql_generate_invisible_primary_key = ON")
    try:
        p.replicate("now")
        p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (a INT, b INT); "
                     "INSERT INTO t VALUES (7, 8), (9, 10), (7, 8); UPDATE t SET b = 20 WHERE a = 9; DELETE FROM t WHERE a = 7 LIMIT 1")
        p.changeling.wait_caught_up()
        rows = f"SELECT a, b FROM `{p.db}`.t ORDER BY a, b"
        assert p.target.query(rows) == p.source.query(rows) == [(7, 8), (9, 20)]
    finally:
        target.sql("SET GLOBAL sql_generate_invisible_primary_key = OFF")


def test_history_that_is_deleted_leaves_the_rows(pairing):
    p = pairing("maria1011")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING; "
                 "INSERT INTO t VALUES (1, 1), (2, 1); UPDATE t SET v = 2")
    p.changeling.wait_caught_up()
    p.source.sql(f"DELETE HISTORY FROM `{p.db}`.t")
    assert "DELETE HISTORY" in p.changeling.wait_error()["error"]
    p.target.sql(f"DELETE HISTORY FROM `{p.db}`.t")
    assert p.changeling.command("skip").code == 0
    p.changeling.run()
    p.source.sql(f"UPDATE `{p.db}`.t SET v = 3 WHERE id = 2")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT id, v FROM `{p.db}`.t ORDER BY id") == [(1, 2), (2, 3)]


@pytest.mark.parametrize("column", ["a INT", "a DOUBLE", "a DECIMAL(10,2)", "a DATETIME"])
def test_text_is_not_taken_for_a_number(pairing, column):
    p = pairing("mysql97", "mysql97")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, a VARCHAR(20))")
    p.changeling.wait_caught_up()
    p.target.sql(f"ALTER TABLE `{p.db}`.t MODIFY {column}")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, '7')")
    assert "column a is" in p.changeling.wait_error()["error"]
    assert p.target.query(f"SELECT * FROM `{p.db}`.t") == []


@pytest.mark.parametrize("column, narrower, first, second", [
    ("s VARCHAR(20)", "s VARCHAR(20) CHARACTER SET latin1", "'a'", "CONCAT('漢', id)"),
    ("s VARCHAR(20)", "s VARCHAR(20) CHARACTER SET utf8mb3", "'a'", "CONCAT('😀', id)"),
    ("s JSON", "s LONGTEXT CHARACTER SET latin1", "'{\"a\": \"b\"}'", "JSON_OBJECT('a', CONCAT('漢', id))"),
])
@pytest.mark.parametrize("key", ["PRIMARY KEY", ""])
def test_letters_that_the_targets_character_set_lacks(pairing, key, column, narrower, first, second):
    """They are never '?', however many rows an UPDATE has."""
    p = pairing("mysql97", "mysql97")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT {key}, {column}) CHARACTER SET utf8mb4")
    p.changeling.wait_caught_up()
    p.target.sql(f"ALTER TABLE `{p.db}`.t MODIFY {narrower}")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, {first}), (2, {first})")
    p.changeling.wait_caught_up()
    p.source.sql(f"UPDATE `{p.db}`.t SET s = {second}")
    assert "Incorrect string value" in p.changeling.wait_error()["error"]
    rows = p.target.query(f"SELECT CAST(s AS CHAR) FROM `{p.db}`.t")
    assert len(rows) == 2 and "?" not in str(rows)


def test_a_key_whose_letters_the_target_lacks_finds_no_other_row(pairing):
    """A row '?' is not the row '漢' of the master's, in a table with a key or without one."""
    p = pairing("mysql97", "mysql97")
    p.source.sql("SET GLOBAL binlog_row_metadata = FULL")
    try:
        p.replicate("now")
        p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE k (s VARCHAR(9) PRIMARY KEY, v INT) CHARACTER SET utf8mb4; "
                     "CREATE TABLE n (s VARCHAR(9), v INT) CHARACTER SET utf8mb4")
        p.changeling.wait_caught_up()
        for table in "kn":
            p.source.sql(f"SET sql_log_bin = 0; INSERT INTO `{p.db}`.{table} VALUES ('漢', 1), ('ü', 1), ('é', 1); SET sql_log_bin = 1")
            p.target.sql(f"ALTER TABLE `{p.db}`.{table} MODIFY s VARCHAR(9) CHARACTER SET latin1; "
                         f"INSERT INTO `{p.db}`.{table} VALUES ('?', 1), ('ü', 1), ('é', 1)")
        for table in "kn":
            p.source.sql(f"UPDATE `{p.db}`.{table} SET v = 2 WHERE s <> '漢'")
            p.changeling.wait_caught_up()
            p.source.sql(f"UPDATE `{p.db}`.{table} SET v = 3 WHERE s <> 'é'")
            assert any(said in p.changeling.wait_error()["error"] for said in ("0 such rows", "Cannot convert string"))
            assert sorted(p.target.query(f"SELECT s, v FROM `{p.db}`.{table}")) == [("?", 1), ("é", 2), ("ü", 2)]
            assert p.changeling.command("skip").code == 0
            p.changeling.run()
    finally:
        p.source.sql("SET GLOBAL binlog_row_metadata = MINIMAL")
