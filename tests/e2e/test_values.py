"""Every type of the main job, with the values at its edges, bit for bit on each pair."""
import pytest

COLUMNS = {
    "i8": ("TINYINT", ["-128", "127", "0"]), "u8": ("TINYINT UNSIGNED", ["0", "255", "128"]),
    "i16": ("SMALLINT", ["-32768", "32767", "0"]), "u16": ("SMALLINT UNSIGNED", ["65535", "0", "1"]),
    "i24": ("MEDIUMINT", ["-8388608", "8388607", "-1"]), "u24": ("MEDIUMINT UNSIGNED", ["16777215", "0", "8388608"]),
    "i32": ("INT", ["-2147483648", "2147483647", "0"]), "u32": ("INT UNSIGNED", ["4294967295", "0", "2147483648"]),
    "i64": ("BIGINT", ["-9223372036854775808", "9223372036854775807", "0"]),
    "u64": ("BIGINT UNSIGNED", ["18446744073709551615", "0", "9223372036854775808"]),
    "d1": ("DECIMAL(65,30)", ["'99999999999999999999999999999999999.999999999999999999999999999999'",
                              "'-99999999999999999999999999999999999.000000000000000000000000000001'", "0"]),
    "d2": ("DECIMAL(10,0)", ["-9999999999", "9999999999", "-1"]), "d3": ("DECIMAL(5,5)", ["0.00001", "-0.99999", "0"]),
    "d4": ("DECIMAL(18,9)", ["123456789.987654321", "-0.000000001", "1"]),
    "f": ("FLOAT", ["3.4028234e38", "-1.17549435e-38", "0.1"]),
    "d": ("DOUBLE", ["1.7976931348623157e308", "-2.2250738585072014e-308", "0.1"]),
    "b1": ("BIT(1)", ["b'1'", "b'0'", "b'1'"]), "b9": ("BIT(9)", ["b'101010101'", "0", "511"]),
    "b64": ("BIT(64)", ["18446744073709551615", "1", "9223372036854775808"]),
    "c": ("CHAR(10) CHARACTER SET utf8mb4", ["'äöü€'", "''", "'ab  cd'"]),
    "v": ("VARCHAR(100) CHARACTER SET utf8mb4", ["'🐟\\0\\'\\\"\\\\'", "'trailing  '", "''"]),
    "vl": ("VARCHAR(300) CHARACTER SET latin1", ["REPEAT('é', 300)", "''", "'x'"]),
    "vu": ("VARCHAR(20) CHARACTER SET ucs2", ["'äb'", "''", "'z'"]),
    "va": ("VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", ["'A'", "'a'", "'á'"]),
    "bin": ("BINARY(6)", ["x'00ff00'", "x'010203040500'", "''"]),
    "vb": ("VARBINARY(300)", ["x'00010203fffefd27225c'", "''", "REPEAT(x'80', 300)"]),
    "tb": ("TINYBLOB", ["x'00'", "REPEAT('x', 255)", "''"]), "bl": ("BLOB", ["REPEAT(x'0027', 3000)", "''", "x'ff'"]),
    "mb": ("MEDIUMBLOB", ["REPEAT('m', 70000)", "''", "x'1a'"]), "lb": ("LONGBLOB", ["''", "REPEAT(x'fe', 9)", "x'0a'"]),
    "tt": ("TINYTEXT CHARACTER SET utf8mb4", ["'short'", "''", "'ß'"]),
    "tx": ("TEXT CHARACTER SET utf8mb4", ["REPEAT('€', 5000)", "'line\\nfeed\\r\\n\\t'", "'\\Z'"]),
    "mt": ("MEDIUMTEXT CHARACTER SET utf8mb4", ["REPEAT('a', 70000)", "''", "'x'"]),
    "lt": ("LONGTEXT CHARACTER SET latin1", ["'ÿ'", "''", "'%s'"]),
    "e": ("ENUM('a','b''c','d,e','ü') CHARACTER SET utf8mb4", ["'b''c'", "'ü'", "1"]),
    "s": ("SET('a','b','c','d','e','f','g','h','i') CHARACTER SET utf8mb4", ["'a,i'", "''", "'a,b,c,d,e,f,g,h,i'"]),
    "y": ("YEAR", ["1901", "2155", "0"]), "dt": ("DATE", ["'1000-01-01'", "'9999-12-31'", "'0000-00-00'"]),
    "t0": ("TIME", ["'838:59:59'", "'-838:59:59'", "'00:00:00'"]),
    "t6": ("TIME(6)", ["'-00:00:00.000001'", "'12:34:56.789012'", "'-100:00:01.5'"]),
    "dt0": ("DATETIME", ["'9999-12-31 23:59:59'", "'1000-01-01 00:00:00'", "'2024-00-00 00:00:00'"]),
    "dt3": ("DATETIME(3)", ["'2024-02-29 23:59:59.999'", "'1000-01-01 00:00:00.001'", "'0000-00-00 00:00:00'"]),
    "ts0": ("TIMESTAMP NULL DEFAULT NULL", ["'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'2024-03-31 01:30:00'"]),
    "ts6": ("TIMESTAMP(6) NULL DEFAULT NULL", ["'1970-01-01 00:00:01.000001'", "'2038-01-19 03:14:07.999999'",
                                               "'2024-10-27 00:30:00.5'"]),
}


