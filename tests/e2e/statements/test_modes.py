"""sql_modes that the other family lacks, or means otherwise, and other things of a session that do not carry over as they are."""
import pytest

TO_MYSQL = [("maria1011", "mysql97")]


def begin(p, table="t (n INT PRIMARY KEY, v VARCHAR(40), w VARCHAR(40))"):
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}` CHARACTER SET utf8mb4; CREATE TABLE `{p.db}`.{table}")
    return p


def statement_master(pool, kind):
    return pool.fresh(kind, "master", format="STATEMENT", gtid=False)


@pytest.mark.parametrize("source,target", [("maria1011", "mysql97"), ("mysql56", "mysql97")], ids=lambda value: value)
def test_ansi(pairing, pool, source, target):
    p = begin(pairing(statement_master(pool, source), target), "t (id INT PRIMARY KEY AUTO_INCREMENT, a INT, b INT)")
    p.source.sql(f"USE `{p.db}`; INSERT INTO t (a, b) VALUES (1, 5), (1, 5), (2, 6); SET sql_mode = 'ANSI'; "
                 "INSERT INTO \"t\" (a, b) SELECT a, b FROM t GROUP BY a; "
                 "CREATE PROCEDURE grouped() INSERT INTO t (a, b) SELECT a, b FROM t GROUP BY a")
    p.changeling.wait_caught_up()
    assert p.compare() == 5
    p.target.sql("CALL grouped()", p.db)


@pytest.mark.parametrize("source", ["maria1011", "mysql97", "mysql56"])
@pytest.mark.parametrize("collation", ["utf16_general_ci", "ucs2_bin", "utf32_general_ci"])
def test_a_connection_in_utf16(pairing, pool, source, collation):
    p = begin(pairing(statement_master(pool, source), "mysql97"))
    p.source.sql(f"USE `{p.db}`; SET collation_connection = {collation}; INSERT INTO t SELECT 1, 'é', 'b'; "
                 "SET NAMES utf8mb4; SET sql_mode = 'PIPES_AS_CONCAT', time_zone = '+03:00', lc_time_names = 'de_DE'; "
                 f"SET collation_connection = {collation}; INSERT INTO t SELECT 2, 'é' || 'b', LENGTH('é'); "
                 "SET NAMES utf8mb4; INSERT INTO t SELECT 3, 'é', 'c'")
    p.changeling.wait_caught_up()
    assert p.compare() == 3


def test_oracle_of_mysql_is_not_that_of_mariadb(pairing, pool):
    p = begin(pairing(statement_master(pool, "mysql56"), "maria1011"))
    p.source.sql(f"USE `{p.db}`; SET sql_mode = 'ORACLE'; INSERT INTO t VALUES (1, CONCAT('a', NULL), NULL || 'b'); "
                 "CREATE TABLE u (d DATE, b BLOB); INSERT INTO u VALUES (NOW(), 'x')")
    p.changeling.wait_caught_up()
    assert p.compare() == 2


STOPS = {
    "ORACLE": ["INSERT INTO t VALUES (9, NULL || 'b', NULL)", "INSERT INTO t VALUES (10, CONCAT('a', NULL), NULL)",
               "UPDATE t SET v = SUBSTR(v, 0, 1)", "CREATE TABLE u (d DATE)", "CREATE VIEW s AS SELECT CONCAT(v, w) FROM t"],
    "EMPTY_STRING_IS_NULL": ["INSERT INTO t VALUES (9, '', 'a'), (11, 'it''s', 'b')", "UPDATE t SET v = ''"],
    "SIMULTANEOUS_ASSIGNMENT": ["UPDATE t SET v = w, w = v", "UPDATE t SET n = n + 10, w = n",
                                "INSERT INTO t VALUES (1, 'a', 'b') ON DUPLICATE KEY UPDATE v = w, w = v"],
}
RUN = {
    "ORACLE": ["INSERT INTO t VALUES (2, 'a', NULL)", "UPDATE t SET v = UPPER(v)", "DELETE FROM t WHERE n = 2"],
    "EMPTY_STRING_IS_NULL": ["INSERT INTO t VALUES (2, 'it''s', NULL)", "DELETE FROM t WHERE n = 2"],
    "SIMULTANEOUS_ASSIGNMENT": ["UPDATE t SET v = w, w = 5", "INSERT INTO t VALUES (1, 'a', 'b') ON DUPLICATE KEY UPDATE v = VALUES(v), "
                                "w = VALUES(v)"],
}


@pytest.mark.parametrize("mode", STOPS)
def test_modes_that_mysql_lacks(pairing, pool, mode):
    """What means something else without them stops; the rest goes through."""
    p = begin(pairing(statement_master(pool, "maria1011"), "mysql97"))
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, 'x', 'y')")
    for statement in RUN[mode]:
        p.source.sql(f"SET sql_mode = '{mode}'; {statement}", p.db)
    p.changeling.wait_caught_up()
    assert p.compare() > 0
    for statement in STOPS[mode]:
        p.source.sql(f"SET sql_mode = '{mode}'; {statement}", p.db)
        assert "rule.foreign-modes=" in p.changeling.wait_error()["error"], statement
        p.changeling.after_error("skip")
        p.changeling.wait_caught_up()


@pytest.mark.parametrize("source", ["maria1011", "mysql56"])
def test_timestamps_under_maxdb(pairing, pool, source):
    p = begin(pairing(statement_master(pool, source), "mysql97"))
    p.source.sql(f"USE `{p.db}`; SET sql_mode = 'MAXDB'; CREATE TABLE u (n INT PRIMARY KEY, a TIMESTAMP, b TIMESTAMP NULL); "
                 "ALTER TABLE u ADD c TIMESTAMP; INSERT INTO u VALUES (1, '1960-01-01 00:00:00', NULL, '2060-01-01 00:00:00')")
    p.changeling.wait_caught_up()
    assert p.compare() == 1


def test_dates_of_stored_code(pairing, pool):
    """MariaDB logs a variable as NAME_CONST('d',DATE'…'), which MySQL does not take."""
    p = begin(pairing(statement_master(pool, "maria1011"), "mysql97"))
    with p.source.connect(p.db) as session, session.cursor() as cursor:
        cursor.execute("CREATE PROCEDURE p(d DATE, t TIME(3), dt DATETIME(6)) BEGIN INSERT INTO t VALUES (1, d, t); "
                       "INSERT INTO t VALUES (2, CONCAT(dt, d), t + INTERVAL 1 SECOND); "
                       "CREATE TABLE u AS SELECT d, t, dt, DAY(d) AS y; INSERT INTO u SELECT d, t, dt, 7 FROM t; END")
        cursor.execute("CALL p('2020-01-01', '-12:13:14.567', '2020-02-03 04:05:06.789')")
    p.changeling.wait_caught_up()
    assert p.compare() == 5
