"""Tables that are not the same on both sides, or hold more than the rows that one sees."""
import pytest


@pytest.mark.parametrize("source", ["maria1011", "mysql97"])
def test_a_generated_key_that_only_the_target_has(pairing, pool, source):
    """sql_generate_invisible_primary_key=ON there: the first column of the log is the second one of the table."""
    target = pool.fresh("mysql97", "rds")
    p = pairing(source, target)
    target.sql("SET GLOBAL sql_generate_invisible_primary_key = ON")
    try:
        p.replicate("now")
        p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (a INT, b INT); "
                     "INSERT INTO t VALUES (7, 8), (9, 10), (7, 8); UPDATE t SET b = 20 WHERE a = 9; DELETE FROM t WHERE a = 7 LIMIT 1")
        p.changeling.wait_caught_up()
        rows = f"SELECT a, b FROM `{p.db}`.t ORDER BY a, b"
        assert p.target.query(rows) == p.source.query(rows) == [(7, 8), (9, 20)]
    finally:
        target.sql("SET GLOBAL sql_generate_invisible_primary_key = OFF")


def test_history_that_is_deleted_leaves_the_rows(pairing):
    p = pairing("maria1011")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING; "
                 "INSERT INTO t VALUES (1, 1), (2, 1); UPDATE t SET v = 2")
    p.changeling.wait_caught_up()
    p.source.sql(f"DELETE HISTORY FROM `{p.db}`.t")
    assert "DELETE HISTORY" in p.changeling.wait_error()["error"]
    p.target.sql(f"DELETE HISTORY FROM `{p.db}`.t")
    assert p.changeling.command("skip").code == 0
    p.changeling.run()
    p.source.sql(f"UPDATE `{p.db}`.t SET v = 3 WHERE id = 2")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT id, v FROM `{p.db}`.t ORDER BY id") == [(1, 2), (2, 3)]


@pytest.mark.parametrize("column", ["a INT", "a DOUBLE", "a DECIMAL(10,2)", "a DATETIME"])
def test_text_is_not_taken_for_a_number(pairing, column):
    p = pairing("mysql97", "mysql97")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, a VARCHAR(20))")
    p.changeling.wait_caught_up()
    p.target.sql(f"ALTER TABLE `{p.db}`.t MODIFY {column}")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, '7')")
    assert "column a is" in p.changeling.wait_error()["error"]
    assert p.target.query(f"SELECT * FROM `{p.db}`.t") == []


@pytest.mark.parametrize("column, narrower, first, second", [
    ("s VARCHAR(20)", "s VARCHAR(20) CHARACTER SET latin1", "'a'", "CONCAT('漢', id)"),
    ("s VARCHAR(20)", "s VARCHAR(20) CHARACTER SET utf8mb3", "'a'", "CONCAT('😀', id)"),
    ("s JSON", "s LONGTEXT CHARACTER SET latin1", "'{\"a\": \"b\"}'", "JSON_OBJECT('a', CONCAT('漢', id))"),
])
@pytest.mark.parametrize("key", ["PRIMARY KEY", ""])
def test_letters_that_the_targets_character_set_lacks(pairing, key, column, narrower, first, second):
    """They are never '?', however many rows an UPDATE has."""
    p = pairing("mysql97", "mysql97")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT {key}, {column}) CHARACTER SET utf8mb4")
    p.changeling.wait_caught_up()
    p.target.sql(f"ALTER TABLE `{p.db}`.t MODIFY {narrower}")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, {first}), (2, {first})")
    p.changeling.wait_caught_up()
    p.source.sql(f"UPDATE `{p.db}`.t SET s = {second}")
    assert "Incorrect string value" in p.changeling.wait_error()["error"]
    rows = p.target.query(f"SELECT CAST(s AS CHAR) FROM `{p.db}`.t")
    assert len(rows) == 2 and "?" not in str(rows)