def test_every_type_at_its_edges(pairing, pair):
    p = pairing(*pair)
    p.replicate("now")
    definitions = ", ".join(f"{name} {kind}" for name, (kind, _) in COLUMNS.items())
    p.source.sql("SET sql_mode='', time_zone='+00:00', @@session.character_set_client=utf8mb4")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; "
                 f"CREATE TABLE v (id INT PRIMARY KEY, {definitions}) ROW_FORMAT=DYNAMIC")
    for number in range(3):
        values = ", ".join(values[number] for _, values in COLUMNS.values())
        p.source.sql(f"INSERT INTO `{p.db}`.v VALUES ({number}, {values})")
    nulls = ", ".join("NULL" for _ in COLUMNS)
    p.source.sql(f"INSERT INTO `{p.db}`.v VALUES (3, {nulls})")
    p.changeling.wait_caught_up()
    assert p.compare() == 4
    # every column changes its value, from and to NULL as well
    for number in range(4):
        changes = ", ".join(f"{name} = {values[(number + 1) % 3]}" for name, (_, values) in COLUMNS.items())
        p.source.sql(f"UPDATE `{p.db}`.v SET {changes} WHERE id = {number}")
    p.source.sql(f"UPDATE `{p.db}`.v SET {', '.join(f'{name} = NULL' for name in COLUMNS)} WHERE id = 0")
    p.changeling.wait_caught_up()
    assert p.compare() == 4
    p.source.sql(f"DELETE FROM `{p.db}`.v WHERE id IN (0, 2)")
    p.changeling.wait_caught_up()
    assert p.compare() == 2


@pytest.mark.parametrize("image", ["FULL", "MINIMAL", "NOBLOB"])
@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_row_images(pairing, kind, image):
    p = pairing(kind)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; "
                 "CREATE TABLE t (id INT PRIMARY KEY, a INT DEFAULT 5, b VARCHAR(20) NOT NULL DEFAULT 'x', c BLOB); "
                 f"SET SESSION binlog_row_image='{image}'; "
                 "INSERT INTO t (id) VALUES (1), (2); INSERT INTO t VALUES (3, NULL, 'y', 'blob'); "
                 "UPDATE t SET a = 9 WHERE id = 1; UPDATE t SET c = 'more' WHERE id = 3; UPDATE t SET b = 'z'; "
                 "UPDATE t SET id = 30 WHERE id = 3; DELETE FROM t WHERE id = 2; SET SESSION binlog_row_image='FULL'")
    p.changeling.wait_caught_up()
    assert p.compare() == 2


# what a server writes of its own accord in a column that is NOT NULL and has no default; IMPLICIT_OF by family
IMPLICIT = ["TINYINT", "INT UNSIGNED", "BIGINT", "DECIMAL(65,30)", "FLOAT", "DOUBLE", "BIT(20)", "YEAR", "DATE", "TIME(3)",
            "DATETIME(6)", "CHAR(5)", "VARCHAR(300)", "VARCHAR(5) CHARACTER SET ucs2", "BINARY(5)", "VARBINARY(5)", "TEXT",
            "LONGBLOB", "ENUM('b','a','')", "SET('a','b')"]
IMPLICIT_OF = {"maria1011": ["TIMESTAMP(6)", "UUID", "INET6", "INET4"], "mysql97": ["TIMESTAMP(6)", "JSON"],
               "maria118": ["TIMESTAMP(6)", "UUID", "INET6", "INET4", "VECTOR(3)"], "mysql56": []}


