"""Definitions, one kind after the other, each with the program killed before, while and after the statement runs: a start
decides from the target's own state whether it has run. What the target does not tell stops, with both possibilities named.

CHANGELING_ALL=1 takes every kind on every kind of server; otherwise a share of them, another one with each seed."""
import os
import pathlib
import random
import signal

import pytest

from harness import wait_until

from .definitions import KINDS, drop_accounts, what_there_is

LEGACY = pathlib.Path(__file__).resolve().parents[2] / "lab/openssl-legacy.cnf"
POINTS = {"before": "ddl.before-intent", "noting": "intent.before-commit", "noted": "ddl.after-intent", "half": "ddl.after-intent",
          "done": "ddl.after-statement", "recorded": "special.after-commit"}
STAGES = ["before", "noting", "noted", "half", "running", "done", "recorded"]
SERVERS = ["maria1011", "maria118", "mysql97", "mysql56"]
ATOMIC = "mysql97"


def family(kind):
    return "mariadb" if kind.startswith("maria") else "mysql" if kind == "mysql97" else kind


CASES = [(definition, server) for definition in KINDS for server in SERVERS if family(server) in definition.families]
SHARE = CASES if os.environ.get("CHANGELING_ALL") else sorted(
    random.Random(int(os.environ["CHANGELING_SEED"])).sample(CASES, 10), key=lambda case: case[1])


class Stage:
    """One kill: a database of its own on both sides, with what was there before."""

    def __init__(self, p, definition, name):
        self.p, self.definition, self.name = p, definition, name
        self.db = f"{p.db}_{name}"
        self.connection = p.source.connect()

    def fill(self, sql):
        return sql.replace("{db}", self.db).replace("{user}", self.db)

    def source(self, *statements):
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(self.fill(statement))

    def prepare(self):
        self.source("CREATE DATABASE `{db}` CHARACTER SET utf8mb4", "USE `{db}`")
        if self.definition.statement:
            self.source("SET SESSION binlog_format = STATEMENT")
        if self.definition.mode:
            self.source(f"SET SESSION sql_mode = '{self.definition.mode}'")
        self.source(*self.definition.before)

    # --- the kill

    def kill(self):
        """False when there is no such moment for this kind on this server."""
        changeling, definition = self.p.changeling, self.definition
        if self.name == "running":
            return self.kill_while_it_runs()
        if self.name == "half" and (not definition.half or self.p.target.kind == ATOMIC):
            return False
        self.source(*definition.lead, definition.change)
        nth = 1 + len(definition.lead)
        code = changeling.run_to_end("--until", "now", CHANGELING_FAULT=f"{POINTS[self.name]}:{nth}:kill")
        if code == 0:
            # set aside: nothing of it runs here
            return False
        assert code == -signal.SIGKILL, changeling.log_tail()
        if self.name == "half":
            self.p.target.sql(self.fill(definition.half), database=self.db)
        return True

    def hold(self):
        """What keeps definitions waiting on the target while transactions go on, and what ends that."""
        if self.p.target.family == "mariadb":
            return ["BACKUP STAGE START", "BACKUP STAGE FLUSH", "BACKUP STAGE BLOCK_DDL"], ["BACKUP STAGE END"]
        if self.p.target.kind == ATOMIC:
            return ["LOCK INSTANCE FOR BACKUP"], ["UNLOCK INSTANCE"]
        if not self.definition.hold:
            return None, None
        table = self.fill(self.definition.hold)
        return ["BEGIN", f"SELECT * FROM `{table}` LIMIT 1"], ["ROLLBACK"]

    def waits(self):
        rows = self.p.target.query("SELECT id FROM information_schema.processlist WHERE user = 'admin' AND state LIKE 'Waiting for%' "
                                   "AND state LIKE '%lock' AND command = 'Query' AND info NOT LIKE '%GET_LOCK%'")
        return [row[0] for row in rows]

    def kill_while_it_runs(self):
        hold, release = self.hold()
        if not hold:
            return False
        changeling, target = self.p.changeling, self.p.target
        changeling.run()
        with target.connect(self.db) as holder, holder.cursor() as cursor:
            for statement in hold:
                cursor.execute(statement)
            self.source(*self.definition.lead, self.definition.change)
            mark = self.p.source.position()
            wait_until(lambda: self.waits() or self.applied(mark), 20, lambda: f"a statement that waits\n{target.diagnosis()}")
            changeling.kill9()
            changeling.run("--until", "now", wait=False)
            # it lets the old one's statement finish, or finds that the server has given it up with its client
            changeling.wait_log("waiting: another|channel taken", 20)
            for statement in release:
                cursor.execute(statement)
        assert changeling.wait_exit() in (0, 1), changeling.log_tail()
        return True

    def applied(self, mark):
        row = self.p.changeling.row()
        return (row.get("applied_file"), row.get("applied_position") or 0) >= mark

    # --- the start after it

    def start_again(self):
        code, asks = self.p.changeling.run_to_end("--until", "now"), self.definition.asks
        if self.name in asks or (asks and self.name == "running" and code == 1):
            assert code == 1, f"{self.definition.name} {self.name}: nobody was asked\n{self.p.changeling.log_tail()}"
            self.person()
            code = self.p.changeling.run_to_end("--until", "now")
        assert code == 0, f"{self.definition.name} {self.name}: {code}\n{self.p.changeling.log_tail()}"

    def person(self):
        """Both possibilities are named, and both ways out are ways out."""
        error = self.p.changeling.row()["error"]
        assert "does not tell whether it took place" in error and "skip" in error and "retry" in error, error
        if self.name == "half":
            self.p.target.sql(self.fill(self.definition.rest), database=self.db)
        there = self.name in ("half", "done") or (self.name == "running" and self.is_there())
        result = self.p.changeling.command("skip" if there else "retry")
        assert result.code == 0, result

    def is_there(self):
        left, right = (what_there_is(server, self.db) for server in (self.p.source, self.p.target))
        return left == right


