"""Without the master's order of commits: what a former run has applied ahead of its checkpoint is applied once."""
import pytest

from harness import wait_until


def journal(p):
    """The numbers in a table whose rows may stand there twice."""
    return sorted(n for (n,) in p.target.query(f"SELECT n FROM `{p.db}`.journal"))


def arrive(p, number):
    p.source.sql(f"INSERT INTO `{p.db}`.journal VALUES ({number})")
    wait_until(lambda: number in journal(p), 30, lambda: f"{number} in the target\n{p.changeling.log_tail()}")


def applied_ahead(p):
    return p.target.value("SELECT COUNT(*) FROM changeling.applied WHERE channel = %s", p.changeling.channel)


def leave_one_ahead(p, start="now"):
    """The last transaction of a run is noted as applied, and the checkpoint is before it."""
    p.changeling.change_master(start, replica_preserve_commit_order="off", replica_parallel_workers=2)
    p.changeling.run()
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.journal (n INT); "
                 f"CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, v INT); INSERT INTO `{p.db}`.t VALUES (1, 1), (2, 2)")
    p.changeling.wait_caught_up()
    arrive(p, 5)
    assert p.changeling.stop() == 0
    assert applied_ahead(p) == 1


def end_of_test(p):
    p.changeling.wait_caught_up()
    assert journal(p) == sorted(n for (n,) in p.source.query(f"SELECT n FROM `{p.db}`.journal"))
    assert p.compare() > 0


def test_a_kill_before_the_first_batch(pairing):
    p = pairing()
    leave_one_ahead(p)
    p.source.sql(f"INSERT INTO `{p.db}`.journal VALUES (6)")
    assert p.changeling.run_to_end(CHANGELING_FAULT="worker.before-flight") == -9
    assert journal(p) == [5]
    p.changeling.run()
    end_of_test(p)


def test_a_first_batch_that_does_not_go(pairing):
    p = pairing()
    leave_one_ahead(p)
    p.target.sql(f"DELETE FROM `{p.db}`.t WHERE id = 2")
    p.source.sql(f"UPDATE `{p.db}`.t SET v = 20 WHERE id = 2")
    p.changeling.run(wait=False)
    assert f"`{p.db}`.`t`" in p.changeling.wait_error()["error"]
    p.target.sql(f"INSERT INTO `{p.db}`.t VALUES (2, 2)")
    p.changeling.after_error("retry")
    end_of_test(p)


@pytest.mark.parametrize("more", [False, True], ids=["all-of-it", "more-to-come"])
def test_a_stop_behind_what_was_applied_ahead(pairing, more):
    """The process stays, and goes on where it is and not where its checkpoint was as it started."""
    p = pairing()
    leave_one_ahead(p)
    if more:
        p.target.sql("INSERT INTO changeling.applied (channel, sequence, source_file, source_offset, gtid) VALUES "
                     f"('{p.changeling.channel}', 1000, 'later.999999', 4, '')")
    p.changeling.run()
    p.changeling.wait_position()
    assert p.changeling.command("stop").code == 0
    p.changeling.wait_state("paused")
    assert p.changeling.command("start").code == 0
    end_of_test(p)


def test_what_was_applied_ahead_comes_in_parts(pairing):
    """It was small enough for the settings of the run that applied it, and is too large for those of the next one."""
    p = pairing()
    leave_one_ahead(p)
    p.changeling.run()
    p.source.sql(f"INSERT INTO `{p.db}`.journal SELECT seq FROM `{p.db}`.seq_100_to_20099")
    wait_until(lambda: len(journal(p)) == 20001, 30, lambda: f"all rows in the target\n{p.changeling.log_tail()}")
    assert p.changeling.stop() == 0
    assert applied_ahead(p) == 1
    p.changeling.change_master(None, large_transaction_bytes=65536)
    p.changeling.run()
    end_of_test(p)


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_another_server_has_it_elsewhere_in_its_log(pairing, kind):
    """A source that took the master's place is known to have the same transactions by their GTIDs alone."""
    p = pairing(kind, kind)
    leave_one_ahead(p, ("gtid", p.source.gtid()))
    p.target.sql(f"UPDATE changeling.applied SET source_file = 'other.000001', source_offset = 4711 WHERE channel = "
                 f"'{p.changeling.channel}'")
    p.source.sql(f"INSERT INTO `{p.db}`.journal VALUES (6)")
    p.changeling.run()
    end_of_test(p)


# Someone else holds what the first transaction needs; the second follows the first, which wrote the same row; what the third takes
# is what the first one took, in part by a value that is not in its image.
PARTS_OF_KEYS = {
    "updated": ("SELECT * FROM t WHERE id = 1 FOR UPDATE", "UPDATE t SET a = 2 WHERE id = 1", "INSERT INTO t VALUES (2, 2, 5)"),
    "left-to-its-default": ("INSERT INTO t VALUES (3, 9, 9)", "INSERT INTO t (id, a) VALUES (3, 7)", "INSERT INTO t (id, a) VALUES (2, 7)"),
}


@pytest.mark.parametrize("conflicts", ["stop", "repair"])
@pytest.mark.parametrize("case", PARTS_OF_KEYS)
def test_a_part_of_a_unique_key_is_not_in_the_image(pairing, case, conflicts):
    holding, first, third = PARTS_OF_KEYS[case]
    p = pairing()
    p.both_sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE journal (n INT PRIMARY KEY); "
               "CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT NOT NULL DEFAULT 5, UNIQUE (a, b)); INSERT INTO t VALUES (1, 1, 5)")
    p.changeling.change_master(p.source.position(), replica_preserve_commit_order="off", replica_parallel_workers=2,
                               merge_transactions=1, conflicts=conflicts)
    p.source.sql(f"SET SESSION binlog_row_image = MINIMAL; {first}; DELETE FROM t WHERE a IN (2, 7); {third}; "
                 "INSERT INTO journal VALUES (1); SET SESSION binlog_row_image = FULL", p.db)
    holder = p.target.connect(p.db, autocommit=False)
    try:
        with holder.cursor() as cursor:
            cursor.execute(holding)
        p.changeling.run()
        wait_until(lambda: journal(p) == [1], 30, lambda: f"what comes last in the target\n{p.changeling.log_tail()}")
        holder.rollback()
    finally:
        holder.close()
    p.changeling.wait_caught_up()
    assert p.compare() == 3 - (first.startswith("UPDATE"))
    assert p.changeling.look("quarantine") == []
