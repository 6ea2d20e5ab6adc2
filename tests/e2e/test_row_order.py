"""Where no key puts a table's rows in order, what numbers them takes them as they lie, and that need not be the master's order."""
import pytest

KEYLESS = ("CREATE TABLE t (a INT, b VARCHAR(10)); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'); "
           "UPDATE t SET b = 'x' WHERE a IN (1, 2)")
NUMBERED = "ALTER TABLE t ADD id INT AUTO_INCREMENT PRIMARY KEY"


def begin(pairing, *kinds):
    p = pairing(*kinds)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    return p


@pytest.mark.parametrize("kinds", [("maria1011", "maria1011"), ("mysql97", "mysql97"), ("mysql97", "maria118")], ids="-".join)
def test_rows_without_a_key_are_not_numbered(pairing, kinds):
    p = begin(pairing, *kinds)
    p.source.sql(f"USE `{p.db}`; {KEYLESS}; {NUMBERED}; UPDATE t SET b = 'first' WHERE id = 1")
    error = p.changeling.wait_error()["error"]
    assert "rule.row-order=run" in error and "ADD id INT AUTO_INCREMENT" in error
    p.target.sql(f"USE `{p.db}`; {NUMBERED}; DELETE FROM t")
    p.target.sql(f"INSERT INTO `{p.db}`.t VALUES (1, 'x', 1), (2, 'x', 2), (3, 'c', 3), (4, 'd', 4)")     # a dump
    assert p.changeling.command("skip").code == 0
    p.changeling.run()
    p.changeling.wait_caught_up()
    rows = f"SELECT id, a, b FROM `{p.db}`.t ORDER BY id"
    assert p.target.query(rows) == p.source.query(rows)
    assert p.target.query(rows)[0] == (1, 1, "first")


@pytest.mark.parametrize("kinds", [("maria1011", "maria1011"), ("maria1011", "maria118")], ids="-".join)
def test_which_of_several_rows_is_left(pairing, kinds):
    p = begin(pairing, *kinds)
    p.source.sql(f"USE `{p.db}`; CREATE TABLE t (a INT, b VARCHAR(10)); INSERT INTO t VALUES (1, 'a'), (1, 'b'), (2, 'c'), (2, 'd'); "
                 "UPDATE t SET b = CONCAT(b, 'x') WHERE b IN ('a', 'c'); ALTER IGNORE TABLE t ADD UNIQUE KEY (a)")
    assert "rule.row-order=run" in p.changeling.wait_error()["error"]


@pytest.mark.parametrize("kinds", [("maria1011", "mysql97"), ("mysql97", "mysql97")], ids="-".join)
def test_rows_that_have_an_order_are_numbered(pairing, kinds):
    """By a key, or as there are not several."""
    p = begin(pairing, *kinds)
    p.source.sql(f"USE `{p.db}`; CREATE TABLE u (k INT NOT NULL UNIQUE, b VARCHAR(10)); INSERT INTO u VALUES (3, 'a'), (1, 'b'), (2, 'c'); "
                 "UPDATE u SET b = 'x' WHERE k IN (1, 3); ALTER TABLE u ADD id INT AUTO_INCREMENT, ADD KEY (id); "
                 "CREATE TABLE e (a INT); ALTER TABLE e ADD id INT AUTO_INCREMENT PRIMARY KEY; INSERT INTO e (a) VALUES (7); "
                 "CREATE TABLE one (a INT); INSERT INTO one VALUES (7); ALTER TABLE one ADD id INT AUTO_INCREMENT PRIMARY KEY")
    p.changeling.wait_caught_up()
    for table in ("u", "e", "one"):
        rows = f"SELECT * FROM `{p.db}`.{table} ORDER BY id"
        assert p.target.query(rows) == p.source.query(rows)


def test_the_operator_says_that_the_order_does_not_matter(pairing):
    p = pairing("mysql97", "mysql97")
    p.changeling.change_master("now", **{"rule.row-order": "run"})
    p.changeling.run()
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; {KEYLESS}; {NUMBERED}")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT COUNT(DISTINCT id) FROM `{p.db}`.t") == [(4,)]
    assert [row["rule"] for row in p.changeling.look("rewrites")] == ["row-order"]
