"""Statements in words of one family, one version or one kind of server, and what becomes of them on each kind of target."""
import dataclasses

A, B, M, O = "maria1011", "maria118", "mysql97", "mysql56"        # noqa: E741
MARIADB = (A, B)
TARGETS = (A, B, M)
PAIRS = [(A, M), (A, A), (A, B), (M, A), (M, B), (M, M), (O, M), (O, A)]


@dataclasses.dataclass
class Form:
    """What is run `before` is not looked at. Of `sql` the outcome is: "run", "not logged", or "rewritten", "set aside",
    "stopped" and the rules' names or the target's error; by target, or by source and target; "run" where none is named.
    `apart`: its tables are not to be the same afterwards."""
    name: str
    sources: tuple
    sql: list
    before: list = ()
    outcomes: dict = dataclasses.field(default_factory=dict)
    apart: bool = False

    def outcome(self, source, target):
        return self.outcomes.get((source, target), self.outcomes.get(target, "run"))


def everywhere(outcome):
    return {kind: outcome for kind in (A, B, M)}


def on_mariadb(outcome):
    return {kind: outcome for kind in MARIADB}


FILL = ("CREATE PROCEDURE fill(what VARCHAR(40) CHARACTER SET utf8mb4, many INT) BEGIN DECLARE half DECIMAL(6,2) DEFAULT many / 2; "
        "INSERT INTO filled (v, n) VALUES (what, half); UPDATE filled SET n = n + many WHERE v = what; END")
PARTS = ["CREATE TABLE {0} (a INT) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))",
         "INSERT INTO {0} VALUES (1), (11)", "CREATE TABLE {0}_plain (a INT)", "INSERT INTO {0}_plain VALUES (5)"]


def parts(name):
    return [statement.format(name) for statement in PARTS]


