"""Set-up in CHANGE MASTER's words, and every way in which it can fail: one clear line and its exit code."""
import os
import re
import socket
import stat

import pytest

from harness.changeling import script


def refused(p, pattern, start="now", codes=(1, 3), **options):
    """change-master ends with such a code and one line on standard error that says all of the pattern."""
    result = p.changeling.change_master(start, expect=None, **options)
    assert result.code in codes, str(result)
    lines = [line for line in result.err.splitlines() if line.strip()]
    assert len(lines) == 1, f"one line is wanted, not {len(lines)}: {result}"
    for word in pattern if isinstance(pattern, tuple) else (pattern,):
        assert word.lower() in lines[0].lower(), f"{word!r} is not in: {lines[0]}"
    return lines[0]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_master_port_where_nobody_listens(pairing):
    p = pairing()
    port = free_port()
    refused(p, ("127.0.0.1", str(port)), master_port=port)


def test_master_host_that_does_not_exist(pairing):
    p = pairing()
    refused(p, "no-such-host.invalid", master_host="no-such-host.invalid")


def test_wrong_password_of_the_master(pairing):
    p = pairing()
    line = refused(p, ("repl", "1045"), master_password_file=p.changeling.password_file("wrong", "not-the-password"))
    assert "not-the-password" not in line


def test_target_unreachable(pairing):
    p = pairing()
    port = free_port()
    refused(p, ("127.0.0.1", str(port)), target_port=port)


def test_wrong_password_of_the_target(pairing):
    p = pairing()
    refused(p, ("admin", "1045"), target_password_file=p.changeling.password_file("wrong", "not-the-password"))


@pytest.mark.parametrize("kind", ["maria1011", "mysql97", "mysql56"])
def test_missing_grant_on_the_master(pairing, kind):
    p = pairing(kind)
    p.source.sql("SET sql_log_bin=0; CREATE USER 'poor'@'%' IDENTIFIED BY 'poorpw'")
    try:
        refused(p, ("REPLICATION SLAVE", "poor"), master_user="poor",
                master_password_file=p.changeling.password_file("poor", "poorpw"))
    finally:
        p.source.sql("DROP USER 'poor'@'%'; SET sql_log_bin=1")


def test_a_start_behind_what_is_applied_is_told(pairing):
    """What lies in between is lost to the target, unless somebody has copied it: that is not for silence."""
    p = pairing()
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY)")
    p.changeling.wait_caught_up()
    p.changeling.stop()
    again = p.changeling.change_master("now")
    assert "warning" not in again.err, again.err
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1)")
    file, position = p.source.position()[:2]
    passed = p.changeling.change_master("now")
    assert "lies behind what the channel had applied" in passed.err and f"{file}:{position}" in passed.err


def test_an_account_without_its_schema_is_told_what_to_grant(pairing):
    p = pairing()
    p.target.sql("CREATE USER weak IDENTIFIED BY 'adminpw' REQUIRE SSL")
    try:
        result = p.changeling.change_master("now", expect=None, target_user="weak")
        assert result.code == 1
        assert "GRANT SELECT, INSERT" in result.err and "ON changeling.* TO" in result.err, result.err
    finally:
        p.target.sql("DROP USER weak")


def test_missing_privilege_on_the_target(pairing):
    p = pairing()
    p.target.sql("SET sql_log_bin=0; CREATE USER 'reader'@'%' IDENTIFIED BY 'readerpw' REQUIRE SSL; "
                 "GRANT SELECT ON *.* TO 'reader'@'%'")
    try:
        refused(p, "reader", target_user="reader",
                target_password_file=p.changeling.password_file("reader", "readerpw"))
    finally:
        p.target.sql("DROP USER 'reader'@'%'; SET sql_log_bin=1")


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_binary_log_off(pairing, pool, kind):
    p = pairing(pool.fresh(kind, "master", binlog=False))
    refused(p, ("binary log", "log_bin"), start=("binlog.000001", 4))


