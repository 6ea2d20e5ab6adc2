"""Batches follow each other on a connection before any of them is answered: nothing may happen behind one that fails, and
neither side may wait for the other for ever."""
import socket
import threading

import pytest

from harness import wait_until
from harness.proxy import UP, TcpProxy

TARGETS = ["maria1011", "maria118", "mysql97", "mysql56"]
SOURCE = {"mysql97": "mysql97"}


pytestmark = pytest.mark.usefixtures("old_tls")


def prepared(pairing, target, **options):
    """A table on both sides, and a stream that is set up but not running."""
    p = pairing(SOURCE.get(target, "maria1011"), target)
    p.both_sql(f"CREATE DATABASE `{p.db}` CHARACTER SET utf8mb4; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY, n INT); "
               "INSERT INTO t VALUES (1, 0), (2, 0), (3, 0); CREATE TABLE journal (n INT PRIMARY KEY)")
    p.changeling.change_master(p.source.position(), **options)
    return p


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("target", TARGETS)
def test_nothing_happens_behind_a_failure(pairing, target, workers):
    """A row is missing in the middle of a backlog: everything before it arrives, and nothing after."""
    p = prepared(pairing, target, merge_transactions=1, replica_parallel_workers=workers)
    p.target.sql(f"DELETE FROM `{p.db}`.t WHERE id = 2")
    for number in range(120):
        p.source.sql(f"INSERT INTO `{p.db}`.journal VALUES ({number})")
        if number == 60:
            p.source.sql(f"UPDATE `{p.db}`.t SET n = n + 1 WHERE id = 2")
        p.source.sql(f"UPDATE `{p.db}`.t SET n = n + 1 WHERE id = 1")
    p.changeling.run(wait=False)
    row = p.changeling.wait_error()
    assert "0 such rows" in row["error"] and "id=2" in row["error"], row["error"]
    assert p.target.value(f"SELECT MAX(n) FROM `{p.db}`.journal") == 60
    assert p.target.value(f"SELECT n FROM `{p.db}`.t WHERE id = 1") == 60
    p.target.sql(f"INSERT INTO `{p.db}`.t VALUES (2, 0)")
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 123


def run_with_known(p, change, question, answer):
    """Runs, and passes the change on: from then on the target is not asked any more what its table looks like."""
    p.changeling.run()
    p.changeling.wait_caught_up()
    p.source.sql(change)
    wait_until(lambda: p.target.value(question) == answer, 20, p.changeling.log_tail)


class HoldingProxy(TcpProxy):
    """Answers wait while they are held; `flights` counts what is sent meanwhile, if it is longer than a sign of life."""

    def __init__(self, host, port):
        self.flights = 0
        self._passing = threading.Event()
        self._passing.set()
        super().__init__(host, port)

    def hold(self):
        self.flights = 0
        self._passing.clear()

    def release(self):
        self._passing.set()

    def close(self):
        self.release()
        super().close()

    def _begin(self, number, client, server):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)   # not much more is taken than was passed on
        super()._begin(number, client, server)

    def _bend(self, chunk, direction):
        if direction == UP:
            self.flights += len(chunk) > 400
        else:
            self._passing.wait()
        return super()._bend(chunk, direction)


@pytest.mark.parametrize("target", TARGETS)
def test_a_batch_goes_out_while_answers_are_read(pairing, target):
    """A worker that waits for the answers of one batch has the next one on its way all the same."""
    p = prepared(pairing, target)
    proxy = HoldingProxy(p.target.host, p.target.port)
    try:
        p.changeling.change_master(p.source.position(), target_port=proxy.port)
        run_with_known(p, f"UPDATE `{p.db}`.t SET n = 1 WHERE id = 1", f"SELECT n FROM `{p.db}`.t WHERE id = 1", 1)
        proxy.hold()
        for number in range(1, 5):
            p.source.sql(f"UPDATE `{p.db}`.t SET n = {number} + 1 WHERE id = 1")
            wait_until(lambda n=number: proxy.flights >= n, 5, f"flight {number} on its way (there are {proxy.flights})")
        proxy.release()
        p.changeling.wait_caught_up()
        assert p.compare() == 3
    finally:
        proxy.close()


