"""A target that answers garbage, before TLS and inside it: no crash, no hang, no memory without an end, and an error that
says what happened. The position is the target's own, so that no answer of it can move what is not committed."""
import itertools
import json
import re
import struct
import threading

import pytest

from harness import sanitized, wait_until
from .interposer import END, OK, Interposer, answer, definition, failure, packet, packets
from .stream import COM_QUERY
from .hostile import ESCAPES, megabytes, well_formed

MEGABYTES = 700                 # answers are bounded to 256 MB, which the library may hold beside our copy


def endless(piece):
    while True:
        yield piece


def then_gone(data):
    """Whatever length it announced by accident: that is all there is."""
    yield data
    raise ConnectionError("as the test wants it")


def million_rows(sequence=1):
    return packet(b"\xfd" + struct.pack("<I", 1 << 20)[:3] + b"x" * (1 << 20), sequence)


GARBAGE = {
    "nothing": lambda: packet(b"", 1),
    "random bytes": lambda: then_gone(bytes(range(7, 256)) * 40),
    "zeros": lambda: then_gone(bytes(4096)),
    "an ok cut short": lambda: packet(b"\0\xfe", 1),
    "an error cut short": lambda: packet(b"\xff", 1),
    "out of order": lambda: then_gone(packet(OK, 77)),
    "an end without rows": lambda: then_gone(packet(END, 1)),
    "more columns than defined": lambda: then_gone(packets([b"\x05", definition("a"), END, END])),
    "fewer columns than defined": lambda: packets([b"\x01", definition("a"), definition("b"), END, END]),
    "two to the 32 columns": lambda: packets([b"\xfe" + struct.pack("<Q", 1 << 32), END, END]),
    "two to the 63 columns": lambda: packets([b"\xfe" + struct.pack("<Q", 1 << 63), definition("a"), END, END]),
    "a definition of NULLs": lambda: packets([b"\x01", b"\xfb" * 8, END, END]),
    "a definition cut short": lambda: packets([b"\x01", definition("a")[:-8], END, END]),
    "a definition without its end": lambda: then_gone(packets([b"\x01", b"\x03de", END, END])),
    "rows of NULLs": lambda: answer(["a", "b", "c"], [[None] * 3] * 3),
    "no rows": lambda: answer(["a"], []),
    "one empty column": lambda: answer([""], [[""]]),
    "a row longer than its packet": lambda: packets([b"\x01", definition("a"), END, b"\xfe" + struct.pack("<Q", 1 << 62) + b"x",
                                                    END]),
    "a row shorter than its columns": lambda: packets([b"\x03", *map(definition, "abc"), END, b"\1x", END]),
    "texts in place of numbers": lambda: answer(list("abcdefghij"), [[ESCAPES] * 10] * 2),
    "an error with escapes": lambda: failure(1064, ESCAPES),
    "an error that is none": lambda: failure(0, ""),
    "an error without an end": lambda: packet(b"\xff\x28\x04#HY000" + b"%s%n" * 100000, 1),
    "a request for a file": lambda: packet(b"\xfb/etc/passwd", 1),
    "rows without an end": lambda: itertools.chain([packets([b"\x01", definition("a"), END])], endless(million_rows())),
    "columns without an end": lambda: itertools.chain([packet(b"\x01", 1)], endless(packet(definition("a") * 1000, 2))),
    "a packet without an end": lambda: endless(packet(bytes(0xffffff), 1)),
    "results without an end": lambda: endless(packet(b"\0\0\0\x0a\0\0\0", 1)),
}


@pytest.fixture
def hostile(pairing):
    """A pair whose target is reached through the interposer; `answers` decides."""
    pair = pairing()
    pair.both_sql(f"CREATE DATABASE `{pair.db}`; CREATE TABLE `{pair.db}`.t (id INT PRIMARY KEY, v VARCHAR(100))")
    pair.said = 0
    pair.match = None

    def answers(_number, command, payload):
        if not pair.match or command != COM_QUERY or not re.search(pair.match, payload):
            return None
        pair.said += 1
        return pair.garbage()
    pair.proxy = Interposer(pair.target, answers, pair.maker.pool.certificates)
    pair.changeling.change_master("now", target_port=pair.proxy.port, connect_retry=1)
    yield pair
    pair.proxy.close()