def test_auto_position_on_a_master_without_gtids(pairing, pool):
    p = pairing(pool.fresh("mysql97", "master", gtid=False))
    refused(p, "gtid_mode", start="gtid")


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_a_log_file_that_does_not_exist(pairing, kind):
    p = pairing(kind)
    changeling = p.changeling
    result = changeling.change_master(("binlog.000777", 4), expect=None)
    if result.code == 0:
        assert changeling.run_to_end() == 1
        text = changeling.row()["error"]
    else:
        text = result.err
    assert "binlog.000777" in text


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_a_log_that_was_purged(pairing, pool, kind):
    """The position was right once, and then the log was purged while nobody read it."""
    source = pool.fresh(kind, "master")
    p = pairing(source)
    p.changeling.change_master(source.position())
    source.sql(f"CREATE DATABASE `{p.db}`; FLUSH BINARY LOGS; FLUSH BINARY LOGS")
    source.sql(f"PURGE BINARY LOGS TO '{source.logs()[-1]}'")
    assert p.changeling.run_to_end() == 1
    row = p.changeling.row()
    assert row["state"] == "error"
    assert "purged" in row["error"] or "purged" in (row["advice"] or "")
    assert "binlog.000001" in row["error"] + (row["advice"] or "")


def test_gtids_that_were_purged(pairing, pool):
    source = pool.fresh("mysql97", "master")
    p = pairing(source)
    source.sql("CREATE DATABASE one; CREATE DATABASE two; FLUSH BINARY LOGS; CREATE DATABASE three")
    source.sql(f"PURGE BINARY LOGS TO '{source.logs()[-1]}'")
    result = p.changeling.change_master(("gtid", ""), expect=None)
    if result.code == 0:
        assert p.changeling.run_to_end() == 1
        text = p.changeling.row()["error"] + (p.changeling.row()["advice"] or "")
    else:
        text = result.err
    assert "purged" in text


def test_a_position_inside_an_event(pairing):
    """Never a guess: it stops and says where."""
    p = pairing()
    file, position = p.source.position()
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    result = p.changeling.change_master((file, position + 7), expect=None)
    if result.code == 0:
        assert p.changeling.run_to_end() == 1
        text = p.changeling.row()["error"]
    else:
        text = result.err
    assert file in text
    assert p.db not in p.target.databases()


def test_a_position_inside_an_event_of_mysql_is_refused(pairing):
    p = pairing("mysql97")
    file, position = p.source.position()
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    refused(p, ("no event begins", f"{file}:{position + 7}"), start=(file, position + 7), codes=(1,))


def test_statements_arrive_rewritten_or_stop_it(pairing):
    """From a statement-format session: what cannot be replayed exactly stops by name; it is never different."""
    p = pairing()
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40)); "
                 "SET SESSION binlog_format='STATEMENT'; INSERT INTO t VALUES (1, 'plain'); "
                 "SET @value = 'from a variable'; INSERT INTO t VALUES (2, @value); "
                 "INSERT INTO t VALUES (3, RAND()); SET SESSION binlog_format='ROW'")
    try:
        p.changeling.wait_caught_up(20)
    except AssertionError:
        row = p.changeling.wait_error(5)
        assert row["exit_code"] in (None, 1)
        assert "INSERT INTO t" in (row["error"] or "") + (row["error_statement"] or "")
        assert p.source.position()[0] in row["error_file"]
        # whatever was applied is what the master has
        rows = p.target.query(f"SELECT * FROM `{p.db}`.t")
        assert set(rows) <= set(p.source.query(f"SELECT * FROM `{p.db}`.t"))
    else:
        assert p.compare() == 3


def test_usage_errors(pairing):
    p = pairing()
    refused(p, "master-host", codes=(2,), master_host=None)
    refused(p, "target-host", codes=(2,), target_host=None)
    refused(p, "no-such-option", codes=(2,), no_such_option="1")
    refused(p, "master-port", codes=(2,), master_port="many")
    result = p.changeling.command("run")
    assert result.code == 2
    assert "change-master" in result.err
    result = p.changeling.execute([p.changeling.environment()["CHANGELING_BIN"], "no-such-command"])
    assert result.code == 2


@pytest.mark.parametrize("words", [["--master-password=secret"], ["--source-password", "secret"]])
def test_a_password_on_the_command_line_is_refused(pairing, words):
    p = pairing()
    result = p.changeling.script("change-master", *p.changeling.options(), *words)
    assert result.code == 2 and "password-file" in result.err and "secret" not in result.err, str(result)


