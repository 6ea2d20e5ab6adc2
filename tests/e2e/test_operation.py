"""What an operator does: status, stop, start, skip, retry, until, health, and looking into the state."""
import json
import re
import signal
import sqlite3
import subprocess

import pytest

from harness import wait_until


def table(p):
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, v VARCHAR(30))")


def insert(p, *numbers):
    for number in numbers:
        p.source.sql(f"INSERT INTO `{p.db}`.t VALUES ({number}, 'row {number}')")


def target_ids(p):
    return [number for (number,) in p.target.query(f"SELECT id FROM `{p.db}`.t ORDER BY id")]


def test_definitions_are_counted_and_listed(pairing):
    p = pairing("mysql97")
    p.replicate("now")
    table(p)
    p.source.sql(f"ALTER TABLE `{p.db}`.t ADD COLUMN n INT; CREATE USER shy@localhost IDENTIFIED BY 'unheard-of'; "
                 "DROP USER shy@localhost")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, 'one', 1)")
    p.changeling.wait_caught_up()
    listed = p.changeling.look("ddl_intents")
    assert {entry["outcome"] for entry in listed} == {"done"}
    wait_until(lambda: p.changeling.row()["ddl"] == len(listed), 10, "the count to be saved")
    # the test's own marks need a table, too
    ours = [entry["statement"] for entry in listed if f"`{p.db}`" in entry["statement"] or "shy" in entry["statement"]]
    assert [" ".join(statement.split()[:2]) for statement in ours] == [
        "CREATE DATABASE", "CREATE TABLE", "ALTER TABLE", "CREATE USER", "DROP USER"]
    assert "unheard-of" not in str(listed)


# --- one at a time

def test_a_second_run_on_the_same_state_is_refused(pairing):
    p = pairing()
    p.replicate("now")
    second = p.changeling.command("run")
    assert second.code == 2
    assert str(p.changeling.process.pid) in second.err
    p.changeling.wait_caught_up()


def test_sigterm_is_a_clean_end(pairing):
    p = pairing()
    p.replicate("now")
    table(p)
    insert(p, 1)
    p.changeling.wait_caught_up()
    assert p.changeling.stop() == 0
    assert p.changeling.row()["state"] == "stopped"
    insert(p, 2)
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert target_ids(p) == [1, 2]


# --- until

def test_run_until_now(pairing):
    p = pairing()
    p.changeling.change_master("now")
    table(p)
    insert(p, 1, 2, 3)
    p.changeling.run_until("now")
    assert target_ids(p) == [1, 2, 3]
    p.changeling.run_until("now")


def test_run_until_a_position(pairing):
    p = pairing()
    p.changeling.change_master("now")
    table(p)
    insert(p, 1)
    file, position = p.source.position()
    insert(p, 2)
    p.changeling.run_until(f"{file}:{position}")
    assert target_ids(p) == [1]
    p.changeling.run_until("now")
    assert target_ids(p) == [1, 2]


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_run_until_a_gtid(pairing, kind):
    p = pairing(kind)
    p.source.sql(f"CREATE DATABASE `{p.db}_first`")
    p.changeling.change_master(("gtid", p.source.gtid()))
    table(p)
    insert(p, 1)
    gtid = p.source.gtid()
    insert(p, 2)
    p.changeling.run_until(gtid)
    assert target_ids(p) == [1]
    p.changeling.run_until("now")
    assert target_ids(p) == [1, 2]


def test_run_until_a_gtid_set_from_a_position_by_file(pairing):
    """The set that belongs to the position is asked of the source: what stands before it counts as there."""
    p = pairing("mysql97")
    p.source.sql(f"CREATE DATABASE `{p.db}_first`")
    start = p.source.position()
    table(p)
    insert(p, 1)
    gtids = p.source.gtid()
    insert(p, 2)
    p.changeling.change_master(start)
    p.changeling.run_until(gtids)
    assert target_ids(p) == [1]
    p.changeling.run_until("now")
    assert target_ids(p) == [1, 2]
    assert p.changeling.status()["applied_gtid_set"] == p.source.gtid()
    # and so a position by file may become one by GTID
    result = p.changeling.script("change-master", "--source-auto-position")
    assert result.code == 0 and "by GTID" in result.out, str(result)
    insert(p, 3)
    p.changeling.run_until("now")
    assert target_ids(p) == [1, 2, 3]


