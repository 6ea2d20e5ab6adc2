"""Generated columns, which the target computes anew: in our session, and in strict mode."""
import pytest

SAME = [("mysql97", "mysql97"), ("maria1011", "maria118")]
BOTH = [*SAME, ("mysql97", "maria118"), ("maria118", "mysql97")]


def make_table(p, columns):
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE g (id INT PRIMARY KEY, {columns})")


def on_source(p, session, text):
    """In a session of its own, which has other variables than those that other tests go on with."""
    connection = p.source.connect(database=p.db)
    with connection, connection.cursor() as cursor:
        for statement in (f"SET SESSION {session}", *text.split("; ")):
            cursor.execute(statement)


def insert(p, values, session):
    on_source(p, session, f"INSERT INTO g {values}")


@pytest.mark.parametrize("kinds", BOTH, ids="-to-".join)
@pytest.mark.parametrize("kept", ["STORED", "VIRTUAL, KEY (d)"])
def test_day_of_a_timestamp(pairing, kinds, kept):
    """Of the same zone it runs; the day of another zone stops, which the target would compute in silence."""
    p = pairing(*kinds)
    make_table(p, f"ts TIMESTAMP NULL, n INT, d DATE AS (DATE(ts)) {kept}")
    insert(p, "(id, ts, n) VALUES (1, '2026-01-01 00:30:00', 1), (2, '2026-01-01 12:00:00', 1)", "time_zone='+00:00'")
    on_source(p, "time_zone='+00:00'", "UPDATE g SET ts = '2026-01-03 00:30:00' WHERE id = 2; UPDATE g SET n = 2; "
                                       "DELETE FROM g WHERE id = 1")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT id, n, CAST(d AS CHAR) FROM `{p.db}`.g") == [(2, 2, "2026-01-03")]
    insert(p, "(id, ts) VALUES (3, '2026-01-05 00:30:00')", "time_zone='+02:00'")
    error = p.changeling.wait_error()["error"]
    assert "row id=3: insert at" in error and "d AS (" in error and "time_zone" in error
    assert p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.g") == 1


def test_ordinary_until_the_cut_over(pairing):
    """What the stop advises, from MySQL: an ordinary column takes the master's values."""
    p = pairing("mysql97", "mysql97")
    make_table(p, "ts TIMESTAMP, d DATE AS (DATE(ts)) STORED, KEY (d)")
    p.changeling.wait_caught_up()
    insert(p, "(id, ts) VALUES (1, '2026-01-05 00:30:00'), (2, '2026-01-06 00:30:00')", "time_zone='+02:00'")
    assert "MODIFY" in p.changeling.wait_error()["error"]
    p.target.sql(f"ALTER TABLE `{p.db}`.g MODIFY d DATE")
    p.changeling.after_error("retry")
    on_source(p, "time_zone='+02:00'", "UPDATE g SET ts = '2026-01-09 00:30:00' WHERE id = 2")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT id, CAST(d AS CHAR) FROM `{p.db}`.g ORDER BY id") == [(1, "2026-01-05"), (2, "2026-01-09")]


def test_virtual_until_the_cut_over(pairing):
    """And from MariaDB, whose log may have no generated columns of an UPDATE."""
    p = pairing("maria1011", "maria118")
    make_table(p, "ts TIMESTAMP NULL, d DATE AS (DATE(ts)) STORED, n INT")
    p.changeling.wait_caught_up()
    insert(p, "(id, ts) VALUES (1, '2026-01-05 00:30:00')", "time_zone='+02:00'")
    assert "VIRTUAL" in p.changeling.wait_error()["error"]
    p.target.sql(f"ALTER TABLE `{p.db}`.g DROP d; ALTER TABLE `{p.db}`.g ADD d DATE AS (DATE(ts)) VIRTUAL AFTER ts")
    p.changeling.after_error("retry")
    on_source(p, "time_zone='+02:00'", "UPDATE g SET n = 7")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SET STATEMENT time_zone='+02:00' FOR SELECT id, CAST(d AS CHAR), n FROM `{p.db}`.g") == \
        [(1, "2026-01-05", 7)]


@pytest.mark.parametrize("expression, values, session", [
    ("HOUR(FROM_UNIXTIME(n))", "1767220200", "time_zone='+02:00'"), ("DAYNAME(FROM_DAYS(n))", "740000", "lc_time_names='de_DE'"),
    ("1 / n", "3", "div_precision_increment=9"),
    ("YEAR('2026-02-30')", "1", "sql_mode=''")])
