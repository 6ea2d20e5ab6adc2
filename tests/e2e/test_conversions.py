"""Columns that are of another type on the target: what would change values stops, what keeps them goes."""
import pytest

# on the master, on the target, a value that would be another one there
REFUSED = [
    ("DATETIME(6)", "DATETIME", "'2024-01-01 23:59:59.999999'"),
    ("DECIMAL(10,4)", "DECIMAL(10,2)", "1.2345"),
    ("DOUBLE", "FLOAT", "1.23456789012345"),
    ("INT", "YEAR", "5"),
    ("TIME", "DATETIME", "'10:11:12'"),
    ("VARCHAR(10)", "INT", "'7'"),
    ("INT", "VARCHAR(10)", "7"),
]
KEPT = [
    ("INT", "BIGINT", "5"), ("INT", "DECIMAL(12,2)", "7"), ("TINYINT", "BIT(7)", "1"), ("BIT(8)", "INT", "b'101'"),
    ("DECIMAL(10,0)", "BIGINT", "12345"), ("FLOAT", "DOUBLE", "1.5"), ("DATE", "DATETIME(3)", "'2024-02-29'"),
    ("TIMESTAMP(3)", "DATETIME(6)", "'2024-01-01 01:02:03.456'"), ("DATETIME", "TIMESTAMP(6)", "'2024-01-01 01:02:03'"),
    ("YEAR", "SMALLINT", "2024"), ("VARCHAR(10)", "TEXT", "'a'"), ("VARBINARY(9)", "BLOB", "x'00ff00'"),
    ("BINARY(4)", "BINARY(6)", "x'01'"), ("VARCHAR(10)", "VARCHAR(3)", "'abc'"), ("LONGTEXT", "JSON", "'{\"a\": 1}'"),
]


def make(p, pairs):
    columns = [", ".join(f"c{i} {pair[side]} NULL" for i, pair in enumerate(pairs)) for side in (0, 1)]
    for server, text in ((p.source, columns[0]), (p.target, columns[1])):
        server.sql(f"CREATE DATABASE `{p.db}` CHARACTER SET latin1; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, {text})")
        server.sql("SET time_zone = '+00:00'")


@pytest.mark.parametrize("source, target", [("maria1011", "mysql97"), ("mysql97", "maria1011")])
def test_what_would_change_values_stops_column_by_column(pairing, source, target):
    p = pairing(source, target)
    make(p, REFUSED)
    p.replicate("now")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, {', '.join(value for _, _, value in REFUSED)})")
    for i, (kept, changed, _) in enumerate(REFUSED):
        error = p.changeling.wait_error()["error"]
        assert f"table `{p.db}`.`t`: column c{i} is {changed.lower()}" in error.replace("int(11)", "int").replace("year(4)", "year")
        assert p.target.query(f"SELECT * FROM `{p.db}`.t") == []
        p.target.sql(f"ALTER TABLE `{p.db}`.t MODIFY c{i} {kept}")
        assert p.changeling.command("retry").code == 0
        p.changeling.run(wait=False)
    p.changeling.wait_caught_up()
    assert p.compare() == 1


@pytest.mark.parametrize("source, target", [("maria1011", "mysql97"), ("mysql97", "maria1011")])
def test_what_keeps_them_goes(pairing, source, target):
    p = pairing(source, target)
    make(p, KEPT)
    p.replicate("now")
    values = ", ".join(value for _, _, value in KEPT)
    p.source.sql(f"USE `{p.db}`; INSERT INTO t VALUES (1, {values}), (2, {values}), (3, {values}); UPDATE t SET c0 = 6 WHERE id < 3; "
                 "DELETE FROM t WHERE id = 2")
    p.changeling.wait_caught_up()
    shown = ", ".join(f"c{i}" for i in range(len(KEPT)))
    rows = [dict(zip(range(len(KEPT)), row)) for row in p.target.query(f"SELECT {shown} FROM `{p.db}`.t ORDER BY id")]
    assert [row[0] for row in rows] == [6, 5]
    for row in rows:
        assert (row[1], row[4], row[5], row[9], row[10], row[11], row[13]) == (7, 12345, 1.5, 2024, "a", b"\0\xff\0", "abc"), row
        assert row[2] in (b"\x01", 1) and row[3] == 5 and row[12] == b"\x01\0\0\0\0\0", row
        assert [str(row[i]) for i in (6, 7, 8)] == ["2024-02-29 00:00:00", "2024-01-01 01:02:03.456000", "2024-01-01 01:02:03"], row


