"""Sessions that work with temporary tables of the same names, and all else that a statement's meaning hangs on."""
import contextlib
import pathlib
import random
import threading

import pymysql

# what a session that goes its way among others lives with
EXPECTED = {
    1062,   # duplicate key
    1205, 1213,   # lock wait, deadlock
    1305,   # a savepoint that went with its transaction
    1467,   # MariaDB: the next number could not be read
    1048, 1364,   # no NULL, no default
    1137,   # MySQL cannot open a temporary table twice in one statement
    1317, 1927, 2006, 2013,   # it was killed
}

TABLES = """
CREATE TABLE counted (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, owner INT NOT NULL, n INT, v VARCHAR(200), at DATETIME(6) NULL,
  r DOUBLE, KEY (owner)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE keyed (owner INT NOT NULL, k INT NOT NULL, v VARCHAR(200), n INT NOT NULL DEFAULT 0, PRIMARY KEY (owner, k))
  ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE texts (owner INT NOT NULL, n INT NOT NULL, l VARCHAR(60) CHARACTER SET latin1, u VARCHAR(60) CHARACTER SET utf8mb4
  COLLATE utf8mb4_general_ci, stamp TIMESTAMP NULL DEFAULT NULL, day VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,
  KEY (owner)) ENGINE=InnoDB
"""


