"""`changeling dump` beside the servers' own mysqlbinlog -v, over files that real servers wrote. docs/dump.md lists where the
two differ on purpose; normal() takes exactly these differences out."""
import json
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import zlib

import pytest

from harness import binary
from labkit import KINDS

RECORDINGS = pathlib.Path(__file__).parents[1] / "unit" / "binlog" / "data"
SOURCES = ["maria1011", "maria118", "mysql97", "mysql56"]

# column type -> values as SQL; None stands for NULL
COLUMNS = {
    "tinyint": ["-128", "127", "0"], "tinyint unsigned": ["255", "0", "128"],
    "smallint": ["-32768", "32767"], "smallint unsigned": ["65535", "1"],
    "mediumint": ["-8388608", "8388607"], "mediumint unsigned": ["16777215", "0"],
    "int": ["-2147483648", "2147483647"], "int unsigned": ["4294967295", "7"],
    "bigint": ["-9223372036854775808", "9223372036854775807"], "bigint unsigned": ["18446744073709551615", "1"],
    "decimal(30,10)": ["-12345678901234567890.0123456789", "0", "0.0000000001"], "decimal(5,0)": ["99999", "-1"],
    "decimal(10,10)": ["0.9999999999", "-0.5"],
    "float": ["1.1", "-3.4e38", "1e-10", "16777216"], "double": ["0.1", "-2.5e-300", "1.7976931348623157e308", "123456.789"],
    "bit(1)": ["b'1'", "b'0'"], "bit(10)": ["b'1000000001'"], "bit(64)": ["18446744073709551615"],
    "year": ["2024", "1901", "2155"],
    "date": ["'2024-02-29'", "'0001-01-01'", "'9999-12-31'"],
    "time": ["'-838:59:59'", "'00:00:00'", "'23:59:59'"], "time(3)": ["'-01:02:03.456'", "'12:34:56.7'"],
    "time(6)": ["'-00:00:00.000001'", "'838:59:58.999999'"],
    "datetime": ["'2024-02-29 23:59:59'", "'1000-01-01 00:00:00'"],
    "datetime(6)": ["'9999-12-31 23:59:59.999999'", "'2000-01-01 00:00:00.000001'"],
    "timestamp null": ["'2024-06-01 12:00:00'", "'1970-01-02 00:00:01'"],
    "timestamp(4) null": ["'2038-01-18 03:14:07.9999'", "'2001-09-09 01:46:40.12'"],
    "char(10)": ["'abc'", "''", "'it''s'", "'a b  '"], "varchar(300)": ["'quote \" and \\\\ and \\n'", "repeat('x', 299)", "''"],
    "binary(5)": ["'ab'", "x'00ff00'"], "varbinary(20)": ["x'0001ff1a0a'", "''"],
    "text": ["'text'", "repeat('long ', 300)"], "blob": ["x'00010203ff'", "''"], "longblob": ["repeat('b', 70000)"],
    "enum('a','b','c')": ["'b'", "'c'"], "set('x','y','z')": ["'x,z'", "''", "'y'"],
}
MORE = {"mysql97": {"json": ["'{\"a\": [1, 2.5, \"x\"], \"b\": null}'", "'[]'", "'true'"]}}


def columns_of(kind):
    return {**COLUMNS, **MORE.get(kind, {})}


