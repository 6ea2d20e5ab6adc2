"""Masters that log statements: sessions with temporary tables of the same names, under kill -9 and lost connections."""
import random

import pytest

from harness import wait_until
from workload import Workload

PAIRS = [("maria1011", "maria1011"), ("maria1011", "mysql97"), ("mysql56", "maria1011"), ("mysql97", "mysql97")]


def master_of(pool, kind, log_format):
    # temporary tables in transactions are refused with GTIDs; numbers are given out in the log's order
    return pool.fresh(kind, "master", format=log_format, gtid=False,
                      options=["innodb-autoinc-lock-mode=1", "max-connections=100"])


def inspect(changeling, what):
    return changeling.script("inspect-state", "--json", what).json


def real_tables(target):
    return [name for (name,) in target.query("SELECT table_name FROM information_schema.tables "
                                             "WHERE table_schema = 'changeling' AND table_name LIKE 'tmp%%'")]


def lose_connections(target, rng):
    """Ends some of the program's connections on the target."""
    for row in target.query("SHOW PROCESSLIST"):
        if row[1] == "admin" and rng.random() < 0.7:
            try:
                target.sql(f"KILL {row[0]}")
            except Exception as error:      # noqa: it may have ended by itself
                assert error.args[0] == 1094, error


def disturb(p, work, rng, kills):
    changeling = p.changeling
    for number in range(kills):
        changeling.pause(rng.uniform(0.2, 0.9))
        if not changeling.running():
            pytest.fail(f"it ended by itself: {changeling.row().get('error')}\n{changeling.log_tail()}")
        if number % 2:
            # a start that does not get through ends the program, as it should
            changeling.wait_log("run state=running")
            lose_connections(p.target, rng)
            continue
        changeling.kill9()
        if rng.random() < 0.3:
            changeling.forget_state()
        changeling.run(wait=False)
        if work.ending.is_set():
            break


def end(p, work):
    """All that was written has arrived; nothing of the temporary tables is left."""
    work.stop()
    p.changeling.wait_caught_up(180)
    assert p.compare() > 0
    # the servers write what a session leaves behind when they get round to it
    # MIXED servers do not log a temporary table's new name while they log rows, nor then its end; MariaDB may log a
    # session's open transaction, and what that made, behind the end of the session
    if work.format == "STATEMENT" and p.source.family == "mysql":
        wait_until(lambda: not inspect(p.changeling, "temp-tables"), 20, lambda: f"{inspect(p.changeling, 'temp-tables')}")
        wait_until(lambda: not real_tables(p.target), 20, lambda: f"the drop of {real_tables(p.target)}")
    print(f"{work.statements} statements")
    assert p.changeling.stop() == 0


@pytest.mark.parametrize("log_format", ["STATEMENT", "MIXED"])
@pytest.mark.parametrize("source,target", PAIRS, ids=lambda value: value)
def test_twenty_sessions(pairing, pool, seed, source, target, log_format):
    p = pairing(master_of(pool, source, log_format), target)
    p.target.sql("DROP DATABASE IF EXISTS changeling")
    # which tables a rolled-back transaction leaves changed, their engines tell
    p.source.sql("GRANT SELECT ON *.* TO repl")
    p.changeling.change_master("now")
    work = Workload(p.source, p.db, seed, log_format, statements=2500).prepare()
    p.changeling.run()
    work.start()
    disturb(p, work, random.Random(seed), 6)
    work.wait()
    end(p, work)


@pytest.mark.parametrize("target", ["maria118", "mysql97"])
def test_the_character_set_is_that_of_the_database(pairing, pool, target):
    """The real tables stand in another schema, with a default of its own. A comparison shows it: '+' and '/' are in another
    order in the collations of Unicode."""
    p = pairing(master_of(pool, "maria1011", "STATEMENT"), target)
    p.changeling.change_master("now")
    p.changeling.run()
    p.source.sql(f"CREATE DATABASE `{p.db}` CHARACTER SET utf8mb4; USE `{p.db}`; CREATE TABLE t (n INT PRIMARY KEY, v VARCHAR(20)); "
                 "CREATE TEMPORARY TABLE a (v VARCHAR(20)); INSERT INTO a VALUES ('1+'), ('1/1+'); "
                 "INSERT INTO t SELECT 1, MIN(v) FROM a; SET @who = 1; "
                 "CREATE TEMPORARY TABLE b (v VARCHAR(20)) ENGINE=InnoDB SELECT CONCAT(v, '/', @who) AS v FROM a; "
                 "INSERT INTO b VALUES ('1+/'), ('1/1+/'); INSERT INTO t SELECT 2, MIN(v) FROM b; "
                 "CREATE TEMPORARY TABLE c LIKE a; INSERT INTO c SELECT * FROM a; INSERT INTO t SELECT 3, MIN(v) FROM c")
    p.changeling.wait_caught_up()
    assert p.compare() > 0
    assert p.changeling.stop() == 0
