"""A backlog is merged into few statements: rows whose keys wander, are swapped, are equal without being the same, or hang on each
other must come out as on the master, where each was changed by itself."""
import pytest

# name, also of the table -> (definitions and rows, statements each of which is a transaction)
CASES = {
    "swaps": (
        "CREATE TABLE swaps (id INT PRIMARY KEY, u INT UNIQUE, v INT); "
        "INSERT INTO swaps VALUES (1, 1, 0), (2, 2, 0), (3, 3, 0)",
        ["UPDATE swaps SET u = 99 WHERE id = 1", "UPDATE swaps SET u = 1 WHERE id = 2", "UPDATE swaps SET u = 2 WHERE id = 1",
         "DELETE FROM swaps WHERE id = 3", "INSERT INTO swaps VALUES (4, 3, 1)", "UPDATE swaps SET u = 50 WHERE id = 4",
         "INSERT INTO swaps VALUES (3, 3, 2)", "UPDATE swaps SET u = u + 100 ORDER BY id DESC"]),
    "two_keys": (
        "CREATE TABLE two_keys (a INT NOT NULL, b INT NOT NULL, c VARCHAR(10), UNIQUE KEY (a), UNIQUE KEY (b)); "
        "INSERT INTO two_keys VALUES (1, 1, 'x'), (2, 2, 'y')",
        ["UPDATE two_keys SET a = 3 WHERE b = 1", "UPDATE two_keys SET b = 3 WHERE a = 3",
         "UPDATE two_keys SET a = 1, b = 1 WHERE a = 2", "UPDATE two_keys SET a = 2 WHERE b = 3",
         "DELETE FROM two_keys WHERE a = 1", "INSERT INTO two_keys VALUES (1, 2, 'z')",
         "UPDATE two_keys SET b = b + 1 ORDER BY b DESC"]),
    "equal_text": (
        "CREATE TABLE equal_text (k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, v INT); "
        "INSERT INTO equal_text VALUES ('a', 1), ('b', 2), ('x ', 3)",
        ["UPDATE equal_text SET k = 'A' WHERE k = 'a'", "DELETE FROM equal_text WHERE k = 'A'",
         "INSERT INTO equal_text VALUES ('á', 5)", "UPDATE equal_text SET k = 'a ' WHERE k = 'A'",
         "DELETE FROM equal_text WHERE k = 'x'", "INSERT INTO equal_text VALUES ('X', 7)", "UPDATE equal_text SET v = v + 1",
         "UPDATE equal_text SET k = 'B', v = 9 WHERE k = 'b'"]),
    "prefixes": (
        "CREATE TABLE prefixes (id INT PRIMARY KEY, s VARCHAR(100), b BLOB, UNIQUE KEY (s(3)), UNIQUE KEY (b(2))); "
        "INSERT INTO prefixes VALUES (1, 'abcd', 'xxy'), (2, 'bcde', 'yyz')",
        ["UPDATE prefixes SET s = 'zzz1' WHERE id = 1", "UPDATE prefixes SET s = 'abcX' WHERE id = 2",
         "UPDATE prefixes SET b = 'qq' WHERE id = 1", "INSERT INTO prefixes VALUES (3, 'bcdZ', 'xxZ')",
         "DELETE FROM prefixes WHERE id = 2", "INSERT INTO prefixes VALUES (5, 'abcQ', 'yyQ')",
         "UPDATE prefixes SET s = NULL, b = NULL WHERE id = 3", "INSERT INTO prefixes VALUES (6, 'bcd', 'xx')"]),
    "floats": (
        "CREATE TABLE floats (f DOUBLE PRIMARY KEY, g FLOAT, v INT, UNIQUE (g)); "
        "INSERT INTO floats VALUES (0.1, 0.1, 0), (0, 1.1, 0), (1e300, 3.3, 0)",
        ["UPDATE floats SET v = v + 1 WHERE f = 0", "UPDATE floats SET f = 0.1e0 + 0.2e0 WHERE v = 0 AND f = 0.1e0",
         "UPDATE floats SET v = 7 WHERE f = 0.1e0 + 0.2e0", "DELETE FROM floats WHERE f = 0",
         "INSERT INTO floats VALUES (0, 1.1, 5)", "UPDATE floats SET g = 9.9 WHERE f = 0",
         "INSERT INTO floats VALUES (5e-324, 1.1, 2)"]),
    "computed": (
        "CREATE TABLE computed (id INT PRIMARY KEY, a INT, b INT AS (a % 10) STORED UNIQUE, "
        "c INT AS (a + 1) VIRTUAL, UNIQUE (c)); "
        "INSERT INTO computed (id, a) VALUES (1, 1), (2, 2), (3, 3)",
        ["UPDATE computed SET a = 14 WHERE id = 1", "UPDATE computed SET a = 1 WHERE id = 2",
         "UPDATE computed SET a = 2 WHERE id = 3", "UPDATE computed SET a = 13 WHERE id = 1",
         "INSERT INTO computed (id, a) VALUES (4, 4)", "DELETE FROM computed WHERE id = 2",
         "INSERT INTO computed (id, a) VALUES (2, 21)"]),
    "own_parent": (
        "CREATE TABLE own_parent (id INT PRIMARY KEY, up INT, KEY (up), "
        "FOREIGN KEY (up) REFERENCES own_parent (id) ON DELETE CASCADE); "
        "INSERT INTO own_parent VALUES (1, NULL), (2, 1), (3, 2), (4, 3)",
        ["DELETE FROM own_parent WHERE id = 2", "INSERT INTO own_parent VALUES (2, 1)",
         "INSERT INTO own_parent VALUES (3, 2), (4, 3), (5, 4)", "UPDATE own_parent SET up = 1 WHERE id = 4",
         "DELETE FROM own_parent WHERE id = 3", "INSERT INTO own_parent VALUES (3, 5)"]),
    "cascades": (
        "CREATE TABLE p (id INT PRIMARY KEY, n INT); "
        "CREATE TABLE c (id INT PRIMARY KEY, pid INT, v INT, KEY (pid), "
        "FOREIGN KEY (pid) REFERENCES p (id) ON UPDATE CASCADE ON DELETE SET NULL); "
        "INSERT INTO p VALUES (1, 0), (2, 0); "
        "INSERT INTO c VALUES (1, 1, 0), (2, 1, 0), (3, 2, 0)",
        ["UPDATE p SET id = 10 WHERE id = 1", "UPDATE c SET v = 1 WHERE pid = 10", "INSERT INTO p VALUES (1, 5)",
         "UPDATE c SET pid = 1 WHERE id = 2", "UPDATE p SET id = 11 WHERE id = 10", "DELETE FROM p WHERE id = 11",
         "UPDATE c SET v = v + 1", "INSERT INTO c VALUES (4, 1, 4)", "UPDATE p SET id = 20 WHERE id = 1",
         "DELETE FROM c WHERE pid = 20 AND id = 4", "DELETE FROM p WHERE id = 20"]),
}