def make_changes(server, database, generator, image):
    """Tables over all types, and changes of them in one file of the log; its path, and each table's column types."""
    kinds = columns_of(server.kind)
    server.sql(f"CREATE DATABASE {database}")
    server.sql(f"SET SESSION sql_mode='', time_zone='+00:00', binlog_row_image='{image}'; FLUSH LOGS", database)
    name = server.position()[0]
    types, tables = list(kinds), {}
    for number in range(6):
        chosen = types if number == 0 else generator.sample(types, generator.randrange(1, 9))
        tables[f"t{number}"] = ["int"] + chosen
        body = ", ".join(f"c{i} {kind}" for i, kind in enumerate(chosen))
        server.sql(f"CREATE TABLE t{number} (id int primary key, {body})", database)

        def value(kind):
            return "NULL" if generator.random() < 0.15 else generator.choice(kinds[kind])

        for key in range(12):
            values = ", ".join(value(kind) for kind in chosen)
            server.sql(f"INSERT INTO t{number} VALUES ({key}, {values})", database)
        for key in generator.sample(range(12), 5):
            changed = generator.sample(range(len(chosen)), min(3, len(chosen)))
            sets = ", ".join(f"c{i} = {value(chosen[i])}" for i in changed)
            server.sql(f"UPDATE t{number} SET {sets} WHERE id = {key}", database)
        server.sql(f"BEGIN; DELETE FROM t{number} WHERE id < 3; INSERT INTO t{number} (id) VALUES (100), (101); COMMIT", database)
        server.sql("SET SESSION binlog_format=STATEMENT; SET @v = 'variable'; "
                   f"INSERT INTO t{number} (id) VALUES (200 + length(@v)), (300 + rand() * 10); "
                   "SET SESSION binlog_format=ROW", database)
    server.sql("SET SESSION binlog_row_image='FULL'; FLUSH LOGS")
    return pathlib.Path(server.value("SELECT @@datadir")) / name, tables


def run(*arguments, code=0, **more):
    done = subprocess.run([binary(), "dump", *map(str, arguments)], capture_output=True, check=False, **more)
    assert done.returncode == code, done.stderr.decode()
    return done


def events_of(done):
    """What is printed behind the line with the file's name."""
    return done.stdout.split(b"\n", 1)[1]


def mysqlbinlog(kind, path):
    command = KINDS[kind].client("mysqlbinlog") + ["--no-defaults", "-v", "--base64-output=decode-rows", str(path)]
    environment = {**os.environ, **KINDS[kind].client_environment()}
    return subprocess.run(command, capture_output=True, check=True, env=environment).stdout


def row_lines(text):
    return [line for line in text.split(b"\n") if line.startswith(b"###")]


ESCAPES = {b"\\'": b"'", b"\\\\": b"\\", b"\\n": b"\n", b"\\t": b"\t", b"\\r": b"\r"}


def unescape(text):
    def one(found):
        found = found.group(0)
        return ESCAPES[found] if found in ESCAPES else bytes([int(found[2:], 16)])
    return re.sub(rb"\\(?:x[0-9a-f]{2}|['\\ntr])", one, text)


def same_value(ours, theirs, column):
    """Is it the same value, by the differences that docs/dump.md lists."""
    ours, theirs = ours.strip(), theirs.strip()
    if ours == theirs or b"NULL" in (ours, theirs):
        return ours == theirs
    signed = re.fullmatch(rb"(-\d+) \((\d+)\)", theirs)
    if signed and "int" in column:
        return ours == (signed.group(2) if column.endswith("unsigned") else signed.group(1))
    if column == "float":      # theirs has six digits
        return abs(float(ours) - float(theirs)) <= abs(float(theirs)) * 1e-5
    if column == "double":
        return struct.pack("<d", float(ours)) == struct.pack("<d", float(theirs))
    if column == "date":
        return ours == theirs.replace(b":", b"-")
    return unescape(ours) == unescape(theirs)


def compare_rows(ours, theirs, tables, least):
    assert len(ours) == len(theirs)
    values = 0
    for mine, other in zip(ours, theirs):
        if not mine.startswith(b"###   @"):
            assert mine == other
            table = re.search(rb"`(t\d+)`$", mine)
            types = tables[table.group(1).decode()] if table else types
            continue
        (name, mine_value), (other_name, other_value) = mine.split(b"=", 1), other.split(b"=", 1)
        column = types[int(name[7:]) - 1]
        assert name == other_name
        assert same_value(mine_value, other_value, column), f"{column}: ours {mine!r}, theirs {other!r}"
        values += 1
    assert values > least


