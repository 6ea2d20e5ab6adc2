"""The target's server is killed while a definition runs there, and comes up again: on a server whose definitions are atomic and
on those where they are not, what is there then is what the source has, or it stops and names both possibilities.

The moment is one at which the definition has begun to show in the server's data folder. CHANGELING_ALL=1 takes every case;
otherwise a share of them, another one with each seed."""
import dataclasses
import os
import pathlib
import random
import signal
import threading

import pytest

from harness.changeling import Ended

from .definitions import what_there_is

LEGACY = pathlib.Path(__file__).resolve().parents[2] / "lab/openssl-legacy.cnf"
MANY = range(12)
TABLES = [f"CREATE TABLE {{db}}.t{n} (id INT PRIMARY KEY) ENGINE=InnoDB" for n in MANY]
ROWS = ["CREATE TABLE {db}.big (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(200)) ENGINE=InnoDB",
        "INSERT INTO {db}.big (v) VALUES (REPEAT('x', 200))"] + ["INSERT INTO {db}.big (v) SELECT v FROM {db}.big"] * 11


# What of the database's folder tells that the definition has begun; each is asked for before, and then again and again

def is_gone(name):
    return lambda folder: lambda: not (folder / f"{name}.ibd").exists()


def is_there(name):
    return lambda folder: (folder / f"{name}.ibd").exists


def is_altered(folder):
    size = (folder / "big.ibd").stat().st_size
    return lambda: any(name.startswith("#sql") for name in os.listdir(folder)) or (folder / "big.ibd").stat().st_size > size


@dataclasses.dataclass(frozen=True)
class Killed:
    name: str
    before: list
    change: str
    shows: object
    # MySQL 5.6 does not always come up with a table that it was just making
    servers: tuple = ("maria1011", "mysql97")


EVERYWHERE = ("maria1011", "mysql97", "mysql56")
CASES = [
    Killed("drop-tables", TABLES, "DROP TABLE " + ", ".join(f"{{db}}.t{n}" for n in MANY), is_gone("t1"), EVERYWHERE),
    Killed("drop-database", TABLES, "DROP DATABASE {db}", is_gone("t1"), EVERYWHERE),
    Killed("rename-tables", TABLES, "RENAME TABLE " + ", ".join(f"{{db}}.t{n} TO {{db}}.r{n}" for n in MANY), is_there("r1"), EVERYWHERE),
    Killed("rebuild", ROWS, "ALTER TABLE {db}.big ADD COLUMN c INT NOT NULL DEFAULT 5 FIRST, ENGINE=InnoDB", is_altered, EVERYWHERE),
    Killed("add-index", ROWS, "ALTER TABLE {db}.big ADD INDEX by_v (v)", is_altered, EVERYWHERE),
    Killed("create-table", [], "CREATE TABLE {db}.made (id INT PRIMARY KEY) ENGINE=InnoDB", is_there("made")),
    Killed("create-table-select", ROWS, "CREATE TABLE {db}.made (id INT PRIMARY KEY) SELECT id, v FROM {db}.big", is_there("made")),
]
ALL = [(case, server) for case in CASES for server in case.servers]
SHARE = ALL if os.environ.get("CHANGELING_ALL") else sorted(
    random.Random(int(os.environ["CHANGELING_SEED"])).sample(ALL, 3), key=lambda case: case[1])


class Killer:
    """Kills the server as soon as its folder shows it, from a thread that looks as often as it can."""

    def __init__(self, server, shows):
        self.server, self.shows, self.pid = server, shows, server.lab.pid()
        self.end, self.hit = threading.Event(), False
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self):
        while not self.end.wait(0.0001):
            if self.shows():
                os.kill(self.pid, signal.SIGKILL)
                self.hit = True
                return

    def kill(self):
        """Waits for the moment; False when there was none."""
        self.thread.join(60)
        self.end.set()
        self.thread.join()
        self.server.kill9()     # and is told when it has gone
        return self.hit


@pytest.mark.parametrize("case,server", SHARE, ids=[f"{case.name}-{server}" for case, server in SHARE])
def test_killed_within_a_definition(pairing, pool, monkeypatch, case, server):
    if server == "mysql56":
        monkeypatch.setenv("OPENSSL_CONF", str(LEGACY))
    p = pairing(server, pool.fresh(server, "rds", binlog=False))
    try:
        p.both_sql(f"CREATE DATABASE {p.db}")
        p.changeling.change_master(p.source.position())
        for statement in case.before:
            p.source.sql(statement.replace("{db}", p.db))
        p.changeling.run()
        p.changeling.wait_caught_up()
        p.target.forget()
        killer = Killer(p.target, case.shows(p.target.lab.folder / "data" / p.db))
        p.source.sql(case.change.replace("{db}", p.db))
        assert killer.kill(), f"it was never seen to run\n{p.changeling.log_tail()}"
        p.target.start()
        goes_on(p, case)
        left, right = (what_there_is(one, p.db) for one in (p.source, p.target))
        assert left == right, f"only on the source {left - right}, only on the target {right - left}\n{p.changeling.log_tail()}"
        if case.name != "drop-database":
            p.compare()
    finally:
        # a database of which the server has lost half cannot always be dropped
        p.changeling.clean_up()
        p.target.remove()


def goes_on(p, case):
    """By itself; only where half of the tables may have been renamed, after a person has seen to the others."""
    try:
        p.changeling.wait_caught_up()
        return
    except Ended:
        if (case.name, p.target.kind) != ("rename-tables", "mysql56"):
            raise
    row = p.changeling.wait_error()
    assert "does not tell whether it took place" in row["error"] and "skip" in row["error"] and "retry" in row["error"], row
    finish_renaming(p)
    p.changeling.after_error("skip")
    p.changeling.wait_caught_up()


def finish_renaming(p):
    """That server may have renamed the table's data, and not yet the file that it knows the table by."""
    folder = p.target.lab.folder / "data" / p.db
    for number in MANY:
        if (folder / f"t{number}.ibd").exists():
            p.target.sql(f"RENAME TABLE {p.db}.t{number} TO {p.db}.r{number}")
        elif (folder / f"t{number}.frm").exists():
            p.target.sql("FLUSH TABLES")
            (folder / f"t{number}.frm").rename(folder / f"r{number}.frm")
