"""The master that means harm, in MySQL's own forms: GTIDs with tags, compressed transactions, its table of names.

What both families share is in test_hostile_master.py."""
import struct

import pytest

from harness import sanitized

from .hostile import QUIET_MEGABYTES, exhausts, hostile_pair, megabytes, runs, stops, well_formed
from .stream import FORMAT_DESCRIPTION, QUERY, TRANSACTION_PAYLOAD, USER_VAR, MySqlStream, bare_event, varchar, varlen, zstd

PLACE = r"binlog\.\d+:\d+"
MANY = 16384                    # intervals and domains that a set may have


@pytest.fixture
def hostile(pairing):
    with hostile_pair(pairing("mysql97", "maria1011"), MySqlStream) as pair:
        yield pair


def applied_set(pair):
    return pair.target.value("SELECT gtid_set FROM changeling.checkpoint WHERE channel = %s ORDER BY sequence DESC LIMIT 1",
                             pair.changeling.channel)


# --- GTIDs

def test_what_is_right_is_taken(hostile):
    """Both kinds of GTID events, and a row: the others here fail for what is wrong in them."""
    hostile.both_sql(f"CREATE TABLE `{hostile.db}`.t (id INT PRIMARY KEY, v VARCHAR(100)) CHARSET utf8mb4")
    database = hostile.db.encode()

    def events(s):
        yield s.transaction(lambda: [s.table_map(database, b"t", [3, 15], struct.pack("<H", 400)),
                                     s.write_rows(2, b"\0" + struct.pack("<I", 1) + varchar(b"one"))])
        yield s.tagged_gtid(b"tag_1", number=7) + s.query(b"INSERT INTO t VALUES (2, 'two')", database=database)
        inner = (bare_event(QUERY, struct.pack("<IIBHH", 5, 0, len(database), 0, 0) + database + b"\0BEGIN") +
                 bare_event(QUERY, struct.pack("<IIBHH", 5, 0, len(database), 0, 0) + database +
                            b"\0INSERT INTO t VALUES (3, 'three')") + bare_event(16, bytes(8)))
        yield s.payload(zstd(inner), len(inner))
    runs(hostile, events)
    assert hostile.target.query(f"SELECT v FROM `{hostile.db}`.t ORDER BY id") == [("one",), ("two",), ("three",)]
    assert ":tag_1:7" in applied_set(hostile)


@pytest.mark.parametrize("tag", [b"a'; CREATE DATABASE {}_pwned; -- ", b"a`b", b"1a", b"\x1b[31m", b"a\0b", b"a,b", b"a:1",
                                 b"a" * 33, "tä".encode()])
def test_odd_tags(hostile, tag):
    tag = tag.replace(b"{}", hostile.db.encode())
    stops(hostile, lambda s: [s.tagged_gtid(tag) + s.query(b"CREATE TABLE t (id INT)", database=hostile.db.encode())],
          PLACE + ".*field 3 of the tagged GTID")


@pytest.mark.parametrize("lies, pattern", [
    ({"length": 1 << 62}, "field 3 of the tagged GTID"), ({"size": 1 << 62}, "does not fit the body"),
    ({"size": 1}, "does not fit the body"), ({"number": -1}, "number is"), ({"number": (1 << 63) - 1}, "number is"),
    ({"server": [1 << 40] * 16}, "field 1 of the tagged GTID"), ({"more": varlen(99), "required": 100}, "field 99"),
    ({"more": b"\xff"}, "does not fit its message")],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "")
def test_absurd_fields_of_a_tagged_gtid(hostile, lies, pattern):
    exhausts(hostile, lambda s: [s.tagged_gtid(b"tag", **lies)], PLACE + ".*" + pattern)


@pytest.mark.parametrize("number", [-1, (1 << 63) - 1])
def test_numbers_of_gtids(hostile, number):
    stops(hostile, lambda s: [s.gtid(number=number)], PLACE + ".*number is")


@pytest.mark.parametrize("what", ["servers", "gaps", "tags"])
def test_gtids_whose_set_grows_without_an_end(hostile, what):
    """The set goes with every checkpoint. It is near its bound here already; each transaction has it grow."""
    many = MANY - 10
    known = {"servers": ",".join(f"{number:08x}-0000-0000-0000-000000000000:1" for number in range(1, many + 1)),
             "gaps": "11111111-2222-3333-4444-555555555555:" + ":".join(str(number * 2 + 1) for number in range(many)),
             "tags": "11111111-2222-3333-4444-555555555555" + "".join(f":t{number:06}:1" for number in range(many))}[what]
    hostile.target.sql("UPDATE changeling.checkpoint SET gtid_set = '{}' WHERE channel = '{}'".format(
        known, hostile.changeling.channel))
    database = hostile.db.encode()

    def events(s):
        yield s.gtid(server=bytes(16)) + s.query(b"CREATE TABLE t (id INT PRIMARY KEY)", database=database)
        for number in range(1, 100):
            gtid = {"servers": lambda n=number: s.gtid(server=bytes(15) + bytes([n]), number=5),
                    "gaps": lambda n=number: s.gtid(number=10 ** 9 + 2 * n),
                    "tags": lambda n=number: s.tagged_gtid(b"u%d" % n)}[what]
            yield gtid() + s.query(b"INSERT INTO t VALUES (%d)" % number, database=database)
    exhausts(hostile, events, PLACE + f".*the set of what is applied has {MANY} intervals")
    assert len(applied_set(hostile)) < 2 << 20


