"""Every fault point: the program is killed there, or the step fails there; started again, both sides are identical."""
import os
import random
import signal

import pytest

from harness import wait_until

from .schedule import ROOT, fault_points

# what each workload passes through: a point that it must meet
WORKER = ["worker.start", "worker.before-flight", "worker.after-flight", "worker.after-commit"]
SPECIAL = ["special.before-checkpoint", "special.before-commit", "special.after-commit"]
DDL = ["ddl.before-intent", "intent.before-commit", "ddl.after-intent", "ddl.after-statement"]
START = ["channel.before-epoch", "channel.after-epoch", "state.open", "state.begin", "state.write", "state.commit"]
ANYWHERE = ["source.read", "pipeline.queue"]


def rows(p):
    for number in range(6):
        p.source.sql(f"INSERT INTO `{p.db}`.journal VALUES ({number}); UPDATE `{p.db}`.t SET n = n + 1")


def turns(p):
    """Neighbours do not conflict and each takes a while: they run on several connections, and wait for each other's COMMIT."""
    for number in range(40):
        p.source.sql(f"USE `{p.db}`; INSERT INTO big (v) VALUES " + ", ".join(["(REPEAT('x', 1500))"] * 50)
                     + f"; UPDATE t SET n = n + 1 WHERE id = {number % 2 + 1}")


def ddl(p):
    p.source.sql(f"USE `{p.db}`; CREATE TABLE made (id INT PRIMARY KEY); INSERT INTO made VALUES (1); ALTER TABLE t ADD c INT "
                 "DEFAULT 5; RENAME TABLE made TO named; TRUNCATE TABLE journal; INSERT INTO journal VALUES (9); DROP TABLE named")


def large(p):
    p.source.sql(f"USE `{p.db}`; BEGIN; INSERT INTO big (v) VALUES " + ", ".join(["(REPEAT('x', 1500))"] * 400)
                 + "; UPDATE big SET v = CONCAT(v, 'y'); INSERT INTO journal VALUES (1); COMMIT")


def xa(p):
    connection = p.source.connect(p.db)
    with connection.cursor() as cursor:
        for statement in ("XA START 'a'", "INSERT INTO journal VALUES (77)", "UPDATE t SET n = n + 1", "XA END 'a'",
                          "XA PREPARE 'a'", "XA COMMIT 'a'"):
            cursor.execute(statement)
    connection.close()


def temporary(p):
    connection = p.source.connect(p.db)
    with connection.cursor() as cursor:
        for statement in ("SET SESSION binlog_format = STATEMENT", "CREATE TEMPORARY TABLE tmp (n INT PRIMARY KEY)",
                          "INSERT INTO tmp VALUES (1), (2), (3)", "INSERT INTO journal SELECT n FROM tmp",
                          "UPDATE t SET n = n + 10", "DROP TEMPORARY TABLE tmp"):
            cursor.execute(statement)
    connection.close()


def undone(p):
    p.source.sql(f"SET sql_log_bin = 0; GRANT SELECT ON `{p.db}`.* TO repl; SET sql_log_bin = 1; "     # engines are asked for
                 f"CREATE TABLE `{p.db}`.stays (n INT) ENGINE=MyISAM")
    connection = p.source.connect(p.db)
    with connection.cursor() as cursor:
        for statement in ("SET SESSION binlog_format = STATEMENT", "BEGIN", "INSERT INTO journal VALUES (1)",
                          "INSERT INTO stays SELECT n FROM journal", "ROLLBACK", "INSERT INTO stays VALUES (2)"):
            cursor.execute(statement)
    connection.close()