def test_columns_left_out_without_a_default(pairing, pair):
    """A reduced image does not tell what the master put there by itself: 0, '', the first member, the zero date."""
    p = pairing(*pair)
    own = IMPLICIT_OF[p.source.kind] if p.source.family == p.target.family else ["JSON"] if p.source.kind == "mysql97" else []
    columns = ", ".join(f"c{number} {kind} NOT NULL" for number, kind in enumerate(IMPLICIT + own))
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; "
                 f"CREATE TABLE t (id INT PRIMARY KEY, {columns}, d INT NOT NULL DEFAULT 7); "
                 f"CREATE TABLE bag (n INT, {columns}); "
                 "CREATE TABLE num (id INT AUTO_INCREMENT PRIMARY KEY, a INT NOT NULL, "
                 "e ENUM('x','y') NOT NULL, UNIQUE KEY (a, e))")
    p.target.sql(f"CREATE DATABASE `{p.db}`")
    for table in ("t", "bag", "num"):
        p.target.sql(f"USE `{p.db}`; {p.source.query(f'SHOW CREATE TABLE `{p.db}`.{table}')[0][1]}")
    p.changeling.change_master("now")
    # all at once, so that they merge
    for image in ("MINIMAL", "NOBLOB"):
        first = 1 if image == "MINIMAL" else 11
        p.source.sql(f"USE `{p.db}`; SET sql_mode='', binlog_row_image='{image}'; "
                     f"INSERT INTO t (id) VALUES ({first}), ({first + 1}), ({first + 2}); "
                     f"INSERT INTO t (id, c1, c12) VALUES ({first + 3}, 5, 'v'); INSERT INTO t (id) VALUES ({first + 4}); "
                     f"UPDATE t SET c1 = 9, c18 = 'a' WHERE id = {first}; DELETE FROM t WHERE id = {first + 1}; "
                     f"BEGIN; DELETE FROM t WHERE id = {first + 2}; INSERT INTO t (id, c2) VALUES ({first + 2}, 6); COMMIT; "
                     f"INSERT INTO bag (n) VALUES ({first}), ({first}), (NULL); "
                     f"UPDATE bag SET c2 = 4 WHERE n = {first} LIMIT 1; DELETE FROM bag WHERE n IS NULL; "
                     f"INSERT INTO num (a) VALUES ({first}); INSERT INTO num (e) VALUES ('y'); DELETE FROM num WHERE a = 0; "
                     "INSERT INTO num () VALUES (); DELETE FROM num WHERE a = 0; SET SESSION binlog_row_image='FULL'")
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 8 + 4 + 2
    p.source.sql(f"DELETE FROM `{p.db}`.bag WHERE c2 = 4; UPDATE `{p.db}`.t SET d = d + 1")
    p.changeling.wait_caught_up()
    assert p.compare() == 8 + 2 + 2


def test_a_column_that_only_the_target_has_needs_a_default(pairing):
    """Nothing is made up for it, nor for what no statement can write: such a row stops, and says why."""
    p = pairing()
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL); "
                 "CREATE TABLE g (id INT PRIMARY KEY, place POINT NOT NULL)")
    p.changeling.wait_caught_up()
    p.target.sql(f"ALTER TABLE `{p.db}`.t ADD own INT NOT NULL")
    p.source.sql(f"USE `{p.db}`; SET sql_mode='', binlog_row_image='MINIMAL'; INSERT INTO t (id) VALUES (1); "
                 "INSERT INTO g (id) VALUES (1); SET SESSION binlog_row_image='FULL'")
    assert "Field 'own' doesn't have a default value" in p.changeling.wait_error()["error"]
    p.target.sql(f"ALTER TABLE `{p.db}`.t ALTER own SET DEFAULT 3")
    p.changeling.after_error("retry")
    assert "Field 'place' doesn't have a default value" in p.changeling.wait_error()["error"]
    assert p.target.query(f"SELECT id, a, own FROM `{p.db}`.t") == [(1, 0, 3)]


def test_tables_without_a_primary_key(pairing, pair):
    p = pairing(*pair)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; "
                 "CREATE TABLE bag (a INT, b VARCHAR(20), f DOUBLE); CREATE TABLE u (a INT NOT NULL, b INT, UNIQUE (a)); "
                 "INSERT INTO bag VALUES (1, 'x', 0.1), (2, NULL, NULL), (NULL, 'y', 1e100); "
                 "INSERT INTO u VALUES (1, 1), (2, 2), (3, 3); "
                 "UPDATE bag SET b = 'z' WHERE a = 2; DELETE FROM bag WHERE a IS NULL; "
                 "UPDATE u SET a = a + 10 ORDER BY a DESC; DELETE FROM u WHERE b = 2")
    p.changeling.wait_caught_up()
    assert p.compare() == 4


