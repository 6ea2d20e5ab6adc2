"""What each kind of definition looks like to someone who kills the program around it.

`before` is there already, `change` is the statement. `half` is what a server whose definitions are not atomic may have
done of it when it goes down in between. `hold` is a table whose use by another client keeps the statement waiting, where
the server has no lock that holds back all definitions. {db} is the database, {user} a prefix for accounts."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Definition:
    name: str
    change: str
    before: tuple = ()
    lead: tuple = ()            # runs just before the statement, in the same session
    half: str = ""
    asks: tuple = ()            # the moments (see test_definitions.py) after which a person is asked
    rest: str = ""              # what that person does after a half
    hold: str = ""
    families: tuple = ("mariadb", "mysql", "mysql56")
    mode: str = ""              # the session's sql_mode, when it matters
    statement: bool = False     # logged as it was typed (binlog_format=STATEMENT)


T = "CREATE TABLE t (id INT PRIMARY KEY, n INT, v VARCHAR(20) DEFAULT 'x') ENGINE=InnoDB"
ROWS = "INSERT INTO t VALUES (1, 10, 'a'), (2, 20, 'b')"
PARTED = ("CREATE TABLE parted (id INT NOT NULL, PRIMARY KEY (id)) ENGINE=InnoDB PARTITION BY RANGE (id) "
          "(PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (100))")
PLAIN = "CREATE TABLE plain (id INT NOT NULL, PRIMARY KEY (id)) ENGINE=InnoDB"
TWINS = ("CREATE TABLE one (id INT PRIMARY KEY) ENGINE=InnoDB", "CREATE TABLE two (id INT PRIMARY KEY) ENGINE=InnoDB",
         "INSERT INTO one VALUES (1), (11)", "INSERT INTO two VALUES (2)")
NEW = ("mariadb", "mysql")
MARIADB = ("mariadb",)

KINDS = [
    # tables
    Definition("create-table", T),
    Definition("create-table-like", "CREATE TABLE copy LIKE t", (T, ROWS)),
    Definition("create-table-if-not-exists", "CREATE TABLE IF NOT EXISTS t (other INT)", (T, ROWS), families=("mysql", "mysql56")),
    Definition("create-or-replace-table", "CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, fresh INT)", (T, ROWS),
               half="DROP TABLE t", families=MARIADB, hold="t"),
    Definition("create-table-select", "CREATE TABLE made (id INT PRIMARY KEY) SELECT id, n FROM t", (T, ROWS), families=NEW),
    Definition("create-table-select-as-typed", "CREATE TABLE made (id INT PRIMARY KEY) SELECT id, n FROM t", (T, ROWS), statement=True,
               half="CREATE TABLE made (id INT PRIMARY KEY, n INT)"),
    Definition("create-table-if-not-exists-select", "CREATE TABLE IF NOT EXISTS made (id INT PRIMARY KEY) SELECT id, n FROM t",
               (T, ROWS), statement=True, half="CREATE TABLE made (id INT PRIMARY KEY, n INT)", asks=("half", "done"),
               rest="INSERT INTO made SELECT id, n FROM t", families=("mariadb", "mysql56")),
    Definition("alter-table-add-column", "ALTER TABLE t ADD COLUMN c INT DEFAULT 5", (T, ROWS), hold="t"),
    Definition("alter-table-drop-column", "ALTER TABLE t DROP COLUMN v", (T, ROWS), hold="t"),
    Definition("alter-table-rename", "ALTER TABLE t RENAME TO named", (T, ROWS), hold="t"),
    Definition("alter-table-same", "ALTER TABLE t ENGINE=InnoDB", (T, ROWS), hold="t"),
    Definition("alter-table-in-another-mode", 'ALTER TABLE "t" ADD COLUMN "c" INT DEFAULT 5',
               (T, ROWS), lead=('CREATE TABLE "quoted" ("id" INT PRIMARY KEY)',), hold="t", mode="ANSI_QUOTES"),
    Definition("rename-table", "RENAME TABLE t TO named", (T, ROWS), hold="t"),
    Definition("rename-two-tables", "RENAME TABLE one TO first, two TO second", TWINS,
               half="RENAME TABLE one TO first", asks=("half",), rest="RENAME TABLE two TO second", hold="one"),
    Definition("swap-twins", "RENAME TABLE one TO swap, two TO one, swap TO two", TWINS,
               half="RENAME TABLE one TO swap, two TO one", asks=("half",), rest="RENAME TABLE swap TO two", hold="one"),
    Definition("truncate-table", "TRUNCATE TABLE t", (T, ROWS), hold="t"),
    Definition("drop-table", "DROP TABLE t", (T, ROWS), hold="t"),
    Definition("drop-two-tables", "DROP TABLE one, two", TWINS, half="DROP TABLE one", hold="one"),
    Definition("drop-table-if-exists", "DROP TABLE IF EXISTS t, nothing", (T, ROWS), hold="t"),
    # indexes
    Definition("create-index", "CREATE INDEX by_n ON t (n)", (T, ROWS), hold="t"),
    Definition("drop-index", "DROP INDEX by_n ON t", (T, "CREATE INDEX by_n ON t (n)", ROWS), hold="t"),
    Definition("rename-index", "ALTER TABLE t RENAME INDEX by_n TO of_n", (T, "CREATE INDEX by_n ON t (n)"), families=NEW, hold="t"),
    # partitions
    Definition("add-partition", "ALTER TABLE parted ADD PARTITION (PARTITION p2 VALUES LESS THAN (1000))", (PARTED,), hold="parted"),
    Definition("drop-partition", "ALTER TABLE parted DROP PARTITION p0", (PARTED, "INSERT INTO parted VALUES (1), (50)"), hold="parted"),
    Definition("truncate-partition", "ALTER TABLE parted TRUNCATE PARTITION p0", (PARTED, "INSERT INTO parted VALUES (1), (50)"),
               hold="parted"),
    Definition("exchange-partition", "ALTER TABLE parted EXCHANGE PARTITION p0 WITH TABLE plain",
               (PARTED, PLAIN, "INSERT INTO parted VALUES (1), (50)", "INSERT INTO plain VALUES (2), (3)"), hold="plain"),
    # views
    Definition("create-view", "CREATE VIEW seen AS SELECT id FROM t", (T,)),
    Definition("replace-view", "CREATE OR REPLACE VIEW seen AS SELECT n FROM t", (T, "CREATE VIEW seen AS SELECT id FROM t")),
    Definition("alter-view", "ALTER VIEW seen AS SELECT n FROM t", (T, "CREATE VIEW seen AS SELECT id FROM t")),
    Definition("drop-two-views", "DROP VIEW seen, other", (T, "CREATE VIEW seen AS SELECT id FROM t",
                                                           "CREATE VIEW other AS SELECT n FROM t"), half="DROP VIEW seen"),
    # code
    Definition("create-procedure", "CREATE PROCEDURE p (a INT) SELECT a"),
    Definition("alter-procedure", "ALTER PROCEDURE p COMMENT 'changed'", ("CREATE PROCEDURE p (a INT) SELECT a",)),
    Definition("drop-procedure", "DROP PROCEDURE p", ("CREATE PROCEDURE p (a INT) SELECT a",)),
    Definition("create-function", "CREATE FUNCTION f () RETURNS INT DETERMINISTIC RETURN 1"),
    Definition("drop-function", "DROP FUNCTION f", ("CREATE FUNCTION f () RETURNS INT DETERMINISTIC RETURN 1",)),
    Definition("create-trigger", "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 1", (T,)),
    Definition("drop-trigger", "DROP TRIGGER tr", (T, "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 1")),
    Definition("create-event", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t", (T,)),
    Definition("alter-event", "ALTER EVENT e COMMENT 'changed'", (T, "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t")),
    Definition("drop-event", "DROP EVENT e", (T, "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t")),
    # databases
    Definition("create-database", "CREATE DATABASE {db}_more CHARACTER SET latin1"),
    Definition("alter-database", "ALTER DATABASE {db}_more CHARACTER SET utf8mb4", ("CREATE DATABASE {db}_more CHARACTER SET latin1",)),
    Definition("drop-database", "DROP DATABASE {db}_more", ("CREATE DATABASE {db}_more", "CREATE TABLE {db}_more.a (id INT PRIMARY KEY)",
                                                           "CREATE TABLE {db}_more.b (id INT PRIMARY KEY)"),
               half="DROP TABLE {db}_more.a", hold="{db}_more`.`a"),
    # accounts
    Definition("create-user", "CREATE USER '{user}a'@'%'"),
    Definition("create-two-users", "CREATE USER '{user}a'@'%', '{user}b'@'%'", half="CREATE USER '{user}a'@'%'"),
    Definition("rename-user", "RENAME USER '{user}a'@'%' TO '{user}b'@'%'", ("CREATE USER '{user}a'@'%'",)),
    Definition("swap-users", "RENAME USER '{user}a'@'%' TO '{user}c'@'%', '{user}b'@'%' TO '{user}a'@'%', '{user}c'@'%' TO '{user}b'@'%'",
               ("CREATE USER '{user}a'@'%'", "CREATE USER '{user}b'@'%'", "GRANT SELECT ON {db}.* TO '{user}a'@'%'"),
               asks=("noted", "done")),
    Definition("drop-two-users", "DROP USER '{user}a'@'%', '{user}b'@'%'", ("CREATE USER '{user}a'@'%'", "CREATE USER '{user}b'@'%'"),
               half="DROP USER '{user}a'@'%'"),
    Definition("grant", "GRANT SELECT, INSERT ON {db}.* TO '{user}a'@'%'", ("CREATE USER '{user}a'@'%'",)),
    Definition("revoke", "REVOKE INSERT ON {db}.* FROM '{user}a'@'%'",
               ("CREATE USER '{user}a'@'%'", "GRANT SELECT, INSERT ON {db}.* TO '{user}a'@'%'")),
    Definition("create-role", "CREATE ROLE {user}r", families=NEW),
    # sequences
    Definition("create-sequence", "CREATE SEQUENCE s START WITH 7", families=MARIADB),
    Definition("alter-sequence", "ALTER SEQUENCE s INCREMENT 3", ("CREATE SEQUENCE s START WITH 7",), families=MARIADB),
    Definition("drop-sequence", "DROP SEQUENCE s", ("CREATE SEQUENCE s START WITH 7",), families=MARIADB),
]


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def what_there_is(server, prefix):
    """All objects in databases of this prefix, and the accounts, as far as they are to be alike. Tables' columns and rows are
    compared elsewhere."""
    found = set()
    for what, columns, table, schema in (
            ("table", "table_schema, table_name, table_type", "tables", "table_schema"),
            ("routine", "routine_schema, routine_name, routine_type, routine_comment", "routines", "routine_schema"),
            ("trigger", "trigger_schema, trigger_name, event_object_table, action_timing", "triggers", "trigger_schema"),
            ("event", "event_schema, event_name, interval_value, event_comment", "events", "event_schema"),
            ("column of a view", "table_schema, table_name, column_name", "columns NATURAL JOIN "
             "(SELECT table_schema, table_name FROM information_schema.views) AS v", "table_schema"),
            ("database", "schema_name, default_character_set_name", "schemata", "schema_name")):
        found |= {(what, *map(text, row)) for row in server.query(
            f"SELECT {columns} FROM information_schema.{table} WHERE {schema} LIKE %s", prefix + "%")}
    for user, host in server.query("SELECT user, host FROM mysql.user WHERE user LIKE %s", prefix + "%"):
        user, host = text(user), text(host)
        found.add(("account", user, "" if user.endswith("r") else host))
        if not user.endswith("r"):
            found |= {("grant", user, line.split(" TO ")[0]) for (line,) in server.query(f"SHOW GRANTS FOR '{user}'@'{host}'")
                      if prefix in line.split(" TO ")[0]}
    for kind, schema, name, *rest in [row for row in found if row[0] == "table" and row[3] == "SEQUENCE"]:
        found.add(("sequence", *map(text, server.query(f"SHOW CREATE TABLE `{schema}`.`{name}`")[0])))
    return found


def drop_accounts(server, prefix):
    for user, host in server.query("SELECT user, host FROM mysql.user WHERE user LIKE %s", prefix + "%"):
        user, host = text(user), text(host)
        server.sql(f"DROP ROLE `{user}`" if user.endswith("r") else f"DROP USER '{user}'@'{host}'")
