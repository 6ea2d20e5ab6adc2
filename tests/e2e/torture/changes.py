"""Random changes of tables on the source."""
import collections

import pymysql

from .columns import json_change, quoted

# what a client of such tables must expect: a value that a key, a relation or a type refuses
REFUSED = {
    1062,  # duplicate key
    1451, 1452,  # a parent or child row
    1048, 1364, 1366,  # NULL, no default, wrong value (strict)
    1264, 1265, 1292, 1406, 1690,  # out of range, cut (strict)
    1416, 3037, 3140, 3141, 3143, 3158, 3150, 3156, 1416, 3617, 3616, 4038, 4025, 1761, 1205, 3157,
    1038,  # no memory to sort rows with large values by
    1300,  # invalid bytes for a character set
    1526, 1467, 167, 1105, 3819, 4078, 1210,
    1118,  # row too large, only known with the values
    1267,
}
# the time at which a session believes to be: what defaults and ON UPDATE give
MODES = ["''", "'NO_AUTO_VALUE_ON_ZERO'", "'ALLOW_INVALID_DATES'", "'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'",
         "'ALLOW_INVALID_DATES'", "'STRICT_ALL_TABLES,ALLOW_INVALID_DATES'", "'ALLOW_INVALID_DATES,NO_BACKSLASH_ESCAPES'"]
WHOLE, PARTIAL = "''", "'PARTIAL_JSON'"
ZONES = ["'+00:00'", "'+05:30'", "'-11:00'", "'SYSTEM'"]