def ask_garbage(pair, name, match):
    pair.garbage, pair.match = GARBAGE[name], match


def keeps_its_head(pair, name):
    """Whatever it made of the answer, the process did not fall: it tries again, or has stopped with a reason."""
    made = pair.changeling
    wait_until(lambda: pair.said > 0, 30, made.log_tail)

    peak = 0

    def settled():
        nonlocal peak
        row = made.row()
        peak = max(peak, megabytes(pair))
        return not made.running() or pair.said > 1 or row.get("state") in ("error", "connecting") or \
            pair.target.query(f"SELECT 1 FROM `{pair.db}`.t WHERE id = 1")
    wait_until(settled, 30, lambda: f"{name}: {made.row()}\n{made.log_tail()}")
    assert sanitized() or peak < MEGABYTES, f"{peak} MB"
    if made.running():
        assert made.stop(30) in (0, 1, 3), made.log_tail()
    else:
        # 0…3 are its own exit codes; a signal, or a sanitizer, is none of them
        assert made.wait_exit() in (1, 3), made.log_tail()
    well_formed(pair)


# what the program asks as it starts, and as it applies
QUESTIONS = [rb"^SELECT @@version", rb"IS_USED_LOCK", rb"GET_LOCK", rb"SHOW GLOBAL VARIABLES", rb"^SHOW GRANTS", rb"CURRENT_USER\(\)",
             rb"SHOW SESSION VARIABLES", rb"SELECT epoch, sequence", rb"\.intent", rb"temp_table", rb"information_schema.COLUMNS",
             rb"information_schema.STATISTICS", rb"START TRANSACTION", rb"INSERT INTO `e2e", rb"SHOW ENGINES", rb"binlog_format"]


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage(hostile, name):
    """Each kind of garbage in answer to a question that follows from its number: all questions have their turn."""
    question = QUESTIONS[list(GARBAGE).index(name) % len(QUESTIONS)]
    ask_garbage(hostile, name, question)
    hostile.changeling.run(wait=False)
    hostile.source.sql(f"INSERT INTO `{hostile.db}`.t VALUES (1, 'one')")
    keeps_its_head(hostile, name)
    # an honest target again: nothing was lost or done twice
    hostile.match = None
    hostile.changeling.run()
    hostile.changeling.wait_caught_up()
    assert hostile.compare() == 1


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", ["rows of NULLs", "no rows", "texts in place of numbers", "a definition of NULLs"])
def test_answers_of_another_form(hostile, question, name):
    """Right in the protocol, wrong in what was asked: NULL, nothing, text."""
    ask_garbage(hostile, name, question)
    hostile.changeling.run(wait=False)
    hostile.source.sql(f"INSERT INTO `{hostile.db}`.t VALUES (1, 'one')")
    keeps_its_head(hostile, name)


@pytest.mark.parametrize("greeting", [
    lambda real: packet(b"\x0a" + ESCAPES.encode() + real[real.index(b"\0", 1):], 0),
    lambda real: packet(b"\x0a5.5.5-" + b"9" * 100000 + real[real.index(b"\0", 1):], 0),
    lambda real: packet(b"\x0a", 0),
    lambda real: packet(b"\xff\x69\x04" + ESCAPES.encode(), 0),
    lambda real: bytes(range(256)) * 100,
    lambda real: packet(bytes(0xffffff), 0) * 80,
], ids=["escapes", "long", "short", "refusal", "random", "endless"])
def test_greetings(hostile, greeting):
    hostile.proxy.greeting = greeting
    before = hostile.proxy.connections
    hostile.changeling.run("--wait", wait=False)
    wait_until(lambda: hostile.proxy.connections > before + 1 or not hostile.changeling.running(), 60, hostile.changeling.log_tail)
    if hostile.changeling.running():
        assert sanitized() or megabytes(hostile) < MEGABYTES
        hostile.changeling.stop(30)
    else:
        assert hostile.changeling.wait_exit() in (1, 3)
    well_formed(hostile)


