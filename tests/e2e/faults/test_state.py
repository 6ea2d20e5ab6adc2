"""Trouble with the local file: replication goes on or stops cleanly, and the position is never a wrong one."""
import contextlib
import os
import sqlite3
import threading

import pytest

from harness import wait_until

from .disk import small_disk


def prepared(pairing):
    p = pairing()
    p.both_sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.journal (n INT)")
    p.changeling.change_master(p.source.position())
    p.changeling.run()
    insert(p, 0)
    p.changeling.wait_caught_up()
    return p


def insert(p, number):
    p.source.sql(f"INSERT INTO `{p.db}`.journal VALUES ({number})")


def arrived(p, number):
    wait_until(lambda: p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.journal WHERE n = %s", number) == 1, 20, f"row {number}")


def goes_on(p, number):
    """From the right place, each row once."""
    insert(p, number)
    p.changeling.wait_caught_up()
    rows = p.target.query(f"SELECT n, COUNT(*) FROM `{p.db}`.journal GROUP BY n HAVING COUNT(*) > 1")
    assert not rows, rows
    assert p.compare() == p.source.value(f"SELECT COUNT(*) FROM `{p.db}`.journal")


def version(p, number=None):
    with contextlib.closing(sqlite3.connect(p.changeling.state / "state.db")) as database:
        if number is not None:
            database.execute(f"pragma user_version = {number}")
        return database.execute("pragma user_version").fetchone()[0]


@pytest.mark.parametrize("running", [True, False])
def test_missing(pairing, running):
    p = prepared(pairing)
    if not running:
        p.changeling.stop()
    p.changeling.forget_state()
    insert(p, 1)
    if not running:
        p.changeling.run()
    else:
        arrived(p, 1)
        p.changeling.wait_log("moved or deleted")
        wait_until(lambda: p.changeling.row().get("state") == "running", 20, "a new file")
    goes_on(p, 2)


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("where", ["head", "middle", "all"])
def test_corrupt(pairing, where, running):
    """Set aside, and made anew."""
    p = prepared(pairing)
    if not running:
        p.changeling.stop()
    path = p.changeling.state / "state.db"
    for name in ("state.db-wal", "state.db-shm"):
        if not running and (p.changeling.state / name).exists():
            (p.changeling.state / name).unlink()
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.seek({"head": 0, "middle": size // 2, "all": 0}[where])
        file.write(os.urandom({"head": 100, "middle": 4096, "all": size}[where]))
    insert(p, 1)
    if not running:
        p.changeling.run()
    arrived(p, 1)
    goes_on(p, 2)
    if not running:
        assert list(p.changeling.state.glob("state.db.corrupt-*"))
    assert p.changeling.stop() == 0
    p.changeling.run()
    goes_on(p, 3)


def test_newer_schema(pairing):
    """It is not touched: the program that made it may come back."""
    p = prepared(pairing)
    p.changeling.stop()
    ours = version(p)
    version(p, ours + 1)
    assert p.changeling.run_to_end() in (1, 2)
    assert "newer" in p.changeling.log_text(this_run=True)
    assert version(p) == ours + 1
    version(p, ours)
    p.changeling.run()
    goes_on(p, 1)


def test_older_schema(pairing):
    """A file of a version before the first tables is brought up to date."""
    p = prepared(pairing)
    p.changeling.stop()
    path = p.changeling.state / "state.db"
    ours = version(p)
    with contextlib.closing(sqlite3.connect(path)) as database:
        application = database.execute("pragma application_id").fetchone()[0]
    p.changeling.forget_state()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(f"pragma application_id = {application}")
        database.execute("create table something_older (id integer)")
        database.commit()
    path.chmod(0o600)
    insert(p, 1)
    p.changeling.run()
    goes_on(p, 2)
    assert version(p) == ours


@pytest.mark.slow
@pytest.mark.parametrize("lock", ["reader", "writer"])
def test_locked_for_a_minute(pairing, lock):
    p = prepared(pairing)
    held, over = threading.Event(), threading.Event()

    def hold():
        with contextlib.closing(sqlite3.connect(p.changeling.state / "state.db", isolation_level=None)) as database:
            database.execute("begin" if lock == "reader" else "begin immediate")
            database.execute("select count(*) from status").fetchone()
            held.set()
            over.wait(90)
            database.execute("rollback")

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(10)
        before = len(p.changeling.log_text().splitlines())
        for number in range(1, 61):
            insert(p, number)
            arrived(p, number)
            assert p.changeling.running()
            p.changeling.pause(1)
        # said, and not sixty times
        assert len(p.changeling.log_text().splitlines()) - before < 20, p.changeling.log_tail()
    finally:
        over.set()
        holder.join()
    goes_on(p, 100)
    wait_until(lambda: p.changeling.row()["state"] == "running" and not p.changeling.row()["error"], 20, "a true status")


def test_full_disk(pairing):
    """Nothing is written to the file; replication goes on, or ends for a person and goes on when there is room."""
    p = prepared(pairing)
    p.changeling.stop()
    with small_disk(p.changeling.state, 2) as disk:
        p.changeling.run()
        filling = disk.fill()
        for number in range(1, 20):
            insert(p, number)
        survives(p, "full")
        filling.unlink()
        if not p.changeling.running():
            p.changeling.run()
        goes_on(p, 50)
        assert p.changeling.stop() == 0


def test_full_disk_at_the_start(pairing):
    p = prepared(pairing)
    p.changeling.stop()
    p.changeling.forget_state()
    with small_disk(p.changeling.state, 2) as disk:
        filling = disk.fill()
        assert p.changeling.run_to_end() == 1
        assert "full" in p.changeling.log_text(this_run=True) or "No space" in p.changeling.log_text(this_run=True)
        filling.unlink()
        p.changeling.run()
        goes_on(p, 1)
        assert p.changeling.stop() == 0


def test_read_only_file_system(pairing):
    p = prepared(pairing)
    p.changeling.stop()
    with small_disk(p.changeling.state, 4) as disk:
        disk.read_only(True)
        assert p.changeling.run_to_end() in (1, 2)
        text = p.changeling.log_text(this_run=True)
        assert "Read-only" in text or "cannot be written" in text, text
        # what only reads still tells
        assert p.changeling.command("status").code == 3
        disk.read_only(False)
        p.changeling.run()
        goes_on(p, 1)
        assert p.changeling.stop() == 0


def survives(p, word):
    """It goes on and says so, or it has ended with the reason."""
    wait_until(lambda: not p.changeling.running() or word in p.changeling.log_text(this_run=True), 20, f"'{word}' in the log")
    if p.changeling.running():
        arrived(p, 19)
    else:
        assert p.changeling.wait_exit() == 1
        assert word in p.changeling.log_text(this_run=True)
