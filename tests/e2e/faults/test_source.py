"""Trouble at the source: logs that are lost, purged or another server's, settings that change, clocks that differ."""
import re
import struct
import threading
import time

import pytest

from harness import Load, wait_until
from .hostile import hostile_pair
from .interposer import answer
from .stream import HEARTBEAT, Stream


def prepared(pairing, source, target="maria1011", start="now", **options):
    p = pairing(source, target)
    p.source.sql(f"CREATE DATABASE `{p.db}_first`")
    p.changeling.change_master(start, **options)
    p.changeling.run()
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY)")
    p.changeling.wait_caught_up()
    return p


def stops(p, *words):
    """For a person, with what it means and what to do; nothing is applied any more."""
    row = p.changeling.wait_error()
    assert row["exit_code"] == 1
    for word in words:
        assert re.search(word, row["error"]), row["error"]
    assert row["advice"]
    return row


@pytest.mark.parametrize("by", ["position", "gtid"])
@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_the_tail_of_the_log_is_lost(pairing, pool, kind, by):
    """A crash with sync_binlog=0: what we have applied, the source knows nothing of any more."""
    p = prepared(pairing, pool.fresh(kind, "master"), start="now" if by == "position" else "gtid")
    p.source.sql("FLUSH BINARY LOGS")
    file, position = p.source.position()
    for number in range(20):
        p.source.sql(f"INSERT INTO `{p.db}`.t VALUES ({number})")
    p.changeling.wait_caught_up()
    p.source.kill9()
    with open(p.source.lab.folder / "data" / file, "r+b") as log:
        log.truncate(position)
    p.source.start()
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1000)")
    stops(p, "lost the tail|no longer has|not in this master's log", "(?i)compare the t|compare the target")
    assert not p.target.query(f"SELECT 1 FROM `{p.db}`.t WHERE id = 1000")


@pytest.mark.parametrize("by", ["position", "gtid"])
@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_logs_are_purged_under_our_feet(pairing, pool, kind, by):
    """While the connection was lost the source purged what is still to be read."""
    p = pairing(pool.fresh(kind, "master"))
    proxy = pairing.proxy(p.source)
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY)")
    p.changeling.change_master("now" if by == "position" else ("gtid", p.source.gtid()), master_port=proxy.port)
    p.target.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY)")
    p.changeling.run()
    p.changeling.wait_caught_up()
    proxy.refuse()
    p.changeling.wait_state("connecting")
    for number in range(3):
        p.source.sql(f"INSERT INTO `{p.db}`.t VALUES ({number}); FLUSH BINARY LOGS")
    wait_until(lambda: not p.source.dump_threads(), 20, "the end of the old stream")

    def purged():
        # MariaDB keeps a log until the engines have everything of it
        p.source.sql(f"PURGE BINARY LOGS TO '{p.source.position()[0]}'")
        return len(p.source.logs()) == 1
    wait_until(purged, 20, "one log alone", 0.2)
    proxy.accept()
    stops(p, "purged", "Copy the data")


def test_a_purge_to_come_is_warned_of(pairing, pool):
    """Half of the time that the source keeps its logs has passed, and nothing was applied meanwhile."""
    source = pool.fresh("mysql97", "master")
    source.sql("SET GLOBAL binlog_expire_logs_seconds = 6")
    p = prepared(pairing, source, lag_interval="1s")
    assert "unless that becomes less" not in p.changeling.log_text()
    assert p.changeling.command("stop").code == 0
    source.sql(f"INSERT INTO `{p.db}`.t VALUES (1)")
    p.changeling.wait_log("keeps its logs for 6 seconds.*binlog_expire_logs_seconds", 20)
    assert p.changeling.command("start").code == 0
    p.changeling.wait_log("what it may purge is applied again", 20)
    p.changeling.wait_caught_up()
    assert p.compare() == 1