def test_a_forgotten_password(pairing):
    p = pairing()
    refused(p, ("1045", "--source-password-file"), master_password_file=None)
    refused(p, ("1045", "--target-password-file"), target_password_file=None)


def test_an_empty_state_directory_that_others_may_read_is_closed(pairing):
    p = pairing()
    p.changeling.state.mkdir(mode=0o755)
    p.changeling.change_master("now")
    assert stat.S_IMODE(p.changeling.state.stat().st_mode) == 0o700


def test_a_new_state_directory_goes_on_where_the_channel_is(pairing):
    """As a standby is set up: the same words without a position."""
    p = pairing()
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.changeling.wait_caught_up()
    p.changeling.stop()
    second = p.another(channel=p.changeling.channel)
    result = second.change_master(None)
    assert f"goes on at {':'.join(map(str, p.source.position()))}" in result.out, str(result)


@pytest.mark.parametrize("kind, by_gtid", [("maria1011", False), ("maria1011", True), ("mysql97", False), ("mysql97", True)])
def test_a_start_before_what_is_applied_is_warned_of(pairing, kind, by_gtid):
    """A position that is named is taken, also one that the channel has passed; but not in silence."""
    p = pairing(kind)

    def place():
        return ("gtid", p.source.gtid()) if by_gtid else p.source.position()

    def words(place):
        return f"GTID set {place[1]}" if by_gtid else ":".join(map(str, place))

    p.source.sql(f"CREATE DATABASE `{p.db}_first`")
    before = place()
    assert p.changeling.change_master(before).err == ""
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.changeling.run_until("now")
    now = place()
    for again in (None, now):
        assert p.changeling.change_master(again).err == "", f"{again} lies where the channel is"
    second = p.another(channel=p.changeling.channel)    # which knows of the channel by the target alone
    result = second.change_master(before)
    assert result.err.startswith("warning:") and result.err.count("\n") == 1, str(result)
    for word in (words(before), words(now), "applied again"):
        assert word in result.err, f"{word} is not in: {result}"
    assert words(before) in result.out, str(result)
    assert "lies behind what the channel had applied" in second.change_master(now).err


def test_an_authority_that_is_named_is_asked(pairing, pool, certificates):
    """--master-ssl-ca without --master-ssl-mode: TLS, with certificate and name verified."""
    p = pairing(pool.fresh("maria1011", "master", tls="good"))
    result = p.changeling.change_master("now", master_ssl_ca=certificates.ca)
    assert "source    127.0.0.1" in result.out and "TLS TLS_" in result.out.splitlines()[0], str(result)
    assert p.changeling.look()[0]["source_ssl_mode"] == "identity"


def test_an_open_password_file_is_refused(pairing):
    p = pairing()
    path = p.changeling.password_file("source", "repl")
    path.chmod(0o644)
    line = refused(p, (str(path),), codes=(1, 2))
    assert "repl\n" not in line


def test_files_are_closed_to_others(pairing):
    p = pairing()
    p.replicate("now")
    p.changeling.wait_caught_up()
    assert stat.S_IMODE(p.changeling.state.stat().st_mode) == 0o700
    for path in p.changeling.state.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, f"{path.name} is open to others"
    p.changeling.stop()
    (p.changeling.state / "changeling.cnf").chmod(0o644)
    assert p.changeling.run_to_end() == 2
    assert "changeling.cnf" in p.changeling.log_text(this_run=True)


def test_a_password_command_runs_at_each_connect(pairing):
    p = pairing()
    counter = p.changeling.folder / "asked"
    helper = p.changeling.folder / "password.sh"
    helper.write_text(f"#!/bin/sh\necho x >> {counter}\necho adminpw\n")
    helper.chmod(0o700)
    p.replicate("now", target_password_file=None, target_password_command=str(helper))
    p.changeling.wait_caught_up()
    before = len(counter.read_text().splitlines())
    p.changeling.stop()
    p.changeling.run()
    assert len(counter.read_text().splitlines()) > before


