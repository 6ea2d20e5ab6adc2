"""kill -9 at random moments of a load, each followed by a restart: nothing lost, nothing twice."""
import random

import pytest

from harness import Load


def crash_loop(p, seed, kills, start, **options):
    rng = random.Random(seed)
    changeling = p.changeling
    changeling.change_master(start, **options)
    load = Load(p.source, p.db, seed, clients=3).prepare()
    moments, forgotten = [], 0
    with load:
        for _ in range(kills):
            # some die while they start
            changeling.run(wait=rng.random() < 0.8)
            moment = rng.uniform(0.01, 0.6)
            moments.append(round(moment, 3))
            changeling.pause(moment)
            if not changeling.running():
                row = changeling.row()
                pytest.fail(f"it ended by itself: {row.get('error')}\n{changeling.log_tail()}")
            changeling.kill9()
            if rng.random() < 0.2:
                changeling.forget_state()
                forgotten += 1
    print(f"killed after {moments} s; the SQLite file deleted {forgotten} times; {load.transactions} transactions")
    changeling.run()
    changeling.wait_caught_up(180)
    assert p.compare() > 0
    row = changeling.row()
    assert row["state"] == "running" and not row["error"]
    assert changeling.stop() == 0


@pytest.mark.slow
def test_kill_9_at_30_random_moments(pairing, seed):
    p = pairing("maria1011", "maria1011")
    crash_loop(p, seed, 30, p.source.position())


@pytest.mark.slow
@pytest.mark.parametrize("source,target", [("mysql97", "maria118"), ("maria118", "mysql97")])
def test_kill_9_by_gtid_across_families(pairing, seed, source, target):
    p = pairing(source, target)
    p.source.sql(f"CREATE DATABASE `{p.db}_first`")
    crash_loop(p, seed, 8, ("gtid", p.source.gtid()))


@pytest.mark.slow
def test_kill_9_with_several_workers(pairing, seed):
    p = pairing("maria1011", "maria1011")
    crash_loop(p, seed, 10, p.source.position(), replica_parallel_workers=4)


def test_the_sqlite_file_is_deleted_between_two_runs(pairing):
    p = pairing()
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.journal (n INT)")
    for number in range(5):
        p.source.sql(f"INSERT INTO `{p.db}`.journal VALUES ({number})")
        p.changeling.wait_caught_up()
        assert p.changeling.stop() == 0
        p.source.sql(f"INSERT INTO `{p.db}`.journal VALUES ({number + 100})")
        p.changeling.forget_state()
        p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 10
