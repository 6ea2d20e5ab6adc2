"""`changeling dump` on events of many megabytes: what it prints of them, and how much memory it takes. Logs made here."""
import json
import struct
import subprocess
import sys

import pytest

from harness import binary, sanitized
from test_dump import run, unescape
from test_dump_broken import DECIMAL, JSON, event, log, query, table_map, write_rows, written

BLOB, APPEND_BLOCK, UNKNOWN = 252, 9, 99
MIB = 1 << 20
LARGE = 70 * MIB
# characters of one to four bytes, bytes that are none, controls and what is escaped: 29 bytes, so that pieces end anywhere
MIXED = "plain é € 😀 ' \\ \n\t\x1b ".encode() + b"\xff\xe2\x82\x00"
TEXT = "plain é € 😀 ' \" \\ \n\t end".encode()


def of_length(pattern, length):
    return (pattern * (length // len(pattern) + 1))[:length // len(pattern) * len(pattern)]


def blob_row(value, rest=b""):
    return b"\0" + struct.pack("<I", len(value)) + value + rest


def document(text):
    """A document that is one string."""
    length, left = b"", len(text)
    while left >= 0x80:
        length, left = length + bytes([left & 0x7f | 0x80]), left >> 7
    return b"\x0c" + length + bytes([left]) + text


# started by a small process, as the kernel counts what a child was before it became the program
MEASURE = """import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"""


def peak_mib(*arguments):
    """The most memory that the dump has had, by the kernel's account."""
    command = [sys.executable, "-c", MEASURE, binary(), "dump", *map(str, arguments)]
    return int(subprocess.run(command, check=True, capture_output=True).stdout) / 1024


EVENTS = {
    "a value of bytes": lambda: [table_map(7, [BLOB], b"\4"), write_rows(7, 1, blob_row(of_length(MIXED, LARGE)))],
    "a value of text": lambda: [table_map(7, [BLOB], b"\4"), write_rows(7, 1, blob_row(of_length(TEXT, LARGE)))],
    "a document": lambda: [table_map(7, [JSON], b"\4"), write_rows(7, 1, blob_row(document(of_length(TEXT, LARGE))))],
    "a statement": lambda: [query(b"INSERT INTO t VALUES ('" + of_length(TEXT, LARGE) + b"')")],
    "a block of a file": lambda: [event(APPEND_BLOCK, struct.pack("<I", 1) + of_length(MIXED, LARGE))],
    "an unknown event": lambda: [event(UNKNOWN, of_length(MIXED, LARGE))],
}


@pytest.mark.skipif(sanitized(), reason="a sanitizer's memory is another")
@pytest.mark.parametrize("what", EVENTS)
def test_memory_beyond_the_largest_event(tmp_path, what):
    path = written(tmp_path, log(*EVENTS[what](), query(b"DROP TABLE t")))
    for form in ([], ["--json"], ["--decode-only"]):
        peak = peak_mib(*form, path)
        print(f"{what} {form}: {peak:.0f} MiB")
        assert peak < LARGE / MIB + 32


def values_of(path):
    """The single value of each row, from the text and from the JSON."""
    text = run(path).stdout
    rows = [line for line in text.split(b"\n") if line.startswith(b"###   @1=")]
    objects = [json.loads(line) for line in run("--json", path).stdout.splitlines()]
    return [row[len(b"###   @1="):] for row in rows], [row["after"]["@1"] for line in objects for row in line.get("rows", [])]


@pytest.mark.parametrize("shift", range(5))
def test_long_values_are_printed_as_they_are(tmp_path, shift):
    """In pieces, whose ends lie elsewhere with each shift."""
    values = [b"x" * shift + of_length(MIXED, 3 * MIB), b"x" * shift + of_length(TEXT, 3 * MIB)]
    path = written(tmp_path, log(table_map(7, [BLOB], b"\4"), *(write_rows(7, 1, blob_row(value)) for value in values)))
    texts, objects = values_of(path)
    assert [unescape(text[1:-1]) for text in texts] == values
    assert all(b"\n" not in text and b"\x1b" not in text and b"\xff" not in text for text in texts)
    assert objects == [{"hex": values[0].hex()}, values[1].decode()]


@pytest.mark.parametrize("shift", range(5))
def test_long_documents_are_printed_as_they_are(tmp_path, shift):
    value = b"x" * shift + of_length(TEXT, 3 * MIB)
    path = written(tmp_path, log(table_map(7, [JSON], b"\4"), write_rows(7, 1, blob_row(document(value)))))
    texts, objects = values_of(path)
    assert json.loads(unescape(texts[0][1:-1])) == value.decode()
    assert objects == [{"json": value.decode()}]


def test_a_long_row_that_is_broken_is_not_printed_in_part(tmp_path):
    whole = blob_row(b"whole " * MIB, b"\x80\0\0\1")
    path = written(tmp_path, log(table_map(7, [BLOB, DECIMAL], b"\4\x09\0"),
                                 write_rows(7, 2, whole + blob_row(b"half " * MIB, b"\xff" * 4)), query(b"DROP TABLE t")))
    for form in ([], ["--json"]):
        done = run(*form, path, code=1)
        assert b"whole whole" in done.stdout and b"half" not in done.stdout
        assert b"DROP TABLE t" in done.stdout and b"too large for its place" in done.stderr
    lines = [json.loads(line) for line in run("--json", path, code=1).stdout.splitlines()]
    assert [len(line["rows"]) for line in lines if "rows" in line] == [1]


def test_a_full_disk_ends_a_long_row(tmp_path):
    path = written(tmp_path, log(*EVENTS["a value of text"](), query(b"DROP TABLE t")))
    for form in ([], ["--json"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([binary(), "dump", *form, path], stdout=full, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 1 and b"Standard output cannot be written: No space left on device" in done.stderr
