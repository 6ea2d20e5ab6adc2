"""The process as a whole: first connections, waiting, staying, standing by, giving the channel up, catching up on what was
set aside."""
import json
import shutil
import signal
import socket

import pytest

from harness import wait_until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def table(p):
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, v VARCHAR(30))")


def ids(p):
    return [number for (number,) in p.target.query(f"SELECT id FROM `{p.db}`.t ORDER BY id")]


# --- first connections

@pytest.mark.parametrize("side", ["source", "target"])
def test_a_server_that_is_not_there_at_the_start(pairing, side):
    p = pairing()
    proxy = pairing.proxy(getattr(p, side))
    p.changeling.change_master("now", **{"master_port" if side == "source" else "target_port": proxy.port})
    proxy.refuse()
    assert p.changeling.run_to_end() == 3
    row = p.changeling.row()
    assert row["state"] == "error" and str(proxy.port) in row["error"]
    p.changeling.run("--wait", wait=False)
    p.changeling.wait_state("connecting")
    table(p)
    proxy.accept()
    p.changeling.wait_state("running")
    p.changeling.wait_caught_up()
    assert ids(p) == []
    assert p.changeling.stop() == 0


def test_a_wrong_password_at_the_start(pairing):
    p = pairing()
    p.changeling.change_master("now")
    p.changeling.password_file("target", "not-the-password")
    assert p.changeling.run_to_end() == 3
    assert "1045" in p.changeling.row()["error"]
    assert "not-the-password" not in p.changeling.log_text()


def test_attempts_may_be_limited(pairing):
    p = pairing()
    proxy = pairing.proxy(p.source)
    p.replicate("now", master_port=proxy.port, source_retry_count=3)
    proxy.refuse()
    row = p.changeling.wait_error()
    assert row["exit_code"] == 1
    assert "3 attempts" in row["error"]


# --- staying after an error

def conflict(p, *arguments):
    p.changeling.change_master("now")
    p.changeling.run(*arguments)
    table(p)
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, 'one'), (2, 'two')")
    p.changeling.wait_caught_up()
    p.target.sql(f"DELETE FROM `{p.db}`.t WHERE id = 1")
    p.source.sql(f"UPDATE `{p.db}`.t SET v = 'eins' WHERE id = 1; UPDATE `{p.db}`.t SET v = 'zwei' WHERE id = 2")
    return p.changeling.wait_error()


@pytest.mark.parametrize("arguments", [("--stay",), ()], ids=["staying", "ended"])
def test_replace_puts_other_sql_in_the_place_of_the_transaction(pairing, arguments):
    p = pairing()
    row = conflict(p, *arguments)
    assert p.changeling.running() == bool(arguments)
    assert p.changeling.command("replace", text="").code == 2
    result = p.changeling.command("replace", text=f"INSERT INTO `{p.db}`.t VALUES (1, 'ein');\n"
                                                  f"UPDATE `{p.db}`.t SET v = CONCAT(v, 's') WHERE id = 1;\n")
    assert result.code == 0, str(result)
    if not p.changeling.running():
        p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 2
    assert p.changeling.row()["error"] is None
    # the wish is done with: it will not be done again
    wait_until(lambda: not p.changeling.look("settings"), 10, lambda: f"no settings: {p.changeling.look('settings')}")
    assert row["error_file"]


@pytest.mark.parametrize("wish", ["retry", "skip"])
def test_a_replacement_that_fails_is_not_recorded(pairing, wish):
    """Only what took the transaction's place is told of it."""
    p = pairing()
    conflict(p)
    assert p.changeling.command("replace", text=f"INSERT INTO `{p.db}`.nowhere VALUES (1)").code == 0
    p.changeling.run(wait=False)
    assert "nowhere" in p.changeling.wait_error()["error"]
    assert p.changeling.look("skipped") == []
    p.target.sql(f"INSERT INTO `{p.db}`.t VALUES (1, 'one')")
    assert p.changeling.command(wish).code == 0
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert [entry["reason"] for entry in p.changeling.look("skipped")] == (["skipped by the operator"] if wish == "skip" else [])
    assert p.target.query(f"SELECT v FROM `{p.db}`.t ORDER BY id") == [("one" if wish == "skip" else "eins",), ("zwei",)]


