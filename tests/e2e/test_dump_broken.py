"""`changeling dump` on logs with events that cannot be decoded, or that lack a part, and how text and bytes are printed: logs made here, as servers write few such ones."""
import json
import resource
import struct
import subprocess
import time

import pytest

from harness import binary, sanitized
from test_dump import RECORDINGS, places_of, run

QUERY, FORMAT, TABLE_MAP, XID, WRITE_ROWS = 2, 15, 19, 16, 30
INT, TYPED_ARRAY, JSON, DECIMAL = 3, 20, 245, 246
POST_HEADERS = {2: 13, 4: 8, 9: 4, 11: 4, 17: 4, 18: 26, 19: 8, 23: 8, 24: 8, 25: 8, 26: 2, 30: 10, 31: 10, 32: 10, 33: 42, 34: 42}


def event(kind, body):
    return struct.pack("<IBIIIH", 1700000000, kind, 1, 19 + len(body), 0, 0) + body


def log(*events):
    lengths = bytes(POST_HEADERS.get(kind, 0) for kind in range(1, 42))
    head = struct.pack("<H50sIB", 4, b"8.0.41", 0, 19) + lengths + b"\0" + bytes(4)
    return b"\xfebin" + event(FORMAT, head) + b"".join(events)


def query(text):
    return event(QUERY, struct.pack("<IIBHH", 1, 0, 1, 0, 0) + b"d\0" + text)


def table_map(number, types, metadata=b"", table=b"t"):
    count = b"\xfc" + struct.pack("<H", len(types))
    return event(TABLE_MAP, struct.pack("<IHH", number, 0, 1) + b"\1d\0" + bytes([len(table)]) + table + b"\0" + count + bytes(types)
                 + bytes([len(metadata)]) + metadata + b"\xff" * ((len(types) + 7) // 8))


def write_rows(number, columns, row):
    return event(WRITE_ROWS, struct.pack("<IHHH", number, 0, 1, 2) + bytes([columns]) + b"\xff" * ((columns + 7) // 8) + row)


def written(folder, content):
    path = folder / "made.000001"
    path.write_bytes(content)
    return path


BROKEN = {
    "a type that is not known": [table_map(7, [INT, TYPED_ARRAY]), write_rows(7, 2, b"\0" + bytes(8))],
    "a document": [table_map(7, [JSON], b"\4"), write_rows(7, 1, b"\0" + struct.pack("<I", 3) + b"wzz")],
    "a number": [table_map(7, [DECIMAL], b"\x09\0"), write_rows(7, 1, b"\0" + b"\xff" * 4)],
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_follows_a_broken_event_is_printed(tmp_path, what):
    path = written(tmp_path, log(*BROKEN[what], event(XID, bytes(8)), query(b"DROP TABLE important")))
    text = run(path, code=1)
    assert b"DROP TABLE important" in text.stdout and b" error='" in text.stdout
    assert str(path).encode() + b":" in text.stderr
    lines = [json.loads(line) for line in run("--json", path, code=1).stdout.splitlines()]
    assert lines[-1]["statement"] == "DROP TABLE important" and any("error" in line for line in lines)
    run("--decode-only", path, code=1)
    run("--verify", path, code=1)


def test_rows_are_not_read_by_the_map_of_an_earlier_table(tmp_path):
    path = written(tmp_path, log(table_map(7, [INT]), table_map(7, [INT, TYPED_ARRAY]), write_rows(7, 1, b"\0" + bytes(4))))
    done = run(path, code=1)
    assert b"no table map came before" in done.stdout and b"the first of 2 such events" in done.stderr


def test_a_recorded_log_with_values_of_an_old_form():
    """MariaDB with mysql56_temporal_format=OFF, whose fractions the log does not tell."""
    path = RECORDINGS / "values" / "mariadb118.binlog"
    done = run(path, code=1)
    assert places_of(done.stdout)[-1] == 8673
    assert b"the first of" in done.stderr and b"was not closed" not in done.stderr


def test_a_closed_file_that_ends_inside_a_transaction(tmp_path):
    half = log(query(b"BEGIN"), table_map(7, [INT]), write_rows(7, 1, b"\0" + bytes(4)))
    path = written(tmp_path, half)
    assert b"ends inside a transaction" in run("--verify", path, code=1).stderr
    run(path)
    run("--verify", f"--stop-position={len(half)}", path)
    in_use = bytearray(half)
    in_use[4 + 17] |= 1
    run("--verify", written(tmp_path, in_use))
    run("--verify", written(tmp_path, half + event(XID, bytes(8))))


def test_a_start_behind_the_end(tmp_path):
    content = log(query(b"DROP TABLE t"))
    path = written(tmp_path, content)
    assert f"ends at {len(content)}, before".encode() in run(f"--start-position={len(content) + 1}", path, code=1).stderr
    run(f"--start-position={len(content)}", path)


def test_statements_can_be_run_again(tmp_path):
    """Tabs and line ends as they stand; what else could move a terminal's cursor is made visible."""
    statement = b"CREATE TABLE t (\r\n\tid INT,\t-- \x1b[2J key\r\n\tv INT)"
    path = written(tmp_path, log(query(statement)))
    assert statement.replace(b"\x1b", b"\\x1b") + b";\n" in run(path).stdout


def test_a_statement_is_told_from_the_dump(tmp_path):
    """Its lines may look like the dump's own, its texts like fields: the number of its lines is told, and quotes are escaped."""
    statement = b"INSERT INTO t VALUES ('\n# at 4 to 9 XID 2026-01-01 00:00:00 type_number=16\n### DELETE FROM `d`.`t`')"
    path = written(tmp_path, log(query(statement), event(XID, bytes(8))))
    lines = run(path).stdout.split(b"\n")
    at = next(i for i, line in enumerate(lines) if line.endswith(b" statement_lines=3"))
    assert b"\n".join(lines[at + 1:at + 4]) == statement + b";" and lines[at + 4].startswith(b"# at ")
    assert lines[0] == b"# file 'made.000001'"
    forged = tmp_path / "a' offset=7\\.000001"
    forged.write_bytes(path.read_bytes())
    assert run(forged).stdout.split(b"\n")[0] == rb"# file 'a\' offset=7\\.000001'"


def test_bytes_of_fixed_length_are_whole_in_json():
    """The log leaves out zero bytes at their end: of 0.0.0.0 all."""
    text = run("--json", RECORDINGS / "values" / "mariadb118.binlog", code=1).stdout
    assert b'"i4":{"hex":"00000000"}' in text and b'"u":{"hex":"' + b"0" * 32 + b'"}' in text


def test_a_pipe_that_is_silent_at_first():
    with subprocess.Popen([binary(), "dump"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        time.sleep(3)   # what is tested is that this long a silence is waited for
        out, _ = process.communicate(log(query(b"DROP TABLE t")), timeout=30)
    assert b"DROP TABLE t" in out and process.returncode == 0


@pytest.mark.skipif(sanitized(), reason="a sanitizer's memory is another")
def test_memory_is_bounded_however_many_tables(tmp_path):
    content = log(*(made for number in range(4000)
                    for made in (table_map(number + 10, [INT] * 60, table=b"shard_%d" % number), write_rows(number + 10, 60, bytes(8 + 240)))))
    path = written(tmp_path, content)
    for form in ("--json", "--decode-only"):
        def limit():
            resource.setrlimit(resource.RLIMIT_DATA, (32 << 20, 32 << 20))
        done = subprocess.run([binary(), "dump", form, path], capture_output=True, check=False, preexec_fn=limit)
        assert done.returncode == 0, done.stderr