class Changes:
    """Transactions on one connection. `history` keeps the statements of each table."""

    def __init__(self, server, side, rng, tables):
        self.rng, self.side, self.tables = rng, side, tables
        self.connection = server.connect()
        self.cursor = self.connection.cursor()
        self.history = collections.defaultdict(list)
        self.refused = collections.Counter()
        self.rows = 0
        # parts of a document stop where the target has it as text, and the image lacks the old one
        self.text_documents = any(column.document and column.target != column.source
                                  for table in tables for column in table.columns)
        self.run("SET NAMES utf8mb4")
        if side.mysql and side.version >= (8, 0):
            self.run("SET SESSION explicit_defaults_for_timestamp=1")

    def close(self):
        self.connection.close()

    def run(self, sql):
        self.cursor.execute(sql)
        return self.cursor.rowcount

    def transactions(self, rows):
        """Until so many rows were changed."""
        goal = self.rows + rows
        while self.rows < goal:
            self.session()
            for _ in range(self.rng.randint(1, 8)):
                self.transaction()

    def session(self):
        """Another mode, zone and row image."""
        rng = self.rng
        images = ["FULL", "FULL", "MINIMAL", "NOBLOB"]
        if self.side.is_mariadb(11, 4):
            images.append("FULL_NODUP")
        settings = [f"sql_mode={rng.choice(MODES)}", f"time_zone={rng.choice(ZONES)}"]
        image = rng.choice(images)
        settings.append(f"binlog_row_image={image}")
        self.mode = settings[0]
        if self.side.is_mysql(8):
            whole = self.text_documents and image != "FULL"
            settings.append(f"binlog_row_value_options={WHOLE if whole else rng.choice([WHOLE, PARTIAL])}")
            settings.append(f"binlog_transaction_compression={rng.choice(['ON', 'OFF'])}")
            settings.append(f"binlog_rows_query_log_events={rng.choice(['ON', 'OFF'])}")
        if rng.random() < 0.1:
            settings.append("unique_checks=0")
        else:
            settings.append("unique_checks=1")
        self.context = ", ".join(settings)
        for setting in settings:
            self.run(f"SET SESSION {setting}")

    def transaction(self):
        rng = self.rng
        if rng.random() < 0.4:
            self.statement(rng.choice(self.tables))
            return
        self.run("BEGIN")
        # often several changes of the same rows
        tables = [rng.choice(self.tables) for _ in range(rng.choice([1, 1, 2, 3]))]
        before = self.rows
        for _ in range(rng.randint(2, 8)):
            self.statement(rng.choice(tables))
            if rng.random() < 0.05:
                self.run("SAVEPOINT s")
                self.statement(rng.choice(tables))
                self.run("ROLLBACK TO s")
        if rng.random() < 0.07:
            self.run("ROLLBACK")
            self.rows = before
        else:
            self.run("COMMIT")

    # ---- statements ----

    def statement(self, table):
        rng = self.rng
        if table.swap and rng.random() < 0.25:
            self.swap(table)
            return
        what = rng.choices([self.insert, self.replace, self.update, self.update_all, self.delete, self.again, self.copy],
                           [30, 5, 34, 3, 14, 5, 6])[0]
        for sql in what(table):
            self.attempt(table, sql)

    def attempt(self, table, sql):
        try:
            found = self.run(sql)
        except pymysql.MySQLError as error:
            number = error.args[0]
            if number not in REFUSED:
                raise AssertionError(f"the generator's own statement failed: {error}\n{sql[:2000]}\n"
                                     f"{table.create(False)}") from error
            self.refused[number] += 1
            return
        if found > 0:
            self.rows += found
            self.history[table.name].append(f"/* {self.context} */ {sql}")

    def value(self, column):
        if column.nullable and self.rng.random() < 0.12:
            return "NULL"
        if "AUTO_INCREMENT" in column.extra and self.rng.random() < 0.5:
            return "NULL"
        return column.values(self.rng)

    def chosen(self, table):
        """The columns that a statement names: most often all. A column without a default may be left out as well: the source
        writes one that its type implies, or refuses the statement."""
        columns = table.writable()
        if self.rng.random() < 0.3:
            columns = [column for column in columns
                       if self.rng.random() < 0.6 or not (column.nullable or column.extra or column.implicit)]
        return columns or table.writable()

    def insert(self, table, verb="INSERT"):
        rng = self.rng
        # MariaDB's REPLACE of a row that is there leaves out of a MINIMAL or NOBLOB image what it resets to its default:
        # nobody who reads the log can know
        whole = verb == "REPLACE" and self.side.mariadb
        columns = table.writable() if whole else self.chosen(table)
        rows = rng.choice([1, 1, 2, 5, 20, 40]) if not any(column.long for column in columns) else rng.choice([1, 2, 6, 15])
        ignore = "IGNORE " if verb == "INSERT" and rng.random() < 0.75 else ""
        values = ",\n".join("(" + ", ".join(self.value(column) for column in columns) + ")" for _ in range(rows))
        sql = f"{verb} {ignore}INTO {table.full_name} ({', '.join(quoted(column.name) for column in columns)}) VALUES {values}"
        if verb == "INSERT" and rng.random() < 0.1:
            column = rng.choice(table.writable())
            sql += f" ON DUPLICATE KEY UPDATE {quoted(column.name)} = {self.value(column)}"
        return [sql]

    def replace(self, table):
        return self.insert(table, "REPLACE")

    def where(self, table):
        rng = self.rng
        how = rng.randrange(4)
        if how == 0:
            return f" WHERE `n` = {rng.randrange(40)} LIMIT {rng.choice([1, 3, 30])}"
        if how == 1:
            return f" WHERE `n` IS NULL LIMIT {rng.choice([1, 5])}"
        return f" ORDER BY RAND({rng.randrange(1 << 30)}) LIMIT {rng.choice([1, 2, 5, 20])}"

    def update(self, table):
        rng = self.rng
        writable = table.writable()
        columns = rng.sample(writable, min(len(writable), rng.choice([1, 1, 2, 3, len(writable)])))
        changes = []
        for column in columns:
            if column.document and self.side.is_mysql(8) and rng.random() < 0.6:
                changes.append(f"{quoted(column.name)} = {json_change(rng, column.name)}")
            else:
                changes.append(f"{quoted(column.name)} = {self.value(column)}")
        ignore = "IGNORE " if rng.random() < 0.5 else ""
        return [f"UPDATE {ignore}{table.full_name} SET {', '.join(changes)}{self.where(table)}"]

    def update_all(self, table):
        return [f"UPDATE {table.full_name} SET `n` = COALESCE(`n`, 0) + 1"]

    def delete(self, table):
        if self.rng.random() < 0.03:
            return [f"DELETE FROM {table.full_name}"]
        return [f"DELETE FROM {table.full_name}{self.where(table)}"]

    def again(self, table):
        """The same row goes, comes and changes within a transaction."""
        rng = self.rng
        columns = table.writable()
        values = [self.value(column) for column in columns]
        names = ", ".join(quoted(column.name) for column in columns)
        insert = f"INSERT IGNORE INTO {table.full_name} ({names}) VALUES ({', '.join(values)})"
        column = rng.choice(columns)
        key = f"`n` <=> {values[[column.name for column in columns].index('n')]}"
        return [insert, f"UPDATE IGNORE {table.full_name} SET {quoted(column.name)} = {self.value(column)} WHERE {key} LIMIT 1",
                f"DELETE FROM {table.full_name} WHERE {key}", insert]

    def copy(self, table):
        """Rows that are the same in every column, where the keys allow it."""
        names = ", ".join(quoted(column.name) for column in table.writable())
        return [f"INSERT IGNORE INTO {table.full_name} ({names}) SELECT {names} FROM {table.full_name} "
                f"ORDER BY RAND({self.rng.randrange(1 << 30)}) LIMIT {self.rng.choice([1, 3, 10])}"]

    def swap(self, table):
        """Two rows exchange their unique values, by way of a third value."""
        column = quoted(table.swap)
        self.cursor.execute(f"SELECT {column} FROM {table.full_name} WHERE {column} IS NOT NULL "
                            f"ORDER BY RAND({self.rng.randrange(1 << 30)}) LIMIT 2")
        found = [row[0] for row in self.cursor.fetchall()]
        if len(found) < 2:
            return
        one, two = found
        for old, new in ((one, -1), (two, one), (-1, two)):
            self.attempt(table, f"UPDATE {table.full_name} SET {column} = {new} WHERE {column} = {old}")