@pytest.mark.parametrize("wish", ["replace", "skip"])
def test_a_large_transaction_is_stepped_over_as_a_whole(pairing, wish):
    """One that arrives in parts: none of them takes place, whether it is skipped or replaced."""
    p = pairing()
    p.replicate("now", large_transaction_bytes="64K")
    table(p)
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, 'one')")
    p.changeling.wait_caught_up()
    p.target.sql(f"INSERT INTO `{p.db}`.t VALUES (20000, 'in the way')")
    p.source.sql("INSERT INTO t SELECT seq, 'many' FROM seq_2_to_20000; INSERT INTO t VALUES (20001, 'behind')", database=p.db)
    p.changeling.wait_error()
    done = p.changeling.command(wish, text=f"INSERT INTO `{p.db}`.t VALUES (2, 'instead')" if wish == "replace" else None)
    assert done.code == 0, str(done)
    p.changeling.run()
    p.changeling.wait_caught_up()
    expected = [(1, "one"), (20000, "in the way"), (20001, "behind")]
    if wish == "replace":
        expected.insert(1, (2, "instead"))
    assert p.target.query(f"SELECT id, v FROM `{p.db}`.t ORDER BY id") == expected


def test_skip_and_retry_while_it_stays(pairing):
    p = pairing()
    first = conflict(p, "--stay")
    assert p.changeling.command("status").code == 0
    assert p.changeling.command("retry").code == 0
    wait_until(lambda: (p.changeling.row()["error_at"] or "") > first["error_at"] and p.changeling.row()["state"] == "error",
               20, "the second stop")
    assert p.changeling.command("skip").code == 0
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT id, v FROM `{p.db}`.t") == [(2, "zwei")]
    assert [(entry["rule"], entry["resolution"]) for entry in p.changeling.look("skipped")] == [("operator", "decided")]
    assert p.changeling.command("skip").code == 1
    assert p.changeling.stop() == 0


def test_sigterm_while_it_stays(pairing):
    p = pairing()
    conflict(p, "--stay")
    assert p.changeling.stop() == 1


# --- two instances

def standby_of(p):
    """Another instance of the same channel: its configuration, and a state directory of its own."""
    other = p.another()
    other.channel = p.changeling.channel
    other.state.mkdir(mode=0o700, parents=True)
    shutil.copy2(p.changeling.state / "changeling.cnf", other.state)
    return other


def test_a_standby_takes_over_and_the_former_owner_stops(pairing):
    p = pairing()
    p.replicate("now")
    table(p)
    p.changeling.wait_caught_up()
    standby = standby_of(p)
    standby.run(wait=False)
    standby.wait_state("waiting")
    p.changeling.freeze()
    try:
        p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, 'by the standby')")
        standby.wait_state("running", seconds=40)
        standby.wait_position()
        assert ids(p) == [1]
    finally:
        p.changeling.process.send_signal(signal.SIGCONT)
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (2, 'after that')")
    assert p.changeling.wait_exit(30) == 1
    assert "another instance" in p.changeling.row()["error"]
    standby.wait_position()
    assert ids(p) == [1, 2]
    assert standby.stop() == 0
    p.changeling.run()
    p.changeling.wait_caught_up()


def test_a_standby_takes_over_after_kill_9(pairing):
    p = pairing()
    p.replicate("now")
    table(p)
    p.changeling.wait_caught_up()
    standby = standby_of(p)
    standby.run(wait=False)
    standby.wait_state("waiting")
    p.changeling.kill9()
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, 'x')")
    standby.wait_state("running", seconds=40)
    standby.wait_position()
    assert ids(p) == [1]
    assert standby.stop() == 0


def test_paused_it_keeps_the_channel(pairing):
    p = pairing()
    p.replicate("now")
    table(p)
    p.changeling.wait_caught_up()
    assert p.changeling.command("stop").code == 0
    p.changeling.wait_state("paused")
    standby = standby_of(p)
    standby.run(wait=False)
    standby.wait_state("waiting")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, 'x')")
    # longer than a former owner may be silent
    p.changeling.pause(12)
    assert standby.row()["state"] == "waiting" and ids(p) == []
    assert p.changeling.command("start").code == 0
    p.changeling.wait_caught_up()
    assert ids(p) == [1]
    assert standby.stop() == 0


# --- positions