def test_duplicate_rows_without_a_key(pairing):
    """Rows that no condition can tell apart: one of them is changed, never both, never another."""
    p = pairing()
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE bag (a INT, b INT); "
                 "INSERT INTO bag VALUES (1, 1), (1, 1), (1, 1), (2, 2); "
                 "UPDATE bag SET b = 5 WHERE a = 1 LIMIT 1; DELETE FROM bag WHERE a = 1 AND b = 1 LIMIT 1")
    p.changeling.wait_caught_up()
    assert p.compare() == 3


def test_an_update_that_changes_nothing_is_found(pairing):
    """Found rows count, not changed rows: the target may have the new value already."""
    p = pairing()
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, v INT); "
                 f"INSERT INTO `{p.db}`.t VALUES (1, 1)")
    p.changeling.wait_caught_up()
    p.target.sql(f"UPDATE `{p.db}`.t SET v = 2")
    p.source.sql(f"UPDATE `{p.db}`.t SET v = 2")
    p.changeling.wait_caught_up()
    assert p.compare() == 1


def test_swapped_keys_in_one_transaction(pairing):
    p = pairing()
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY, u INT UNIQUE); "
                 "INSERT INTO t VALUES (1, 10), (2, 20); BEGIN; UPDATE t SET id = 99 WHERE id = 1; "
                 "UPDATE t SET id = 1 WHERE id = 2; UPDATE t SET id = 2 WHERE id = 99; UPDATE t SET u = 0 WHERE id = 1; "
                 "UPDATE t SET u = 20 WHERE id = 2; UPDATE t SET u = 10 WHERE id = 1; COMMIT; "
                 "DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (1, 7)")
    p.changeling.wait_caught_up()
    assert p.compare() == 2


