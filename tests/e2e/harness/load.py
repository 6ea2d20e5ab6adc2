"""A mixed load in the manner of sysbench: several clients on several tables, and DDL in between."""
import random
import string
import threading
import time

import pymysql

TABLES = 4
KEYS = 400

# errors that a client of a busy, changing schema lives with
EXPECTED = {
    1205,   # lock wait timeout
    1213,   # deadlock
    1412,   # table definition has changed
    1146,   # no such table: it is being renamed or was dropped
    1054,   # no such column
    1062,   # duplicate key
    1020,   # record has changed since last read (MariaDB 11.6+)
    3572,
}

COLUMNS = """
  tiny TINYINT, small SMALLINT UNSIGNED, medium MEDIUMINT, big BIGINT UNSIGNED,
  amount DECIMAL(20,6), ratio DOUBLE, single FLOAT, flags BIT(9),
  name VARCHAR(120) CHARACTER SET utf8mb4, legacy VARCHAR(60) CHARACTER SET latin1, fixed CHAR(12) CHARACTER SET utf8mb4,
  bytes VARBINARY(80), note TEXT CHARACTER SET utf8mb4, picture BLOB,
  kind ENUM('one','two','three'), marks SET('a','b','c','d'),
  born DATE, moment DATETIME(6), stamp TIMESTAMP(3) NULL DEFAULT NULL, span TIME(2), vintage YEAR
"""
NAMES = [line.split()[0] for line in COLUMNS.replace("\n", " ").split(", ") if line.strip()]


