"""Rows on the target that are not what the master had: what the policies record and repair do with each."""
import pytest

from harness import wait_until


def rows(p, query):
    return list(p.target.query(query.format(db=p.db)))


def quarantine(p):
    return [(entry["change"], entry["outcome"]) for entry in p.changeling.look("quarantine")]


@pytest.fixture
def made(pairing):
    """Parents with children that go with them, other children that hold theirs, and a table that nobody refers to."""
    def make(policy, target="maria1011", **options):
        p = pairing("maria1011", target)
        p.replicate("now", conflicts=policy, **options)
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


def test_two_changes_of_one_transaction(made):
    """Each is recorded, though each is the first row of its event."""
    p = made("repair")
    p.target.sql(f"DELETE FROM `{p.db}`.t")
    p.source.sql(f"USE `{p.db}`; BEGIN; UPDATE t SET v = 'A' WHERE id = 1; UPDATE t SET v = 'E' WHERE id = 5; COMMIT")
    p.changeling.wait_caught_up()
    assert p.compare()
    assert quarantine(p) == [("update", "repaired"), ("update", "repaired")]


@pytest.mark.parametrize("rows_after", [0, 300], ids=["small", "large"])
def test_what_is_rolled_back_leaves_no_record(made, rows_after):
    """The first row could be repaired, the last one cannot: nothing of the transaction is there, and no word of it."""
    p = made("repair", large_transaction_bytes=65536)
    p.target.sql(f"USE `{p.db}`; INSERT INTO holder VALUES (1, 5); DELETE FROM t WHERE id = 5")
    p.source.sql(f"USE `{p.db}`; CREATE TABLE big (id INT PRIMARY KEY, v VARCHAR(2000)); BEGIN; UPDATE t SET v = 'E' WHERE id = 5; "
                 f"INSERT INTO big SELECT seq, REPEAT('x', 1000) FROM seq_1_to_1000 WHERE seq <= {rows_after}; "
                 "DELETE FROM parent WHERE id = 5; COMMIT")
    status = p.changeling.wait_error()
    assert "to repair it is not possible" in status["error"] and "id=5" in status["error"], status
    assert quarantine(p) == [] and rows(p, "SELECT COUNT(*) FROM `{db}`.big") == [(0,)]
    p.target.sql(f"DELETE FROM `{p.db}`.holder")
    p.changeling.after_error("retry")
    p.changeling.wait_caught_up()
    assert p.compare()
    assert quarantine(p) == [("update", "repaired")]


# ---- transactions that run alone

def large(p):
    """A transaction of many parts, with a row in the first that is gone, one in the middle that is there, one in the last that is gone."""
    p.target.sql(f"USE `{p.db}`; DELETE FROM t WHERE id IN (1, 5); INSERT INTO big VALUES (150, 'stray')")
    p.source.sql(f"USE `{p.db}`; BEGIN; UPDATE t SET v = 'A' WHERE id = 1; "
                 "INSERT INTO big SELECT seq, REPEAT('x', 1000) FROM seq_1_to_300; UPDATE t SET v = 'E' WHERE id = 5; COMMIT")
    return [("update", "1"), ("insert", "150"), ("update", "5")]


def prepared(p, *changes):
    connection = p.source.connect(p.db)
    with connection.cursor() as cursor:
        for statement in ("XA START 'a'", *changes, "XA END 'a'", "XA PREPARE 'a'", "XA COMMIT 'a'"):
            cursor.execute(statement)
    connection.close()


def xa(p):
    p.target.sql(f"DELETE FROM `{p.db}`.t WHERE id = 5")
    prepared(p, "UPDATE t SET v = 'A' WHERE id = 1", "UPDATE t SET v = 'E' WHERE id = 5")
    return [("update", "5")]


def large_xa(p):
    p.target.sql(f"USE `{p.db}`; DELETE FROM t WHERE id IN (1, 5)")
    prepared(p, "UPDATE t SET v = 'A' WHERE id = 1", "INSERT INTO big SELECT seq, REPEAT('x', 1000) FROM seq_1_to_300",
             "UPDATE t SET v = 'E' WHERE id = 5")
    return [("update", "1"), ("update", "5")]


ALONE = {"large": large, "xa": xa, "large-xa": large_xa}


def alone(made, policy, target="maria1011", **more):
    p = made(policy, target, large_transaction_bytes=65536, **more)
    p.source.sql(f"CREATE TABLE `{p.db}`.big (id INT PRIMARY KEY, v VARCHAR(2000))")
    p.changeling.wait_caught_up()
    return p


