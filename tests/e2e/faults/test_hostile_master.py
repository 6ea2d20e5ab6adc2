"""A master that means harm: what it sends is right in its form, and made to get out of quotes, names, lines and memory.

The program is set up on a real master, through an interposer that sends events and answers of its own in the master's
place."""
import contextlib
import itertools
import json
import struct
import threading
import zlib

import pytest

from harness import sanitized, wait_until
from .hostile import (ESCAPES, QUIET_MEGABYTES, exhausts, hostile_pair, injected, megabytes, runs, stops,
                      well_formed)
from .interposer import answer, failure, packet
from .stream import APPEND_BLOCK, BEGIN_LOAD, GBK, HEARTBEAT, QUERY, QUERY_COMPRESSED, ROTATE, UTF8MB4, Stream, varchar


@pytest.fixture
def hostile(pairing):
    with hostile_pair(pairing(), Stream) as pair:
        yield pair


# --- out of quotes

def test_a_time_zone(hostile):
    zone = b"+0:00" + injected(hostile.db)
    status = b"\5" + bytes([len(zone)]) + zone
    stops(hostile, lambda s: [s.statement(b"CREATE TABLE t (id INT)", database=hostile.db.encode(), status=status)],
          r"binlog\.\d+:\d+.*time zone|nknown.*time zone")


@pytest.mark.parametrize("charset", [UTF8MB4, GBK])
@pytest.mark.parametrize("name", [b"x` = 1", b"x\xbf` = 1", b"x\xbf\\", b"\xbf'"])
def test_names_and_values_of_user_variables(hostile, charset, name):
    """In GBK a back-tick, and a backslash, may be the second half of a character."""
    name += injected(hostile.db, "")
    value = name + b"'\"\\\0\x1a"
    database = hostile.db.encode()
    if b"\xbf" in name:             # no name of any server's: it is refused there, as a name
        stops(hostile, lambda s: user_variable(s, database, charset, name, value), r"binlog\.\d+:\d+.*1300")
        return
    runs(hostile, lambda s: user_variable(s, database, charset, name, value))
    assert hostile.target.query(f"SELECT v FROM `{hostile.db}`.t ORDER BY id") == [(b"one",), (value,)]


def user_variable(s, database, charset, name, value):
    return [
        s.statement(b"CREATE TABLE t (id INT PRIMARY KEY, v VARBINARY(500))", database=database, charset=charset),
        s.transaction(lambda: [s.query(b"INSERT INTO t VALUES (1, 'one')", database=database, charset=charset),
                      s.user_var(name, value, charset), s.user_var(b"plain", value, 63),
                      s.query(b"INSERT INTO t VALUES (2, @plain)", database=database, charset=charset)])]


@pytest.mark.parametrize("name", ["x`; CREATE DATABASE {}_pwned; -- ", "x'; CREATE DATABASE {}_pwned; -- ",
                                  "../../{}", "{}\x1b[31m\n"])
def test_names_of_databases(hostile, name):
    name = name.format(hostile.db).encode()
    row = stops(hostile, lambda s: [s.statement(b"CREATE TABLE t (id INT)", database=name)], r"binlog\.\d+:\d+.*1(049|044|102)")
    assert row["error_position"]


def test_two_statements_in_one(hostile):
    text = b"CREATE TABLE t (id INT)" + injected(hostile.db, "")
    stops(hostile, lambda s: [s.statement(text, database=hostile.db.encode())], r"binlog\.\d+:\d+.*more than one statement")


@pytest.mark.parametrize("comment", ["/*! ; CREATE DATABASE {}_pwned */", "/*M! ; CREATE DATABASE {}_pwned */",
                                     "/*!99999 '*/; CREATE DATABASE {}_pwned -- '", "-- \n; CREATE DATABASE {}_pwned"])
def test_comments_that_are_code(hostile, comment):
    text = b"INSERT INTO t VALUES (1) " + comment.format(hostile.db).encode()
    database = hostile.db.encode()
    stops(hostile, lambda s: [s.statement(b"CREATE TABLE t (id INT)", database=database),
                              s.transaction(lambda: [s.query(text, database=database)])], r"binlog\.\d+:\d+")


@pytest.mark.parametrize("name", [b"t`; CREATE DATABASE {}_pwned; -- ", b"t'; CREATE DATABASE {}_pwned; -- ", b"\xbf\\' OR 1=1 -- "])
def test_names_of_tables_in_row_events(hostile, name):
    name = name.replace(b"{}", hostile.db.encode())
    stops(hostile, lambda s: [s.transaction(lambda: [s.table_map(hostile.db.encode(), name, [3]), s.write_rows(1, b"\0" + bytes(4))])],
          r"binlog\.\d+:\d+.*(does not exist on the target|1300)")


