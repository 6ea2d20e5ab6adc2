"""One round: tables on both sides, changes on the source, replication, comparison."""
import dataclasses
import os
import random

from .changes import Changes
from .columns import makers
from .compare import Differs, compare_table
from .sides import Side
from .tables import Maker, family_of_tables

SHOWN_STATEMENTS = 4
SHOWN_CHARACTERS = 1500


@dataclasses.dataclass
class Settings:
    seed: int
    tables: int = 20
    rows: int = 1800
    workers: int = 4
    merge: bool = True
    metadata: str = None           # binlog_row_metadata; None: the seed's choice


class Torture:
    """`pairing` is the tests' pairing of a source, a target and the program."""

    def __init__(self, pairing, settings, say=print):
        self.pairing, self.settings, self.say = pairing, settings, say
        self.rng = random.Random(settings.seed)
        self.source, self.target = Side.of(pairing.source), Side.of(pairing.target)
        self.tables = []
        self.changes = None
        # tables that a person wants to look at afterwards go by another name than those that a test cleans up
        self.database = ("kept_" if os.environ.get("CHANGELING_KEEP") else "") + pairing.db

    # ---- set-up ----

    def _globals(self):
        """What only a whole server can be told; returns what puts it back."""
        server, rng = self.pairing.source, self.rng
        wanted = {}
        if self.source.is_mysql(8):
            self.metadata = self.settings.metadata or rng.choice(["MINIMAL", "FULL", "FULL"])
        elif self.source.mariadb:
            self.metadata = self.settings.metadata or rng.choice(["NO_LOG", "MINIMAL", "FULL", "FULL"])
            wanted["log_bin_compress"] = rng.choice(["ON", "OFF"])
            wanted["log_bin_compress_min_len"] = "10"
        else:
            self.metadata = "NO_LOG"
        if self.source.kind != "mysql56":
            wanted["binlog_row_metadata"] = self.metadata
        old = {name: server.value(f"SELECT @@GLOBAL.{name}") for name in wanted}
        for name, value in wanted.items():
            server.sql(f"SET GLOBAL {name} = '{value}'" if not value.isdigit() else f"SET GLOBAL {name} = {value}")
        return old

    def _restore(self, old):
        for name, value in old.items():
            if isinstance(value, str):
                value = f"'{value}'"
            self.pairing.source.sql(f"SET GLOBAL {name} = {value}")

    def _make_tables(self):
        settings, database = self.settings, self.database
        kinds = makers(self.source, self.target)
        maker = Maker(self.rng, self.source, self.target, database, kinds, self.metadata == "FULL")
        for server, log_off in ((self.pairing.source, True), (self.pairing.target, False)):
            if log_off:
                server.sql("SET SESSION sql_log_bin=0")
            server.sql(f"SET SESSION sql_mode=''; SET NAMES utf8mb4; CREATE DATABASE `{database}`; USE `{database}`")
        self.tables = family_of_tables(maker, 1)
        while len(self.tables) < settings.tables:
            self.tables.append(maker.table())
        for table in self.tables:
            for server, target in ((self.pairing.source, False), (self.pairing.target, True)):
                side = self.target if target else self.source
                if side.is_mysql(8, 0):
                    server.sql(f"SET SESSION sql_generate_invisible_primary_key={int(table.gipk)}")
                try:
                    server.sql(side.spell(table.create(target, table.gipk and not side.is_mysql(8))))
                except Exception as error:
                    raise AssertionError(f"the generator's own table failed on {server}: {error}\n"
                                         f"{table.create(target)}") from error
        self.pairing.source.sql("SET SESSION sql_log_bin=1")

    # ---- the round ----

    def run(self):
        """Returns (tables, changed rows, compared rows)."""
        settings = self.settings
        self.say(f"seed {settings.seed}: {self.source.kind} to {self.target.kind}, {settings.workers} workers, "
                 f"merging {'on' if settings.merge else 'off'}")
        old = self._globals()
        try:
            self._make_tables()
            self.changes = Changes(self.pairing.source, self.source, self.rng, self.tables)
            try:
                return self._replicate()
            finally:
                self.changes.close()
        finally:
            self._restore(old)

    def _replicate(self):
        settings, changeling = self.settings, self.pairing.changeling
        start = self.pairing.source.position()
        changeling.change_master(start, replica_parallel_workers=settings.workers,
                                 merge_transactions=64 if settings.merge else 1)
        # a backlog, which is merged, and then changes while it runs
        self.changes.transactions(settings.rows * 2 // 3)
        changeling.run()
        self.changes.transactions(settings.rows // 3)
        try:
            changeling.wait_caught_up(180)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._case(self._table_in(str(error)), None)}") from None
        compared = self.compare()
        self.say(f"{len(self.tables)} tables, {self.changes.rows} rows changed, {compared} rows the same; refused by the "
                 f"source: {dict(self.changes.refused)}; row metadata {self.metadata}")
        return len(self.tables), self.changes.rows, compared

    def compare(self):
        compared, faults = 0, []
        for table in self.tables:
            try:
                compared += compare_table(self.pairing.source, self.pairing.target, table)
            except Differs as differs:
                faults.append(f"{differs.args[0]}\n{self._case(table, differs.args[1])}")
        if faults:
            raise AssertionError(f"{len(faults)} of {len(self.tables)} tables differ\n\n" + "\n\n".join(faults[:3]))
        return compared

    # ---- reports ----

    def _table_in(self, text):
        for table in sorted(self.tables, key=lambda table: -len(table.name)):
            if f"`{table.name.replace('`', '``')}`" in text:
                return table
        return None

    def _case(self, table, value):
        """What a person needs to see it again."""
        lines = [f"seed {self.settings.seed} ({self.settings}), row metadata {self.metadata}"]
        if not table:
            return lines[0]
        lines.append(table.create(False))
        if table.differs:
            lines.append("on the target: " + table.create(True))
        statements = self.changes.history[table.name]
        likely = [sql for sql in statements if value and len(value) > 1 and value.lower() in sql.lower()]
        lines.append(f"{'statements with the value' if likely else 'the last statements'}:")
        lines += [sql if len(sql) <= SHOWN_CHARACTERS else sql[:SHOWN_CHARACTERS] + "…"
                  for sql in (likely or statements)[-SHOWN_STATEMENTS:]]
        return "\n".join(lines)
