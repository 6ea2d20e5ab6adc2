"""What a ROLLBACK, or ROLLBACK TO SAVEPOINT, leaves on the source, and temporary tables that stored code uses: each case in a
session of its own, which shows at its end what its temporary table holds. Source and target are the same in the end."""
import signal

import pytest

PAIRS = [("maria1011", "maria1011"), ("mysql56", "maria1011"), ("mysql97", "mysql97"), ("maria1011", "mysql97")]

TABLES = ("CREATE TABLE g (id INT PRIMARY KEY) ENGINE=InnoDB; CREATE TABLE k (id INT, what VARCHAR(20)) ENGINE=MyISAM; "
          "CREATE TABLE seen (what VARCHAR(40), a INT, KEY (what)) ENGINE=InnoDB; CREATE TABLE model (a INT) ENGINE=MyISAM")

TEMPORARY = "CREATE TEMPORARY TABLE tt (a INT) ENGINE="
# what → statements; the temporary table is tt, and new numbers for g are made where ? stands
UNDONE = {
    "rows of a table that rolls back": [TEMPORARY + "InnoDB", "BEGIN", "INSERT INTO tt VALUES (1)", "INSERT INTO k VALUES (1, 'a')",
                                        "ROLLBACK"],
    "rows of a table that does not": [TEMPORARY + "MyISAM", "INSERT INTO tt VALUES (7)", "BEGIN", "INSERT INTO g VALUES (?)",
                                      "INSERT INTO tt VALUES (1)", "UPDATE tt SET a = a + 1", "ROLLBACK"],
    "made and filled from what was undone": ["BEGIN", "INSERT INTO g VALUES (?)",
                                             "CREATE TEMPORARY TABLE tt ENGINE=InnoDB AS SELECT COUNT(*) AS a FROM g",
                                             "INSERT INTO tt VALUES (3)", "ROLLBACK"],
    "the same, and cannot roll back": ["BEGIN", "INSERT INTO g VALUES (?)",
                                       "CREATE TEMPORARY TABLE tt ENGINE=MyISAM AS SELECT COUNT(*) AS a FROM g",
                                       "INSERT INTO tt VALUES (3)", "ROLLBACK"],
    "filled from what was undone": [TEMPORARY + "MEMORY", "BEGIN", "INSERT INTO g VALUES (?)",
                                    "INSERT INTO tt SELECT COUNT(*) FROM g", "ROLLBACK"],
    "made like a table that cannot": ["CREATE TEMPORARY TABLE tt LIKE model", "BEGIN", "INSERT INTO g VALUES (?)",
                                      "INSERT INTO tt VALUES (4)", "ROLLBACK"],
    "an engine given later": [TEMPORARY + "MyISAM", "INSERT INTO tt VALUES (8)", "ALTER TABLE tt ENGINE=InnoDB", "BEGIN",
                              "INSERT INTO tt VALUES (1)", "INSERT INTO k VALUES (2, 'b')", "ROLLBACK"],
    "back to a savepoint": [TEMPORARY + "MyISAM", "BEGIN", "INSERT INTO g VALUES (?)", "INSERT INTO tt VALUES (5)", "SAVEPOINT s",
                            "INSERT INTO tt VALUES (6)", "INSERT INTO g VALUES (?)", "ROLLBACK TO s", "INSERT INTO tt VALUES (7)",
                            "COMMIT"],
    "a base table and a savepoint": ["CREATE TEMPORARY TABLE tt (a INT)", "BEGIN", "INSERT INTO g VALUES (?)", "SAVEPOINT s",
                                     "INSERT INTO k VALUES (3, 'c')", "INSERT INTO g VALUES (?)", "ROLLBACK TO s", "COMMIT"],
    "a base table filled from what was undone": ["CREATE TEMPORARY TABLE tt (a INT)", "BEGIN", "INSERT INTO g VALUES (?)",
                                                 "INSERT INTO k SELECT COUNT(*), 'd' FROM g", "UPDATE k SET what = 'e' WHERE id = 1",
                                                 "ROLLBACK"],
    "made between savepoint and return": ["BEGIN", "INSERT INTO g VALUES (?)", "SAVEPOINT s", TEMPORARY + "InnoDB",
                                          "INSERT INTO tt VALUES (1)", "ROLLBACK TO s", "INSERT INTO g VALUES (?)", "COMMIT"],
    "dropped": [TEMPORARY + "MyISAM", "BEGIN", "INSERT INTO g VALUES (?)", "INSERT INTO tt VALUES (1)", "DROP TEMPORARY TABLE tt",
                "ROLLBACK", "CREATE TEMPORARY TABLE tt (a INT)"],
}