def test_an_answer_comes_while_the_next_batch_is_sent(pairing):
    """Sending takes longer than the target may be silent: it was not silent."""
    p = prepared(pairing, "maria1011")
    p.both_sql(f"CREATE TABLE `{p.db}`.big (id INT PRIMARY KEY, b LONGBLOB); INSERT INTO `{p.db}`.big VALUES (1, '')")
    proxy = HoldingProxy(p.target.host, p.target.port)
    try:
        p.changeling.change_master(p.source.position(), target_port=proxy.port, target_read_timeout=4)
        run_with_known(p, f"UPDATE `{p.db}`.big SET b = 'known' WHERE id = 1", f"SELECT b FROM `{p.db}`.big", b"known")
        proxy.hold()
        p.source.sql(f"UPDATE `{p.db}`.big SET b = 'first' WHERE id = 1")
        wait_until(lambda: proxy.flights, 5, "the first flight")
        passed = proxy.count(UP)
        proxy.throttle(800_000)
        p.source.sql(f"UPDATE `{p.db}`.big SET b = REPEAT(CHAR(255), 7500000) WHERE id = 1")
        wait_until(lambda: proxy.flights > 1, 5, "the second flight's beginning")
        proxy.release()
        wait_until(lambda: proxy.count(UP) > passed + 5_500_000, 60, "most of the second flight")
        proxy.throttle(0)
        p.changeling.wait_caught_up()
        assert "has said nothing" not in p.changeling.log_text()
        assert p.compare() == 4
    finally:
        proxy.close()


def test_merging_ends_while_the_target_is_busy(pairing):
    """A large batch waits for a lock: what comes behind it is merged for as long as merge-time says, and no longer."""
    p = prepared(pairing, "maria1011")
    p.both_sql(f"CREATE TABLE `{p.db}`.big (id INT PRIMARY KEY, b LONGBLOB) ENGINE=InnoDB; INSERT INTO `{p.db}`.big VALUES (1, '')")
    p.changeling.change_master(p.source.position(), merge_time="200ms", replica_preserve_commit_order="off")
    run_with_known(p, f"UPDATE `{p.db}`.t SET n = 7 WHERE id = 1", f"SELECT n FROM `{p.db}`.t WHERE id = 1", 7)
    with p.target.connect(p.db) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT id FROM big WHERE id = 1 FOR UPDATE")
        p.source.sql(f"UPDATE `{p.db}`.big SET b = REPEAT(CHAR(255), 4000000) WHERE id = 1")
        wait_until(lambda: p.target.value("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'UPDATE%%big%%'"), 10,
                   "the large batch waits")
        p.source.sql(f"UPDATE `{p.db}`.t SET n = 8 WHERE id = 2")
        wait_until(lambda: p.target.value(f"SELECT n FROM `{p.db}`.t WHERE id = 2") == 8, 10, p.changeling.log_tail)
        cursor.execute("ROLLBACK")
    p.changeling.wait_caught_up()
    assert p.compare() == 4


@pytest.mark.parametrize("target", TARGETS)
def test_many_answers(pairing, target):
    """Changes that go one by one have thousands of answers, which no network buffer holds."""
    p = prepared(pairing, target, merge_transactions=3, replica_parallel_workers=1)
    p.source.sql(f"USE `{p.db}`; CREATE TABLE parent (id INT PRIMARY KEY, n INT) ENGINE=InnoDB; CREATE TABLE child (id INT PRIMARY KEY, "
               "parent INT, n INT, FOREIGN KEY (parent) REFERENCES parent (id)) ENGINE=InnoDB")
    p.source.sql(f"USE `{p.db}`; INSERT INTO parent VALUES " + ", ".join(f"({i}, 0)" for i in range(1000)))
    p.source.sql(f"USE `{p.db}`; INSERT INTO child VALUES " + ", ".join(f"({i}, {i}, 0)" for i in range(1000)))
    for number in range(12):
        p.source.sql(f"UPDATE `{p.db}`.child SET n = {number} + 1; UPDATE `{p.db}`.parent SET n = n + 1")
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 2003