def test_a_key_whose_letters_the_target_lacks_finds_no_other_row(pairing):
    """A row '?' is not the row '漢' of the master's, in a table with a key or without one."""
    p = pairing("mysql97", "mysql97")
    p.source.sql("SET GLOBAL binlog_row_metadata = FULL")
    try:
        p.replicate("now")
        p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE k (s VARCHAR(9) PRIMARY KEY, v INT) CHARACTER SET utf8mb4; "
                     "CREATE TABLE n (s VARCHAR(9), v INT) CHARACTER SET utf8mb4")
        p.changeling.wait_caught_up()
        for table in "kn":
            p.source.sql(f"SET sql_log_bin = 0; INSERT INTO `{p.db}`.{table} VALUES ('漢', 1), ('ü', 1), ('é', 1); SET sql_log_bin = 1")
            p.target.sql(f"ALTER TABLE `{p.db}`.{table} MODIFY s VARCHAR(9) CHARACTER SET latin1; "
                         f"INSERT INTO `{p.db}`.{table} VALUES ('?', 1), ('ü', 1), ('é', 1)")
        for table in "kn":
            p.source.sql(f"UPDATE `{p.db}`.{table} SET v = 2 WHERE s <> '漢'")
            p.changeling.wait_caught_up()
            p.source.sql(f"UPDATE `{p.db}`.{table} SET v = 3 WHERE s <> 'é'")
            assert any(said in p.changeling.wait_error()["error"] for said in ("0 such rows", "Cannot convert string"))
            assert sorted(p.target.query(f"SELECT s, v FROM `{p.db}`.{table}")) == [("?", 1), ("é", 2), ("ü", 2)]
            assert p.changeling.command("skip").code == 0
            p.changeling.run()
    finally:
        p.source.sql("SET GLOBAL binlog_row_metadata = MINIMAL")


@pytest.fixture(params=["FULL", "NO_LOG"])
def metadata(request, pool):
    """What MariaDB's log tells of a table's columns."""
    servers = [pool.get(kind, "master") for kind in ("maria1011", "maria118")]
    for server in servers:
        server.sql(f"SET GLOBAL binlog_row_metadata = {request.param}")
    yield request.param
    for server in servers:
        server.sql("SET GLOBAL binlog_row_metadata = NO_LOG")


HASHED = "(s TEXT NOT NULL, v INT, b BLOB, UNIQUE (s), UNIQUE (b))"
CHANGES = ("INSERT INTO {t} (s, v, b) VALUES ('a', 1, 'x'), ('b', 2, 'y'), ('c', 3, NULL); UPDATE {t} SET v = v + 1; "
           "UPDATE {t} SET s = 'd' WHERE s = 'b'; DELETE FROM {t} WHERE s = 'c'")
LEFT = [("a", 2, b"x"), ("d", 3, b"y")]


@pytest.mark.parametrize("source, target", [("maria1011", "maria118"), ("maria118", "maria1011")])
def test_unique_keys_with_hidden_columns(pairing, metadata, source, target):
    """Over TEXT and BLOB MariaDB keeps them in a hidden column of hashes, which its log has."""
    p = pairing(source, target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE h {HASHED}; CREATE TABLE v {HASHED} WITH SYSTEM VERSIONING; "
                 "CREATE TABLE k (id INT PRIMARY KEY AUTO_INCREMENT, s TEXT NOT NULL, v INT, b BLOB, UNIQUE (s), UNIQUE (b)); "
                 "CREATE TABLE n (s TEXT NOT NULL, v INT, b BLOB, c BIGINT)")
    for table in "hvkn":
        p.source.sql(CHANGES.format(t=f"`{p.db}`.{table}"))
    p.changeling.wait_caught_up()
    for table in "hvkn":
        assert p.target.query(f"SELECT s, v, b FROM `{p.db}`.{table} ORDER BY s") == LEFT
    p.compare()