@pytest.mark.parametrize("image", ["FULL", "MINIMAL"])
@pytest.mark.parametrize("source, target", [("maria1011", "mysql97"), ("mysql97", "maria1011")])
def test_keys_in_a_merged_backlog(pairing, source, target, image):
    p = pairing(source, target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`")
    for definitions, _ in CASES.values():
        p.source.sql(definitions, database=p.db)
    p.changeling.wait_caught_up()
    assert p.compare() > 0
    p.changeling.stop()
    for _, statements in CASES.values():
        for statement in statements:
            p.source.sql(f"SET SESSION binlog_row_image={image}; {statement}; SET SESSION binlog_row_image=FULL", database=p.db)
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() > 0


def commits(server):
    return int(server.query("SHOW GLOBAL STATUS LIKE 'Com_commit'")[0][1])


@pytest.mark.parametrize("kind, hidden", [("mysql97", "INVISIBLE"), ("maria118", "IGNORED")])
def test_a_key_that_the_server_does_not_look_at(pairing, kind, hidden):
    """Statements that find their rows by it are refused: each change would be sent by itself then, in the end."""
    p = pairing(kind, kind)
    p.both_sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (b INT NOT NULL, a INT NOT NULL, v INT, UNIQUE ub (b), "
               "UNIQUE ua (a)); INSERT INTO t VALUES " + ", ".join(f"({i}, {i}, 0)" for i in range(60)))
    p.target.sql(f"ALTER TABLE `{p.db}`.t ALTER INDEX ua {hidden}")
    p.changeling.change_master(p.source.position(), replica_parallel_workers=1)
    for i in range(60):
        p.source.sql(f"UPDATE `{p.db}`.t SET v = {i} + 1 WHERE b = {i}")
    before = commits(p.target)
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert commits(p.target) - before < 40
    assert p.compare() == 60