@pytest.mark.parametrize("target", TARGETS)
def test_a_row_is_missing_among_many_that_go_one_by_one(pairing, target):
    """So many that each answer is looked at before the COMMIT goes out, and no guard on the server stops at the missing one."""
    p = prepared(pairing, target)
    # a unique key that takes NULL: no key to find rows by, but the order of changes matters
    p.both_sql(f"USE `{p.db}`; CREATE TABLE keyless (a INT, n INT, u INT UNIQUE) ENGINE=InnoDB; INSERT INTO keyless VALUES "
               + ", ".join(f"({i}, 0, NULL)" for i in range(400)))
    p.changeling.change_master(p.source.position())
    p.target.sql(f"DELETE FROM `{p.db}`.keyless WHERE a = 200")
    p.source.sql(f"USE `{p.db}`; INSERT INTO journal VALUES (1); UPDATE keyless SET n = n + 1; INSERT INTO journal VALUES (2)")
    p.changeling.run(wait=False)
    row = p.changeling.wait_error()
    assert "0 such rows" in row["error"] and "a=200" in row["error"], row["error"]
    assert p.target.value(f"SELECT SUM(n) FROM `{p.db}`.keyless") == 0
    assert p.target.value(f"SELECT MAX(n) FROM `{p.db}`.journal") == 1
    p.target.sql(f"INSERT INTO `{p.db}`.keyless VALUES (200, 0, NULL)")
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 405


def test_statements_that_are_packets_of_their_own(pairing):
    """A routine's body, and text with a semicolon, among statements that go together."""
    p = prepared(pairing, "maria1011", merge_transactions=1)
    source = p.source.connect(p.db)
    with source.cursor() as cursor:
        cursor.execute("SET SESSION binlog_format = STATEMENT")
        for number in range(20):
            cursor.execute(f"INSERT INTO journal VALUES ({number})")
            cursor.execute("UPDATE t SET n = n + 1 WHERE id = 1 AND 'a;b' <> 'c;d'")
        cursor.execute("CREATE PROCEDURE p() BEGIN SET @a = 1; SET @b = 2; END")
    source.close()
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 23
    assert p.target.value(f"SELECT n FROM `{p.db}`.t WHERE id = 1") == 20


def test_batches_larger_than_a_packet(pairing):
    """A batch that does not fit max_allowed_packet goes in several packets, others before and behind it."""
    p = prepared(pairing, "mysql56", merge_transactions=2, merge_bytes="8M")
    p.source.sql(f"CREATE TABLE `{p.db}`.big (id INT PRIMARY KEY, v LONGBLOB)")
    packet = p.target.value("SELECT @@GLOBAL.max_allowed_packet")
    p.target.sql("SET GLOBAL max_allowed_packet = 1048576")
    try:
        for number in range(5):
            p.source.sql(f"INSERT INTO `{p.db}`.journal VALUES ({number}); USE `{p.db}`; BEGIN; "
                         + "; ".join(f"INSERT INTO big VALUES ({number * 10 + i}, REPEAT('{number}', 300000))" for i in range(5))
                         + "; COMMIT")
        p.changeling.run()
        p.changeling.wait_caught_up()
        assert p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.big") == 25
        p.changeling.stop()
    finally:
        p.target.sql(f"SET GLOBAL max_allowed_packet = {packet}")
    assert p.compare() == 33