def test_a_hidden_column_is_not_taken_for_one_of_the_targets(pairing, metadata):
    """Where names do not tell it, and the target has a column more, nobody knows."""
    p = pairing("maria1011", "maria118")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.h {HASHED}")
    p.changeling.wait_caught_up()
    p.target.sql(f"ALTER TABLE `{p.db}`.h ADD own BIGINT UNSIGNED")
    p.source.sql(CHANGES.format(t=f"`{p.db}`.h"))
    if metadata == "NO_LOG":
        assert "DB_ROW_HASH_1" in p.changeling.wait_error()["error"]
        assert p.target.query(f"SELECT * FROM `{p.db}`.h") == []
        p.target.sql(f"ALTER TABLE `{p.db}`.h DROP own")
        assert p.changeling.command("retry").code == 0
        p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT s, v, b FROM `{p.db}`.h ORDER BY s") == LEFT
    if metadata == "FULL":
        assert p.target.query(f"SELECT DISTINCT own FROM `{p.db}`.h") == [(None,)]


def test_hidden_columns_of_unique_keys_on_mysql(pairing, metadata):
    """Where neither names nor keys tell it, a column of the target's stands for the hidden one, and stays empty."""
    p = pairing("maria1011", "mysql97")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; SET sql_log_bin = 0; CREATE TABLE `{p.db}`.h {HASHED}; SET sql_log_bin = 1")
    p.changeling.wait_caught_up()
    p.target.sql(f"CREATE TABLE `{p.db}`.h (s TEXT NOT NULL, v INT, b BLOB, UNIQUE (s(20)), UNIQUE (b(20)))")
    p.source.sql(CHANGES.format(t=f"`{p.db}`.h"))
    if metadata == "NO_LOG":
        assert "DB_ROW_HASH_1" in p.changeling.wait_error()["error"]
        p.target.sql(f"ALTER TABLE `{p.db}`.h ADD DB_ROW_HASH_1 BIGINT UNSIGNED, ADD DB_ROW_HASH_2 BIGINT UNSIGNED")
        assert p.changeling.command("retry").code == 0
        p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT s, v, b FROM `{p.db}`.h ORDER BY s") == LEFT
    if metadata == "NO_LOG":
        assert p.target.query(f"SELECT DISTINCT DB_ROW_HASH_1, DB_ROW_HASH_2 FROM `{p.db}`.h") == [(None, None)]


VERSIONED = ("(id INT {key}, v INT, rs TIMESTAMP(6) GENERATED ALWAYS AS ROW START INVISIBLE, re TIMESTAMP(6) GENERATED ALWAYS AS "
             "ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (rs, re)) WITH SYSTEM VERSIONING")


@pytest.mark.parametrize("source, target", [("maria1011", "maria118"), ("maria118", "maria1011")])
def test_declared_columns_of_versions_end_in_another_year(pairing, source, target):
    """The end of time is 2038 on one server and 2106 on the other, and belongs to the key."""
    p = pairing(source, target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE e {VERSIONED.format(key='PRIMARY KEY')}; "
                 f"CREATE TABLE n {VERSIONED.format(key='')}")
    for table in "en":
        p.source.sql(f"USE `{p.db}`; INSERT INTO {table} (id, v) VALUES (1, 1), (2, 1), (3, 1); UPDATE {table} SET v = 5; "
                     f"DELETE FROM {table} WHERE id = 1; UPDATE {table} SET id = 4 WHERE id = 2")
    p.changeling.wait_caught_up()
    for table in "en":
        assert p.target.query(f"SELECT id, v FROM `{p.db}`.{table} ORDER BY id") == [(3, 5), (4, 5)]
        past = f"SELECT id, v, rs, re FROM `{p.db}`.{table} FOR SYSTEM_TIME ALL WHERE re < '2037-01-01' ORDER BY re, id"
        assert p.target.query(past) == p.source.query(past) != []
    p.source.sql(f"DELETE HISTORY FROM `{p.db}`.e")
    assert "DELETE HISTORY" in p.changeling.wait_error()["error"]
    assert p.target.query(f"SELECT id, v FROM `{p.db}`.e ORDER BY id") == [(3, 5), (4, 5)]