def test_amazon_purges_at_once_unless_told(pairing, pool):
    """Its own table says how long logs are kept; what the server's variable says means nothing there."""
    source = pool.fresh("maria1011", "master")
    source.sql("CREATE TABLE mysql.rds_configuration (name VARCHAR(100), value VARCHAR(100));"
               "INSERT INTO mysql.rds_configuration VALUES ('binlog retention hours', NULL);"
               "GRANT SELECT ON mysql.rds_configuration TO repl; SET GLOBAL expire_logs_days = 30")
    p = pairing(source)
    p.changeling.change_master("now")
    p.changeling.run()
    p.changeling.wait_log("purges its logs as soon as it can.*binlog retention hours', 72", 20)


@pytest.mark.parametrize("heartbeat", [0, 30])
@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
@pytest.mark.parametrize("by", ["position", "gtid"])
def test_rest_is_known_soon_without_heartbeats(pairing, kind, by, heartbeat):
    """Of a start where nothing is to be read, of one where something old is, and of what comes then."""
    p = pairing(kind)
    p.both_sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY)")
    p.changeling.change_master("now" if by == "position" else ("gtid", p.source.gtid()), heartbeat_period=heartbeat)

    def rests(what):
        wait_until(lambda: p.changeling.status()["idle"], 45, lambda: f"rest {what}: {p.changeling.row()}")
    p.changeling.run()
    rests("at once")
    p.changeling.stop()
    p.source.sql(f"SET timestamp = UNIX_TIMESTAMP() - 7200; INSERT INTO `{p.db}`.t VALUES (1)")
    p.changeling.run()
    wait_until(lambda: p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.t") == 1, 20, "the row")
    rests("behind what is old")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (2)")
    wait_until(lambda: p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.t") == 2, 20, "the second row")
    rests("behind what is new")


def two_masters(pairing, pool, kind):
    """The second is in the list, and has a history of its own: nothing of what was applied from the first."""
    first, second = pool.fresh(kind, "master", server_id=7001), pool.fresh(kind, "master", server_id=7002)
    p = pairing(first)
    p.both_sql(f"CREATE DATABASE `{p.db}`")
    p.changeling.change_master(("gtid", first.gtid()), master_host=f"127.0.0.1:{first.port},127.0.0.1:{second.port}", master_port=None)
    p.changeling.run()
    first.sql(f"CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY); INSERT INTO `{p.db}`.t VALUES (1)")
    p.changeling.wait_caught_up()
    second.sql("CREATE DATABASE other; CREATE TABLE other.t (id INT PRIMARY KEY); INSERT INTO other.t VALUES (2)")
    first.stop()
    return p, first


def test_the_other_master_has_parted(pairing, pool):
    """MariaDB's own word for it; it needs a person."""
    p, first = two_masters(pairing, pool, "maria1011")
    stops(p, "not in this master's log|parted|purged", "(?i)copy")
    assert "other" not in p.target.databases()
    first.start()


def test_the_other_master_lacks_transactions(pairing, pool):
    """MySQL would say nothing. It may only be behind: it is waited for, and its own changes are not taken meanwhile."""
    p, first = two_masters(pairing, pool, "mysql97")
    p.changeling.wait_log("lacks transactions that are applied here.*compare the two", 30)
    wait_until(lambda: (p.changeling.row().get("retries") or 0) >= 2, 20, "another attempt")
    assert p.changeling.running() and "other" not in p.target.databases()
    first.start()
    first.sql(f"INSERT INTO `{p.db}`.t VALUES (3)")
    p.changeling.wait_caught_up()
    assert p.compare() == 2


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_log_settings_change_live(pairing, seed, kind):
    """Checksum, format and row image, while a load goes on."""
    p = pairing(kind, "maria118")
    p.changeling.change_master(p.source.position())
    load = Load(p.source, p.db, seed, clients=2, pause=0.005).prepare()
    p.changeling.run()
    before = {name: p.source.value(f"SELECT @@GLOBAL.{name}") for name in ("binlog_checksum", "binlog_format", "binlog_row_image")}
    try:
        with load:
            for name, value in (("binlog_checksum", "NONE"), ("binlog_format", "MIXED"), ("binlog_row_image", "MINIMAL"),
                                ("binlog_checksum", "CRC32"), ("binlog_format", "ROW"), ("binlog_row_image", "NOBLOB"),
                                ("binlog_checksum", "NONE"), ("binlog_checksum", "CRC32")):
                done = load.transactions
                p.source.sql(f"SET GLOBAL {name} = {value}")
                wait_until(lambda: load.transactions > done + 5 or load.failure, 20, "some transactions")
    finally:
        for name, value in before.items():
            p.source.sql(f"SET GLOBAL {name} = '{value}'")
    p.changeling.wait_caught_up()
    assert p.compare() > 0


@pytest.mark.parametrize("still", ["between groups", "behind a heartbeat"])
def test_a_stream_that_stands_still_is_not_its_end(pairing, still):
    """Catching up, two hours behind: a network or a disk that stalls, and heartbeats while the source skips what we have, look
    like rest."""
    old, go_on = int(time.time()) - 7200, threading.Event()

    def events(stream):
        def group(number):
            return stream.gtid() + stream.query(b"INSERT INTO t VALUES (%d)" % number, database=pair.db.encode()) + stream.xid()
        stream.time = old
        yield group(1)
        if still == "behind a heartbeat":
            time.sleep(1.1)         # a period, as a source does it
            yield stream.event(HEARTBEAT, struct.pack("<Q", stream.position) + stream.file.encode(), made_up=True)
        go_on.wait(60)
        yield group(2)
    with hostile_pair(pairing(), Stream) as pair:
        pair.both_sql(f"CREATE TABLE `{pair.db}`.t (id INT PRIMARY KEY)")
        file = pair.source.position()[0]
        pair.master.queries = {rb"^SHOW MASTER STATUS": answer(["File", "Position"], [[file, "100000000"]]),
                               rb"@@GLOBAL.gtid_binlog_pos": answer(["p"], [["0-1-100000000"]])}
        pair.changeling.change_master(pair.source.position(), master_port=pair.master.proxy.port)
        pair.master.events = events
        try:
            pair.changeling.run()
            wait_until(lambda: (pair.changeling.row().get("lag_seconds") or 0) > 7000, 20, pair.changeling.log_tail)
            until = time.monotonic() + 3
            while time.monotonic() < until:
                status = pair.changeling.status()
                assert status["lag_seconds"] > 7000 and not status["idle"], status
        finally:
            go_on.set()
        wait_until(lambda: pair.target.value(f"SELECT COUNT(*) FROM `{pair.db}`.t") == 2, 20, pair.changeling.log_tail)


@pytest.mark.parametrize("hours", [-3, 3])
def test_clocks_that_differ(pairing, hours):
    """Events whose time is long ago or yet to come: idle is 0 soon, and what is stopped is never 0."""
    p = prepared(pairing, "maria1011")
    with p.source.connect(p.db) as session, session.cursor() as cursor:
        cursor.execute(f"SET timestamp = UNIX_TIMESTAMP() + {hours * 3600}")
        for number in range(5):
            cursor.execute(f"INSERT INTO t VALUES ({number})")
        wait_until(lambda: p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.t") == 5, 20, "the rows")
        wait_until(lambda: p.changeling.row().get("lag_seconds") == 0, 20, lambda: f"no lag while idle: {p.changeling.row()}")
        assert p.changeling.command("stop").code == 0
        p.changeling.wait_state("paused")
        cursor.execute("INSERT INTO t VALUES (100)")
        for _ in range(10):
            lag = p.changeling.row()["lag_seconds"]
            assert 0 < lag < 60, lag
            p.changeling.pause(0.1)
    assert p.changeling.command("start").code == 0
    p.changeling.wait_caught_up()
    assert p.changeling.stop() == 0
    assert p.changeling.status()["lag_seconds"] > 0