class Session(threading.Thread):
    """One session after the other, each with temporary tables tmp, tmp2 and other of its own."""

    def __init__(self, work, number):
        super().__init__(daemon=True)
        self.work, self.number = work, number
        self.rng = random.Random(f"{work.seed}/{number}")
        self.serial = 0
        self.connection = None
        self.failure = None

    # --- statements

    def execute(self, sql):
        """False when it ended with an error that is part of such a life."""
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql)
            self.work.count()
            return True
        except pymysql.MySQLError as error:
            if error.args[0] not in EXPECTED:
                error.args = (*error.args, sql)
                raise
            if error.args[0] in (1205, 1213):
                self.rollback()
            if error.args[0] in (1317, 1927, 2006, 2013):
                self.open()
            return False

    def rollback(self):
        self.execute("ROLLBACK")
        self.in_transaction = False

    def open(self):
        with contextlib.suppress(pymysql.MySQLError):
            if self.connection:
                self.connection.close()
        self.connection = self.work.server.connect(self.work.database, local_infile=True)
        self.temps = {}
        self.in_transaction = False
        self.execute("SET @who = %d" % self.number)
        self.execute(f"SET SESSION binlog_format = {self.work.format}")

    def next(self):
        self.serial += 1
        return self.number * 1000000 + self.serial

    def other_temp(self, name):
        others = sorted(other for other in self.temps if other != name)
        return self.rng.choice(others) if others else None

    # --- one thing at a time

    def make_temp(self):
        free = [name for name in ("tmp", "tmp2", "other") if name not in self.temps]
        if not free:
            return
        name = self.rng.choice(free)
        # MariaDB leaves what a table was made from when the transaction is rolled back, and the rows may be undone
        shape = self.rng.randrange(3 if self.in_transaction and self.work.server.family == "mariadb" else 5)
        other = self.other_temp(name)
        columns = "id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT, v VARCHAR(200), n INT DEFAULT 0, KEY by_k (k)"
        if shape == 0:
            sql = f"CREATE TEMPORARY TABLE `{name}` ({columns}) ENGINE=InnoDB"
        elif shape == 1:
            sql = f"CREATE TEMPORARY TABLE IF NOT EXISTS {self.work.database}.{name} ({columns})"
        elif shape == 2 and other:
            sql = f"CREATE TEMPORARY TABLE {name} LIKE {other}"
        elif shape == 3:
            sql = (f"CREATE TEMPORARY TABLE {name} (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, KEY by_k (k)) "
                   f"SELECT k, v, n FROM keyed WHERE owner = {self.number} ORDER BY k")
        elif shape == 4:
            sql = (f"create temporary table /* in words */ {name} ({columns}) "
                   f"as select k, concat(v, '/', @who) as v, n + 1 as n from keyed where owner = {self.number} order by k")
        else:
            return
        if self.execute(sql):
            self.temps[name] = {"v": "v"} if "LIKE" not in sql else dict(self.temps[other])

    def drop_temp(self):
        if not self.temps:
            return
        names = self.rng.sample(sorted(self.temps), self.rng.randint(1, len(self.temps)))
        words = self.rng.choice(["DROP TEMPORARY TABLE", "DROP TEMPORARY TABLE IF EXISTS"] +
                                ([] if self.in_transaction else ["DROP TABLE", "DROP TABLE IF EXISTS"]))
        if self.execute(f"{words} {', '.join(names)}"):
            for name in names:
                del self.temps[name]
            if words.startswith("DROP TABLE"):
                self.in_transaction = False

    def alter_temp(self):
        if not self.temps:
            return
        name = self.rng.choice(sorted(self.temps))
        columns = self.temps[name]
        kind = self.rng.randrange(4)
        free = [other for other in ("tmp", "tmp2", "other") if other not in self.temps]
        new = "vv" if columns["v"] == "v" else "v"
        if kind == 0 and "extra" not in columns:
            sql, change = "ADD COLUMN extra INT DEFAULT 7, ADD KEY by_extra (extra)", lambda: columns.update(extra="extra")
        elif kind == 1 and free:
            sql, change = f"RENAME TO {free[0]}", lambda: self.temps.update({free[0]: self.temps.pop(name)})
        elif kind == 2:
            sql, change = f"CHANGE {columns['v']} {new} VARCHAR(180)", lambda: columns.update(v=new)
        else:
            sql, change = None, lambda: None
        # each of these ends a transaction, also when it fails
        self.in_transaction = False
        if self.execute(f"ALTER TABLE {name} {sql}" if sql else f"TRUNCATE TABLE {name}"):
            change()

    def change_temp(self):
        if not self.temps:
            return
        name = self.rng.choice(sorted(self.temps))
        v = self.temps[name]["v"]
        other = self.other_temp(name)
        k = self.rng.randrange(12)
        choices = [
            f"INSERT INTO {name} (k, {v}) VALUES ({k}, 'a {self.next()}'), ({k + 1}, 'it''s'), (NULL, NULL)",
            f"INSERT INTO {name} (k, {v}, n) SELECT k, v, n FROM keyed WHERE owner = {self.number} ORDER BY k",
            f"UPDATE {name} SET {v} = CONCAT({name}.{v}, '+'), n = n + 1 WHERE {name}.k = {k}",
            f"UPDATE {self.work.database}.{name} AS q SET q.n = q.n * 2 WHERE q.k > {k} AND q.n < 1000",
            f"UPDATE {name} t JOIN keyed b ON b.k = t.k AND b.owner = {self.number} SET t.{v} = b.v, t.n = b.n",
            f"DELETE FROM {name} WHERE k = {k} ORDER BY id LIMIT 2",
            f"DELETE t FROM {name} t JOIN keyed ON keyed.k = t.k WHERE keyed.owner = {self.number} AND t.k = {k}",
            f"DELETE {name} FROM {name} WHERE {name}.k = {k}",
            f"INSERT INTO {name} (k, {v}) VALUES ({k}, 'x') ON DUPLICATE KEY UPDATE n = n + 1",
            f"REPLACE INTO {name} (id, k, {v}) VALUES ({k + 1}, {k}, 'replaced'), ({k + 2}, {k}, 'too')",
            f"UPDATE {name} a, {name} b SET a.n = a.n + b.k WHERE a.k = b.k AND b.k = {k} AND a.id = b.id",
        ]
        if other:
            w = self.temps[other]["v"]
            choices += [f"UPDATE {name} JOIN {other} USING (k) SET {name}.n = {other}.k, {name}.{v} = 'joined' "
                        f"WHERE {other}.k = {k}",
                        f"INSERT INTO {name} (k, {v}) SELECT {other}.k, {other}.{w} FROM {other} "
                        f"LEFT JOIN keyed b ON b.k = {other}.k AND b.owner = {self.number} ORDER BY {other}.id LIMIT 20"]
        self.execute(self.rng.choice(choices))

    def use_temp(self):
        """From temporary tables into those that are compared in the end."""
        if not self.temps:
            return
        name = self.rng.choice(sorted(self.temps))
        v = self.temps[name]["v"]
        me = self.number
        self.execute(self.rng.choice([
            f"INSERT INTO counted (owner, n, v) SELECT {me}, {name}.n, {name}.{v} FROM {name} ORDER BY {name}.id LIMIT 30",
            f"INSERT INTO counted (owner, n, v) SELECT {me}, COUNT(*), MAX(x.{v}) FROM {name} AS x",
            f"INSERT INTO counted (owner, n, v) SELECT {me}, COUNT(*), GROUP_CONCAT(a.k ORDER BY a.id, b.id) FROM {name} a "
            f"JOIN {name} b ON a.k = b.k WHERE a.k < 3",
            f"UPDATE keyed b JOIN {name} ON {name}.k = b.k SET b.v = {name}.{v}, b.n = b.n + 1 "
            f"WHERE b.owner = {me} AND {name}.id = (@first := 1)",
            f"UPDATE keyed SET n = n + (SELECT COUNT(*) FROM {name} WHERE {name}.k = keyed.k) WHERE owner = {me}",
            f"DELETE FROM counted WHERE owner = {me} AND n IN (SELECT n FROM {name} WHERE k = 5)",
            f"INSERT INTO keyed (owner, k, v) SELECT {me}, k, MAX({v}) FROM {name} WHERE k IS NOT NULL GROUP BY k "
            "ON DUPLICATE KEY UPDATE n = keyed.n + 1, v = VALUES(v)",
            f"REPLACE INTO keyed (owner, k, v) SELECT {me}, k + 3, MIN({name}.{v}) FROM {name} WHERE k IS NOT NULL GROUP BY k",
        ]))

    def base(self):
        me, number = self.number, self.next()
        self.execute(self.rng.choice([
            f"INSERT INTO counted (owner, n, v) VALUES ({me}, {number}, 'one'), ({me}, {number}, 'two')",
            f"INSERT INTO counted (owner, n, at) VALUES ({me}, LAST_INSERT_ID(), NOW(6))",
            f"INSERT INTO counted (owner, n, r) VALUES ({me}, {number}, RAND()), ({me}, {number}, RAND())",
            f"INSERT INTO counted (owner, n, v) VALUES ({me}, @step := {number}, CONCAT(@who, @@lc_time_names))",
            f"INSERT INTO counted (owner, n, v) VALUES ({me}, @who, DATE_FORMAT(NOW(), '%Y %M %W'))",
            f"INSERT INTO counted (owner, n, v) VALUES ({me}, CONNECTION_ID() > 0, 'connected')",
            f"INSERT INTO counted (owner, n, v) VALUES ({me}, {number}, 'a;b--c # \\' /* \\\\ */')",
            f"UPDATE keyed a JOIN counted c ON c.owner = a.owner SET a.n = a.n + 1, c.v = 'both' "
            f"WHERE a.owner = {me} AND a.k = 2 AND c.n % 7 = 0",
            f"INSERT INTO keyed (owner, k, v) VALUES ({me}, {number % 15}, 'k') ON DUPLICATE KEY UPDATE n = n + 1, v = VALUES(v)",
            f"REPLACE INTO keyed (owner, k, v, n) VALUES ({me}, {number % 15}, UNIX_TIMESTAMP(), {number})",
            f"INSERT IGNORE INTO keyed (owner, k) VALUES ({me}, 1), ({me}, 2), ({me}, {number % 15})",
            f"DELETE FROM counted WHERE owner = {me} ORDER BY id LIMIT 1",
        ]))

    def text(self):
        """Character sets, modes, zones: the context of a statement."""
        me, number = self.number, self.next()
        zone = self.rng.choice(["+00:00", "-03:30", "+05:45"])
        charset, word = self.rng.choice([("latin1", "Größe é"), ("utf8mb4", "Größe \U0001F600"), ("cp1251", "Привет"),
                                         ("utf8", "Ελλάδα")])
        self.execute(f"SET time_zone = '{zone}', lc_time_names = '{self.rng.choice(['de_DE', 'en_US', 'pl_PL'])}'")
        if charset != "utf8mb4":
            self.execute(f"SET NAMES {charset}")
        encoded = word.encode({"utf8mb4": "utf8", "utf8": "utf8", "latin1": "cp1252", "cp1251": "cp1251"}[charset])
        mode = self.rng.choice(["", "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES", "STRICT_ALL_TABLES"])
        self.execute(f"SET sql_mode = '{mode}'")
        quote = '"' if "ANSI" in mode else "`"
        backslash = "\\" if "NO_BACKSLASH" in mode else "\\\\"
        statement = (f"INSERT INTO {quote}texts{quote} (owner, n, u, stamp, day) VALUES ({me}, {number}, '".encode() + encoded +
                     backslash.encode() + f"', NOW(), CONCAT(DATE_FORMAT(NOW(), '%M'), '{zone}'))".encode())
        self.execute(statement)
        if self.rng.random() < 0.5:
            self.execute(f"INSERT INTO texts (owner, n, l, u, stamp) VALUES ({me}, {number}, _latin1 x'E9', _utf8mb4 'a''b', "
                         "FROM_UNIXTIME(1234567890))")
        self.execute("SET NAMES utf8mb4")
        self.execute("SET time_zone = '+00:00', sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'")

    def load(self):
        """LOAD DATA in its forms, into both kinds of tables."""
        lines = "".join(f"{self.rng.randrange(20)}\tline {self.next()} '\\\\\n" for _ in range(self.rng.randint(1, 40)))
        path = pathlib.Path(self.work.folder) / f"load{self.number}"
        path.write_text(lines)
        local = self.rng.choice(["", "LOCAL "])
        me = self.number
        forms = [
            f"LOAD DATA {local}INFILE '{path}' INTO TABLE counted (n, v) SET owner = {me}",
            f"LOAD DATA {local}INFILE '{path}' REPLACE INTO TABLE keyed (k, v) SET owner = {me}",
            f"LOAD DATA {local}INFILE '{path}' IGNORE INTO TABLE keyed FIELDS TERMINATED BY '\\t' (@k, @v) "
            f"SET owner = {me}, k = @k % 5, v = CONCAT(@v, @who)",
            f"LOAD DATA {local}INFILE '{path}' INTO TABLE {self.work.database}.counted CHARACTER SET latin1 "
            f"FIELDS TERMINATED BY '\\t' LINES TERMINATED BY '\\n' IGNORE 1 LINES (n, v) SET owner = {me}, at = NOW(6)",
        ]
        for name in sorted(self.temps):
            forms.append(f"LOAD DATA {local}INFILE '{path}' INTO TABLE {name} (k, {self.temps[name]['v']}) SET n = 3")
        self.execute(self.rng.choice(forms))

    def transaction(self):
        if not self.in_transaction:
            self.in_transaction = self.execute(self.rng.choice(["BEGIN", "START TRANSACTION"]))
        elif self.rng.random() < 0.75:
            self.execute("COMMIT")
            self.in_transaction = False
        else:
            self.rollback()

    def savepoint(self):
        if not self.in_transaction:
            return
        self.execute("SAVEPOINT `a b`")
        self.base()
        self.change_temp()
        if self.in_transaction:
            self.execute("ROLLBACK TO SAVEPOINT `a b`" if self.rng.random() < 0.6 else "RELEASE SAVEPOINT `a b`")

    def life(self):
        self.open()
        if not self.serial:
            for k in range(12):
                self.execute(f"INSERT INTO keyed (owner, k, v) VALUES ({self.number}, {k}, 'first {k}')")
        for _ in range(self.rng.randint(10, 60)):
            if self.work.ending.is_set():
                break
            self.rng.choices([self.make_temp, self.drop_temp, self.alter_temp, self.change_temp, self.use_temp, self.base,
                              self.text, self.load, self.transaction, self.savepoint],
                             [6, 2, 2, 9, 9, 9, 3, 2, 8, 3])[0]()
        if self.in_transaction and self.rng.random() < 0.5:
            self.execute("COMMIT")
        # the server writes the DROPs of what is left
        self.connection.close()

    def run(self):
        try:
            while not self.work.ending.is_set():
                self.life()
        except BaseException as failure:    # noqa: the test raises it
            self.failure = failure
            self.work.ending.set()
        finally:
            with contextlib.suppress(pymysql.MySQLError):
                self.connection.close()


class Workload:
    """Many such sessions until it is stopped, or until so many statements were run."""

    def __init__(self, server, database, seed, log_format, sessions=20, statements=None):
        self.server, self.database, self.seed, self.format = server, database, seed, log_format
        self.folder = server.lab.folder / "tmp"
        self.limit = statements
        self.statements = 0
        self.ending = threading.Event()
        self._lock = threading.Lock()
        self.sessions = [Session(self, number) for number in range(1, sessions + 1)]

    def prepare(self):
        print(f"statements: seed {self.seed}")
        self.server.sql(f"CREATE DATABASE `{self.database}` CHARACTER SET utf8mb4; USE `{self.database}`; {TABLES}")
        return self

    def count(self):
        with self._lock:
            self.statements += 1
            if self.limit and self.statements >= self.limit:
                self.ending.set()

    def start(self):
        for session in self.sessions:
            session.start()
        return self

    def wait(self, seconds=180):
        self.ending.wait(seconds)
        self.stop()

    def stop(self):
        self.ending.set()
        for session in self.sessions:
            session.join(60)
        for session in self.sessions:
            if session.failure:
                raise session.failure