CODE = [
    "CREATE FUNCTION rd() RETURNS INT READS SQL DATA BEGIN DECLARE x INT; SELECT SUM(a) INTO x FROM tt; RETURN x; END",
    "CREATE FUNCTION wr(n INT) RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO tt VALUES (n); RETURN n; END",
    "CREATE FUNCTION plain() RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO seen VALUES ('by plain', 0); RETURN 4; END",
    "CREATE PROCEDURE p(n INT) BEGIN CREATE TEMPORARY TABLE tt (a INT); INSERT INTO tt VALUES (n); INSERT INTO seen SELECT 'in p', a "
    "FROM tt; END",
    "CREATE TRIGGER fired BEFORE INSERT ON w FOR EACH ROW SET NEW.a = (SELECT SUM(a) FROM tt)",
]
USED = {
    "read by a function": ["CREATE TEMPORARY TABLE tt (a INT)", "INSERT INTO tt VALUES (3), (30)", "INSERT INTO seen SELECT 'rd', rd()"],
    "written by a function": ["CREATE TEMPORARY TABLE tt (a INT)", "SELECT wr(5)", "DO wr(6)", "SET @x = wr(7)",
                              "INSERT INTO seen VALUES ('wr', wr(8))"],
    "with a key and a counter": ["CREATE TEMPORARY TABLE tt (a INT, n INT AUTO_INCREMENT PRIMARY KEY)", "INSERT INTO tt (a) VALUES (3)",
                                 "INSERT INTO seen SELECT 'rd', rd()", "INSERT INTO tt (a) VALUES (4)", "UPDATE tt SET a = a * 10 + n"],
    "and a function without": ["CREATE TEMPORARY TABLE tt (a INT)", "INSERT INTO tt VALUES (plain())"],
    "read by a trigger": ["CREATE TEMPORARY TABLE tt (a INT)", "INSERT INTO tt VALUES (40)", "INSERT INTO w VALUES (1)"],
    "by a procedure": ["CALL p(9)"],
}


def life(source, db, what, statements, numbers):
    with source.connect(db) as connection, connection.cursor() as cursor:
        for statement in statements:
            while "?" in statement:
                statement = statement.replace("?", str(next(numbers)), 1)
            cursor.execute(statement)
        cursor.execute("INSERT INTO seen SELECT %s, a FROM tt", (what,))


@pytest.mark.parametrize("source,target", PAIRS, ids=lambda value: value)
def test_what_was_undone_in_part(pairing, pool, source, target):
    p = pairing(pool.fresh(source, "master", format="STATEMENT", gtid=False), target)
    p.source.sql("GRANT SELECT ON *.* TO repl")     # so that engines can be asked for
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.source.sql(TABLES, p.db)
    numbers = iter(range(1, 1000))
    for what, statements in UNDONE.items():
        life(p.source, p.db, what, statements, numbers)
    p.changeling.wait_caught_up()
    on_source, on_target = ({what: sorted(a for w, a in server.query(f"SELECT what, a FROM `{p.db}`.seen") if w == what)
                             for what in UNDONE} for server in (p.source, p.target))
    assert on_source == on_target
    assert p.compare() >= 15
    # nothing is left of the copies
    assert p.target.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'changeling' "
                          "AND table_name LIKE 'keep%%'") == []