@pytest.mark.parametrize("version, packet_bytes", [("0.0.0", "1048576"), ("99999999999999999999.1", "1048576"), ("10.11.6-MariaDB", "0"),
                                                    ("10.11.6-MariaDB", "99999999999999999999"), ("10.11.6-MariaDB", "-1"),
                                                    ("x" * 10000, "y" * 10000)],
                         ids=lambda value: value[:20])
def test_absurd_settings(hostile, version, packet_bytes):
    """A version of nothing, packets of no size and of all sizes."""
    hostile.garbage = lambda: answer(["a", "b", "c"], [[version, packet_bytes, "7"]])
    hostile.match = rb"^SELECT @@version"
    hostile.changeling.run(wait=False)
    hostile.source.sql(f"INSERT INTO `{hostile.db}`.t VALUES (1, 'one')")
    keeps_its_head(hostile, version)


def test_a_file_is_not_handed_out(hostile, tmp_path):
    """LOAD DATA LOCAL asked for by the server: whatever the statement, and whatever the file, nothing of it is sent."""
    secret = tmp_path / "secret"
    secret.write_text("not for the target\n" * 100)
    asked = []

    def request():
        asked.append(1)
        return packet(b"\xfb" + str(secret).encode(), 1)
    hostile.garbage, hostile.match = request, rb"^(BEGIN|COMMIT|SELECT|INSERT|SET)"
    seen = []
    listen = hostile.proxy._packet

    def remember(end):
        sequence, payload = listen(end)
        seen.append(payload)
        return sequence, payload
    hostile.proxy._packet = remember
    hostile.changeling.run(wait=False)
    wait_until(lambda: len(asked) > 1 or not hostile.changeling.running(), 30, hostile.changeling.log_tail)
    if hostile.changeling.running():
        hostile.changeling.stop(30)
    else:
        hostile.changeling.wait_exit()
    assert seen and not [payload for payload in seen if b"not for the target" in payload]
    assert re.search(r"Z (error|warning) target .* error \d+", hostile.changeling.log_text())


def test_silent_in_the_middle_of_an_answer(hostile):
    """While it starts, on each kind of connection that a start makes: given up, named, and tried again."""
    silent = [rb"IS_USED_LOCK", rb"SHOW GRANTS", rb"^SELECT @changeling_flight"]    # the channel's, the probe's, a worker's
    over = threading.Event()

    def half():
        yield answer(["a", "b"], [["1", "1"]])[:-15]
        over.wait()

    def answers(_number, command, payload):
        for question in silent:
            if command == COM_QUERY and re.search(question, payload):
                silent.remove(question)
                return half()
        return None
    made = hostile.changeling
    made.change_master("now", target_port=hostile.proxy.port, connect_retry=1, target_connect_timeout=1)
    hostile.proxy.answers = answers
    try:
        made.run("--wait", wait=False)
        hostile.source.sql(f"INSERT INTO `{hostile.db}`.t VALUES (1, 'one')")
        made.wait_log(r"(asking for the lock of|looking who has) channel.* has said nothing for 11 s.*raise "
                      r"target-connect-timeout", 30)
        assert made.row()["state"] == "connecting"
        made.wait_caught_up()
    finally:
        over.set()
    assert not silent
    assert hostile.compare() == 1


def test_tls_is_not_given_up(hostile):
    """A target that no longer speaks TLS gets neither password nor rows."""
    before = len(hostile.proxy.commands)
    hostile.proxy.greeting = lambda real: packet(without_tls(real), 0)
    hostile.changeling.run("--wait", wait=False)
    hostile.changeling.wait_log("TLS|SSL", 30)
    hostile.changeling.stop(30)
    assert len(hostile.proxy.commands) == before
    json.loads(hostile.changeling.command("status", "--json").out)


def without_tls(greeting):
    changed = bytearray(greeting)
    capabilities = greeting.index(b"\0", 1) + 1 + 4 + 8 + 1
    changed[capabilities + 1] &= 0xff ^ 0x08
    return bytes(changed)