def test_passwords_are_nowhere(pairing):
    """Not in the state, the log, the configuration, the command lines or the environment."""
    p = pairing("mysql97", "mysql97")
    source_password, target_password = "Pa55-of-the-source", "Pa55-of-the-target"
    p.source.sql(f"SET sql_log_bin=0; CREATE USER 'secretive'@'%' IDENTIFIED BY '{source_password}'; "
                 "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'secretive'@'%'; SET sql_log_bin=1")
    p.target.sql(f"SET sql_log_bin=0; CREATE USER 'secretive'@'%' IDENTIFIED BY '{target_password}' REQUIRE SSL; "
                 "GRANT rds_superuser_role TO 'secretive'@'%'; SET DEFAULT ROLE ALL TO 'secretive'@'%'; "
                 "SET sql_log_bin=1")
    try:
        p.replicate("now", master_user="secretive", target_user="secretive", log_level="debug",
                    master_password_file=p.changeling.password_file("one", source_password),
                    target_password_file=p.changeling.password_file("two", target_password))
        p.changeling.wait_caught_up()
        process = f"/proc/{p.changeling.process.pid}"
        texts = {name: open(f"{process}/{name}", "rb").read() for name in ("cmdline", "environ")}
        texts["log"] = p.changeling.log.read_bytes()
        for path in p.changeling.state.iterdir():
            if path.is_file():  # not the control socket
                texts[path.name] = path.read_bytes()
        for command in ("status", "check"):
            texts[command] = str(p.changeling.command(command)).encode()
        for name, text in texts.items():
            for password in (source_password, target_password):
                assert password.encode() not in text, f"the password is in {name}"
    finally:
        p.changeling.clean_up()
        for server in (p.source, p.target):
            server.sql("SET sql_log_bin=0; DROP USER 'secretive'@'%'; SET sql_log_bin=1")


STATEMENTS = {
    "mysql": "CHANGE MASTER TO MASTER_HOST='{host}', MASTER_PORT={port}, MASTER_USER='repl', MASTER_PASSWORD='repl', "
             "MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position};",
    "mysql8": "CHANGE REPLICATION SOURCE TO\n  SOURCE_HOST = '{host}', SOURCE_PORT = {port}, -- a comment\n"
              "  SOURCE_USER = 'repl', SOURCE_PASSWORD = 'repl', SOURCE_LOG_FILE = '{file}',\n"
              "  SOURCE_LOG_POS = {position} /* the end */;",
    "mysql8-auto": "CHANGE REPLICATION SOURCE TO SOURCE_HOST='{host}', SOURCE_PORT={port}, SOURCE_USER='repl', "
                   "SOURCE_PASSWORD='repl', SOURCE_AUTO_POSITION=1; SET @@GLOBAL.GTID_PURGED='{gtid}';",
    "from-windows": "\ufeffCHANGE MASTER TO MASTER_HOST='{host}', MASTER_PORT={port}, MASTER_USER='repl',\r\n"
                    "MASTER_PASSWORD='repl', MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position}\r\n;\r\n",
    "maria-gtid": "SET GLOBAL gtid_slave_pos='{gtid}'; CHANGE MASTER TO master_host='{host}', master_port={port}, "
                  "master_user='repl', master_password='repl', master_use_gtid=slave_pos",
}


@pytest.mark.parametrize("dialect,kind", [("mysql", "maria1011"), ("mysql", "mysql56"), ("mysql8", "mysql97"),
                                          ("mysql8-auto", "mysql97"), ("from-windows", "maria1011"), ("maria-gtid", "maria1011")])
def test_a_change_master_statement_on_standard_input(pairing, dialect, kind):
    p = pairing(kind)
    p.source.sql(f"CREATE DATABASE `{p.db}_before`")
    file, position = p.source.position()
    statement = STATEMENTS[dialect].format(host=p.source.host, port=p.source.port, file=file, position=position,
                                           gtid=p.source.gtid())
    nothing = dict.fromkeys(("master_host", "master_port", "master_user", "master_password_file"))
    p.changeling.change_master(None, statement=statement, **nothing)
    p.changeling.run()
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY); "
                 f"INSERT INTO `{p.db}`.t VALUES (1)")
    p.changeling.wait_caught_up()
    assert p.compare() == 1
    assert f"{p.db}_before" not in p.target.databases()


