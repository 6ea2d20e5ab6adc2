"""Trouble on the target: what passes is waited for; what needs a person stops, with the reason and what to do."""
import re

import pytest

from harness import wait_until


def prepared(pairing, *kinds, **options):
    p = pairing(*kinds)
    p.both_sql(f"CREATE DATABASE `{p.db}` CHARACTER SET utf8mb4; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, v VARCHAR(300) DEFAULT 'a') ENGINE=InnoDB")
    p.changeling.change_master(p.source.position(), **options)
    p.changeling.run()
    p.source.sql(f"INSERT INTO `{p.db}`.t (id) VALUES (1), (2), (3)")
    p.changeling.wait_caught_up()
    return p


def recovers(p, rows):
    p.changeling.wait_caught_up()
    assert p.compare() == rows
    row = p.changeling.wait_state("running")
    assert not row["error"]


def retries(p, pattern):
    """It has met the trouble, says so, and goes on trying."""
    p.changeling.wait_log(pattern, 30)
    assert p.changeling.running()


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_read_only_for_a_while(pairing, target):
    p = prepared(pairing, "maria1011", target)
    p.target.sql("SET GLOBAL read_only = 1")
    try:
        p.source.sql(f"INSERT INTO `{p.db}`.t (id) VALUES (4)")
        retries(p, "read.only")
    finally:
        p.target.sql("SET GLOBAL read_only = 0")
    recovers(p, 4)


def alive(server):
    server.forget()
    try:
        return server.value("SELECT 1")
    except Exception:       # noqa: BLE001 (full, or gone)
        return None


def test_too_many_connections(pairing):
    p = prepared(pairing)
    p.target.sql("SET GLOBAL max_connections = 10")
    crowd = []
    try:
        for number in [row[0] for row in p.target.query("SHOW PROCESSLIST") if row[1] == "admin"]:
            p.target.sql(f"KILL {number}")
        while len(crowd) < 15:
            try:
                crowd.append(p.target.connect())
            except Exception:       # noqa: BLE001 (full)
                break
        retries(p, "(?i)too many connections|1040")
    finally:
        for one in crowd:
            one.close()
        wait_until(lambda: alive(p.target), 10, "a connection for root")
        p.target.sql("SET GLOBAL max_connections = 60")
    p.source.sql(f"INSERT INTO `{p.db}`.t (id) VALUES (4)")
    recovers(p, 4)


def test_account_is_locked(pairing):
    p = prepared(pairing, "maria1011", "mysql97")
    p.target.sql("ALTER USER 'admin'@'%' ACCOUNT LOCK")
    try:
        for number in [row[0] for row in p.target.query("SHOW PROCESSLIST") if row[1] == "admin"]:
            p.target.sql(f"KILL {number}")
        p.changeling.wait_log("(?i)account.*lock|3118|4151", 30)
    finally:
        p.target.sql("ALTER USER 'admin'@'%' ACCOUNT UNLOCK")
    if not p.changeling.running():
        assert p.changeling.wait_exit() in (1, 3)
        p.changeling.run()
    p.source.sql(f"INSERT INTO `{p.db}`.t (id) VALUES (4)")
    recovers(p, 4)


def test_password_is_rotated(pairing):
    """password-command is asked again at every connection."""
    p = pairing()
    secret = p.changeling.folder / "secret"
    secret.write_text("adminpw\n")
    secret.chmod(0o600)
    p.both_sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY)")
    p.changeling.change_master(p.source.position(), target_password_file=None, target_password_command=f"cat {secret}")
    p.changeling.run()
    p.changeling.wait_caught_up()
    p.target.sql("ALTER USER 'admin'@'%' IDENTIFIED BY 'next-one'")
    try:
        secret.write_text("next-one\n")
        for number in [row[0] for row in p.target.query("SHOW PROCESSLIST") if row[1] == "admin"]:
            p.target.sql(f"KILL {number}")
        p.source.sql(f"INSERT INTO `{p.db}`.t (id) VALUES (4)")
        recovers(p, 1)
        assert "next-one" not in p.changeling.log_text()
    finally:
        p.target.sql("ALTER USER 'admin'@'%' IDENTIFIED BY 'adminpw'")


def test_a_client_holds_locks(pairing):
    p = prepared(pairing)
    with p.target.connect(p.db, autocommit=False) as locker:
        with locker.cursor() as cursor:
            cursor.execute("SELECT * FROM t WHERE id = 2 FOR UPDATE")
        p.source.sql(f"UPDATE `{p.db}`.t SET v = 'b' WHERE id = 2")
        wait_until(lambda: p.target.query("SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"), 20,
                   "a lock that is waited for", 0.3)
        p.changeling.pause(2)
        assert p.changeling.running()
        locker.rollback()
    recovers(p, 3)


@pytest.mark.parametrize("change,statement,word", [
    ("DELETE FROM t WHERE id = 2", "UPDATE t SET v = 'b' WHERE id = 2", "instead of one"),
    ("DELETE FROM t WHERE id = 2", "DELETE FROM t WHERE id = 2", "instead of one"),
    ("INSERT INTO t VALUES (9, 'z')", "INSERT INTO t VALUES (9, 'y')", "(?i)duplicate"),
    ("ALTER TABLE t DROP COLUMN v", "UPDATE t SET v = 'b' WHERE id = 2", "(?i)column"),
    ("DROP TABLE t", "UPDATE t SET v = 'b' WHERE id = 2", "(?i)does not exist|doesn't exist|no table|not there|is missing"),
], ids=["row-to-update", "row-to-delete", "row-is-there", "column", "table"])
def test_target_has_drifted(pairing, change, statement, word):
    """It stops at the row, names it, and applies nothing behind it."""
    p = prepared(pairing)
    p.target.sql(f"USE `{p.db}`; {change}")
    p.source.sql(f"USE `{p.db}`; {statement}; INSERT INTO t (id) VALUES (100)")
    row = p.changeling.wait_error()
    assert row["exit_code"] == 1
    assert f"{p.db}" in row["error"] and "t" in row["error"], row["error"]
    assert re.search(word, row["error"]), row["error"]
    assert row["advice"]
    if change != "DROP TABLE t":
        assert not p.target.query(f"SELECT 1 FROM `{p.db}`.t WHERE id = 100")


def test_log_of_an_outage_is_bounded(pairing):
    p = prepared(pairing)
    proxy = pairing.proxy(p.target)
    p.changeling.stop()
    p.changeling.change_master(None, target_port=proxy.port)
    p.changeling.run()
    before = len(p.changeling.log_text().splitlines())
    proxy.refuse()
    wait_until(lambda: (p.changeling.row().get("retries") or 0) >= 8, 40, "eight attempts")
    assert len(p.changeling.log_text().splitlines()) - before < 12, p.changeling.log_tail()
    proxy.accept()
    recovers(p, 3)
