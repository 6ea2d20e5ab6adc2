"""Everything once, in a run that is short: set up, rows, statements, definitions, a temporary table, a connection lost, and
the end by a signal. Under a tool that slows the program down a lot (scripts/test --with valgrind) it is the run."""
import signal

import pytest


def rows(cursor):
    for number in range(200):
        cursor.execute(f"INSERT INTO t VALUES ({number}, 'row {number}', {number} / 7, NOW(6), NULL)")
        if number % 5 == 0:
            cursor.execute(f"UPDATE t SET b = REPEAT('x', {number}) WHERE id <= {number} AND id > {number - 3}")
        if number % 20 == 19:
            cursor.execute(f"BEGIN; DELETE FROM t WHERE id = {number - 7}; UPDATE t SET v = NULL WHERE id = {number}; COMMIT")


def statements(cursor):
    cursor.execute("SET SESSION binlog_format = STATEMENT")
    cursor.execute("CREATE TEMPORARY TABLE some (id INT PRIMARY KEY, v VARCHAR(50))")
    for number in range(40):
        cursor.execute(f"SET @a = {number}; INSERT INTO some VALUES (@a, CONCAT('it''s ', @a))")
        cursor.execute(f"INSERT INTO u SELECT -1 - id, v FROM some WHERE id = {number}")
        cursor.execute(f"INSERT INTO u (v) VALUES ('number {number}')")
    cursor.execute("DROP TEMPORARY TABLE some")


def definitions(cursor):
    cursor.execute("ALTER TABLE t ADD COLUMN more INT DEFAULT 5, ADD KEY (more)")
    cursor.execute("CREATE VIEW w AS SELECT id, more FROM t")
    cursor.execute("CREATE PROCEDURE p() BEGIN SET @a = 1; SET @b = 2; END")
    cursor.execute("RENAME TABLE u TO renamed")
    cursor.execute("INSERT INTO t (id, more) VALUES (100000, 6)")


@pytest.mark.parametrize("workers", [1, 4])
def test_everything_once(pairing, workers):
    p = pairing("maria1011", "maria1011")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; "
                 "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50), d DOUBLE, at DATETIME(6), b BLOB); "
                 "CREATE TABLE u (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(50))")
    p.target.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; "
                 "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50), d DOUBLE, at DATETIME(6), b BLOB); "
                 "CREATE TABLE u (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(50))")
    p.replicate("now", replica_parallel_workers=workers)
    with p.source.connect(p.db) as connection, connection.cursor() as cursor:
        rows(cursor)
        statements(cursor)
        definitions(cursor)
    p.changeling.wait_caught_up()
    for thread in p.source.dump_threads():
        p.source.sql(f"KILL {thread}")
    p.source.sql(f"DELETE FROM `{p.db}`.t WHERE id = 100000")
    p.changeling.wait_caught_up()
    assert p.compare() > 250
    assert p.changeling.command("status", "--json").code == 0
    p.changeling.process.send_signal(signal.SIGINT)
    assert p.changeling.wait_exit() == 0