def test_check_lists_each_requirement(pairing):
    p = pairing()
    p.changeling.change_master("now")
    result = p.changeling.command("check")
    assert result.code == 0, str(result)
    for word in ("ok", "log_bin", "binlog_format", "REPLICATION SLAVE", "log_bin_trust_function_creators",
                 "max_allowed_packet", "TLS"):
        assert word.lower() in result.out.lower(), f"{word} is not in:\n{result.out}"
    before = p.target.query("SELECT table_name, update_time FROM information_schema.tables "
                            "WHERE table_schema = 'changeling'")
    assert p.changeling.command("check").code == 0
    assert p.target.query("SELECT table_name, update_time FROM information_schema.tables "
                          "WHERE table_schema = 'changeling'") == before


def test_check_fails_with_the_mend(pairing):
    p = pairing()
    p.source.sql("SET sql_log_bin=0; CREATE USER 'fading'@'%' IDENTIFIED BY 'x'; "
                 "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'fading'@'%'")
    try:
        p.changeling.change_master("now", master_user="fading",
                                   master_password_file=p.changeling.password_file("fading", "x"))
        p.source.sql("REVOKE REPLICATION SLAVE ON *.* FROM 'fading'@'%'")
        result = p.changeling.command("check")
        assert result.code == 1, str(result)
        assert "fail" in result.out.lower()
        assert "GRANT" in result.out
    finally:
        p.source.sql("DROP USER 'fading'@'%'; SET sql_log_bin=1")


@pytest.mark.parametrize("metadata, taken", [("MINIMAL", "Names of columns and of ENUM's and SET's members are taken"),
                                             ("NO_LOG", "Column names, signs and character sets are taken")])
def test_check_tells_what_the_log_lacks(pairing, metadata, taken):
    p = pairing()
    p.changeling.change_master("now")
    former = p.source.value("SELECT @@GLOBAL.binlog_row_metadata")
    p.source.sql(f"SET GLOBAL binlog_row_metadata={metadata}")
    try:
        assert taken in p.changeling.command("check").out
    finally:
        p.source.sql(f"SET GLOBAL binlog_row_metadata={former}")


def test_check_fails_where_triggers_are_not_seen(pairing):
    """One that the account may not see would do its work twice."""
    p = pairing()
    p.changeling.change_master("now")
    assert p.changeling.command("check").code == 0
    p.target.sql(f"CREATE DATABASE `{p.db}`; REVOKE TRIGGER ON *.* FROM 'admin'@'%'; GRANT TRIGGER ON changeling.* TO 'admin'@'%'")
    try:
        result = p.changeling.command("check")
        assert result.code == 1, str(result)
        line = next(line for line in result.out.splitlines() if "privileges for triggers" in line)
        assert "fail" in line.lower() and p.db in line and "twice" in result.out, result.out
        p.target.sql(f"GRANT TRIGGER ON `{p.db}`.* TO 'admin'@'%'")
        assert f"missing: TRIGGER on {p.db}" not in p.changeling.command("check").out
    finally:
        p.target.sql("REVOKE TRIGGER ON changeling.* FROM 'admin'@'%'; GRANT TRIGGER ON *.* TO 'admin'@'%' WITH GRANT OPTION")


@pytest.mark.parametrize("format, word", [("STATEMENT", "warn"), ("ROW", "ok")])
def test_check_warns_of_a_time_zone_that_is_only_known_as_of_now(pairing, pool, monkeypatch, format, word):
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    source = pool.fresh("maria1011", "master", format=format)
    monkeypatch.undo()
    p = pairing(source)
    p.changeling.change_master("now")
    lines = p.changeling.command("check").out.splitlines()
    told = [line for line in lines if "source time zone" in line]
    assert len(told) == 1 and told[0].split()[0] == word and "SYSTEM (CE" in told[0], lines


