"""Trouble on the target: what passes is waited for; what needs a person stops, with the reason and what to do."""
import contextlib
import os
import re
import subprocess

import pymysql
import pytest

from harness import wait_until
from labkit import Lab
from labkit.tls import RDS_NAME

from .disk import small_disk


def prepared(pairing, *kinds, **options):
    p = pairing(*kinds)
    p.both_sql(f"CREATE DATABASE `{p.db}` CHARACTER SET utf8mb4; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, v VARCHAR(300) DEFAULT 'a') ENGINE=InnoDB")
    p.changeling.change_master(p.source.position(), **options)
    p.changeling.run()
    p.source.sql(f"INSERT INTO `{p.db}`.t (id) VALUES (1), (2), (3)")
    p.changeling.wait_caught_up()
    return p


def sessions(server):
    return [row[0] for row in server.query("SHOW PROCESSLIST") if row[1] == "admin"]


def end_sessions(server):
    for number in sessions(server):
        try:
            server.sql(f"KILL {number}")
        except pymysql.MySQLError as error:
            assert error.args[0] == 1094, error     # gone already


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
        end_sessions(p.target)
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


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_account_is_locked(pairing, target):
    p = prepared(pairing, "maria1011", target)
    p.target.sql("ALTER USER 'admin'@'%' ACCOUNT LOCK")
    try:
        end_sessions(p.target)
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
        end_sessions(p.target)
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


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_sessions_are_read_only(pairing, target):
    """As on a primary that was demoted: 1792."""
    p = prepared(pairing, "maria1011", target)
    variable = "tx_read_only" if target == "maria1011" else "transaction_read_only"
    p.target.sql(f"SET GLOBAL {variable} = 1")
    try:
        end_sessions(p.target)
        p.source.sql(f"INSERT INTO `{p.db}`.t (id) VALUES (4)")
        retries(p, "1792")
    finally:
        p.target.sql(f"SET GLOBAL {variable} = 0")
    recovers(p, 4)


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_a_server_that_can_only_be_read(pairing, pool, target):
    """As a replica of Aurora: InnoDB itself takes no writes."""
    p = prepared(pairing, "maria1011", pool.fresh(target, "rds", binlog=False))
    p.target.stop()
    p.source.sql(f"INSERT INTO `{p.db}`.t (id) VALUES (4)")
    p.target.start("--innodb-read-only=1")
    try:
        retries(p, "error (1836|1036|1290|1015)")
        wait_until(lambda: (p.changeling.row().get("retries") or 0) >= 2, 30, "another attempt")
    finally:
        p.target.restart("--innodb-read-only=0")
    recovers(p, 4)


def test_the_name_leads_elsewhere(pairing, pool, tmp_path):
    """A failover: the server stays and takes no writes, and its name leads to another one. It is resolved at each connect."""
    first = pool.fresh("maria1011", "rds", binlog=False)
    p = pairing("maria1011", first)
    p.both_sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY)")
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {RDS_NAME}\n")
    own_hosts(p.changeling, hosts)
    p.changeling.change_master(p.source.position())
    configuration = p.changeling.state / "changeling.cnf"
    configuration.write_text(re.sub(r"(?m)(^\[target\][^\[]*?^host\s*=\s*).*$", rf"\g<1>{RDS_NAME}", configuration.read_text()))
    assert RDS_NAME in configuration.read_text()
    p.changeling.run()
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1), (2)")
    p.changeling.wait_caught_up()
    first.stop()
    second = Lab().start(f"{first.name}-other", "maria1011", first.port, "rds", bind="127.0.0.2", binlog=False, copy_of=str(first.lab.folder / "data"))
    try:
        first.start("--read-only=1")
        p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (3)")
        retries(p, "read.only")
        hosts.write_text(f"127.0.0.1 localhost\n127.0.0.2 {RDS_NAME}\n")
        p.target = p.changeling.target = type(first)(second)
        recovers(p, 3)
        assert first.query(f"SELECT id FROM `{p.db}`.t") == [(1,), (2,)]
    finally:
        p.changeling.clean_up()
        second.remove()
        p.target = p.changeling.target = first
        first.remove()