class Load:
    """Runs until stopped. The seed decides what is done, the machine decides how it interleaves."""

    def __init__(self, server, database, seed, clients=3, ddl=True, pause=0.0):
        self.server, self.database, self.seed = server, database, seed
        self.clients, self.ddl = clients, ddl
        self.pause = pause          # seconds between two transactions of a client, on average
        self.transactions = 0
        self.statements = 0
        self.ddl_statements = 0
        self.failure = None
        self._ending = threading.Event()
        self._threads = []
        self._count = threading.Lock()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def prepare(self):
        """The tables and some rows. journal has no key: an insert that is applied twice shows."""
        print(f"load: seed {self.seed}")
        tables = [f"CREATE TABLE t{number} (id INT NOT NULL PRIMARY KEY, {COLUMNS}, KEY by_name (name(20))) "
                  "ENGINE=InnoDB" for number in range(TABLES)]
        self.server.sql(";".join([
            f"CREATE DATABASE `{self.database}` CHARACTER SET utf8mb4", f"USE `{self.database}`", *tables,
            "CREATE TABLE journal (client INT NOT NULL, n INT NOT NULL, text VARCHAR(40)) ENGINE=InnoDB",
            "CREATE TABLE counter (id INT NOT NULL PRIMARY KEY, n BIGINT NOT NULL) ENGINE=InnoDB",
            "INSERT INTO counter VALUES " + ", ".join(f"({client}, 0)" for client in range(self.clients)),
            "CREATE TABLE auto (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a INT, b VARCHAR(30), UNIQUE KEY (a)) "
            "ENGINE=InnoDB"]))
        return self

    def start(self):
        self._ending.clear()
        self._threads = [threading.Thread(target=self._guard, args=(self._client, number), daemon=True)
                         for number in range(self.clients)]
        if self.ddl:
            self._threads.append(threading.Thread(target=self._guard, args=(self._definer, 1000), daemon=True))
        for thread in self._threads:
            thread.start()
        return self

    def stop(self):
        self._ending.set()
        for thread in self._threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self._threads), "a client of the load did not end"
        self._threads = []
        if self.failure:
            raise self.failure

    def run(self, seconds):
        """Runs for so long; then nothing of it is going on any more."""
        self.start()
        self._ending.wait(seconds)
        self.stop()
        print(f"load: {self.transactions} transactions, {self.statements} row statements, "
              f"{self.ddl_statements} DDL")
        return self

    # --- one client

    def _guard(self, function, number):
        try:
            # a server that is being restarted comes back
            while not self._ending.is_set():
                try:
                    connection = self.server.connect(self.database, autocommit=False)
                except (pymysql.OperationalError, OSError):
                    self._ending.wait(0.05)
                    continue
                try:
                    function(connection, number, random.Random(f"{self.seed}/{number}/{time.monotonic_ns()}"
                                                               if self.transactions else f"{self.seed}/{number}"))
                except (pymysql.OperationalError, pymysql.InterfaceError, OSError) as error:
                    code = error.args[0] if error.args else 0
                    if code not in (0, 2006, 2013, 2003, 1053, 1317, 1927, 1158, 1159, 1160, 1161, 4031) and \
                            not isinstance(error, OSError):
                        raise
                finally:
                    try:
                        connection.close()
                    except (pymysql.Error, OSError):
                        pass
        except Exception as error:      # noqa: BLE001 (given to the test's own thread)
            self.failure = error
            self._ending.set()

    def _client(self, connection, number, rng):
        with connection.cursor() as cursor:
            cursor.execute("SET innodb_lock_wait_timeout = 1")
            while not self._ending.is_set():
                if self.pause:
                    self._ending.wait(rng.expovariate(1 / self.pause))
                try:
                    count = self._transaction(cursor, number, rng)
                    if rng.random() < 0.06:
                        connection.rollback()
                    else:
                        connection.commit()
                        with self._count:
                            self.transactions += 1
                            self.statements += count
                except pymysql.MySQLError as error:
                    if error.args[0] not in EXPECTED:
                        raise
                    connection.rollback()

    def _transaction(self, cursor, number, rng):
        # every client takes the tables in the same order: a row lock of one and a metadata lock of another, with a
        # definition in between, would be a deadlock that no server finds
        steps = sorted(_pick_table(rng) for _ in range(rng.choice((1, 1, 1, 2, 3, 5, 8, 20))))
        cursor.execute("BEGIN")
        for table in steps:
            if table == "journal":
                cursor.execute("INSERT INTO journal VALUES (%s, %s, %s)", (number, self.transactions, _word(rng, 30)))
            elif table == "counter":
                cursor.execute("UPDATE counter SET n = n + 1 WHERE id = %s", (number,))
            elif table == "auto":
                self._auto(cursor, rng)
            else:
                self._on_table(cursor, rng, table)
                if rng.random() < 0.04:
                    cursor.execute("SAVEPOINT s")
                    self._on_table(cursor, rng, table)
                    cursor.execute("ROLLBACK TO SAVEPOINT s")
        return len(steps)

    @staticmethod
    def _auto(cursor, rng):
        roll = rng.random()
        if roll < 0.6:
            cursor.execute("INSERT INTO auto (a, b) VALUES (%s, %s) ON DUPLICATE KEY UPDATE b = VALUES(b)",
                           (rng.randrange(KEYS), _word(rng, 20)))
        elif roll < 0.8:
            cursor.execute("REPLACE INTO auto (a, b) VALUES (%s, %s)", (rng.randrange(KEYS), _word(rng, 20)))
        else:
            cursor.execute("DELETE FROM auto WHERE a BETWEEN %s AND %s + 3", (rng.randrange(KEYS),) * 2)

    def _on_table(self, cursor, rng, table):
        key = rng.randrange(KEYS)
        roll = rng.random()
        if roll < 0.40:
            rows = rng.choice((1, 1, 1, 4, 15))
            values = [[rng.randrange(KEYS * 4), *_values(rng)] for _ in range(rows)]
            marks = ", ".join("(" + ", ".join(["%s"] * (len(NAMES) + 1)) + ")" for _ in values)
            cursor.execute(f"INSERT IGNORE INTO {table} (id, {', '.join(NAMES)}) VALUES {marks}",
                           [value for row in values for value in row])
        elif roll < 0.60:
            names = rng.sample(NAMES, rng.choice((1, 2, 5)))
            fresh = dict(zip(NAMES, _values(rng)))
            cursor.execute(f"UPDATE {table} SET {', '.join(f'{name} = %s' for name in names)} WHERE id = %s",
                           [fresh[name] for name in names] + [key])
        elif roll < 0.68:
            cursor.execute(f"UPDATE {table} SET small = (COALESCE(small, 0) + 1) %% 60000, note = CONCAT('again ', id) "
                           "WHERE id BETWEEN %s AND %s + 12", (key, key))
        elif roll < 0.74:
            # a new key for a row: the key itself changes
            cursor.execute(f"UPDATE IGNORE {table} SET id = %s WHERE id = %s", (rng.randrange(KEYS * 4), key))
        elif roll < 0.92:
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", (key,))
        else:
            cursor.execute(f"DELETE FROM {table} WHERE id BETWEEN %s AND %s + 10", (key, key))

    # --- definitions

    def _definer(self, connection, _, rng):
        step = 0
        with connection.cursor() as cursor:
            cursor.execute("SET lock_wait_timeout = 1")
            while not self._ending.is_set():
                step += 1
                try:
                    for statement in self._definition(rng, step):
                        cursor.execute(statement)
                        if not statement.startswith("INSERT"):
                            self.ddl_statements += 1
                        connection.commit()
                except pymysql.MySQLError as error:
                    # also: what a statement that was cut off in the middle has left behind
                    if error.args[0] not in EXPECTED | {1050, 1051, 1060, 1061, 1091, 1072}:
                        raise
                self._ending.wait(rng.uniform(0.02, 0.15) + self.pause * 2)

    def _definition(self, rng, step):
        table = f"t{rng.randrange(TABLES)}"
        choice = rng.randrange(8)
        if choice == 0:
            return [f"ALTER TABLE {table} ADD COLUMN extra{step} VARCHAR(20) DEFAULT '{_word(rng, 8)}'",
                    f"ALTER TABLE {table} DROP COLUMN extra{step}"]
        if choice == 1:
            return [f"ALTER TABLE {table} ADD COLUMN first{step} INT NOT NULL DEFAULT {step} AFTER id"]
        if choice == 2:
            return [f"CREATE TABLE brief{step} (id INT PRIMARY KEY, v VARCHAR(30)) ENGINE=InnoDB",
                    f"INSERT INTO brief{step} VALUES (1, 'a'), (2, 'b'), (3, '{_word(rng, 10)}')",
                    *([f"DROP TABLE brief{step}"] if rng.random() < 0.7 else [])]
        if choice == 3:
            return ["TRUNCATE TABLE auto"]
        if choice == 4:
            return [f"RENAME TABLE {table} TO moving{step}", f"RENAME TABLE moving{step} TO {table}"]
        if choice == 5:
            return [f"CREATE INDEX by_kind{step} ON {table} (kind, born)", f"DROP INDEX by_kind{step} ON {table}"]
        if choice == 6:
            return [f"CREATE TABLE copy{step} LIKE {table}", f"DROP TABLE copy{step}"]
        return [f"ALTER TABLE {table} MODIFY fixed CHAR({rng.randrange(12, 30)}) CHARACTER SET utf8mb4"]