def test_run_until_a_gtid_set_from_the_very_start_of_the_log(pairing, pool):
    p = pairing(pool.fresh("mysql97", "master"))
    table(p)
    insert(p, 1)
    p.changeling.change_master((p.source.logs()[0], 4))
    p.changeling.run_until(p.source.gtid())
    assert target_ids(p) == [1]


# --- stop and start, skip and retry

def test_stop_pauses_and_start_goes_on(pairing):
    p = pairing()
    p.replicate("now")
    table(p)
    insert(p, 1)
    p.changeling.wait_caught_up()
    assert p.changeling.command("stop").code == 0
    p.changeling.wait_state("paused")
    insert(p, 2)
    # long enough for it to arrive if nothing held it back
    p.changeling.pause(0.7)
    assert target_ids(p) == [1]
    assert p.changeling.running()
    assert p.changeling.command("start").code == 0
    p.changeling.wait_caught_up()
    assert target_ids(p) == [1, 2]
    assert p.changeling.wait_state("running")


def conflict(p):
    """A row that the target has lost; the source changes it."""
    p.replicate("now")
    table(p)
    insert(p, 1, 7, 8)
    p.changeling.wait_caught_up()
    p.target.sql(f"DELETE FROM `{p.db}`.t WHERE id = 7")
    p.source.sql(f"UPDATE `{p.db}`.t SET v = 'changed' WHERE id = 7")
    p.source.sql(f"UPDATE `{p.db}`.t SET v = 'also' WHERE id = 8")
    return p.changeling.wait_error()


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
@pytest.mark.parametrize("change", ["UPDATE {t} SET v = 'changed' WHERE id = 7", "DELETE FROM {t} WHERE id = 7"])
def test_a_row_that_is_not_there_stops_with_table_key_and_position(pairing, target, change):
    p = pairing("maria1011", target)
    p.replicate("now")
    table(p)
    insert(p, 1, 7)
    p.changeling.wait_caught_up()
    p.target.sql(f"DELETE FROM `{p.db}`.t WHERE id = 7")
    file, before = p.source.position()
    p.source.sql(change.format(t=f"`{p.db}`.t"))
    _, after = p.source.position()
    row = p.changeling.wait_error()
    assert row["exit_code"] in (None, 1)
    assert re.search(rf"{p.db}`?\.`?t\b", row["error"]), row["error"]
    assert re.search(r"\b7\b", row["error"].replace(p.db, "")), row["error"]
    assert row["error_file"] == file and before <= row["error_position"] <= after
    # nothing of that transaction, and nothing after it
    assert target_ids(p) == [1]
    if p.changeling.running():
        p.changeling.stop()
    health = p.changeling.script("check-health", "-w", "10", "-c", "60")
    assert health.code == 2, str(health)


def test_a_row_that_is_there_already_stops(pairing):
    p = pairing()
    p.replicate("now")
    table(p)
    p.changeling.wait_caught_up()
    p.target.sql(f"INSERT INTO `{p.db}`.t VALUES (5, 'of the target')")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (4, 'four'), (5, 'of the source')")
    row = p.changeling.wait_error()
    assert "1062" in f"{row['error_code']} {row['error']}"
    assert p.db in row["error"] and "5" in row["error"]
    # the transaction is applied whole or not at all
    assert target_ids(p) == [5]


def test_retry_after_the_target_was_mended(pairing):
    p = pairing()
    conflict(p)
    p.target.sql(f"INSERT INTO `{p.db}`.t VALUES (7, 'row 7')")
    p.changeling.after_error("retry")
    p.changeling.wait_caught_up()
    assert p.compare() == 3
    assert not p.changeling.row()["error"]


def test_retry_without_a_mend_stops_again(pairing):
    p = pairing()
    first = conflict(p)
    if p.changeling.running():
        assert p.changeling.command("retry").code == 0
        wait_until(lambda: (p.changeling.row()["error_at"] or "") > first["error_at"] or not p.changeling.running(),
                   20, "the second stop")
    else:
        p.changeling.command("retry")
        p.changeling.run(wait=False)
    assert p.changeling.wait_error()["error_position"] == first["error_position"]