def test_other_variables(pairing, expression, values, session):
    p = pairing("mysql97", "mysql97")
    make_table(p, f"n INT, v VARCHAR(40) AS ({expression}) STORED")
    insert(p, f"(id, n) VALUES (1, {values})", session)
    assert "v AS (" in p.changeling.wait_error()["error"]


@pytest.mark.parametrize("policy", ["record", "repair"])
def test_policies(pairing, policy):
    """Recorded, the row stays as the target has it; repaired it cannot be."""
    p = pairing("mysql97", "maria1011")
    p.replicate("now", conflicts=policy)
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.g (id INT PRIMARY KEY, ts TIMESTAMP, d DATE AS (DATE(ts)) STORED)")
    insert(p, "(id, ts) VALUES (1, '2026-01-05 00:30:00')", "time_zone='+02:00'")
    if policy == "repair":
        assert "d AS (" in p.changeling.wait_error()["error"]
        return
    p.changeling.wait_caught_up()
    entry, = p.changeling.look("quarantine")
    assert entry["outcome"] == "recorded" and "d AS (" in entry["reason"] and "2026-01-05" in entry["after"]
    assert p.target.query(f"SELECT id, CAST(d AS CHAR) FROM `{p.db}`.g") == [(1, "2026-01-04")]


@pytest.mark.parametrize("kinds", BOTH, ids="-to-".join)
def test_values_that_the_master_cut(pairing, kinds):
    """A master without strict mode cuts what a generated column computes; what it is made of is not cut."""
    p = pairing(*kinds)
    make_table(p, "a INT, s VARCHAR(20), b TINYINT AS (a) STORED, c VARCHAR(3) AS (CONCAT(a, 'xyz')) STORED, "
                  "v TINYINT AS (a + 1) VIRTUAL, KEY (v)")
    p.changeling.wait_caught_up()
    p.target.sql(f"ALTER TABLE `{p.db}`.g MODIFY s VARCHAR(5)")
    insert(p, "(id, a, s) VALUES (1, 1000, 'whole'), (2, 1, 'two')", "sql_mode=''")
    on_source(p, "sql_mode=''", "UPDATE g SET a = 2000 WHERE id = 2; UPDATE g SET s = 'three' WHERE id = 2")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT id, a, s, b, c, v FROM `{p.db}`.g ORDER BY id") == \
        [(1, 1000, "whole", 127, "100", 127), (2, 2000, "three", 127, "200", 127)]
    insert(p, "(id, a, s) VALUES (3, 1000, 'too long')", "sql_mode=''")
    p.changeling.wait_error()
    assert p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.g") == 2


def test_without_a_key(pairing):
    p = pairing("mysql97", "mysql97")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE g (n INT, ts TIMESTAMP, d DATE AS (DATE(ts)) STORED)")
    on_source(p, "time_zone='+00:00'", "INSERT INTO g (n, ts) VALUES (1, '2026-01-05 00:30:00'), (1, '2026-01-05 00:30:00'); "
                                       "UPDATE g SET n = 2 LIMIT 1")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT n, CAST(d AS CHAR) FROM `{p.db}`.g ORDER BY n") == [(1, "2026-01-05"), (2, "2026-01-05")]
    insert(p, "(n, ts) VALUES (3, '2026-01-05 00:30:00')", "time_zone='+02:00'")
    assert "d AS (" in p.changeling.wait_error()["error"]


def test_update_that_the_log_does_not_tell(pairing):
    """MariaDB 11.8's images of an UPDATE have no generated column: where sessions begin in another zone than ours, it stops."""
    p = pairing("maria118", "maria1011")
    make_table(p, "ts TIMESTAMP NULL, n INT, d DATE AS (DATE(ts)) STORED")
    insert(p, "(id, n) VALUES (1, 1)", "time_zone='+02:00'")
    p.changeling.wait_caught_up()
    p.changeling.stop()
    p.source.sql("SET GLOBAL time_zone='+02:00'")
    try:
        p.changeling.run()
        on_source(p, "time_zone='+02:00'", "UPDATE g SET ts = '2026-01-05 00:30:00'")
        error = p.changeling.wait_error()["error"]
    finally:
        p.source.sql("SET GLOBAL time_zone=DEFAULT")
    assert "column d AS (" in error and "begin in +02:00" in error and "VIRTUAL" in error