@pytest.mark.parametrize("source,target", PAIRS, ids=lambda value: value)
def test_stored_code_uses_temporary_tables(pairing, pool, source, target):
    p = pairing(pool.fresh(source, "master", format="STATEMENT", gtid=False), pool.fresh(target, "rds"))
    for server in (p.source, p.target):
        server.sql("SET GLOBAL log_bin_trust_function_creators = 1")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.source.sql(TABLES, p.db)
    p.source.sql("CREATE TABLE w (a INT)", p.db)
    with p.source.connect(p.db) as connection, connection.cursor() as cursor:
        for statement in CODE:
            cursor.execute(statement)
    for what, statements in USED.items():
        life(p.source, p.db, what, statements, iter(()))
    p.changeling.wait_caught_up()
    assert p.compare() >= 8
    rules = {row["rule"] for row in p.changeling.look("rewrites")}
    assert "temporary-in-code" in rules


def test_code_that_makes_temporary_tables_stops(pairing, pool):
    p = pairing(pool.fresh("mysql56", "master", format="STATEMENT", gtid=False), pool.fresh("maria1011", "rds"))
    for server in (p.source, p.target):
        server.sql("SET GLOBAL log_bin_trust_function_creators = 1")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.source.sql(TABLES, p.db)
    with p.source.connect(p.db) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE FUNCTION cr() RETURNS INT MODIFIES SQL DATA BEGIN CREATE TEMPORARY TABLE made (a INT); "
                       "INSERT INTO made VALUES (77); RETURN 1; END")
        cursor.execute("SELECT cr()")
        cursor.execute("INSERT INTO seen SELECT 'made', a FROM made")
    error = p.changeling.wait_error()["error"]
    assert "cr" in error and "makes one itself" in error and "temporary-in-code=" in error
    # the two statements, and what the session leaves, are the operator's to decide
    p.changeling.after_error("skip")
    assert "made" in p.changeling.wait_error()["error"]


def test_functions_in_what_was_undone_stop(pairing, pool):
    p = pairing(pool.fresh("mysql56", "master", format="STATEMENT", gtid=False), pool.fresh("maria1011", "rds"))
    for server in (p.source, p.target):
        server.sql("SET GLOBAL log_bin_trust_function_creators = 1")
    p.source.sql("GRANT SELECT ON *.* TO repl")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.source.sql(TABLES, p.db)
    with p.source.connect(p.db) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TRIGGER remembered AFTER INSERT ON g FOR EACH ROW INSERT INTO k VALUES (NEW.id, 'by g')")
        for statement in ("BEGIN", "INSERT INTO g VALUES (500)", "ROLLBACK"):
            cursor.execute(statement)
    assert p.source.query(f"SELECT id, what FROM `{p.db}`.k") == [(500, "by g")]
    error = p.changeling.wait_error()["error"]
    assert "triggers" in error and "INSERT INTO g" in error and "rolled back on the master" in error


@pytest.mark.parametrize("source,target", [("maria1011", "mysql97"), ("mysql56", "maria1011")])
def test_killed_while_a_copy_exists(pairing, pool, source, target):
    """The copy that the dead process left is dropped; what it stood for is made again from the log."""
    p = pairing(pool.fresh(source, "master", format="STATEMENT", gtid=False), target)
    p.source.sql("GRANT SELECT ON *.* TO repl")
    p.changeling.change_master("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.source.sql(TABLES, p.db)
    what = "a base table filled from what was undone"
    life(p.source, p.db, what, UNDONE[what], iter(range(1, 100)))
    copies = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'changeling' AND table_name LIKE 'keep%%'"
    p.changeling.run(wait=False, CHANGELING_FAULT="undo.after-copy:1:kill")
    assert p.changeling.wait_exit() == -signal.SIGKILL
    assert len(p.target.query(copies)) == 1
    p.changeling.run("--wait", wait=False)
    p.changeling.wait_caught_up()
    assert p.compare() >= 1
    assert p.target.query(f"SELECT what FROM `{p.db}`.k") == p.source.query(f"SELECT what FROM `{p.db}`.k") == [("e",)]
    assert p.target.query(copies) == []
