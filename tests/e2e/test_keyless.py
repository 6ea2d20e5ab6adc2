"""Tables without any key: each change has to be looked for in the whole table. Many are looked for at once, and what comes of it is
the same as one after the other, with rows that are there several times too."""
import random

import pytest

PAIRS = [("maria1011", "maria1011"), ("maria118", "mysql97"), ("mysql97", "mysql97"), ("mysql97", "maria118"),
         ("mysql56", "maria1011"), ("maria1011", "mysql56")]
TARGETS = ["maria1011", "maria118", "mysql97", "mysql56"]
ROWS = 1500
WORDS = ["a", "A", "a ", "á", "ß", "ss", "b", "", None]

pytestmark = pytest.mark.usefixtures("old_tls")


def literal(value):
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else str(value)


def random_row(rng):
    """Few values, so that many rows are the same, or the same to a collation."""
    return (rng.randrange(300), rng.choice(WORDS), rng.choice(["2024-01-01 00:00:00", "2024-05-06 07:08:09", None]),
            rng.choice(["1.50", "-2.25", None]), rng.choice(["0e0", "-2.5e-3", "0.1e0", "1e300"]), rng.choice(["one", "two", None]),
            rng.choice(["xx", "yy", None]), rng.choice([0, 2 ** 64 - 1, None]))


def values(row):
    return "(" + ", ".join(literal(value) if number != 4 else value for number, value in enumerate(row)) + ")"


def random_statement(rng):
    some = f"a BETWEEN {(low := rng.randrange(300))} AND {low + rng.randrange(4)}"
    number, word, _, _, double, member, _, big = random_row(rng)
    return rng.choice([
        f"INSERT INTO t VALUES {', '.join(values(random_row(rng)) for _ in range(rng.randrange(1, 6)))}",
        f"DELETE FROM t WHERE {some} LIMIT {rng.randrange(1, 12)}",
        f"UPDATE t SET w = {literal(word)} WHERE {some} LIMIT {rng.randrange(1, 12)}",
        f"UPDATE t SET a = {number}, f = {double}, e = {literal(member)} WHERE {some} LIMIT {rng.randrange(1, 4)}",
        f"UPDATE t SET u = {literal(big)} WHERE {some}",
    ])


def reads(server):
    """Rows that were read in order so far, by anybody."""
    return int(server.query("SHOW GLOBAL STATUS LIKE 'Handler_read_rnd_next'")[0][1])


@pytest.mark.parametrize("source, target", PAIRS)
@pytest.mark.parametrize("image", ["FULL", "MINIMAL"])
def test_many_changes_in_few_readings(pairing, seed, source, target, image):
    p = pairing(source, target)
    rng = random.Random(seed)
    charset = "utf8" if "mysql56" in (source, target) else "utf8mb4"
    p.changeling.change_master("now")
    p.source.sql(
        f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (a INT, w VARCHAR(20), d DATETIME, n DECIMAL(5,2), f DOUBLE, "
        f"e ENUM('one', 'two'), b VARBINARY(10), u BIGINT UNSIGNED) ENGINE=InnoDB DEFAULT CHARSET={charset}; "
        "CREATE TABLE neighbour (id INT PRIMARY KEY) ENGINE=InnoDB; "
        "INSERT INTO t VALUES " + ", ".join(values(random_row(rng)) for _ in range(ROWS)))
    p.changeling.run()
    p.changeling.wait_caught_up()
    p.changeling.stop()
    connection = p.source.connect(p.db)
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION binlog_row_image = {image}")
        for number in range(150):
            cursor.execute("BEGIN")
            for _ in range(rng.randrange(1, 4)):
                cursor.execute(random_statement(rng))
            cursor.execute(f"INSERT INTO neighbour VALUES ({number})")
            cursor.execute("COMMIT")
    connection.close()
    before = reads(p.target)
    p.changeling.run()
    p.changeling.wait_caught_up()
    found = reads(p.target) - before
    assert p.compare() > ROWS / 2
    # there are some 1,000 rows to look for
    assert found < ROWS * 100, found
    assert "one by one" not in p.changeling.log_text(this_run=True)


@pytest.mark.parametrize("target", TARGETS)
def test_a_row_is_missing_and_another_there_twice(pairing, target):
    """As many rows are found as wanted, but not each of them."""
    p = pairing("maria1011", target)
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.target.sql(f"CREATE DATABASE IF NOT EXISTS `{p.db}`")
    p.both_sql(f"USE `{p.db}`; CREATE TABLE t (a INT, w VARCHAR(10)) ENGINE=InnoDB DEFAULT CHARSET=utf8; INSERT INTO t VALUES "
               + ", ".join(f"({i}, 'row {i}')" for i in range(40)))
    p.target.sql(f"DELETE FROM `{p.db}`.t WHERE a = 20; INSERT INTO `{p.db}`.t VALUES (10, 'row 10')")
    p.changeling.change_master("now")
    p.source.sql(f"DELETE FROM `{p.db}`.t WHERE a BETWEEN 5 AND 30")
    p.changeling.run(wait=False)
    row = p.changeling.wait_error()
    assert "0 such rows" in row["error"] and "a=20" in row["error"], row["error"]
    assert " by DELETE FROM `" in row["error"]   # the statement, as the source logged it
    assert p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.t") == 40
    p.target.sql(f"INSERT INTO `{p.db}`.t VALUES (20, 'row 20')")
    p.changeling.after_error("retry")
    p.changeling.wait_caught_up()
    p.target.sql(f"DELETE FROM `{p.db}`.t WHERE a = 10")   # the one that was there once too often
    assert p.compare() == 14


@pytest.mark.parametrize("target", TARGETS)
def test_some_of_many_that_are_the_same(pairing, target):
    p = pairing("maria1011", target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (a INT, w VARCHAR(10)) ENGINE=InnoDB DEFAULT CHARSET=utf8; INSERT INTO t VALUES "
                 + ", ".join(f"({i % 7}, 'same')" for i in range(70)))
    p.changeling.wait_caught_up()
    p.source.sql("BEGIN; " + "".join(f"DELETE FROM t WHERE a = {i} LIMIT {i}; " for i in range(1, 7))
                 + "UPDATE t SET w = 'other' WHERE a = 3 LIMIT 2; COMMIT", database=p.db)
    p.changeling.wait_caught_up()
    assert p.compare() == 49
    assert "one by one" not in p.changeling.log_text()


def test_a_large_transaction_that_comes_in_parts(pairing):
    p = pairing("mysql97", "mysql97")
    p.changeling.change_master("now", large_transaction_bytes=65536)
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (a INT, w VARCHAR(60)) ENGINE=InnoDB; INSERT INTO t VALUES "
                 + ", ".join(f"({i}, 'the row that has number {i % 3000}')" for i in range(4000)))
    p.source.sql(f"DELETE FROM `{p.db}`.t WHERE a % 4 <> 0; UPDATE `{p.db}`.t SET w = CONCAT(w, '!') WHERE a % 8 = 0")
    before = reads(p.target)
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 1000
    assert reads(p.target) - before < 4000 * 100