def test_names_of_columns_in_metadata(hostile):
    """Optional metadata: column names (field 4), with binlog_row_metadata=FULL."""
    name = b"v`) VALUES (1); CREATE DATABASE " + hostile.db.encode() + b"_pwned; -- "
    names = bytes([2]) + b"id" + bytes([len(name)]) + name
    hostile.both_sql(f"CREATE TABLE `{hostile.db}`.t (id INT PRIMARY KEY, v VARCHAR(100)) CHARSET utf8mb4")
    stops(hostile, lambda s: [s.transaction(lambda: [
        s.table_map(hostile.db.encode(), b"t", [3, 15], struct.pack("<H", 400), b"\4" + bytes([len(names)]) + names),
        s.write_rows(2, b"\0" + struct.pack("<I", 1) + varchar(b"x"))])], "has no column")


@pytest.mark.parametrize("charset", ["utf8mb4", "gbk", "sjis", "latin1", "binary"])
def test_values_of_rows(hostile, charset):
    """Every pair of bytes that a character set could take for one character together with a quote or a backslash."""
    hostile.both_sql(f"CREATE TABLE `{hostile.db}`.t (id INT PRIMARY KEY, v VARCHAR(150)) CHARSET {charset}")
    values = [b"'", b"\\", b"\\'", b"''", b"\0", b"\x1a", b"' , 1); CREATE DATABASE " + hostile.db.encode() + b"_pwned; -- ",
              b"\xbf\x5c" if charset in ("gbk", "latin1", "binary") else b"\xe5\xad\x97" if charset == "utf8mb4" else b"\x83\x5c"]
    runs(hostile, lambda s: [s.transaction(lambda: [
        s.table_map(hostile.db.encode(), b"t", [3, 15], struct.pack("<H", 150)),
        *(s.write_rows(2, b"\0" + struct.pack("<I", number) + bytes([len(value)]) + value)
          for number, value in enumerate(values))])])
    got = hostile.target.query(f"SELECT HEX(v) FROM `{hostile.db}`.t ORDER BY id")
    assert [bytes.fromhex(value) for (value,) in got] == values


# --- out of a line, a file, a status

def test_texts_of_errors(hostile):
    stops(hostile, lambda s: [failure(1236, ESCAPES.encode("latin1"), 200)], "owned")


def test_texts_of_errors_before_the_stream(hostile):
    hostile.master.queries = {rb"^SET @master_heartbeat": failure(1064, ESCAPES.encode("latin1"))}
    stops(hostile, lambda s: [], "owned")


def test_versions_and_variables(hostile):
    hostile.master.queries = {rb"^SELECT @@version$": answer(["v"], [["10.11.99-MariaDB" + ESCAPES]])}
    runs(hostile, lambda s: [])
    hostile.changeling.stop()
    checked = hostile.changeling.command("check")
    assert "owned" in checked.out and "\x1b" not in checked.out
    json.loads(hostile.changeling.command("check", "--json").out)


@pytest.mark.parametrize("name", [b"../../../etc/passwd", b"a\nb.000001", b"\x1b[31m.000001", b""])
def test_names_of_log_files(hostile, name):
    stops(hostile, lambda s: [s.event(ROTATE, struct.pack("<Q", 4) + name, 0x20, made_up=True, timestamp=0)] * 2,
          r"names? (of|a) (the )?file")


def test_quotes_in_the_name_of_a_log_file(hostile):
    """A name that a server may have: it is stored, in SQLite and on the target, as what it is."""
    name = b"a'\"`;--.000001"

    def events(stream):
        yield stream.event(ROTATE, struct.pack("<Q", 4) + name, 0x20, made_up=True, timestamp=0)
        stream.position = 4 + len(stream.format)
        yield stream.description(stream.position)
    runs(hostile, events)
    wait_until(lambda: hostile.changeling.row()["applied_file"] == name.decode(), 20, hostile.changeling.log_tail)
    assert hostile.target.query("SELECT source_file FROM changeling.checkpoint WHERE channel = %s ORDER BY sequence DESC LIMIT 1",
                                hostile.changeling.channel) == [(name.decode(),)]


# --- out of memory

def test_a_packet_without_an_end(hostile):
    def endless(stream):
        piece = bytes(0xffffff)
        for sequence in itertools.count(3):
            yield packet(piece, sequence)
    exhausts(hostile, endless, "max-event-bytes")
    assert hostile.master.proxy.sent < 1 << 30


def test_an_event_that_announces_more_than_there_is(hostile):
    exhausts(hostile, lambda s: [s.packet(b"\0" + struct.pack("<IBIIIH", 1, QUERY, 1, 0x3fffffff, 0, 0) + bytes(50))],
             r"length|bytes")


@pytest.mark.parametrize("kind", ["variables", "maps"])
def test_what_has_to_be_kept_without_an_end(hostile, kind):
    def endless(stream):
        yield stream.gtid()
        for number in itertools.count(1):
            yield (stream.user_var(b"a", bytes(100000)) if kind == "variables" else
                   stream.table_map(b"d" * 200, b"t" * 200, [3] * 200, table_id=number))
    exhausts(hostile, endless, r"binlog\.\d+:\d+.*max-whole-bytes")