def test_an_idle_master_that_rotates_can_purge(pairing, pool):
    """The checkpoint follows into new files without a transaction in them."""
    source = pool.fresh("maria1011", "master")
    p = pairing(source)
    p.replicate("now")
    p.changeling.wait_caught_up()
    source.sql("FLUSH BINARY LOGS; FLUSH BINARY LOGS")
    last = source.logs()[-1]
    wait_until(lambda: p.changeling.row()["applied_file"] == last, 20, f"the checkpoint in {last}")
    assert p.changeling.stop() == 0
    source.sql(f"PURGE BINARY LOGS TO '{last}'")
    p.changeling.run()
    table(p)
    p.changeling.wait_caught_up()
    assert ids(p) == []


def test_change_master_is_refused_while_it_runs(pairing):
    p = pairing()
    p.replicate("now")
    result = p.changeling.change_master("now", expect=2)
    assert str(p.changeling.process.pid) in result.err


def test_change_master_again_keeps_what_is_not_named(pairing):
    p = pairing()
    p.changeling.change_master("now", report_host="here")
    position = p.source.position()
    before = (p.changeling.state / "changeling.cnf").read_text()
    result = p.changeling.script("change-master", "--merge-rows=77")
    assert result.code == 0, str(result)
    after = (p.changeling.state / "changeling.cnf").read_text()
    assert "merge-rows = 77" in after and "report-host = here" in after
    for line in before.splitlines():
        assert line in after
    assert f"{position[0]}:{position[1]}" in result.out
    assert p.changeling.row()["applied_file"] == position[0]


def test_passwords_do_not_belong_on_a_command_line(pairing):
    p = pairing()
    result = p.changeling.change_master("now", expect=2, master_password="secret")
    assert "secret" not in result.err and "password-file" in result.err


# --- check

def test_check_as_json(pairing):
    p = pairing()
    p.changeling.change_master("now")
    result = p.changeling.command("check", "--json")
    assert result.code == 0, str(result)
    lines = json.loads(result.out)
    assert {line["side"] for line in lines} == {"source", "target"}
    assert {line["result"] for line in lines} <= {"ok", "warn"}
    assert all(line["item"] and line["found"] for line in lines)


# --- what was set aside

def test_functions_that_were_set_aside_are_made_later(pairing):
    p = pairing()
    p.replicate("now", stored_functions="skip")
    table(p)
    p.source.sql(f"CREATE FUNCTION `{p.db}`.twice(a INT) RETURNS INT DETERMINISTIC RETURN a * 2")
    p.changeling.wait_caught_up()
    listed = p.changeling.command("retry-skipped", "--list")
    assert listed.code == 0 and "twice" in listed.out
    refused = p.changeling.command("retry-skipped")
    assert refused.out.endswith("0 done, 0 refused, 1 set aside still\n") and "is off there" in refused.out
    assert refused.code == 1     # a script would take 0 for done
    assert [entry["resolution"] for entry in p.changeling.look("skipped")] == ["open"]
    p.target.sql("SET GLOBAL log_bin_trust_function_creators = 1")
    try:
        done = p.changeling.command("retry-skipped")
        assert done.code == 0, str(done)
    finally:
        p.target.sql("SET GLOBAL log_bin_trust_function_creators = 0")
    assert p.target.query(f"SELECT `{p.db}`.twice(21)") == [(42,)]
    assert [entry["resolution"] for entry in p.changeling.look("skipped")] == ["retried"]
    assert p.changeling.command("retry-skipped").out.startswith("0 done")


def test_a_function_that_was_set_aside_and_dropped_is_not_made_later(pairing):
    p = pairing()
    p.replicate("now", stored_functions="skip")
    table(p)
    p.source.sql(f"USE `{p.db}`; CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN 1; DROP FUNCTION f;"
                 "CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN 2")
    p.changeling.wait_caught_up()
    assert [entry["resolution"] for entry in p.changeling.look("skipped")] == ["dropped", "open"]
    p.target.sql("SET GLOBAL log_bin_trust_function_creators = 1")
    try:
        assert p.changeling.command("retry-skipped").code == 0
    finally:
        p.target.sql("SET GLOBAL log_bin_trust_function_creators = 0")
    assert p.target.query(f"SELECT `{p.db}`.f(1)") == [(2,)]