def test_addresses_are_no_text(pairing):
    """MariaDB's INET6 is logged as BINARY(16): its bytes would be letters."""
    p = pairing("maria1011", "mysql97")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, a INET6)")
    p.target.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, a VARCHAR(45) CHARACTER SET latin1)")
    p.replicate("now")
    former = p.source.value("SELECT @@GLOBAL.binlog_row_metadata")
    p.source.sql("SET GLOBAL binlog_row_metadata = MINIMAL")
    try:
        p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, '::1')")
    finally:
        p.source.sql(f"SET GLOBAL binlog_row_metadata = {former}")
    assert "column a is varchar(45) on the target, and BINARY(16) on the master" in p.changeling.wait_error()["error"]


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_an_invalid_member_does_not_let_other_columns_be_cut(pairing, kind):
    """Strict mode takes no '' that stands for one: without it 'abcdef' was 'abc' and 1000 was 127."""
    p = pairing(kind, kind)
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, e ENUM('a', 'b'), v VARCHAR(10), n SMALLINT)")
    p.target.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, e ENUM('a', 'b'), v VARCHAR(3), n SMALLINT)")
    p.replicate("now")
    p.source.sql(f"USE `{p.db}`; SET sql_mode = ''; INSERT INTO t VALUES (1, 'zz', 'abc', 1), (2, 'a', 'b', 2); UPDATE t SET e = 'zz'; "
                 "UPDATE t SET v = 'c', e = 'yy' WHERE id = 1; DELETE FROM t WHERE id = 2")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT id, e + 0, v, n FROM `{p.db}`.t") == [(1, 0, "c", 1)]
    p.source.sql(f"USE `{p.db}`; SET sql_mode = ''; INSERT INTO t VALUES (3, 'zz', 'abcdef', 1)")
    assert "too long for column 'v'" in p.changeling.wait_error()["error"]
    assert p.target.query(f"SELECT id FROM `{p.db}`.t") == [(1,)]
    p.target.sql(f"ALTER TABLE `{p.db}`.t MODIFY v VARCHAR(10)")
    assert p.changeling.command("retry").code == 0
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 2


@pytest.mark.parametrize("column", ["TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP", "INT NOT NULL AUTO_INCREMENT UNIQUE"])
def test_a_null_gets_no_value(pairing, column):
    p = pairing("mysql97", "maria1011")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, u {column.split(' ')[0]} NULL)")
    p.target.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, u {column})")
    p.replicate("now")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, NULL)")
    assert "NULL goes into the column u, which is NOT NULL on the target" in p.changeling.wait_error()["error"]
    assert p.target.query(f"SELECT id FROM `{p.db}`.t") == []


@pytest.mark.parametrize("column", ["VARCHAR(3)", "CHAR(8)"])
def test_blanks_at_the_end_are_not_dropped(pairing, column):
    p = pairing("maria1011", "mysql97")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, v VARCHAR(10))")
    p.target.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, v {column})")
    p.replicate("now")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, 'a b'); INSERT INTO `{p.db}`.t VALUES (2, 'abc ')")
    assert "column v: the value ends in blanks" in p.changeling.wait_error()["error"]
    assert p.target.query(f"SELECT v FROM `{p.db}`.t") == [("a b",)]
