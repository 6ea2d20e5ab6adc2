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