def test_every_command_has_help(pairing):
    p = pairing()
    program = p.changeling.environment()["CHANGELING_BIN"]
    assert p.changeling.execute([program, "--help"]).code == 0
    for name in ("run", "check", "status", "stop", "start", "skip", "retry"):
        result = p.changeling.execute([program, name, "--help"])
        assert result.code == 0 and name in result.out, f"{name}: {result}"
    for name in ("change-master", "inspect-state", "check-health", "quickstart", "test", "install-deps"):
        assert os.access(script(name), os.X_OK), f"scripts/{name} is not there"
        result = p.changeling.execute([script(name), "--help"])
        assert result.code == 0 and len(result.out) > 100, f"{name}: {result}"


# --- a GTID set that is mistyped

def test_a_gtid_that_the_source_never_had_names_the_option(pairing):
    """It was typed, and not applied: nothing is said of a copy to be made anew."""
    p = pairing()
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    domain, server, number = p.source.gtid().split(",")[0].split("-")
    line = refused(p, ("--master-use-gtid", "mistyped"), ("gtid", f"{domain}-{server}-{int(number) + 900}"))
    assert "applied" not in line and p.source.gtid() in line, line


@pytest.mark.parametrize("kind, typed, word", [("mysql97", "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-9", "waits for a source"),
                                               ("maria1011", "4711-1-9", "read from the oldest log on")])
def test_a_set_of_another_topology_is_warned_of(pairing, kind, typed, word):
    p = pairing(kind)
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    result = p.changeling.change_master(("gtid", typed))
    assert result.err.startswith("warning: --master-use-gtid: ") and typed in result.err and word in result.err, str(result)


def test_check_without_a_configuration_is_a_fault_of_usage(pairing):
    p = pairing()
    result = p.changeling.command("check")
    assert result.code == 2 and "change-master" in result.err, str(result)


# --- one server under two names

def on_itself(p):
    """Words for change-master by which the target is the source."""
    return {"target_host": "localhost", "target_port": p.source.port, "target_user": "root", "target_ssl_ca": None,
            "target_ssl_mode": "off", "target_password_file": p.changeling.password_file("root", "root")}


@pytest.mark.parametrize("kind", ["maria1011", "mysql97", "mysql56"])
def test_a_target_that_is_the_source_is_refused(pairing, kind):
    """It would feed itself: each checkpoint is a change of the source. Another name for the server does not hide it."""
    p = pairing(kind)
    proxy = pairing.proxy(p.source)
    refused(p, ("one and the same server", "--target-host"), **on_itself(p))
    refused(p, "one and the same server", **{**on_itself(p), "target_port": proxy.port})
    assert "changeling" not in p.source.databases() and not (p.changeling.state / "changeling.cnf").exists()


def test_check_and_run_refuse_a_source_that_is_the_target(pairing):
    p = pairing()
    p.changeling.change_master("now")
    configuration = p.changeling.state / "changeling.cnf"
    sections = re.split(r"(?m)^(?=\[)", configuration.read_text())
    source = "[source]\n" + "".join(f"{name} = {value}\n" for name, value in {
        "host": p.target.host, "port": p.target.port, "user": "admin", "server-id": p.changeling.server_id,
        "password-file": p.changeling.password_file("target", "adminpw"), "ssl-ca": p.changeling.certificates.ca}.items())
    configuration.write_text("".join(source if section.startswith("[source]") else section for section in sections))
    checked = p.changeling.command("check")
    assert checked.code == 1 and re.search("(?m)^fail +two servers .*one and the same", checked.out), str(checked)
    assert p.changeling.run_to_end() == 1
    assert "one and the same server" in p.changeling.row()["error"]


def test_two_servers_of_one_number_are_two(pairing):
    """MariaDB has no uuid, and whoever copies a machine copies its number."""
    p = pairing()
    own = p.target.value("SELECT @@server_id")
    p.target.sql(f"SET GLOBAL server_id = {p.source.value('SELECT @@server_id')}")
    try:
        p.changeling.change_master("now")
        assert "ok    two servers" in p.changeling.command("check").out
        p.changeling.run()
        p.source.sql(f"CREATE DATABASE `{p.db}`")
        p.changeling.wait_caught_up()
        assert p.db in p.target.databases()
    finally:
        p.target.sql(f"SET GLOBAL server_id = {own}")
