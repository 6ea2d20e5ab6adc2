"""Statements that ended with an error on the master, and are in its log as a part of them is done there."""
import pytest

from harness import binary

PAIRS = [("mysql56", "mysql97"), ("maria1011", "mysql97"), ("mysql56", "maria1011"), ("maria1011", "maria118")]


def master(pool, kind):
    return pool.fresh(kind, "master", format="STATEMENT", gtid=False)


def fails(server, statement):
    with pytest.raises(Exception):
        server.sql(statement)


def accounts(server, start):
    return sorted({name.decode() if isinstance(name, bytes) else name for name, in
                   server.query("SELECT user FROM mysql.user WHERE user LIKE %s", start + "%")})


@pytest.mark.parametrize("source,target", PAIRS, ids=lambda value: value)
def test_lists_that_were_done_in_part(pairing, pool, source, target):
    """DROP TABLE a, b where there is no b: the a is gone on the master, and a server that does all or nothing keeps it."""
    p = pairing(master(pool, source), target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE stays (a INT); CREATE TABLE goes (a INT); "
                 "CREATE VIEW seen AS SELECT 1 AS a; CREATE VIEW other AS SELECT 2 AS a; "
                 f"CREATE USER '{p.db}_a'@'%', '{p.db}_b'@'%', '{p.db}_c'@'%'")
    try:
        fails(p.source, f"DROP TABLE `{p.db}`.goes, `{p.db}`.never")
        fails(p.source, f"DROP VIEW `{p.db}`.seen, `{p.db}`.never")
        fails(p.source, f"CREATE USER '{p.db}_a'@'%', '{p.db}_d'@'%'")
        fails(p.source, f"DROP USER '{p.db}_b'@'%', '{p.db}_never'@'%'")
        p.source.sql(f"INSERT INTO `{p.db}`.stays VALUES (1)")
        p.changeling.wait_caught_up()
        names = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s ORDER BY 1"
        assert p.target.query(names, p.db) == p.source.query(names, p.db) == [("other",), ("stays",)]
        assert accounts(p.target, p.db) == accounts(p.source, p.db) == [f"{p.db}_a", f"{p.db}_c", f"{p.db}_d"]
        if target == "mysql97":
            told = [row["sent"] for row in p.changeling.look("rewrites") if row["rule"] == "failed-lists"]
            assert any(sent.startswith("DROP VIEW IF EXISTS") for sent in told), told
    finally:
        p.changeling.stop()
        for server in (p.source, p.target):
            for name in accounts(server, p.db):
                server.sql(f"DROP USER '{name}'@'%'")


@pytest.mark.parametrize("source", ["maria1011", "mysql56", "mysql97"])
def test_changes_that_were_made_in_part(pairing, pool, source):
    """MyISAM keeps the rows before the one that failed; a table that can roll back cannot have them."""
    p = pairing(master(pool, source), "maria1011")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (a INT PRIMARY KEY) ENGINE=MyISAM; "
                 f"INSERT INTO `{p.db}`.t VALUES (5)")
    fails(p.source, f"INSERT INTO `{p.db}`.t VALUES (4), (5), (6)")
    assert p.source.query(f"SELECT a FROM `{p.db}`.t ORDER BY a") == [(4,), (5,)]
    error = p.changeling.wait_error()["error"]
    assert "half-way with error 1062" in error and "VALUES (4), (5), (6)" in error and "failed-changes=" in error
    # what is there of it is the operator's to say
    done = p.changeling.execute([binary(), "replace", f"--state={p.changeling.state}"],
                                text=f"INSERT INTO `{p.db}`.t VALUES (4)")
    assert done.code == 0, done
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 2


def test_changes_that_were_made_in_part_by_policy(pairing, pool):
    """Run: the same error is right (and the rows before it are missing here, which is on record), none at all is a stop."""
    p = pairing(master(pool, "maria1011"), "maria1011")
    p.replicate("now", **{"rule.failed-changes": "run"})
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (a INT PRIMARY KEY) ENGINE=MyISAM; "
                 f"INSERT INTO `{p.db}`.t VALUES (5)")
    fails(p.source, f"INSERT INTO `{p.db}`.t VALUES (4), (5), (6)")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT a FROM `{p.db}`.t") == [(5,)]
    assert [row["rule"] for row in p.changeling.look("rewrites") if row["rule"] == "failed-changes"] == ["failed-changes"]
    p.target.sql(f"DELETE FROM `{p.db}`.t")
    fails(p.source, f"INSERT INTO `{p.db}`.t VALUES (7), (5)")
    assert "ended with error 1062 on the master and with none here" in p.changeling.wait_error()["error"]
    assert p.target.query(f"SELECT a FROM `{p.db}`.t") == []
