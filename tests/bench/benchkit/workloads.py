"""The loads: how the tables are made and how a backlog of so many transactions comes into the source's log."""
import dataclasses
import os
import subprocess

from .machine import BenchError, require
from . import BENCH
from .place import DATABASE


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    text: str
    script: str                     # one of sysbench's own, or ours
    arguments: tuple = ()
    threads: int = 8
    share: float = 1.0              # of the asked number of transactions
    format: str = "ROW"
    rows: int = 1                   # that one transaction changes, about

    def transactions(self, asked):
        return max(20, int(asked * self.share))

    def _sysbench(self, server, threads, *arguments):
        require("sysbench", "sysbench")
        command = ["sysbench", self.script, "--db-driver=mysql", f"--mysql-socket={server.socket}", "--mysql-user=root",
                   f"--mysql-db={DATABASE}", f"--threads={threads}", "--rand-seed=20", "--mysql-ignore-errors=1213,1020,1205",
                   *self.arguments, *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=BENCH,
                              env=dict(os.environ, **server.kind.client_environment()))
        if done.returncode or "FATAL" in done.stdout:
            raise BenchError(f"sysbench: {(done.stdout + done.stderr)[-600:]}")
        return done.stdout

    def fill(self, server):
        self._sysbench(server, 2 if self.script.startswith("oltp") else 1, "prepare")

    def load(self, server, transactions, threads=None):
        """Exactly so many transactions, as fast as the source takes them."""
        return self._sysbench(server, threads or self.threads, f"--events={transactions}", "--time=0", "run")

    def load_steadily(self, server, rate, seconds):
        return self._sysbench(server, self.threads, f"--rate={rate}", f"--time={seconds}", "run")


def _ours(shape):
    return (f"--shape={shape}",)


WORKLOADS = {workload.name: workload for workload in (
    Workload("write_only", "sysbench oltp_write_only: four row changes a transaction, 8 tables of 25,000 rows",
             "oltp_write_only", ("--tables=8", "--table-size=25000"), rows=4),
    Workload("insert", "sysbench oltp_insert: one row a transaction, auto-increment, 4 tables", "oltp_insert",
             ("--tables=4", "--table-size=1000")),
    Workload("hot", "two updates a transaction of the same 20 rows", "workloads.lua", _ours("hot"), rows=2),
    Workload("wide", "rows of 41 columns and 2.5 KB, three columns updated, one in ten an insert", "workloads.lua",
             _ours("wide"), share=0.25),
    Workload("many", "an update and an insert a transaction, in 500 tables", "workloads.lua", _ours("many"), rows=2),
    Workload("thousand", "500 updates and 500 inserts a transaction", "workloads.lua", _ours("thousand"), threads=4,
             share=0.01, rows=1000),
    Workload("statement", "binlog_format=STATEMENT: three statements a transaction, one of them of ten rows",
             "workloads.lua", _ours("statement"), format="STATEMENT", rows=12),
    Workload("keyless", "a table of 1,000 rows without any key, one row a transaction", "workloads.lua",
             _ours("keyless"), threads=1, share=0.25),
)}