@pytest.mark.parametrize("wish", ["retry", "skip"])
def test_a_new_start_position_forgets_what_was_wished_at_the_old_one(pairing, wish):
    p = pairing()
    conflict(p)
    p.changeling.stop()
    assert p.changeling.command(wish).code == 0
    wishes = ("settings", "WHERE name LIKE '%-at'")
    assert f"{wish}-at" in [row["name"] for row in p.changeling.look(*wishes)]
    p.changeling.change_master("now")
    assert p.changeling.look(*wishes) == []


def everywhere(p):
    """What status, its JSON, check-health and inspect-state say."""
    return {name: result.out for name, result in {
        "status": p.changeling.command("status"), "json": p.changeling.command("status", "--json"),
        "health": p.changeling.script("check-health"), "state": p.changeling.script("inspect-state", "status", "--json")}.items()}


def test_a_wish_that_waits_is_shown(pairing):
    """Two people look: each sees what the other has asked for, when, and what the next start does."""
    p = pairing()
    conflict(p)
    p.changeling.stop()
    assert p.changeling.command("skip").code == 0
    for name, text in everywhere(p).items():
        assert re.search(r"`changeling skip`, asked for at \d{4}-\d\d-\d\dT[\d:]+Z, waits: the next start steps over", text), (name, text)
    again = p.changeling.command("retry")
    assert "takes the place of what was asked before: `changeling skip`" in again.out, str(again)
    for name, text in everywhere(p).items():
        assert "`changeling retry`, asked for at" in text and "`changeling skip`, asked" not in text, (name, text)
    p.changeling.command("skip")
    p.changeling.run()
    p.changeling.wait_caught_up()
    wait_until(lambda: p.changeling.row()["advice"] is None, 20, "the wish to be forgotten")


def test_the_advice_of_a_row_is_given_once(pairing):
    p = pairing()
    row = conflict(p)
    said = f"{row['error']} {row['advice']}"
    for word in ("changeling retry", "changeling skip", "changeling replace"):
        assert said.count(word) == 1, said


def test_the_end_of_run_until_is_no_stop_by_the_operator(pairing):
    p = pairing()
    p.changeling.change_master("now")
    p.changeling.run_until("now")
    health = p.changeling.script("check-health")
    assert "--until now is reached" in p.changeling.command("status").out
    assert health.code == 1 and "--until now is reached" in health.out and "operator" not in health.out, str(health)


def test_skip_steps_over_exactly_one_transaction_and_records_it(pairing):
    p = pairing()
    row = conflict(p)
    p.changeling.after_error("skip")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT v FROM `{p.db}`.t WHERE id = 8") == [("also",)]
    assert target_ids(p) == [1, 8]
    skipped = p.changeling.look("skipped")
    assert len(skipped) == 1
    assert skipped[0]["file"] == row["error_file"]
    inspected = p.changeling.script("inspect-state", "skipped", "--json")
    assert inspected.code == 0 and row["error_file"] in inspected.out


def test_skip_with_nothing_to_skip_is_refused(pairing):
    p = pairing()
    p.replicate("now")
    table(p)
    result = p.changeling.command("skip")
    assert result.code == 1
    assert p.another().command("skip").code == p.another().command("retry").code == 1
    insert(p, 1)
    p.changeling.wait_caught_up()
    assert target_ids(p) == [1]


# --- what it says about itself

def test_status_of_a_running_and_of_a_stopped_one(pairing):
    p = pairing("mysql97")
    p.replicate("now")
    table(p)
    insert(p, 1)
    p.changeling.wait_caught_up()
    p.changeling.wait_position()
    result = p.changeling.command("status", "--json")
    assert result.code == 0
    status = result.json
    assert status["state"] == "running"
    assert 0 <= status["lag_seconds"] < 60
    file, position = p.source.position()
    assert file in json.dumps(status) and str(position) in json.dumps(status)
    text = p.changeling.command("status")
    assert text.code == 0 and file in text.out and "running" in text.out
    replica = p.changeling.command("status", "--replica")
    assert replica.code == 0
    for name in ("Source_Log_File", "Exec_Source_Log_Pos", "Seconds_Behind_Source", "Last_Error"):
        assert name in replica.out, name
    assert p.changeling.stop() == 0
    result = p.changeling.command("status", "--json")
    assert result.code == 3
    assert result.json["state"] == "stopped"
    assert p.changeling.command("status").code == 3