def test_names_that_need_quotes(pairing):
    p = pairing()
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db} a``b`; USE `{p.db} a``b`; "
                 "CREATE TABLE `select` (`from` INT PRIMARY KEY, `a``b` INT, `'x'` INT, `ü` INT); "
                 "INSERT INTO `select` VALUES (1, 2, 3, 4); UPDATE `select` SET `a``b` = 5, `ü` = 6")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT * FROM `{p.db} a``b`.`select`") == [(1, 5, 3, 6)]


def test_foreign_keys_and_triggers_do_not_fire_twice(pairing):
    """The row images hold what the cascade and the trigger did on the master."""
    p = pairing()
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE parent (id INT PRIMARY KEY); "
                 "CREATE TABLE child (id INT PRIMARY KEY, pid INT, FOREIGN KEY (pid) REFERENCES parent (id) "
                 "ON DELETE CASCADE ON UPDATE CASCADE); "
                 "INSERT INTO parent VALUES (1), (2), (3); INSERT INTO child VALUES (1, 1), (2, 1), (3, 2), (4, 3); "
                 "DELETE FROM parent WHERE id = 1; UPDATE parent SET id = 20 WHERE id = 2")
    p.changeling.wait_caught_up()
    assert p.compare() == 4


def test_a_transaction_that_was_rolled_back_leaves_nothing(pairing):
    p = pairing()
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY); "
                 "BEGIN; INSERT INTO t VALUES (1); ROLLBACK; BEGIN; INSERT INTO t VALUES (2); SAVEPOINT a; "
                 "INSERT INTO t VALUES (3); ROLLBACK TO a; INSERT INTO t VALUES (4); COMMIT")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT id FROM `{p.db}`.t ORDER BY id") == [(2,), (4,)]


def test_wider_columns_of_the_target(pairing):
    """Other types than the source's, and a log that tells neither names nor signs: exact, or it stops; never another value."""
    p = pairing("maria1011", "maria1011")
    p.replicate("now")
    columns = "id BINARY({0}) PRIMARY KEY, n {1}, u {1} UNSIGNED, fixed {2}"
    for server, words in ((p.source, (3, "INT", "BINARY(20)")), (p.target, (6, "BIGINT", "VARBINARY(30)"))):
        server.sql(f"SET SESSION sql_log_bin={int(server is p.target)}; CREATE DATABASE `{p.db}`; "
                   f"CREATE TABLE `{p.db}`.w ({columns.format(*words)}, bag BINARY({words[0]})); SET SESSION sql_log_bin=1")
    p.source.sql(f"USE `{p.db}`; INSERT INTO w VALUES ('a', 2147483647, 2147483647, 'x', 'b'), ('b\\0c', 1, 1, '', 'b'), "
                 "('d', 2, 2, 'y', ''), ('e', 3, 3, 'z', 'z'); UPDATE w SET n = n - 1 WHERE id = 'a\\0\\0'; "
                 "UPDATE w SET n = n + 1 WHERE n < 4; UPDATE w SET id = 'f' WHERE n = 4; DELETE FROM w WHERE n = 3")
    p.changeling.wait_caught_up()
    shown = "HEX(id), n, u, HEX(fixed), HEX(bag)"
    expected = [("610000" + "000000", 2147483646, 2147483647, "78" + "00" * 19, "620000" + "000000"),
                ("620063" + "000000", 2, 1, "00" * 20, "620000" + "000000"),
                ("660000" + "000000", 4, 3, "7A" + "00" * 19, "7A0000" + "000000")]
    assert p.target.query(f"SELECT {shown} FROM `{p.db}`.w ORDER BY id") == expected
    p.source.sql(f"UPDATE `{p.db}`.w SET u = 4294967295 WHERE id = 'f\\0\\0'")
    assert "binlog_row_metadata" in p.changeling.wait_error()["error"]
    assert p.target.query(f"SELECT {shown} FROM `{p.db}`.w ORDER BY id") == expected


def test_a_charset_that_the_log_does_not_tell(pairing):
    """The bytes of the master's column do not fit the target's character set: ASCII is certain, other text stops."""
    p = pairing("maria1011", "maria1011")
    p.replicate("now")
    for server, charset in ((p.source, "utf8mb4"), (p.target, "latin1")):
        server.sql(f"SET SESSION sql_log_bin={int(server is p.target)}; CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t "
                   f"(id INT PRIMARY KEY, v VARCHAR(10), c CHAR(5)) CHARACTER SET {charset}; SET SESSION sql_log_bin=1")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, 'plain', 'x'); INSERT INTO `{p.db}`.t VALUES (2, 'x', 'ü')")
    error = p.changeling.wait_error()["error"]
    assert "column c takes up to 20 bytes on the master" in error and "binlog_row_metadata" in error
    assert p.target.query(f"SELECT * FROM `{p.db}`.t") == [(1, "plain", "x")]


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_a_byte_that_unicode_does_not_lead_to(pairing, target):
    """MariaDB finds no way from U+007F to latin2_czech_cs, where it is 7F."""
    p = pairing("maria1011", target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, v VARCHAR(5) CHARACTER SET latin2 "
                 f"COLLATE latin2_czech_cs); INSERT INTO `{p.db}`.t VALUES (1, _latin2 x'617f62'); "
                 f"UPDATE `{p.db}`.t SET v = _latin2 x'7f'")
    p.changeling.wait_caught_up()
    assert p.compare() == 1
    assert p.target.value(f"SELECT HEX(v) FROM `{p.db}`.t") == "7F"


def test_documents_that_are_equal_but_not_the_same(pairing):
    """MySQL takes 1, 1.0 and -0.0, 0 for equal within a document: without a key the row with the very text is meant."""
    p = pairing("mysql97", "mysql97")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE j (d JSON, e JSON); "
                 "INSERT INTO j VALUES ('{\"a\": 1}', '[0]'), ('{\"a\": 1.0}', '[0]'), ('{\"a\": 1}', '[-0.0]'), (NULL, '[1]'), "
                 "('{\"a\": \"1\"}', '[0]'); "
                 "DELETE FROM j WHERE JSON_TYPE(d->'$.a') = 'DOUBLE'; UPDATE j SET d = '2' WHERE JSON_TYPE(e->'$[0]') = 'DOUBLE'; "
                 "UPDATE j SET e = '[2]' WHERE d IS NULL")
    p.changeling.wait_caught_up()
    rows = f"SELECT CAST(d AS CHAR), CAST(e AS CHAR) FROM `{p.db}`.j ORDER BY 1, 2"
    assert p.target.query(rows) == p.source.query(rows)
    assert len(p.target.query(rows)) == 4


@pytest.mark.parametrize("kind", ["maria1011", "maria118"])
def test_versions_of_rows(pairing, kind):
    """A system-versioned table has its former rows too, with the times that they had on the source."""
    p = pairing(kind, kind)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE k (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING; "
                 "CREATE TABLE n (v INT, w VARCHAR(9)) WITH SYSTEM VERSIONING; "
                 "CREATE TABLE p (id INT PRIMARY KEY, v INT, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, "
                 "e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING; "
                 "INSERT INTO k VALUES (1, 1), (2, 2); UPDATE k SET v = 3 WHERE id = 1; DELETE FROM k WHERE id = 2; "
                 "INSERT INTO n VALUES (1, 'a'), (1, 'a'), (2, 'b'); UPDATE n SET w = 'c' WHERE v = 2; DELETE FROM n LIMIT 1; "
                 "INSERT INTO p (id, v) VALUES (1, 1), (2, 2); UPDATE p SET v = v + 1; DELETE FROM p WHERE id = 1")
    p.changeling.wait_caught_up()
    for table, start, end, count in (("k", "row_start", "row_end", 3), ("n", "row_start", "row_end", 4), ("p", "s", "e", 4)):
        rows = f"SELECT *, {start}, {end} FROM `{p.db}`.{table} FOR SYSTEM_TIME ALL ORDER BY {start}, {end}, v"
        assert p.source.query(rows) == p.target.query(rows)
        assert len(p.target.query(rows)) == count


def test_rows_marked_for_skipping(pairing):
    """MariaDB's @@skip_replication marks events for replicas that were told to leave them out: we were not."""
    p = pairing("maria1011", "maria1011")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY); "
                 "SET SESSION skip_replication=1; INSERT INTO t VALUES (1); CREATE TABLE u (id INT PRIMARY KEY); "
                 "INSERT INTO u VALUES (1), (2); SET SESSION skip_replication=0")
    p.changeling.wait_caught_up()
    assert p.compare() == 3


PARTS = ["j = JSON_SET(j, '$.price', 1.50)", "j = JSON_INSERT(j, '$.a', CAST('2024-02-29' AS DATE))",
         "j = JSON_REMOVE(j, '$.gone')", "j = JSON_SET(j, '$.list[1]', CAST(x'00ff' AS BINARY))",
         "j = JSON_ARRAY_INSERT(j, '$.list[0]', 12345678901234567890.10)", "j = JSON_SET(j, '$.long', 18446744073709551615)"]
DOCUMENT = ("JSON_OBJECT('price', 10.25, 'zz', 1e0, 'gone', 1, 'long', -1, 'list', JSON_ARRAY(1, 'two', 3.10), 'pad', "
            "REPEAT('x', 200))")


@pytest.mark.parametrize("target, kind", [("mysql97", "JSON"), ("mysql97", "LONGTEXT"), ("maria118", "JSON")])
def test_parts_of_documents(pairing, target, kind):
    """The log tells which parts of a document changed. With the old document in the image the new one is whole, to the byte of
    MySQL's text; without it a column of text cannot take the parts, and the stream stops."""
    p = pairing("mysql97", target)
    p.replicate("now")
    for server, column in ((p.source, "JSON"), (p.target, kind)):
        server.sql(f"SET SESSION sql_log_bin={int(server is p.target)}; CREATE DATABASE `{p.db}`; "
                   f"CREATE TABLE `{p.db}`.p (id INT PRIMARY KEY, j {column} CHARACTER SET utf8mb4); SET SESSION sql_log_bin=1"
                   .replace("JSON CHARACTER SET utf8mb4", "JSON"))
    p.source.sql(f"USE `{p.db}`; SET SESSION binlog_row_value_options=PARTIAL_JSON; "
                 f"INSERT INTO p VALUES (1, {DOCUMENT}), (2, {DOCUMENT}); " + "; ".join(f"UPDATE p SET {part}" for part in PARTS))
    p.changeling.wait_caught_up()
    rows = f"SELECT id, CAST(j AS CHAR) FROM `{p.db}`.p ORDER BY id"
    assert p.target.query(rows) == p.source.query(rows)
    assert '"price": 1.50' in p.source.query(rows)[0][1]
    p.source.sql("SET SESSION binlog_row_image=MINIMAL; UPDATE p SET j = JSON_SET(j, '$.price', 2.50)")
    if kind == "JSON" and target == "mysql97":
        p.changeling.wait_caught_up()
        assert p.target.query(rows) == p.source.query(rows)
        return
    before = p.target.query(rows)
    error = p.changeling.wait_error()["error"]
    assert "column j" in error and "binlog_row_value_options" in error
    assert p.target.query(rows) == before