@pytest.mark.parametrize("definition,server", SHARE, ids=[f"{definition.name}-{server}" for definition, server in SHARE])
def test_killed_around_a_definition(pairing, monkeypatch, definition, server):
    if server == "mysql56":
        monkeypatch.setenv("OPENSSL_CONF", str(LEGACY))
    # MySQL logs CREATE TABLE … SELECT as it was typed only without GTIDs
    p = pairing("maria1011" if definition.statement else server, server)
    p.target.sql("SET GLOBAL log_bin_trust_function_creators = 1")
    p.source.sql("SET GLOBAL log_bin_trust_function_creators = 1")
    stages = [Stage(p, definition, name) for name in STAGES]
    try:
        p.changeling.change_master(p.source.position(), accounts="translate")
        for stage in stages:
            stage.prepare()
        p.changeling.run_until("now")
        same(p, "before it all")
        met = []
        for stage in stages:
            if stage.kill():
                met.append(stage.name)
                stage.start_again()
            same(p, stage.name)
        print(f"{definition.name} on {server}: {', '.join(met)}")
        assert {"before", "noting", "noted", "done", "recorded"} <= set(met), met
    finally:
        for stage in stages:
            stage.connection.close()
        p.changeling.clean_up()
        for one in (p.source, p.target):
            drop_accounts(one, p.db)
        p.target.sql("SET GLOBAL log_bin_trust_function_creators = 0")


def same(p, when):
    left, right = (what_there_is(server, p.db) for server in (p.source, p.target))
    assert left == right, f"{when}: only on the source {left - right}, only on the target {right - left}\n{p.changeling.log_tail()}"
    p.compare(*sorted({name for kind, name, *_ in left if kind == "database"}))


def test_one_that_stays_is_told_what_the_target_does_not_tell(pairing):
    """An answer is good for the statement that was asked about: the same process asks again about the next one."""
    p = pairing()
    stage = Stage(p, next(one for one in KINDS if one.name == "swap-users"), "stays")
    p.changeling.change_master(p.source.position(), accounts="translate")
    stage.prepare()
    p.changeling.run_until("now")
    try:
        p.changeling.run("--stay", CHANGELING_FAULT="ddl.after-intent:1:fail,ddl.after-statement:2:fail")
        pid = p.changeling.process.pid
        for answer in "retry", "skip":      # it has not run the first time, and has run the second
            before = what_there_is(p.source, stage.db)
            stage.source(stage.definition.change)
            assert what_there_is(p.source, stage.db) != before
            row = p.changeling.wait_error()
            assert row["exit_code"] is None and "does not tell whether it took place" in row["error"], row
            assert p.changeling.command(answer).code == 0
            p.changeling.wait_position()
            same(p, answer)
        assert p.changeling.process.pid == pid
        assert p.changeling.stop() == 0
    finally:
        stage.connection.close()
        p.changeling.clean_up()
        for one in (p.source, p.target):
            drop_accounts(one, p.db)


def test_another_server_has_the_statement_elsewhere_in_its_log(pairing):
    """After a source took the master's place the statement that was under way is known by its GTID."""
    p = pairing()
    p.changeling.change_master(("gtid", p.source.gtid()))
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY)")
    assert p.changeling.run_to_end(CHANGELING_FAULT="ddl.after-statement:2") == -signal.SIGKILL
    p.target.sql(f"UPDATE changeling.intent SET source_file = 'other.000001', source_offset = 4711 WHERE channel = "
                 f"'{p.changeling.channel}'")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1)")
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 1
