"""A table that is altered on both sides without a word in the log (sql_log_bin=0), as rolling changes of a schema do: changes from
before and from behind lie in one backlog and must not be taken for changes of the same columns."""
import pytest

T = "CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT); INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)"
K = "CREATE TABLE t (a INT, b INT); INSERT INTO t VALUES (6, 5)"

# name -> (table, what comes before, what is altered on the source, what comes behind; on the target, where it is not the same)
CASES = {
    "moved": (T, "UPDATE t SET b = 5 WHERE id = 1", "MODIFY b INT AFTER id", "UPDATE t SET b = 6 WHERE id = 1", None),
    "added": (T, "UPDATE t SET a = 5 WHERE id = 1", "ADD x INT NOT NULL DEFAULT 77 AFTER id",
              "UPDATE t SET a = 6 WHERE id = 1", None),
    "inserted": (T, "INSERT INTO t (id, a, b) VALUES (3, 3, 3)", "ADD x INT NOT NULL DEFAULT 77 AFTER id",
                 "UPDATE t SET a = 6 WHERE id = 3", None),
    "added_last": (T, "UPDATE t SET a = 5 WHERE id = 1", "ADD s VARCHAR(20) NOT NULL DEFAULT 'new'",
                   "UPDATE t SET s = 'set' WHERE id = 1", None),
    "dropped": (T, "UPDATE t SET a = 5, b = 7 WHERE id = 1", "DROP b", "UPDATE t SET a = 6 WHERE id = 1", "COMMENT 'as it was'"),
    "wider": (T, "UPDATE t SET a = 5 WHERE id = 1", "MODIFY a BIGINT", "UPDATE t SET b = 6 WHERE id = 1", None),
    "keyless": (K, "INSERT INTO t (a, b) VALUES (5, 6)", "MODIFY b INT FIRST", "DELETE FROM t WHERE a = 6", None),
}


@pytest.fixture
def full_metadata(pool):
    touched = []

    def tell(server):
        server.sql("SET GLOBAL binlog_row_metadata = FULL")
        server.forget()
        touched.append(server)
    yield tell
    for server in touched:
        server.sql("SET GLOBAL binlog_row_metadata = DEFAULT")
        server.forget()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("image", ["FULL", "MINIMAL"])
@pytest.mark.parametrize("kinds", [("mysql97", "mysql97"), ("maria1011", "maria118"), ("maria1011", "mysql97")], ids="-".join)
def test_altered_between_two_changes(pairing, full_metadata, kinds, image, case):
    table, before, alter, behind, on_target = CASES[case]
    p = pairing(*kinds)
    full_metadata(p.source)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; {table}")
    p.changeling.wait_caught_up()
    p.changeling.stop()
    p.target.sql(f"ALTER TABLE t {on_target or alter}", database=p.db)
    p.source.sql(f"USE `{p.db}`; SET SESSION binlog_row_image = {image}; {before}; SET sql_log_bin = 0; ALTER TABLE t {alter}; "
                 f"SET sql_log_bin = 1; {behind}; SET SESSION binlog_row_image = FULL")
    p.changeling.run()
    p.changeling.wait_caught_up()
    if case == "dropped":
        assert p.target.query(f"SELECT id, a, b FROM `{p.db}`.t ORDER BY id") == [(1, 6, 7), (2, 2, 2)]
        rows = f"SELECT id, a FROM `{p.db}`.t ORDER BY id"
    else:
        rows = f"SELECT * FROM `{p.db}`.t ORDER BY 1, 2"
    assert p.target.query(rows) == p.source.query(rows)
