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