@pytest.mark.parametrize("source, target", [("maria1011", "maria1011"), ("maria118", "maria118")])
@pytest.mark.parametrize("key", ["PRIMARY KEY", ""])
def test_history_that_is_inserted(pairing, source, target, key):
    """As mariadb-dump --dump-history loads it; what updates leave is made by the target itself, once."""
    p = pairing(source, target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE i (id INT {key}, v INT) WITH SYSTEM VERSIONING; "
                 f"CREATE TABLE e {VERSIONED.format(key=key)}; SET system_versioning_insert_history = 1; "
                 "INSERT INTO i (id, v, row_start, row_end) VALUES (1, 1, '2020-01-01', '2021-01-01'), (1, 2, '2021-01-01', "
                 "'2022-01-01 00:00:00.123456'); "
                 "INSERT INTO e (id, v, rs, re) VALUES (1, 1, '2020-01-01', '2021-01-01'), (1, 2, '2021-01-01', '2022-01-01'); "
                 "BEGIN; INSERT INTO i (id, v) VALUES (1, 3), (2, 3); UPDATE i SET v = 4; INSERT INTO i (id, v, row_start, row_end) "
                 "VALUES (1, 0, '2019-01-01', '2020-01-01'); UPDATE i SET v = 5; DELETE FROM i WHERE id = 2; COMMIT; "
                 "SET system_versioning_insert_history = 0; REPLACE INTO i (id, v) VALUES (1, 6)")
    p.changeling.wait_caught_up()
    for table, start, end in (("i", "row_start", "row_end"), ("e", "rs", "re")):
        rows = f"SELECT id, v, {start}, {end} FROM `{p.db}`.{table} FOR SYSTEM_TIME ALL ORDER BY 3, 4, 1, 2"
        assert p.target.query(rows) == p.source.query(rows) != []


def test_history_of_a_large_transaction(pairing):
    """An update and the row of history that it leaves may come in different parts."""
    p = pairing("maria1011", "maria1011")
    p.replicate("now", large_transaction_bytes=65536)
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY, v INT, s VARCHAR(2000)) WITH SYSTEM VERSIONING; "
                 "INSERT INTO t SELECT seq, 0, REPEAT('x', 200 + seq * 37 % 1800) FROM seq_1_to_500; UPDATE t SET v = 1")
    p.changeling.wait_caught_up()
    rows = f"SELECT id, v, row_start, row_end FROM `{p.db}`.t FOR SYSTEM_TIME ALL ORDER BY 3, 4, 1, 2"
    found = p.target.query(rows)
    assert len(found) == 1000 and found == p.source.query(rows)


def test_a_sequence_is_as_it_was_set(pairing):
    """By NEXTVAL, SETVAL, ALTER SEQUENCE, or an INSERT of all that it is made of, back as well."""
    p = pairing("maria1011", "maria118")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE SEQUENCE s; CREATE SEQUENCE c MAXVALUE 3 CYCLE NOCACHE; "
                 "CREATE SEQUENCE d START WITH -5 INCREMENT -2 MINVALUE -1000 MAXVALUE -1; CREATE SEQUENCE x MAXVALUE 2 NOCACHE")

    def same():
        p.changeling.wait_caught_up()
        for name in "scdx":
            row = f"SELECT * FROM `{p.db}`.{name}"
            assert p.target.query(row) == p.source.query(row)

    p.source.sql("SELECT NEXTVAL(s), NEXTVAL(c), NEXTVAL(d), NEXTVAL(x); SELECT NEXTVAL(c), NEXTVAL(x); SELECT NEXTVAL(c); SELECT NEXTVAL(c)")
    same()
    p.source.sql("INSERT INTO s VALUES (5, 1, 1000, 1, 3, 10, 0, 0)")
    same()
    p.source.sql("SELECT NEXTVAL(s); SELECT SETVAL(s, 500), SETVAL(d, -101); ALTER SEQUENCE s INCREMENT 7; ALTER SEQUENCE s RESTART 50; "
                 "SELECT NEXTVAL(s); BEGIN; INSERT INTO s VALUES (2, 1, 99, 2, 2, 0, 1, 3); COMMIT")
    same()