def test_events_get_their_state_at_cutover(pairing):
    p = pairing()
    p.replicate("now")
    table(p)
    p.source.sql(f"CREATE EVENT `{p.db}`.busy ON SCHEDULE EVERY 1 DAY DO SELECT 1;"
                 f"CREATE EVENT `{p.db}`.lazy ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1")
    p.changeling.wait_caught_up()

    def states():
        return dict(p.target.query("SELECT event_name, status FROM information_schema.events "
                                   "WHERE event_schema = %s", p.db))
    assert states()["busy"] != "ENABLED"
    printed = p.changeling.command("cutover", "--enable-events")
    assert printed.code == 0 and f"ALTER EVENT `{p.db}`.`busy` ENABLE;" in printed.out
    assert states()["busy"] != "ENABLED"
    assert p.changeling.command("cutover").code == 2
    done = p.changeling.command("cutover", "--enable-events", "--run")
    assert done.code == 0, str(done)
    assert states() == {"busy": "ENABLED", "lazy": "DISABLED"}


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_events_that_have_run_once_do_not_run_again(pairing, kind):
    """The source keeps them, disabled, and does not log that."""
    p = pairing(kind, kind)
    p.replicate("now")
    table(p)
    p.source.sql(f"USE `{p.db}`; SET GLOBAL event_scheduler=ON; SET time_zone='+03:00'; "
                 "CREATE EVENT past ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 SECOND ON COMPLETION PRESERVE "
                 "DO INSERT INTO t VALUES (77, 'once');"
                 "CREATE EVENT gone ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 SECOND DO INSERT INTO t VALUES (78, 'once');"
                 "CREATE EVENT due ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 HOUR ON COMPLETION PRESERVE DO SELECT 1")
    states = "SELECT event_name, status FROM information_schema.events WHERE event_schema = %s ORDER BY 1"
    wanted = (("due", "ENABLED"), ("past", "DISABLED"))
    try:
        wait_until(lambda: tuple(p.source.query(states, p.db)) == wanted, 20, "the events to run")
    finally:
        p.source.sql("SET GLOBAL event_scheduler=OFF")
    p.changeling.wait_caught_up()
    printed = p.changeling.command("cutover", "--enable-events")
    assert "-- was due once" in printed.out and f"ALTER EVENT `{p.db}`.`past` DISABLE;" in printed.out, printed
    assert p.changeling.command("cutover", "--enable-events", "--run").code == 0
    assert tuple(p.target.query(states, p.db)) == wanted
    assert p.compare() == 2


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_events_keep_their_state_under_another_name(pairing, kind):
    p = pairing(kind, kind)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE DATABASE `{p.db}_b`; CREATE DATABASE `{p.db}_c`; USE `{p.db}`; "
                 "CREATE EVENT one ON SCHEDULE EVERY 1 DAY DO SELECT 1; CREATE EVENT two ON SCHEDULE EVERY 1 DAY DO SELECT 1; "
                 f"CREATE EVENT `{p.db}_c`.gone ON SCHEDULE EVERY 1 DAY DO SELECT 1; "
                 f"ALTER EVENT one ON SCHEDULE EVERY 2 HOUR RENAME TO uno; ALTER EVENT two RENAME TO `{p.db}_b`.due; "
                 f"DROP DATABASE `{p.db}_c`")
    p.changeling.wait_caught_up()
    done = p.changeling.command("cutover", "--enable-events", "--run")
    assert done.code == 0, done
    states = f"SELECT event_name, status FROM information_schema.events WHERE event_schema LIKE '{p.db}%' ORDER BY 1"
    assert p.target.query(states) == p.source.query(states)
    p.source.sql(f"DROP DATABASE `{p.db}_b`")
    p.changeling.wait_caught_up()


# --- another master of the same topology

