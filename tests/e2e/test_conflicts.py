"""Rows on the target that are not what the master had: what the policies record and repair do with each."""
import pytest


def rows(p, query):
    return list(p.target.query(query.format(db=p.db)))


def quarantine(p):
    return [(entry["change"], entry["outcome"]) for entry in p.changeling.look("quarantine")]


@pytest.fixture
def made(pairing):
    """Parents with children that go with them, other children that hold theirs, and a table that nobody refers to."""
    def make(policy, target="maria1011"):
        p = pairing("maria1011", target)
        p.replicate("now", conflicts=policy)
        p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; "
                     "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)); "
                     "CREATE TABLE parent (id INT PRIMARY KEY, v VARCHAR(20)); "
                     "CREATE TABLE child (id INT PRIMARY KEY, parent INT NOT NULL, "
                     "FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE); "
                     "CREATE TABLE holder (id INT PRIMARY KEY, parent INT NOT NULL, FOREIGN KEY (parent) REFERENCES parent (id)); "
                     "INSERT INTO t VALUES (1, 'a'), (5, 'e'); INSERT INTO parent VALUES (1, 'a'), (5, 'e'); "
                     "INSERT INTO child VALUES (10, 1)")
        p.changeling.wait_caught_up()
        return p
    return make


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_repaired(made, target):
    p = made("repair", target)
    p.target.sql(f"USE `{p.db}`; INSERT INTO t VALUES (2, 'stray'), (7, 'stray'); DELETE FROM t WHERE id = 5")
    # a key that is taken there, a row that is there already, one that is not, and one that is gone
    p.source.sql(f"USE `{p.db}`; UPDATE t SET id = 2, v = 'moved' WHERE id = 1; INSERT INTO t VALUES (7, 'g'); "
                 "UPDATE t SET v = 'E' WHERE id = 5")
    p.changeling.wait_caught_up()
    assert p.compare()
    assert quarantine(p) == [("update", "repaired"), ("insert", "repaired"), ("update", "repaired")]
    p.target.sql(f"DELETE FROM `{p.db}`.t WHERE id = 7")
    p.source.sql(f"DELETE FROM `{p.db}`.t WHERE id = 7")
    p.changeling.wait_caught_up()
    assert p.compare()


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_a_row_that_others_refer_to_is_changed_where_it_is(made, target):
    """REPLACE would delete it first, and its children with it, which the master has."""
    p = made("repair", target)
    p.target.sql(f"USE `{p.db}`; INSERT INTO parent VALUES (2, 'stray'); INSERT INTO child VALUES (20, 2); "
                 "DELETE FROM parent WHERE id = 5")
    p.source.sql(f"INSERT INTO `{p.db}`.parent VALUES (2, 'b'); UPDATE `{p.db}`.parent SET v = 'E' WHERE id = 5")
    p.changeling.wait_caught_up()
    assert rows(p, "SELECT id, v FROM `{db}`.parent ORDER BY id") == [(1, "a"), (2, "b"), (5, "E")]
    assert rows(p, "SELECT id FROM `{db}`.child ORDER BY id") == [(10,), (20,)]
    assert quarantine(p) == [("insert", "repaired"), ("update", "repaired")]


def test_a_row_that_cannot_go_stops(made):
    p = made("repair")
    p.target.sql(f"INSERT INTO `{p.db}`.holder VALUES (1, 5)")
    p.source.sql(f"DELETE FROM `{p.db}`.parent WHERE id = 5")
    status = p.changeling.wait_error()
    assert "1451" in status["error"] or "foreign key constraint" in status["error"], status
    assert "to repair it is not possible" in status["error"], status
    assert rows(p, "SELECT COUNT(*) FROM `{db}`.parent WHERE id = 5") == [(1,)]
    p.target.sql(f"DELETE FROM `{p.db}`.holder")
    p.changeling.after_error("retry")
    p.changeling.wait_caught_up()
    assert p.compare()


def test_a_moved_row_that_others_refer_to_stops(made):
    """Neither deleting what stands in its way nor the row itself would keep all that refers to them."""
    p = made("repair")
    p.target.sql(f"INSERT INTO `{p.db}`.parent VALUES (2, 'stray')")
    p.source.sql(f"UPDATE `{p.db}`.parent SET id = 2 WHERE id = 5")
    status = p.changeling.wait_error()
    assert "parent" in status["error"] and "id=5" in status["error"], status
    assert rows(p, "SELECT id FROM `{db}`.parent ORDER BY id") == [(1,), (2,), (5,)]


def test_recorded(made):
    p = made("record")
    p.target.sql(f"DELETE FROM `{p.db}`.t WHERE id = 5")
    p.source.sql(f"UPDATE `{p.db}`.t SET v = 'E' WHERE id = 5; INSERT INTO `{p.db}`.t VALUES (6, 'f')")
    p.changeling.wait_caught_up()
    assert rows(p, "SELECT id FROM `{db}`.t ORDER BY id") == [(1,), (6,)]
    assert quarantine(p) == [("update", "recorded")]
