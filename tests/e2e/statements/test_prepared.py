"""Statements of XA transactions: they are in the log where they were prepared, and run here where they are committed."""
import pytest

PAIRS = [("maria1011", "maria118"), ("maria1011", "mysql97"), ("maria118", "maria1011")]


def master(pool, kind):
    return pool.fresh(kind, "master", format="STATEMENT", gtid=False)


def prepare(p, *statements):
    p.source.sql(f"XA START '{p.db}'; {'; '.join(statements)}; XA END '{p.db}'; XA PREPARE '{p.db}'", database=p.db)
    # the session that prepared it lets go of it
    p.source.forget()


def commit(p):
    p.source.sql(f"XA COMMIT '{p.db}'")


@pytest.fixture(params=PAIRS, ids="-to-".join)
def pair_of(request, pairing, pool):
    p = pairing(master(pool, request.param[0]), request.param[1])
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (a INT PRIMARY KEY, b INT); INSERT INTO t VALUES (1, 1)")
    return p


def test_what_reads_behind_others(pair_of):
    """MariaDB lets go of the locks of what was only read, so that another one's rows come in between."""
    p = pair_of
    prepare(p, "INSERT INTO t SELECT a + 1, b FROM t")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (50, 50)")
    commit(p)
    assert p.source.query(f"SELECT a FROM `{p.db}`.t ORDER BY a") == [(1,), (2,), (50,)]
    error = p.changeling.wait_error()["error"]
    assert "prepared-reads" in error and "INSERT INTO t SELECT a + 1" in error, error
    assert p.target.query(f"SELECT a FROM `{p.db}`.t ORDER BY a") == [(1,), (50,)]


def test_what_goes_on(pair_of):
    """Nothing came in between; or something did, but the statement has its values in itself."""
    p = pair_of
    prepare(p, "INSERT INTO t SELECT a + 1, b FROM t", "UPDATE t SET b = 7 WHERE a < 3")
    commit(p)
    prepare(p, "INSERT INTO t VALUES (10, 10), (11, LENGTH('abc'))", "REPLACE INTO t VALUES (1, 4)")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (50, 50); UPDATE `{p.db}`.t SET b = 51 WHERE a = 50")
    commit(p)
    p.source.sql(f"XA START '{p.db}'; UPDATE `{p.db}`.t SET b = b + 1; XA END '{p.db}'; XA COMMIT '{p.db}' ONE PHASE")
    p.changeling.wait_caught_up()
    assert p.compare() == 5


def test_rows_behind_others(pair_of):
    p = pair_of
    p.source.sql("SET SESSION binlog_format='ROW'")
    prepare(p, "INSERT INTO t SELECT a + 1, b FROM t")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (50, 50)")
    commit(p)
    p.changeling.wait_caught_up()
    assert p.compare() == 3


def test_mysql_keeps_its_locks(pairing, pool):
    p = pairing(master(pool, "mysql97"), "mysql97")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (a INT PRIMARY KEY, b INT); INSERT INTO t VALUES (1, 1)")
    prepare(p, "INSERT INTO t SELECT a + 1, b FROM t")
    with pytest.raises(Exception, match="Lock wait timeout"):
        p.source.sql(f"SET innodb_lock_wait_timeout=1; INSERT INTO `{p.db}`.t VALUES (50, 50)")
    p.source.sql(f"CREATE TABLE `{p.db}`.u (a INT); INSERT INTO `{p.db}`.u VALUES (1)")
    commit(p)
    # under READ COMMITTED the locks would be given up, but statements are not logged then
    p.source.sql(f"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; XA START '{p.db}'")
    with pytest.raises(Exception, match="READ COMMITTED"):
        p.source.sql(f"INSERT INTO `{p.db}`.t SELECT a + 10, b FROM `{p.db}`.t")
    p.source.forget()
    p.changeling.wait_caught_up()
    assert p.compare() == 3