def replicate_natively(source, replica):
    """`replica` follows `source` by GTID; both begin with empty logs."""
    for server in (source, replica):
        server.sql("RESET BINARY LOGS AND GTIDS" if server.kind == "mysql97" else "RESET MASTER")
    if replica.kind == "mysql97":
        replica.sql(f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={source.port}, "
                    "SOURCE_USER='repl', SOURCE_PASSWORD='repl', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1; "
                    "START REPLICA")
    else:
        replica.sql(f"SET GLOBAL gtid_slave_pos=''; CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={source.port}, "
                    "MASTER_USER='repl', MASTER_PASSWORD='repl', MASTER_USE_GTID=slave_pos; START SLAVE")


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_the_next_host_of_the_list_takes_the_masters_place(pairing, pool, kind):
    first, second = pool.fresh(kind, "master"), pool.fresh(kind, "master")
    replicate_natively(first, second)
    p = pairing(first)
    hosts = f"127.0.0.1:{first.port},127.0.0.1:{second.port}"
    p.changeling.change_master("gtid", master_host=hosts, master_port=None)
    p.changeling.run()
    table(p)
    first.sql(f"INSERT INTO `{p.db}`.t VALUES (1, 'of the first')")
    p.changeling.wait_caught_up()
    wait_until(lambda: second.gtid() == first.gtid(), 20, "the second to have all of the first")
    # its files have other names and lengths
    second.sql("FLUSH BINARY LOGS; FLUSH BINARY LOGS")
    first.stop()
    second.sql(f"INSERT INTO `{p.db}`.t VALUES (2, 'of the second')")
    p.source = p.changeling.source = second
    p.changeling.wait_caught_up()
    assert ids(p) == [1, 2]
    assert p.changeling.row()["source_port"] == second.port
    assert p.changeling.stop() == 0
    second.sql(f"INSERT INTO `{p.db}`.t VALUES (3, 'once more')")
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 3
    # the position by file in the checkpoint is the second's by now
    p.changeling.stop()
    place, of = p.target.query("SELECT source_file, source_uuid FROM changeling.checkpoint "
                               f"WHERE channel = '{p.changeling.channel}' ORDER BY sequence DESC LIMIT 1")[0]
    identity = "CONCAT('server-id:', @@server_id)" if kind == "maria1011" else "@@server_uuid"
    assert (place, of) == (second.position()[0], second.query(f"SELECT {identity}")[0][0])
    second.stop()
    first.start()
    result = p.changeling.change_master(None, expect=2, statement="CHANGE MASTER TO " + {
        "maria1011": "MASTER_USE_GTID=no", "mysql97": "MASTER_AUTO_POSITION=0"}[kind],
        master_host=hosts, master_port=None)
    assert "is of another source" in result.err, str(result)


@pytest.fixture
def moved(pairing, pool):
    """The second server has taken the place of the first, whose files had much higher numbers, and nothing of its own has been
    applied yet."""
    def make(kind):
        first, second = pool.fresh(kind, "master"), pool.fresh(kind, "master")
        replicate_natively(first, second)
        first.sql("; ".join(["FLUSH LOCAL BINARY LOGS"] * 9))
        p = pairing(first)
        p.changeling.change_master("gtid", master_host=f"127.0.0.1:{first.port},127.0.0.1:{second.port}", master_port=None)
        table(p)
        first.sql(f"INSERT INTO `{p.db}`.t VALUES (1, 'of the first')")
        p.changeling.run_until("now")
        wait_until(lambda: second.gtid() == first.gtid(), 20, "the second to have all of the first")
        assert second.position() < first.position()
        first.stop()
        p.source = p.changeling.source = second
        return p
    return make


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_its_first_transaction_can_be_skipped(moved, kind):
    p = moved(kind)
    p.target.sql(f"DELETE FROM `{p.db}`.t")
    p.source.sql(f"UPDATE `{p.db}`.t SET v = 'gone' WHERE id = 1; INSERT INTO `{p.db}`.t VALUES (2, 'of the second')")
    p.changeling.run(wait=False)
    p.changeling.wait_error()
    p.changeling.after_error("skip")
    p.changeling.wait_caught_up()
    assert ids(p) == [2]
    assert len(p.changeling.look("skipped")) == 1


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_until_a_position_of_it(moved, kind):
    p = moved(kind)
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (2, 'of the second')")
    file, offset = p.source.position()
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (3, 'behind')")
    p.changeling.run_until(f"{file}:{offset}")
    assert ids(p) == [1, 2]


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_a_position_by_file_does_not_move_to_another_master(pairing, pool, kind):
    first, second = pool.fresh(kind, "master"), pool.fresh(kind, "master")
    p = pairing(first)
    hosts = f"127.0.0.1:{first.port},127.0.0.1:{second.port}"
    p.changeling.change_master("now", master_host=hosts, master_port=None)
    table(p)
    p.changeling.run_until("now")
    second.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, v VARCHAR(30))")
    if kind == "maria1011":     # an event of it begins there too
        assert second.position() == first.position()
    p.changeling.run()
    first.stop()
    row = p.changeling.wait_error()
    assert row["exit_code"] == 1
    assert "another server" in row["error"] and "GTID" in row["error"]
