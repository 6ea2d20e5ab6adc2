"""A pair whose master means harm, and what may become of its events: an error that a person reads, or what they say, and
nothing else – no statement of theirs, no line of theirs, no memory without bounds."""
import contextlib
import json
import re
import struct

from harness import sanitized, wait_until
from .interposer import Interposer
from .stream import COM_BINLOG_DUMP, COM_QUERY

ESCAPES = "\x1b[2J\x1b]0;owned\x07\r\n2026-01-01T00:00:00.000Z info run state=running\x9b31m'\"`\\;-- |perf=1"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warning|error) [a-z]+ ")
QUIET_MEGABYTES = 200           # of a process that has read nothing large; sanitizers need more


class Master:
    """The interposer in front of a real master, with what the test wants sent."""

    def __init__(self, pair, make_stream):
        self.pair, self.make_stream = pair, make_stream
        self.events = None          # the real ones, until the test has its own
        self.queries = {}           # pattern -> answer
        self.proxy = Interposer(pair.source, self.say)
        self.stream = None

    def say(self, _number, command, payload):
        if command == COM_QUERY:
            for pattern, said in self.queries.items():
                if re.search(pattern, payload):
                    return said() if callable(said) else said
        if command == COM_BINLOG_DUMP and self.events:
            position = struct.unpack("<I", payload[:4])[0]
            self.stream = self.make_stream(self.pair.source, payload[10:].decode() or "binlog.000001", position)
            return self.all_events()
        return None

    def all_events(self):
        yield self.stream.start()
        yield from self.events(self.stream)


@contextlib.contextmanager
def hostile_pair(pair, make_stream):
    """A pair, its master replaced; the target's databases and its general log are looked through at the end."""
    master = Master(pair, make_stream)
    pair.master = master
    pair.target.sql("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1")
    pair.target.sql("TRUNCATE mysql.general_log")
    pair.both_sql(f"CREATE DATABASE `{pair.db}`")
    pair.changeling.change_master("now", master_port=master.proxy.port, max_event_bytes="16M",
                                  max_whole_bytes="32M")
    yield pair
    master.proxy.close()
    pair.target.sql("SET GLOBAL general_log = 0")
    assert not [name for name in pair.target.databases() if "pwned" in name]
    executed = [text for (text,) in pair.target.query("SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log "
                                                      "WHERE command_type = 'Query'")]
    assert len(executed) > 10
    # a statement of its own, not a text inside one that we sent
    assert not [text for text in executed if re.match(r"\s*(CREATE|DROP)\s+DATABASE\s+`?\w*pwned", text, re.I)]


def stops(pair, events, pattern):
    """The events end in an error that a person reads: with its place, and without an end of the process."""
    pair.master.events = events
    pair.changeling.run(wait=False)
    row = pair.changeling.wait_error(60)
    assert re.search(pattern, row["error"], re.S), row["error"]
    well_formed(pair)
    return row


def runs(pair, events):
    """The events are taken: what they do is on the target."""
    def all_of_it(stream):
        yield from events(stream)
        yield stream.statement(f"CREATE TABLE `{pair.db}`.done (id INT)".encode())
    pair.master.events = all_of_it
    pair.changeling.run()
    wait_until(lambda: pair.target.query("SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND "
                                         "table_name = 'done'", pair.db) or pair.changeling.expect_alive("the end"),
               30, pair.changeling.log_tail)
    well_formed(pair)


def well_formed(pair):
    """Log lines, status in each of its forms and what health checks print are ours from end to end."""
    made = pair.changeling
    for line in made.log_text().splitlines():
        assert line.startswith("---- run ") or LINE.match(line), line
    outputs = [made.log.read_bytes()]
    for command in (["status"], ["status", "--json"], ["status", "--replica"]):
        outputs.append(made.command(*command).out.encode())
    assert json.loads(outputs[2])["channel"] == made.channel
    health = made.script("check-health")
    assert health.out.count("\n") == 1 and health.out.count("|") <= 1, health.out
    outputs.append(health.out.encode())
    for what in ("status", "rewrites", "skipped"):
        outputs.append(made.script("inspect-state", what).out.encode())
    for output in outputs:
        found = re.search(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]", output)
        assert not found, output[max(0, found.start() - 100):found.end() + 50]


def megabytes(pair):
    """The most memory that the process has had; 0 once it has ended."""
    text = open(f"/proc/{pair.changeling.process.pid}/status").read()
    found = re.search(r"VmHWM:\s+(\d+)", text)
    return int(found[1]) / 1024 if found else 0


def injected(database, left="'", right="-- "):
    return f"{left}; CREATE DATABASE {database}_pwned; {right}".encode()


def exhausts(pair, events, pattern, most=QUIET_MEGABYTES):
    """As stops(), and the memory stays in bounds. --stay keeps the process, so that its peak can be read."""
    pair.master.events = events
    pair.changeling.run("--stay", wait=False)
    row = pair.changeling.wait_error(120)
    peak = megabytes(pair)
    assert re.search(pattern, row["error"], re.S), row["error"]
    well_formed(pair)
    assert sanitized() or peak < most, f"{peak} MB"
    return row