def test_the_state_directory_before_and_behind_the_command(pairing):
    p = pairing()
    p.changeling.change_master("now")
    program, state = p.changeling.environment()["CHANGELING_BIN"], p.changeling.state
    for arguments in (["--state", state, "status", "--json"], [f"--state={state}", "status", "--json"],
                      ["status", "--json", "--state", state]):
        result = p.changeling.execute([program, *arguments])
        assert result.code == 3 and result.json["channel"] == p.changeling.channel, f"{arguments}: {result}"
    result = p.changeling.execute([program, "status", "--json"], CHANGELING_STATE=str(state))
    assert result.code == 3 and result.json["channel"] == p.changeling.channel
    assert p.changeling.execute([program, "--state", state]).code == 2


def test_what_is_known_between_set_up_and_the_first_run(pairing):
    p = pairing()
    p.changeling.change_master("now")
    file, position = p.source.position()
    result = p.changeling.command("status", "--json")
    assert result.code == 3
    status = result.json
    assert (status["state"], status["running"], status["pid"]) == ("stopped", False, None)
    assert (status["applied_file"], status["applied_position"]) == (file, position)
    assert status["lag_seconds"] is None
    positions = p.changeling.script("inspect-state", "positions", "--json")
    assert positions.code == 0 and {row["position"] for row in positions.json} == {position}
    code, line = health(p)
    assert code == 3 and "nothing has run" in line, line


def test_a_start_that_fails_keeps_what_was_known(pairing):
    """The position and the lag, which goes on growing; and the check names what is unreachable."""
    p = pairing()
    proxy = pairing.proxy(p.target)
    p.replicate("now", target_port=proxy.port)
    table(p)
    insert(p, 1)
    p.changeling.wait_caught_up()
    p.changeling.stop()
    before = p.changeling.status()
    proxy.refuse()
    assert p.changeling.run_to_end() == 3
    after = p.changeling.status()
    assert after["state"] == "error"
    for name in ("applied_file", "applied_position", "applied_gtid_set"):
        assert after[name] == before[name], name
    assert after["lag_seconds"] > before["lag_seconds"]
    code, line = health(p)
    assert code == 2 and f"target 127.0.0.1:{proxy.port} was unreachable" in line, line


def test_status_after_kill_9_does_not_claim_to_run(pairing):
    p = pairing()
    p.replicate("now")
    p.changeling.wait_caught_up()
    p.changeling.kill9()
    result = p.changeling.command("status", "--json")
    assert result.code == 3
    assert result.json["state"] == "died"
    assert result.json["source_state"] == result.json["target_state"] == "disconnected"


def test_the_state_is_plain_sqlite(pairing):
    """sqlite3 itself reads the documented views beside the running process."""
    p = pairing()
    p.replicate("now")
    table(p)
    insert(p, 1)
    p.changeling.wait_caught_up()
    p.changeling.wait_position()
    path = p.changeling.state / "state.db"

    def sqlite(text):
        return subprocess.run(["sqlite3", "-readonly", str(path), text], check=True, capture_output=True,
                              text=True).stdout.strip()
    assert sqlite("pragma journal_mode") == "wal"
    assert int(sqlite("pragma user_version")) >= 1
    assert sqlite("pragma integrity_check") == "ok"
    assert sqlite("select state from status") == "running"
    file, position = p.source.position()
    assert sqlite("select file, position from positions where name = 'applied'") == f"{file}|{position}"
    for view in ("rewrites", "skipped", "quarantine", "lag"):
        sqlite(f"select count(*) from {view}")
    wait_until(lambda: int(sqlite("select count(*) from lag")) > 0, what="a line in lag")


def test_inspect_state(pairing):
    p = pairing()
    p.replicate("now")
    table(p)
    insert(p, 1)
    p.changeling.wait_caught_up()
    p.changeling.wait_position()
    for what in ("positions", "rewrites", "skipped", "quarantine", "temp-tables", "capabilities", "lag"):
        for form in ((), ("--json",), ("--csv",)):
            result = p.changeling.script("inspect-state", what, *form)
            assert result.code == 0, f"inspect-state {what} {form}: {result}"
            if form == ("--json",):
                json.loads(result.out)
    assert p.source.position()[0] in p.changeling.script("inspect-state", "positions").out
    assert p.changeling.script("inspect-state", "nonsense").code != 0
    assert p.another().script("inspect-state", "positions").code == 1