def own_hosts(changeling, hosts):
    """From now on the program sees this file as /etc/hosts."""
    script = changeling.folder / "with-hosts"
    script.write_text(f"#!/bin/sh\nmount --bind {hosts} /etc/hosts && exec \"$@\"\n")
    script.chmod(0o755)
    changeling.prefix = ["unshare", "-m", str(script)]
    if subprocess.run([*changeling.prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespace can be made here")


def test_too_many_connections_of_the_account(pairing):
    p = prepared(pairing)
    p.target.sql("ALTER USER 'admin'@'%' WITH MAX_USER_CONNECTIONS 1")
    try:
        end_sessions(p.target)
        retries(p, "1226|1203")
    finally:
        p.target.sql("ALTER USER 'admin'@'%' WITH MAX_USER_CONNECTIONS 0")
    p.source.sql(f"INSERT INTO `{p.db}`.t (id) VALUES (4)")
    recovers(p, 4)


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_sessions_are_killed(pairing, target):
    """Each of them once: the heartbeat's, the coordinator's, each worker's."""
    p = prepared(pairing, "maria1011", target, replica_parallel_workers=3)
    count = len(sessions(p.target))
    assert count >= 5
    for number in range(count):
        before = set(sessions(p.target))
        victim = sorted(before)[number % len(before)]
        p.target.sql(f"KILL {victim}")
        p.source.sql(f"INSERT INTO `{p.db}`.t (id) VALUES ({100 + number})")
        p.changeling.wait_caught_up()
    recovers(p, 3 + count)


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_packet_is_too_small(pairing, target):
    """A row that the target's packets do not hold stops, with the parameter to raise; many small ones are sent in parts."""
    p = prepared(pairing, "maria1011", target)
    p.both_sql(f"ALTER TABLE `{p.db}`.t MODIFY v MEDIUMTEXT")
    p.changeling.stop()
    p.target.sql("SET GLOBAL max_allowed_packet = 1048576")
    try:
        p.changeling.run()
        p.source.sql(f"INSERT INTO `{p.db}`.t SELECT seq, REPEAT('x', 10000) FROM seq_1000_to_1400", database=p.db)
        p.changeling.wait_caught_up()
        p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (4, REPEAT('y', 1100000)); INSERT INTO `{p.db}`.t VALUES (5, 'z')")
        row = p.changeling.wait_error()
        assert row["exit_code"] == 1
        assert "max_allowed_packet" in row["error"] and "Raise it" in row["error"] and f"`{p.db}`.`t`" in row["error"], row["error"]
        assert not p.target.query(f"SELECT 1 FROM `{p.db}`.t WHERE id = 5")
        p.target.sql("SET GLOBAL max_allowed_packet = 67108864")
        p.changeling.after_error("retry")
        recovers(p, 3 + 401 + 2)
    finally:
        p.target.sql("SET GLOBAL max_allowed_packet = 67108864")


def reload_certificate(server, pki, name):
    """Another certificate for new connections, while the server runs: by the files that it has."""
    folder = server.lab.folder
    for kind, path in (("cert", pki.certificate(name)), ("key", pki.key(name))):
        (folder / f"live-{kind}.pem").write_bytes(path.read_bytes())
        os.chmod(folder / f"live-{kind}.pem", 0o644)
    server.sql("ALTER INSTANCE RELOAD TLS" if server.family == "mysql" else "FLUSH SSL")


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_certificate_expires_and_is_rotated(pairing, pool, target):
    server = pool.fresh(target, "rds")
    pki, folder = pool.certificates, server.lab.folder
    for kind, path in (("cert", pki.certificate("good")), ("key", pki.key("good"))):
        (folder / f"live-{kind}.pem").write_bytes(path.read_bytes())
        os.chmod(folder / f"live-{kind}.pem", 0o644)
    server.restart(f"--ssl-cert={folder}/live-cert.pem", f"--ssl-key={folder}/live-key.pem")
    p = prepared(pairing, "maria1011", server)
    if target == "mysql97":     # which does not load one that is past its date, but starts with it
        server.restart(f"--ssl-cert={pki.certificate('expired')}", f"--ssl-key={pki.key('expired')}")
    else:
        reload_certificate(server, pki, "expired")
        end_sessions(server)
    p.source.sql(f"INSERT INTO `{p.db}`.t (id) VALUES (4)")
    retries(p, "(?i)expired")
    assert p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.t") == 3
    if target == "mysql97":
        server.restart(f"--ssl-cert={folder}/live-cert.pem", f"--ssl-key={folder}/live-key.pem")
        recovers(p, 4)
    # another one of the same authority, while it runs
    reload_certificate(server, pki, "good")
    end_sessions(server)
    recovers(p, 4)


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_secure_transport_is_demanded(pairing, pool, target):
    """Switched on while it runs without TLS: said with what to set, and gone on with once that is done."""
    server = pool.fresh(target, "plain", tls="good")
    server.sql("CREATE USER 'admin'@'%' IDENTIFIED BY 'adminpw'; GRANT ALL ON *.* TO 'admin'@'%'")
    p = pairing("maria1011", server)
    p.both_sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY)")
    # an account of MySQL 9 logs in without TLS only when the server knows its password already
    server.connect(user="admin", password="adminpw", tls_ca=pool.certificates.ca).close()
    p.changeling.change_master(p.source.position(), target_ssl_mode="off", target_ssl_ca=None)
    p.changeling.run()
    p.changeling.wait_caught_up()
    server.sql("SET GLOBAL require_secure_transport = ON")
    end_sessions(server)
    retries(p, "target-ssl-mode=identity")
    assert p.changeling.stop() == 0
    p.changeling.change_master(None, target_ssl_mode="identity")
    p.changeling.run()
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1)")
    recovers(p, 1)