@pytest.fixture
def record(pool, seed, tmp_path):
    """Makes a file of a kind of server's log with such row images: the server, the file, and its tables."""
    made = []

    def make(kind, image="FULL"):
        server = pool.get(kind, "master")
        database = f"dump{seed}"
        made.append((server, database))
        path, tables = make_changes(server, database, random.Random(seed), image)
        # MariaDB may add a checkpoint to its own file at any time: what is read is a copy
        return server, pathlib.Path(shutil.copy(path, tmp_path)), tables
    yield make
    for server, database in made:
        server.drop_databases([database])


@pytest.fixture(params=SOURCES)
def recorded(request, record):
    return record(request.param)


@pytest.mark.parametrize("image", ["FULL", "MINIMAL", "NOBLOB"])
@pytest.mark.parametrize("kind", SOURCES)
def test_rows_and_places_as_mysqlbinlog_has_them(record, kind, image):
    server, path, tables = record(kind, image)
    ours, theirs = run(path).stdout, mysqlbinlog(server.kind, path)
    compare_rows(row_lines(ours), row_lines(theirs), tables, 1000 if image == "FULL" else 700)
    blob = b"@%d=" % (list(columns_of(kind)).index("longblob") + 2)
    befores = re.findall(rb"^### UPDATE `\w+`\.`t0`\n### WHERE\n((?:###   .*\n)+)### SET", ours, re.M)
    assert befores and all((blob in before) == (image == "FULL") for before in befores)
    assert (re.findall(rb"^# at (\d+) to", ours, re.M) == re.findall(rb"^# at (\d+)\r?$", theirs, re.M))
    for statement in (b"INSERT INTO t0 (id) VALUES (200 + length(@v)), (300 + rand() * 10)", b"CREATE TABLE t1 (id int primary"):
        assert statement in ours and statement in theirs
    assert re.search(rb"name='v' value_type='STRING' collation=\d+ unsigned=0 value='variable'", ours)


def test_json_tells_the_same(recorded):
    server, path, _ = recorded
    objects = [json.loads(line) for line in run("--json", path).stdout.decode().splitlines()]
    text = run(path).stdout
    assert objects[0]["type"] == "FORMAT_DESCRIPTION"
    assert len(objects) == len(re.findall(rb"^# at ", text, re.M))
    rows = [row for event in objects for row in event.get("rows", [])]
    assert len(rows) == len(re.findall(rb"^### (?:INSERT INTO|UPDATE|DELETE FROM) ", text, re.M))
    ends = [event["end_offset"] for event in objects]
    assert ends == sorted(ends) and ends[-1] == path.stat().st_size
    # what a row was inserted with is what the table holds, unless it was changed later
    database = next(event["database"] for event in objects if event.get("rows"))
    server.sql("SET SESSION time_zone='+00:00'")
    inserted = {row["after"]["@1"]: row["after"] for event in objects for row in event.get("rows", [])
                if event.get("table") == "t0" and "before" not in row}
    changed = {row["before"]["@1"] for event in objects for row in event.get("rows", [])
               if event.get("table") == "t0" and "before" in row}
    untouched = [key for key in inserted if key not in changed]
    assert untouched
    for place, column in enumerate(columns_of(server.kind)):
        if column not in ("bigint", "int", "decimal(30,10)", "varchar(300)", "text", "datetime(6)", "time(6)", "date", "year"):
            continue
        for key in untouched:
            held = server.value(f"SELECT CAST(c{place} AS CHAR) FROM {database}.t0 WHERE id = {key}")
            told = inserted[key][f"@{place + 2}"]
            assert (None if told is None else str(told)) == held, (column, key)