WORK = {
    "rows": (rows, {"replica_parallel_workers": 1}, WORKER + START + ANYWHERE),
    "rows-4": (rows, {"replica_parallel_workers": 4}, WORKER),
    "turns": (turns, {"replica_parallel_workers": 4, "merge_transactions": 1}, ["worker.before-commit"]),
    "ddl": (ddl, {}, DDL + SPECIAL),
    "streamed": (large, {"large_transaction_bytes": 65536}, SPECIAL + ["special.stream-part"]),
    "xa": (xa, {}, SPECIAL),
    "undone": (undone, {}, ["undo.after-copy"]),
    "temporary": (temporary, {}, SPECIAL + ["special.after-first-steps", "special.before-last-steps"]),
}
CASES = [(work, point, how) for work, (_, _, points) in WORK.items() for point in points for how in ("kill", "fail")]
CASES.append(("rows", "heartbeat.beat", "kill"))
CASES.append(("rows", "heartbeat.beat", "fail"))

# CHANGELING_ALL=1 runs every case on both targets; otherwise a share of them, another one with each seed
ALL = [(case, target) for case in CASES for target in ("maria1011", "mysql97")
       if case[1:] != ("pipeline.queue", "fail")]      # nothing can fail there: the point is only for an end
SHARE = ALL if os.environ.get("CHANGELING_ALL") else sorted(random.Random(int(os.environ["CHANGELING_SEED"])).sample(ALL, 36))


def test_every_point_is_tested_and_documented():
    tested = {point for _, point, _ in CASES} | {"alloc", "config.write"}
    assert set(fault_points()) <= tested
    text = (ROOT / "docs/reliability.md").read_text()
    assert not [point for point in fault_points() if f"`{point}`" not in text]


@pytest.mark.parametrize("case,target", SHARE, ids=["-".join((*case, target)) for case, target in SHARE])
def test_point(pairing, case, target):
    work, point, how = case
    p = pairing("maria1011", target)
    do, options, _ = WORK[work]
    p.source.sql(f"CREATE DATABASE `{p.db}` CHARACTER SET utf8mb4; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY, n INT); "
                 "INSERT INTO t VALUES (1, 1), (2, 2); CREATE TABLE journal (n INT); "
                 "CREATE TABLE big (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v TEXT)")
    p.target.sql(f"CREATE DATABASE IF NOT EXISTS `{p.db}` CHARACTER SET utf8mb4")
    p.changeling.change_master(p.source.position(), **options)
    p.target.sql(f"USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 1), (2, 2); "
                 "CREATE TABLE journal (n INT); CREATE TABLE big (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v TEXT)")
    do(p)
    changeling = p.changeling
    changeling.run(wait=False, CHANGELING_FAULT=f"{point}:1:{how}")
    if how == "kill":
        assert changeling.wait_exit() == -signal.SIGKILL, changeling.log_tail()
        changeling.run("--wait", wait=False)
    elif point.startswith("state."):
        # without its file it may stop, saying so, or go on; it starts again either way
        wait_until(lambda: not changeling.running() or changeling.row().get("state") == "running", 20, "end or go on")
        if not changeling.running():
            assert changeling.wait_exit() == 1 and "state" in changeling.log_text(this_run=True)
            changeling.run("--wait", wait=False)
    if (point, how) == ("heartbeat.beat", "fail"):      # a second passes before the first beat
        changeling.wait_log("fault injected|\\(test\\)")
    changeling.wait_caught_up()
    if how == "fail" and not point.startswith("state."):
        assert any(text in changeling.log_text() for text in ("fault injected", "(test)", "starting the thread of worker 1"))
    assert p.compare() > 0
    assert changeling.stop() == 0


@pytest.mark.parametrize("nth", [1, 50, 400, 2000, 9000])
def test_memory_runs_out(pairing, nth):
    """A request for memory that is refused ends the process; a new start goes on."""
    p = pairing()
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.journal (n INT)")
    p.target.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.journal (n INT)")
    p.changeling.change_master(p.source.position())
    for number in range(50):
        p.source.sql(f"INSERT INTO `{p.db}`.journal VALUES ({number})")
    code = p.changeling.run_to_end("--until", "now", CHANGELING_FAULT=f"alloc:{nth}")
    assert code in (70, 0)
    if code == 70:
        assert "out of memory" in p.changeling.log_text(this_run=True)
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 50