# --- names

def test_a_definer_that_breaks_out(hostile):
    """Status variable 11 names who ran a statement: it becomes the definer, where the rules let it."""
    user, host = b"u'`@%'; CREATE DATABASE " + hostile.db.encode()[:10] + b"_pwned; -- ", b"h'`; -- "
    status = b"\x0b" + bytes([len(user)]) + user + bytes([len(host)]) + host
    runs(hostile, lambda s: [s.statement(b"CREATE VIEW v AS SELECT 1 AS a", database=hostile.db.encode(), status=status)])
    assert hostile.target.query(f"SELECT a FROM `{hostile.db}`.v") == [(1,)]


@pytest.mark.parametrize("status", [b"\x0c\x10" + b"a`'; --\0" * 3, b"\x0c\x11", b"\x05\xff+0:00", b"\x0b\xff"],
                         ids=["databases", "count-of-databases", "time-zone", "invoker"])
def test_status_variables_that_end_behind_their_event(hostile, status):
    stops(hostile, lambda s: [s.statement(b"CREATE TABLE t (id INT)", database=hostile.db.encode(), status=status)],
          PLACE)


# --- compressed transactions

def variables(count):
    return bare_event(QUERY, struct.pack("<IIBHH", 5, 0, 0, 0, 0) + b"\0BEGIN") + bare_event(
        USER_VAR, struct.pack("<I", 1) + b"a\0\0" + struct.pack("<II", 45, 100000) + bytes(100000)) * count


@pytest.mark.parametrize("declared", [100, (2 << 30) + 100])
def test_a_payload_that_expands_without_an_end(hostile, declared):
    """256 MiB of blanks behind a header that says little, and one that says more than there is."""
    data = zstd(b" " * (256 << 20))
    exhausts(hostile, lambda s: [s.payload(data, declared)], PLACE)


def test_a_payload_that_announces_more_than_any(hostile):
    exhausts(hostile, lambda s: [s.payload(zstd(b"x" * 100), 1 << 60)], PLACE + ".*above the limit of.*binlog_transaction_compression")


def test_a_payload_of_what_has_to_be_kept(hostile):
    inner = variables(2600)
    data = zstd(inner)
    exhausts(hostile, lambda s: [s.payload(data, len(inner))], PLACE + ".*max-whole-bytes")


@pytest.mark.parametrize("kind", [TRANSACTION_PAYLOAD, FORMAT_DESCRIPTION, 4, 33, 200])
def test_events_that_do_not_belong_into_a_payload(hostile, kind):
    inner = bare_event(kind, bytes(100))
    stops(hostile, lambda s: [s.payload(zstd(inner), len(inner))], PLACE)


@pytest.mark.parametrize("header", [struct.pack("<IBIIIH", 1, QUERY, 1, 0x7fffffff, 0, 0), bytes(19), b"\1"],
                         ids=["huge", "zero", "short"])
def test_lengths_of_events_inside_a_payload(hostile, header):
    exhausts(hostile, lambda s: [s.payload(zstd(header), len(header))], PLACE)


@pytest.mark.parametrize("lies", [{"compression": 7}, {"size": 1 << 60}, {"data": b"\x28\xb5\x2f\xfd" + bytes(50)},
                                  {"data": b"\x28\xb5\x2f\xfd\x00\xff" + bytes(50)}, {"data": b""}],
                         ids=["compression", "size", "no-frame", "window-of-terabytes", "empty"])
def test_headers_of_payloads(hostile, lies):
    lies = {"data": zstd(b"x" * 100), "declared": 100} | lies
    exhausts(hostile, lambda s: [s.payload(**lies)], PLACE)


def test_a_payload_goes_on_and_leaves_nothing(hostile):
    """Expanded and forgotten, many times: 100 MiB in all."""
    inner = (bare_event(QUERY, struct.pack("<IIBHH", 5, 0, 0, 0, 0) + b"\0BEGIN") +
             bare_event(USER_VAR, struct.pack("<I", 1) + b"a\0\0" + struct.pack("<II", 45, 1 << 20) + bytes(1 << 20)) +
             bare_event(QUERY, struct.pack("<IIBHH", 5, 0, 0, 0, 0) + b"\0COMMIT"))
    data = zstd(inner)
    runs(hostile, lambda s: (s.payload(data, len(inner)) for _ in range(100)))
    assert sanitized() or megabytes(hostile) < QUIET_MEGABYTES
    well_formed(hostile)