def test_tables_of_inspect_state_are_cut(pairing):
    """The collations, or the grants, of a target fill pages."""
    p = pairing()
    p.replicate("now")
    p.changeling.stop()
    for line in p.changeling.script("inspect-state", "capabilities").out.splitlines():
        assert len(line) < 400, line[:400]


def test_a_reader_of_the_state_does_not_hinder_it(pairing):
    """A long read transaction of somebody's sqlite3, and even a lock on the file, do not stop replication."""
    p = pairing()
    p.replicate("now")
    table(p)
    database = sqlite3.connect(p.changeling.state / "state.db")
    try:
        database.execute("begin immediate")
        insert(p, 1, 2)
        p.changeling.wait_caught_up()
        assert target_ids(p) == [1, 2]
    finally:
        database.rollback()
        database.close()
    p.changeling.wait_position()


# --- health

def health(p, *arguments):
    result = p.changeling.script("check-health", *(arguments or ("-w", "10", "-c", "60")))
    lines = result.out.strip().splitlines()
    assert len(lines) <= 1, f"one line is wanted: {result}"
    return result.code, result.out.strip()


def test_health_of_a_running_one(pairing):
    p = pairing()
    p.replicate("now")
    table(p)
    insert(p, 1)
    p.changeling.wait_caught_up()
    p.changeling.wait_position()
    code, line = health(p)
    assert code == 0, line
    assert "OK" in line and "|" in line and "lag" in line.split("|")[1]
    assert health(p, "-w", "10", "-c", "60", "--quiet") == (0, "")


def test_health_of_a_lagging_one(pairing):
    """Paused while the master goes on: the lag grows over one threshold, then over the other."""
    p = pairing()
    p.replicate("now")
    table(p)
    insert(p, 1)
    p.changeling.wait_caught_up()
    p.changeling.command("stop")
    p.changeling.wait_state("paused")
    insert(p, 2)
    p.changeling.pause(2.5)
    code, line = health(p, "-w", "1", "-c", "1000")
    assert code in (1, 2), line
    code, line = health(p, "-w", "1", "-c", "2")
    assert code == 2, line


def test_health_tells_stopped_dead_and_unknown_apart(pairing):
    p = pairing()
    code, unknown = health(p)
    assert code == 3, unknown
    p.replicate("now")
    p.changeling.wait_caught_up()
    p.changeling.kill9()
    code, dead = health(p)
    assert code == 2, dead
    p.changeling.run()
    p.changeling.stop()
    code, stopped = health(p)
    assert code in (1, 2), stopped
    assert len({unknown, dead, stopped}) == 3
    # the lag of what does not run is never 0
    for line in (dead, stopped):
        assert "lag=0s" not in line and "lag=0;" not in line and "lag=0.0" not in line, line
    quiet = health(p, "-w", "10", "-c", "60", "--quiet")
    assert quiet[0] in (1, 2) and quiet[1], "trouble must not be quiet"


def test_health_of_one_that_cannot_reach_its_target(pairing):
    p = pairing()
    proxy = pairing.proxy(p.target)
    p.replicate("now", target_port=proxy.port)
    p.changeling.wait_caught_up()
    proxy.refuse()
    table(p)
    p.changeling.wait_state("connecting")
    code, line = health(p)
    assert code in (1, 2), line
    assert "target" in line.lower(), line
    proxy.accept()
    p.changeling.wait_caught_up()
    p.changeling.wait_state("running")
    assert health(p)[0] == 0


def test_health_of_one_that_hangs(pairing):
    """The process is there and does nothing: that is neither running nor dead."""
    p = pairing()
    p.replicate("now")
    p.changeling.wait_caught_up()
    assert health(p, "-w", "10", "-c", "60", "--stale", "2")[0] == 0
    p.changeling.freeze()
    try:
        code, line = wait_until(lambda: (found := health(p, "-w", "10", "-c", "60", "--stale", "2"))[0] and found, 15,
                                "the alarm", 0.2)
        assert code == 2, line
        # what is known is told all the same, and what cannot be done is said
        assert p.changeling.command("status", "--json", seconds=8).json["pid"] == p.changeling.process.pid
        stop = p.changeling.command("stop", seconds=8)
        assert stop.code == 1 and "has not answered" in stop.err, str(stop)
    finally:
        p.changeling.process.send_signal(signal.SIGCONT)
    wait_until(lambda: health(p, "-w", "10", "-c", "60", "--stale", "2")[0] == 0, 15, "the end of the alarm", 0.2)