LETTERS = string.ascii_letters + string.digits + " '\"\\%_\n\t;-äßµé"
WIDE = LETTERS + "€漢字🐟\u0000"


def _pick_table(rng):
    roll = rng.random()
    if roll < 0.30:
        return ("auto", "counter", "journal")[int(roll * 10)]
    return f"t{rng.randrange(TABLES)}"


def _word(rng, longest, letters=string.ascii_lowercase):
    return "".join(rng.choice(letters) for _ in range(rng.randrange(longest + 1)))


def _values(rng):
    """One value for each of NAMES; about one in ten is NULL."""
    date = f"{rng.randrange(1000, 9999)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    stamp = f"{rng.randrange(1971, 2037)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02} 12:34:56.{rng.randrange(1000):03}"
    values = [
        rng.randrange(-128, 128), rng.randrange(60000), rng.randrange(-2 ** 23, 2 ** 23), rng.randrange(2 ** 64),
        f"{rng.randrange(-10 ** 14, 10 ** 14)}.{rng.randrange(10 ** 6):06}", rng.uniform(-1e100, 1e100),
        rng.uniform(-1e6, 1e6), rng.randrange(512),
        _word(rng, 40, WIDE), _word(rng, 40, LETTERS), _word(rng, 10, LETTERS).rstrip(),
        rng.randbytes(rng.randrange(60)), _word(rng, 300, WIDE), rng.randbytes(rng.randrange(400)),
        rng.choice(("one", "two", "three")), ",".join(mark for mark in "abcd" if rng.random() < 0.5),
        date, f"{date} {rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}.{rng.randrange(10 ** 6):06}",
        stamp, f"{rng.randrange(-838, 838)}:{rng.randrange(60):02}:{rng.randrange(60):02}.{rng.randrange(100):02}",
        rng.randrange(1901, 2156)]
    return [None if rng.random() < 0.1 else value for value in values]