FORMS = [
    # --- stored code
    Form("NAME_CONST, of a procedure's parameters", (A, M, O), ["CALL fill('grün', 9)", "CALL fill(NULL, 9)",
         "CALL fill('it''s \\\\ %', 4)"],
         ["CREATE TABLE filled (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(40) CHARACTER SET latin1, n INT)", FILL],
         {(M, A): "rewritten: collations"}),
    Form("SELECT of a function that changes rows", (A, M, O), ["SELECT noted(7)"], ["CREATE TABLE notes (a INT)",
         "CREATE FUNCTION noted(n INT) RETURNS INT DETERMINISTIC BEGIN INSERT INTO notes VALUES (n); RETURN n; END"]),
    Form("ALTER DEFINER … VIEW", (A, M, O),
         ["ALTER ALGORITHM=MERGE DEFINER=root@localhost VIEW seen AS SELECT id, v FROM viewed"],
         ["CREATE TABLE viewed (id INT PRIMARY KEY, v INT)", "CREATE VIEW seen AS SELECT id FROM viewed"],
         everywhere("rewritten: definer")),
    Form("ALTER DEFINER … EVENT", (A, M, O), ["ALTER DEFINER=root@localhost EVENT sleeper COMMENT 'x'"],
         ["CREATE EVENT sleeper ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM nothing"], everywhere("rewritten: definer")),
    # --- accounts
    Form("GRANT of dynamic privileges", (M,), ["GRANT BACKUP_ADMIN, SELECT ON *.* TO '{db}_b'@'%'"],
         ["CREATE USER '{db}_b'@'%' "], {**on_mariadb("rewritten: privileges, role-names"), M: "rewritten: privileges"}),
    Form("GRANT … AS", (M,), ["GRANT SELECT ON *.* TO '{db}_g'@'%' AS root@localhost"], ["CREATE USER '{db}_g'@'%'"],
         {**on_mariadb("rewritten: grant-as, role-names"), M: "rewritten: grant-as, grant-identified"}),
    Form("REVOKE of what was never granted", (A, M, O), ["REVOKE SUPER ON *.* FROM '{db}_r'@'%'"],
         ["CREATE USER '{db}_r'@'%'", "GRANT SUPER ON *.* TO '{db}_r'@'%'"], everywhere("set aside: privileges")),
    Form("options of accounts", (M,),
         ["CREATE USER '{db}_o'@'%' REQUIRE X509 WITH MAX_USER_CONNECTIONS 5 PASSWORD EXPIRE INTERVAL 90 DAY "
         "FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 2 COMMENT 'x'"], outcomes=on_mariadb("rewritten: passwords")),
    Form("SET DEFAULT ROLE … TO", (M,), ["SET DEFAULT ROLE {db}_role TO '{db}_d'@'%'"], ["CREATE USER '{db}_d'@'%'",
         "CREATE ROLE {db}_role", "GRANT {db}_role TO '{db}_d'@'%'"], on_mariadb("rewritten: default-role")),
    Form("ALTER USER … DEFAULT ROLE", (M,), ["ALTER USER '{db}_a'@'%' DEFAULT ROLE {db}_role2"], ["CREATE USER '{db}_a'@'%'",
         "CREATE ROLE {db}_role2", "GRANT {db}_role2 TO '{db}_a'@'%'"], on_mariadb("rewritten: passwords")),
    Form("SET ROLE", (A, M), ["SET ROLE NONE"], outcomes=everywhere("not logged")),
    # --- loading and administration
    Form("LOAD XML", (A, M, O), ["LOAD XML INFILE '@TMP@/words.xml' INTO TABLE loaded"], ["CREATE TABLE loaded (a INT, b INT)"],
         everywhere("stopped: load-xml"), apart=True),
    Form("ANALYZE … UPDATE HISTOGRAM", (M,), ["ANALYZE TABLE counted UPDATE HISTOGRAM ON n"],
         ["CREATE TABLE counted (id INT PRIMARY KEY, n INT)", "INSERT INTO counted VALUES (1, 1)"],
         everywhere("set aside: table-maintenance")),
    Form("ANALYZE … PERSISTENT FOR ALL", (A,), ["ANALYZE TABLE kept PERSISTENT FOR ALL"], ["CREATE TABLE kept (a INT)"],
         everywhere("set aside: table-maintenance")),
    Form("OPTIMIZE, REPAIR", (A, M, O), ["OPTIMIZE TABLE opt", "REPAIR TABLE opt"], ["CREATE TABLE opt (a INT)"],
         everywhere("set aside: table-maintenance")),
    Form("CREATE SERVER", (A,), ["CREATE SERVER {db}_s FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')",
         "DROP SERVER {db}_s"], outcomes=everywhere("not logged")),
    Form("ALTER DATABASE … READ ONLY", (M,), ["ALTER DATABASE `{db}` READ ONLY = 0"],
         outcomes=everywhere("set aside: nothing-left")),
    # --- tables
    Form("ENGINE=MEMORY", (A, M, O), ["CREATE TABLE heap (id INT PRIMARY KEY) ENGINE=MEMORY",
         "INSERT INTO heap VALUES (1), (2)"], outcomes=everywhere("rewritten: engine")),
    Form("ENGINE=ARCHIVE", (M, O), ["CREATE TABLE arch (id INT) ENGINE=ARCHIVE", "INSERT INTO arch VALUES (1), (2)"],
         outcomes=everywhere("rewritten: engine")),
    Form("ENGINE=CSV", (A, M, O), ["CREATE TABLE csv (id INT NOT NULL) ENGINE=CSV", "INSERT INTO csv VALUES (1), (2)"],
         outcomes=everywhere("rewritten: engine")),
    Form("ENGINE=BLACKHOLE", (M, O), ["CREATE TABLE hole (id INT NOT NULL) ENGINE=BLACKHOLE"],
         outcomes=everywhere("rewritten: engine")),
    Form("ENGINE=MERGE", (A, M, O), ["CREATE TABLE merged (a INT) ENGINE=MERGE UNION=(one) INSERT_METHOD=LAST"],
         ["CREATE TABLE one (a INT) ENGINE=MyISAM"], everywhere("stopped: merge-tables"), apart=True),
    Form("ENGINE=Aria", (A,), ["CREATE OR REPLACE TABLE aria (b INT) ENGINE=Aria TRANSACTIONAL=1 PAGE_CHECKSUM=1",
         "INSERT INTO aria VALUE (1), (2)"], outcomes={**on_mariadb("rewritten: engine, foreign-options"),
         M: "rewritten: engine, foreign-options, or-replace"}),
    Form("ENGINE of partitions", (O,), ["CREATE TABLE pe (a INT) ENGINE=MyISAM PARTITION BY HASH (a) (PARTITION p0 "
         "ENGINE=MyISAM, PARTITION p1 ENGINE=MyISAM)"], outcomes=everywhere("rewritten: engine")),
    Form("ROW_FORMAT=FIXED", (A, O), ["CREATE TABLE fixed (a INT, b CHAR(9)) ENGINE=MyISAM ROW_FORMAT=FIXED",
         "INSERT INTO fixed VALUES (1, 'x')"], outcomes=everywhere("rewritten: engine, row-format")),
    Form("KEY_BLOCK_SIZE", (A, M, O), ["CREATE TABLE blocks (a INT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8"],
         outcomes=everywhere("rewritten: row-format")),
    Form("PAGE_COMPRESSED", (A,), ["CREATE TABLE pages (a INT) PAGE_COMPRESSED=1 PAGE_COMPRESSION_LEVEL=3"],
         outcomes=everywhere("rewritten: compression")),
    Form("EXCHANGE PARTITION", (A, M, O), ["ALTER TABLE e1 EXCHANGE PARTITION p0 WITH TABLE e1_plain"], parts("e1")),
    Form("EXCHANGE PARTITION … WITHOUT VALIDATION", (M,),
         ["ALTER TABLE e2 EXCHANGE PARTITION p0 WITH TABLE e2_plain WITHOUT VALIDATION"], parts("e2"),
         {A: "rewritten: exchange-validation"}),
    Form("EXCHANGE PARTITION … WITH VALIDATION", (M,),
         ["ALTER TABLE e3 EXCHANGE PARTITION p0 WITH TABLE e3_plain WITH VALIDATION"], parts("e3"),
         {A: "rewritten: exchange-validation"}),
    Form("RENAME COLUMN", (A, M), ["ALTER TABLE renamed RENAME COLUMN n TO m"],
         ["CREATE TABLE renamed (id INT PRIMARY KEY, n INT)"]),
    Form("foreign keys to tables that come later", (A, M, O),
         ["CREATE TABLE child (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES parent (id))", "INSERT INTO child VALUES (1)",
         "CREATE TABLE parent (id INT PRIMARY KEY)", "INSERT INTO parent VALUES (1)"], ["SET foreign_key_checks = 0"]),
    # --- character sets
    Form("_0900_ collations", (M,),
         ["CREATE TABLE c1 (a VARCHAR(9) COLLATE utf8mb4_0900_as_cs, b VARCHAR(9) COLLATE utf8mb4_0900_bin, "
         "c VARCHAR(9) COLLATE utf8mb4_de_pb_0900_ai_ci)", "INSERT INTO c1 VALUES ('ä', 'b ', 'ß')",
         "UPDATE c1 SET b = 'c' WHERE a = 'ä' COLLATE utf8mb4_0900_as_cs"], outcomes={A: "rewritten: collations"}),
    Form("uca1400 collations", (A,), ["CREATE TABLE c2 (a VARCHAR(9) CHARACTER SET utf8mb4 COLLATE uca1400_ai_ci, b "
         "VARCHAR(9) COLLATE utf8mb4_uca1400_as_cs)", "INSERT INTO c2 VALUES ('ä', 'b')"],
         outcomes={M: "rewritten: collations"}),
    Form("_mysql500_ and _mysql561_ collations", (A,),
         ["CREATE TABLE c3 (a VARCHAR(9) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_mysql500_ci, "
         "b VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_croatian_mysql561_ci)"], outcomes={M: "rewritten: collations"}),
    Form("utf8_general_mysql500_ci", (O,),
         ["CREATE TABLE c4 (a VARCHAR(9) CHARACTER SET utf8 COLLATE utf8_general_mysql500_ci)"],
         outcomes={A: "rewritten: collations", M: "rewritten: collations"}),
    # --- syntax
    Form("VALUES() in ON DUPLICATE KEY", (A, M, O),
         ["INSERT INTO dup (id, v) VALUES (1, 'x'), (20, 'y') ON DUPLICATE KEY UPDATE v = CONCAT(VALUES(v), '!')"],
         ["CREATE TABLE dup (id INT PRIMARY KEY, v VARCHAR(9))", "INSERT INTO dup VALUES (1, 'a')"]),
    Form("AS new in ON DUPLICATE KEY", (M,),
         ["INSERT INTO dup2 (id, v) VALUES (1, 'x') AS fresh ON DUPLICATE KEY UPDATE v = fresh.v"],
         ["CREATE TABLE dup2 (id INT PRIMARY KEY, v VARCHAR(9))", "INSERT INTO dup2 VALUES (1, 'a')"],
         on_mariadb("stopped: 1064"), apart=True),
    Form("INSERT … SELECT … ORDER BY", (A, M, O), ["INSERT INTO sel SELECT NULL, v FROM sel WHERE id < 3 ORDER BY id"],
         ["CREATE TABLE sel (id INT PRIMARY KEY AUTO_INCREMENT, v INT)", "INSERT INTO sel (v) VALUES (7), (8), (9)"]),
    Form("INSERT … RETURNING", (A,), ["INSERT INTO ret (v) VALUES ('r1'), ('r2') RETURNING id, v",
         "DELETE FROM ret WHERE v = 'r1' RETURNING *", "REPLACE INTO ret (id, v) VALUES (2, 'again') RETURNING id"],
         ["CREATE TABLE ret (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(9))"], {M: "rewritten: returning"}),
    Form("SET STATEMENT … FOR", (A,),
         ["SET STATEMENT sql_mode = '', max_statement_time = 10 FOR INSERT INTO mode (v, n) VALUES ('mode', 'none')"],
         ["CREATE TABLE mode (v VARCHAR(9), n INT)"], everywhere("rewritten: set-statement")),
    Form("sql_if_exists", (A,), ["DROP TABLE never"], ["SET sql_if_exists = 1"]),
    Form("check_constraint_checks, which is not in the log", (A,), ["INSERT INTO checked VALUES (-1)"],
         ["CREATE TABLE checked (a INT CHECK (a > 0))", "SET check_constraint_checks = 0"],
         {**on_mariadb("stopped: 4025"), M: "stopped: 3819"}, apart=True),
    Form("PERSISTENT columns, IGNORED keys", (A,),
         ["CREATE TABLE IF NOT EXISTS gen (a INT, b INT AS (a + 1) PERSISTENT, KEY (a) IGNORED)",
         "INSERT INTO gen (a) VALUES (7)"], outcomes={M: "rewritten: column-words, invisible"}),
    Form("STORED columns, JSON, INVISIBLE keys", (M,),
         ["CREATE TABLE gen2 (a INT, b INT AS (a + 1) STORED, c JSON, KEY (a) INVISIBLE)",
         "INSERT INTO gen2 (a, c) VALUES (7, '{{\"x\": [1, 2]}}')"], outcomes=on_mariadb("rewritten: invisible")),
    Form("-> of JSON", (M,), ["UPDATE arrow SET a = c->'$.x[1]'"], ["CREATE TABLE arrow (a INT, c JSON)",
         "INSERT INTO arrow VALUES (1, '{{\"x\": [1, 2]}}')"], on_mariadb("stopped: 1064"), apart=True),
    Form("VALUES ROW()", (M,), ["INSERT INTO rowed VALUES ROW(1), ROW(2)"], ["CREATE TABLE rowed (a INT)"],
         on_mariadb("stopped: 1064"), apart=True),
    Form("LATERAL", (M,), ["INSERT INTO lat SELECT q.b FROM (SELECT 1 AS a) p, LATERAL (SELECT p.a + 1 AS b) q"],
         ["CREATE TABLE lat (a INT)"], on_mariadb("stopped: 1064"), apart=True),
    Form("multi-valued keys", (M,), ["CREATE TABLE multi (a JSON, KEY k ((CAST(a AS UNSIGNED ARRAY))))"],
         outcomes=on_mariadb("stopped: functional-indexes"), apart=True),
    Form("CHECK … NOT ENFORCED", (M,), ["CREATE TABLE lax (a INT, CHECK (a > 0) NOT ENFORCED)"],
         outcomes=on_mariadb("stopped: 1064"), apart=True),
    Form("hints", (A, M), ["INSERT INTO hinted SELECT /*+ MAX_EXECUTION_TIME(1000) */ 1"], ["CREATE TABLE hinted (a INT)"]),
    Form("INET6, UUID", (A,), ["CREATE TABLE inet (a INET6, b UUID)"], outcomes={M: "stopped: 1064"}, apart=True),
    Form("/*M! … */", (A,), ["CREATE TABLE ms (a INT /*M!100100 NOT NULL */ /*M!990000 no such word */)"],
         outcomes={M: "rewritten: version-comments"}),
    Form("XA in statements", (A, M), ["XA START 'w'", "INSERT INTO xa VALUES (1)", "XA END 'w'", "XA PREPARE 'w'",
         "XA COMMIT 'w'"], ["CREATE TABLE xa (a INT)"]),
    # --- sql_mode
    Form("zero dates under another mode", (M, O), ["ALTER TABLE zero ADD x INT"], ["SET sql_mode = ''",
         "CREATE TABLE zero (a INT, d DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00')", "INSERT INTO zero (a) VALUES (1)",
         "SET sql_mode = 'NO_ZERO_DATE,NO_ZERO_IN_DATE'"]),
]


def table():
    """The forms and their outcomes, for docs/rewrites.md."""
    rows = []
    for form in FORMS:
        masters = {}
        for source in form.sources:
            cells = tuple(form.outcome(source, target) if (source, target) in PAIRS else "" for target in TARGETS)
            masters.setdefault(cells, []).append(source)
        rows += [f"| {form.name} | {', '.join(names)} | {' | '.join(cells)} |" for cells, names in masters.items()]
    return ("\n## Other words, seen on real servers\n\nRun and compared by `tests/e2e/statements/test_words.py`, on masters that log "
            "statements; `words.py` beside it has the statements. A number is the error of the target that the stream stops with.\n\n"
            f"| words | master | {' | '.join(TARGETS)} |\n|---|---|{'---|' * len(TARGETS)}\n" + "\n".join(rows) + "\n")