def test_a_transaction_without_an_end(hostile):
    """A file of LOAD DATA, block by block: it goes on, in parts, until the master is stopped."""
    def endless(stream):
        yield stream.gtid()
        yield stream.event(BEGIN_LOAD, struct.pack("<I", 1) + bytes(100000))
        while True:
            yield stream.event(APPEND_BLOCK, struct.pack("<I", 1) + bytes(100000))
    hostile.master.events = endless
    hostile.changeling.run()
    wait_until(lambda: hostile.master.proxy.sent > 600 << 20, 60, hostile.changeling.log_tail)
    assert sanitized() or megabytes(hostile) < QUIET_MEGABYTES
    hostile.changeling.stop()
    well_formed(hostile)


def test_a_table_of_billions_of_columns(hostile):
    def events(stream):
        yield stream.gtid()
        yield stream.table_map(hostile.db.encode(), b"t", [3], columns=b"\xfe" + struct.pack("<Q", 1 << 40))
    exhausts(hostile, events, r"binlog\.\d+:\d+.*TABLE_MAP")


@pytest.mark.parametrize("announced", [100, 0x7fffffff])
def test_a_compressed_statement_that_expands_without_an_end(hostile, announced):
    """A GiB of blanks in a MiB, behind a header that says little, and one that says all."""
    deflate = zlib.compressobj(9)
    blanks = b" " * (1 << 20)
    bomb = b"".join(deflate.compress(blanks) for _ in range(1024)) + deflate.flush()
    text = bytes([0x80 | 4]) + struct.pack(">I", announced) + bomb
    exhausts(hostile, lambda s: [s.gtid(standalone=True) + s.query(text, kind=QUERY_COMPRESSED)], r"binlog\.\d+:\d+")


def test_heartbeats_without_an_end(hostile):
    """They move nothing and leave nothing behind."""
    def events(stream):
        for _ in range(50000):
            yield stream.packet(b"\0" + heartbeat(stream))
    runs(hostile, events)
    assert sanitized() or megabytes(hostile) < QUIET_MEGABYTES


def heartbeat(stream):
    body = stream.file.encode()
    event = struct.pack("<IBIIIH", 0, HEARTBEAT, 77, 19 + len(body) + 4, stream.position, 0x20) + body
    return event + struct.pack("<I", zlib.crc32(event))


@pytest.mark.parametrize("query", [rb"^SHOW GLOBAL VARIABLES", rb"^SELECT @@version$", rb"^SELECT @master_binlog_checksum"])
@pytest.mark.parametrize("kind", ["rows", "columns", "packet"])
def test_answers_without_an_end(hostile, query, kind):
    def endless():
        row = packet(b"\xfd" + struct.pack("<I", 1 << 20)[:3] + bytes(1 << 20), 9)
        if kind == "packet":
            yield b""
            while True:
                yield packet(bytes(0xffffff), 1)
        yield answer(["a"], [])[:-9] if kind == "rows" else packet(b"\1", 1)
        while True:
            yield row
    hostile.master.queries = {query: endless}
    hostile.master.events = lambda stream: iter(())
    hostile.changeling.run("--wait", wait=False)
    wait_until(lambda: "larger than any" in hostile.changeling.log_text() or "malformed" in hostile.changeling.log_text() or
               "not whole" in hostile.changeling.log_text() or "Lost connection" in hostile.changeling.log_text(),
               60, hostile.changeling.log_tail)
    with contextlib.suppress(FileNotFoundError):
        assert sanitized() or megabytes(hostile) < 700
    well_formed(hostile)


def test_silent_in_the_middle_of_an_answer(hostile):
    """While it starts: given up, named, and asked anew on another connection."""
    over = threading.Event()
    queries = hostile.master.queries

    def half(query):
        def said():
            del queries[query]
            yield answer(["a"], [["1"]])[:-15]
            over.wait()
        return said
    hostile.changeling.change_master("now", master_port=hostile.master.proxy.port, connect_retry=1, source_net_timeout=3,
                                     heartbeat_period=1)
    for query in (rb"^SELECT @@version$", rb"^SELECT @master_binlog_checksum"):
        queries[query] = half(query)
    try:
        hostile.changeling.run("--wait", wait=False)
        hostile.changeling.wait_log("running SELECT @@version.*has been silent for 3 seconds: the connection is taken for dead", 30)
        hostile.source.sql(f"CREATE TABLE `{hostile.db}`.t (id INT PRIMARY KEY); INSERT INTO `{hostile.db}`.t VALUES (1)")
        hostile.changeling.wait_caught_up()
    finally:
        over.set()
    assert not queries
    assert hostile.compare() == 1