def recorded(p):
    return [(entry["change"], entry["key"].removeprefix("id="), entry["outcome"]) for entry in p.changeling.look("quarantine")]


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
@pytest.mark.parametrize("case", ALONE)
def test_repaired_alone(made, case, target):
    p = alone(made, "repair", target)
    expected = ALONE[case](p)
    p.changeling.wait_caught_up()
    assert p.compare()
    assert recorded(p) == [(*row, "repaired") for row in expected]
    wait_until(lambda: p.changeling.row()["conflicts"] == len(expected), what="the count in status")


@pytest.mark.parametrize("case", ALONE)
def test_recorded_alone(made, case):
    p = alone(made, "record")
    expected = ALONE[case](p)
    p.changeling.wait_caught_up()
    assert recorded(p) == [(*row, "recorded") for row in expected]
    assert rows(p, "SELECT COUNT(*) FROM `{db}`.t WHERE id = 5") == [(0,)]


@pytest.mark.parametrize("case", ALONE)
def test_a_kill_before_the_commit_doubles_no_record(made, case):
    p = alone(made, "repair")
    p.changeling.stop()
    expected = ALONE[case](p)
    assert p.changeling.run_to_end(CHANGELING_FAULT="special.before-commit:2" if "xa" in case else "special.before-commit") == -9
    assert recorded(p) == [(*row, "repaired") for row in expected]
    assert rows(p, "SELECT COUNT(*) FROM `{db}`.t WHERE id = 5") == [(0,)]
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare()
    assert recorded(p) == [(*row, "repaired") for row in expected]


@pytest.mark.parametrize("case", ALONE)
def test_stopped_alone(made, case):
    """The message names the row, its place, and what may be done."""
    p = alone(made, "stop")
    change, key = ALONE[case](p)[0]
    error = p.changeling.wait_error()["error"]
    assert f"row id={key}: {change} at " in error and "such rows instead of one" in error, error
    assert "conflicts=repair or conflicts=record" in error, error
    assert quarantine(p) == []


def test_where_something_was_undone(made):
    """What would be repaired behind the savepoint would be undone with it: such a transaction stops, whatever the policy."""
    p = made("repair")
    p.source.sql(f"SET sql_log_bin = 0; GRANT SELECT ON `{p.db}`.* TO repl; SET sql_log_bin = 1; "     # engines are asked for
                 f"CREATE TABLE `{p.db}`.stays (n INT PRIMARY KEY) ENGINE=MyISAM")
    p.changeling.wait_caught_up()
    p.target.sql(f"DELETE FROM `{p.db}`.t WHERE id = 5")
    connection = p.source.connect(p.db)
    with connection.cursor() as cursor:
        for statement in ("SET SESSION binlog_format = MIXED", "BEGIN", "UPDATE t SET v = LEFT(UUID(), 20) WHERE id = 5", "SAVEPOINT s",
                          "INSERT INTO t VALUES (7, 'g')", "INSERT INTO stays SELECT id FROM t", "ROLLBACK TO SAVEPOINT s", "COMMIT"):
            cursor.execute(statement)
    connection.close()
    error = p.changeling.wait_error()["error"]
    assert "id=5" in error and "undone on the master" in error, error
    p.target.sql(f"INSERT INTO `{p.db}`.t VALUES (5, 'e')")
    p.changeling.after_error("retry")
    p.changeling.wait_caught_up()
    assert p.compare()
    assert quarantine(p) == []


# ---- locks

def test_a_lock_on_the_way_to_the_culprit(pairing):
    """The transaction is sent again as any other that meets a lock: the run does not end for it."""
    p = pairing()
    p.both_sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (4, 4); "
               "CREATE TABLE apart (id INT PRIMARY KEY, v INT); INSERT INTO apart VALUES (1, 1)")
    p.changeling.change_master(p.source.position(), conflicts="record", replica_parallel_workers=2, merge_transactions=1)
    p.target.sql(f"DELETE FROM `{p.db}`.apart")
    p.source.sql(f"USE `{p.db}`; BEGIN; UPDATE apart SET v = 10; UPDATE t SET v = 40 WHERE id = 4; COMMIT; "
                 "UPDATE t SET v = 41 WHERE id = 4")
    before = waits(p)
    holder = p.target.connect(p.db)
    with holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM t WHERE id = 4 FOR UPDATE")
        p.changeling.run()
        wait_until(lambda: waits(p) >= before + 2, what="a second wait for the lock")
    holder.close()
    p.changeling.wait_caught_up()
    assert rows(p, "SELECT id, v FROM `{db}`.t") == [(4, 41)]
    assert quarantine(p) == [("update", "recorded")]
    assert p.changeling.row()["retries_total"] == 0, p.changeling.log_tail()


def waits(p):
    return int(p.target.query("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_waits'")[0][1])