def test_counts_verification_and_streams(recorded):
    _, path, _ = recorded
    whole = run(path).stdout
    assert whole.startswith(f"# file '{path.name}'\n".encode())
    rows = len(re.findall(rb"^### (?:INSERT INTO|UPDATE|DELETE FROM) ", whole, re.M))
    summary = json.loads(run("--decode-only", "--json", path).stdout)
    assert summary["rows"] == rows and summary["event_bytes"] == path.stat().st_size - 4
    assert summary["events_by_type"]["FORMAT_DESCRIPTION_15"] == 1
    verified = run("--verify", path).stdout.decode()
    assert re.match(rf"{path.name}: \d+ transactions are whole and end at \d+; the file ends at {path.stat().st_size}\n", verified)
    assert run("-", input=path.read_bytes()).stdout == run(input=path.read_bytes()).stdout
    assert events_of(run(input=path.read_bytes())) == events_of(run(path))
    assert run(path, path).stdout == whole * 2
    places = [int(place) for place in re.findall(rb"^# at (\d+) to", whole, re.M)]
    middle, later = places[len(places) // 2], places[len(places) // 2 + 7]
    part = run(f"--start-position={middle}", f"--stop-position={later}", path).stdout
    assert re.findall(rb"^# at (\d+) to", part, re.M) == [str(place).encode() for place in places if middle <= place < later]


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_table_maps_tell_what_the_log_knows(pool, seed, tmp_path, kind):
    server = pool.get(kind, "master")
    database = f"maps{seed}"
    before = server.value("SELECT @@global.binlog_row_metadata")
    server.sql(f"CREATE DATABASE {database}; SET GLOBAL binlog_row_metadata=FULL")
    try:
        server.sql("SET NAMES utf8mb4; FLUSH LOGS; CREATE TABLE `a\\``b` (name varchar(50) CHARACTER SET utf8mb4, n decimal(12,3), "
                   "e enum('it''s','ö') CHARACTER SET utf8mb4, s set('x','y'), d datetime(4), b bit(9), m mediumblob, "
                   "g point, hidden int INVISIBLE DEFAULT 1, PRIMARY KEY (name(10), n)); "
                   "INSERT INTO `a\\``b` (name, n) VALUES ('one', 2)", database)
        path = pathlib.Path(shutil.copy(pathlib.Path(server.value("SELECT @@datadir")) / server.position()[0], tmp_path))
    finally:
        server.sql(f"SET GLOBAL binlog_row_metadata={before}")
        server.drop_databases([database])
    line = re.search(rb".* columns=\(.*", run(path).stdout).group(0).decode()
    for part in ("`a\\\\``b` columns=", "`name` VARCHAR(200 bytes) not null", "`n` DECIMAL(12,3) not null", r"`e` ENUM('it\'s','ö')",
                 "`s` SET('x','y')", "`d` DATETIME(4)", "`b` BIT(9)", "`m` MEDIUMBLOB", "`g` POINT", "primary_key=(@1(10), @2)",
                 "`hidden` INT invisible" if kind == "mysql97" else "`hidden` INT"):
        assert part in line, (part, line)
    table_map = next(event for event in map(json.loads, run("--json", path).stdout.splitlines()) if "columns" in event)
    columns = {column["name"]: column for column in table_map["columns"]}
    assert table_map["table"] == "a\\`b" and table_map["primary_key"] == [1, 2] and table_map["primary_key_prefixes"] == [10, 0]
    assert columns["e"]["members"] == ["it's", "ö"] and columns["s"]["members"] == ["x", "y"]
    assert (columns["name"]["maximum_bytes"], columns["n"]["precision"], columns["n"]["scale"]) == (200, 12, 3)
    assert (columns["d"]["fraction_digits"], columns["b"]["bits"]) == (4, 9)
    assert columns["hidden"].get("visible", True) == (kind != "mysql97")   # which MariaDB does not log
    assert (columns["m"]["type"], columns["g"]["type"]) == ("MEDIUMBLOB", "POINT")


def test_it_starts_in_the_middle_of_a_statement(recorded):
    """Rows whose table map stands before the start are printed as ever, and what is broken before it is passed over."""
    _, path, _ = recorded
    whole = run(path).stdout
    start = int(re.findall(rb"^# at (\d+) to \d+ WRITE_ROWS", whole, re.M)[-1])
    rest = events_of(run(f"--start-position={start}", path))
    assert rest == whole[whole.index(b"# at %d to" % start):] and b"### INSERT INTO" in rest
    data = bytearray(path.read_bytes())
    first_rows = int(re.findall(rb"^# at (\d+) to \d+ WRITE_ROWS", whole, re.M)[0])
    data[first_rows + 30] ^= 1
    assert events_of(run(f"--start-position={start}", "-", input=data)) == rest


def test_a_broken_file_is_named_with_its_place(recorded, tmp_path):
    _, path, _ = recorded
    data = path.read_bytes()
    places = [int(place) for place in re.findall(rb"^# at (\d+) to", run(path).stdout, re.M)]
    broken = tmp_path / "broken.000001"
    broken.write_bytes(data[:places[20] + 25])
    done = run(broken, code=1)
    assert f"{broken}:{places[20]}: the file ends inside an event".encode() in done.stderr
    assert len(re.findall(rb"^# at ", done.stdout, re.M)) == 20     # what is whole is printed
    damaged = bytearray(data)
    damaged[places[20] + 20] ^= 1
    broken.write_bytes(damaged)
    assert f"{broken}:{places[20]}: ".encode() in run(broken, code=1).stderr
    assert b"does not match" in run("--verify", broken, code=1).stderr
    broken.write_bytes(b"\xfdbin" + data[4:])
    assert b"encrypted" in run(broken, code=1).stderr
    broken.write_bytes(b"#!/bin/sh\n")
    assert b"no binary log" in run(broken, code=1).stderr
    assert b"cannot be opened" in run(tmp_path / "absent", code=1).stderr


def places_of(text):
    return [int(place) for place in re.findall(rb"^# at (\d+) to", text, re.M)]


def test_start_is_of_the_first_file_and_stop_of_the_last():
    first, last = RECORDINGS / "mariadb1011.binlog", RECORDINGS / "mysql97.binlog"
    heads, tails = places_of(run(first).stdout), places_of(run(last).stdout)
    start, stop = heads[20], tails[10]
    assert places_of(run(f"--start-position={start}", f"--stop-position={stop}", first, last).stdout) == heads[20:] + tails[:10]
    assert places_of(run(f"--start-position={start}", f"--stop-position={stop}", last, first, last).stdout) == [
        place for place in tails if place >= start] + heads + tails[:10]


def test_what_stands_behind_the_stop_is_not_read(tmp_path):
    data = (RECORDINGS / "mariadb1011.binlog").read_bytes()
    places = places_of(run(RECORDINGS / "mariadb1011.binlog").stdout)
    stop = places[20]
    for behind in (b"", data[stop:stop + 25], bytes(40)):
        path = tmp_path / "cut.000001"
        path.write_bytes(data[:stop] + behind)
        assert places_of(run(f"--stop-position={stop}", path).stdout) == places[:20]
        assert b"; reading stopped at %d" % stop in run("--verify", f"--stop-position={stop}", path).stdout
    source, sink = os.pipe()    # a stream that has nothing behind yet, and does not end
    os.write(sink, data[:stop])
    assert places_of(run(f"--stop-position={stop}", "-", stdin=source, timeout=60).stdout) == places[:20]
    os.close(source)
    os.close(sink)


def test_a_relay_log_is_printed_and_not_verified(tmp_path):
    data = bytearray((RECORDINGS / "mysql97.binlog").read_bytes())
    length = struct.unpack_from("<I", data, 4 + 9)[0]
    data[4 + 17] |= 0x40
    struct.pack_into("<I", data, 4 + length - 4, zlib.crc32(data[4:4 + length - 4]))
    path = tmp_path / "relay.000002"
    path.write_bytes(data)
    assert len(places_of(run(path).stdout)) == len(places_of(run(RECORDINGS / "mysql97.binlog").stdout))
    refused = run("--verify", path, code=1).stderr.decode()
    assert refused.startswith(f"changeling dump: {path}:4: FORMAT_DESCRIPTION (type 15): this is a relay log") and "binary logs" in refused


def test_usage():
    assert b"--decode-only" in run("--help").stdout
    assert b"Name the binary log files" in run(code=2, stdin=subprocess.DEVNULL).stderr
    assert b"the first event starts at 4" in run("--stop-position=0", "x", code=2).stderr
    assert b"leave out --json" in run("--verify", "--json", "x", code=2).stderr
    assert b"--nonsense" in run("--nonsense", "x", code=2).stderr
    assert b"--start-position=-5" in run("--start-position=-5", "x", code=2).stderr
