"""A dump that is read into the source, as mysqldump writes it: without unique and foreign key checks. MariaDB then fills an empty
table in bulk, under a lock of the whole table and without undo of single rows, until its transaction ends or does something
else to it: here in a batch with what other transactions do to the same tables, beside other workers."""
import signal

import pytest

TABLES = 6
OFF = "SET unique_checks=0, foreign_key_checks=0"
ON = "SET unique_checks=1, foreign_key_checks=1"


def definitions():
    """Each table has a unique key of its own, and a foreign key to the one behind it, which is filled later."""
    for number in range(TABLES):
        relation = f", FOREIGN KEY (up) REFERENCES t{number + 1} (id)" if number % 3 == 0 else ""
        key = "id INT NOT NULL, KEY (id)" if number == 5 else "id INT PRIMARY KEY"
        yield (f"CREATE TABLE t{number} ({key}, u INT, up INT, v VARCHAR(200), UNIQUE KEY (u), KEY (up){relation})")


def filled(number, rows=40, statements=2):
    """Several statements, as of a larger table: each is a transaction that may come first to the empty one."""
    # in no order: a bulk operation sorts
    values = [f"({n * 7 % rows}, {n}, {n % 5}, REPEAT('{n % 10}', 150))" for n in range(rows)]
    return "; ".join(f"INSERT INTO t{number} VALUES {', '.join(values[n::statements])}" for n in range(statements))


def load(p):
    p.source.sql(OFF, database=p.db)
    for number in range(TABLES):
        p.source.sql(filled(number))
        # in the same batch as the rows themselves, and in the same session
        if number % 2:
            p.source.sql(f"UPDATE t{number} SET v = 'changed' WHERE id < 9; DELETE FROM t{number} WHERE id BETWEEN 12 AND 20")
        if number % 4 == 2:
            p.source.sql(f"BEGIN; INSERT INTO t{number} VALUES (100, 100, 1, 'x'), (101, 101, 1, 'y'); "
                         f"UPDATE t{number} SET u = u + 1000 WHERE id >= 100; DELETE FROM t{number} WHERE id = 101; COMMIT")
    p.source.sql(ON)


def more(p):
    for number in range(0, TABLES, 2):
        p.source.sql(f"UPDATE t{number} SET v = CONCAT(v, '!') WHERE id = 3; DELETE FROM t{number} WHERE id = 30; "
                     f"INSERT INTO t{number} VALUES (200, 10, 1, 'again')")


def die(p, fault):
    p.changeling.run(wait=False, CHANGELING_FAULT=fault)
    assert p.changeling.wait_exit() == -signal.SIGKILL, p.changeling.log_tail()


@pytest.mark.parametrize("kind", ["maria1011", "maria118"])
def test_a_load_without_checks(pairing, kind):
    p = pairing(kind, kind)
    p.both_sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; {OFF}; {'; '.join(definitions())}; {ON}")
    p.changeling.change_master("now", replica_parallel_workers=4)
    load(p)
    # killed twice on the way: with a flight under way, whose COMMIT it does not hear of, and behind another one
    die(p, "worker.after-flight:1:kill")
    more(p)
    die(p, "worker.after-commit:1:kill")
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() > TABLES * 30