def fill_target(p, megabytes):
    """More than there is room for."""
    for number in range(megabytes):
        p.source.sql(f"INSERT INTO `{p.db}`.large (v) VALUES (REPEAT('{chr(97 + number % 26)}', 1000000))")


@contextlib.contextmanager
def server_on_small_disk(pool, kind, **settings):
    """A target whose data, its logs included, have 40 MB of room; (server, disk)."""
    server = pool.fresh(kind, "rds", **settings)
    server.stop()
    try:
        with small_disk(server.lab.folder / "data", 40) as disk:
            server.start()
            try:
                yield server, disk
            finally:
                server.kill9()
    finally:
        server.remove()


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_disk_is_full(pairing, pool, target):
    """Waited for, and gone on with when there is room."""
    with server_on_small_disk(pool, target, binlog=False) as (server, disk):
        p = prepared(pairing, "maria1011", server)
        p.source.sql(f"CREATE TABLE `{p.db}`.large (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v MEDIUMTEXT)")
        fill_target(p, 80)
        # MariaDB may not survive it
        wait_until(lambda: re.search("error (1114|1021|1030|1026|3):", p.changeling.log_text()) or not server.lab.pid(), 30,
                   lambda: f"a full disk\n{p.changeling.log_tail()}")
        wait_until(lambda: (p.changeling.row().get("retries") or 0) >= 2, 30, "another attempt")
        assert p.changeling.running()
        disk.grow(300)
        if not server.lab.pid():
            server.forget()
            server.start()
        recovers(p, 83)
        assert p.changeling.stop() == 0


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_disk_of_the_binary_log_is_full(pairing, pool, target):
    """The server has each commit wait, for up to a minute after there is room again: it is waited for, or started again."""
    with server_on_small_disk(pool, target) as (server, disk):
        p = prepared(pairing, "maria1011", server)
        filling = disk.fill()
        # more than what the log's last page has room for
        p.source.sql(f"INSERT INTO `{p.db}`.t SELECT seq, REPEAT('x', 300) FROM seq_4_to_103", database=p.db)
        wait_until(lambda: "Disk is full" in server.lab.error_log.read_text(errors="replace") or not server.lab.pid() or
                   re.search("error (1114|1021|1030|1026|3):", p.changeling.log_text()), 60,
                   lambda: f"a full disk\n{p.changeling.log_tail()}")
        p.changeling.expect_alive("room")
        filling.unlink()
        server.kill9()
        server.start()
        recovers(p, 103)
        assert p.changeling.stop() == 0
