"""A source with a backlog, and a target that starts every run from the same state."""
import dataclasses
import os
import shutil
import socket
import subprocess

from labkit import Certificates, Lab, LabError, paths
from labkit.server import LabServer, Settings

from .machine import BenchError, helper, say

DATABASE = "bench"

# the lab's servers are made small for tests; these get what a measurement needs, source and target alike
OPTIONS = {
    "mariadb": ["innodb-log-file-size=256M"],
    "mysql": ["innodb-redo-log-capacity=256M"],
}
COMMON_OPTIONS = ["innodb-buffer-pool-size=256M", "table-open-cache=2000", "skip-slave-start", "max-connections=100"]


@dataclasses.dataclass(frozen=True)
class Conditions:
    """How the target commits, and what the way to it is like."""

    durable: bool = True
    tls: bool = True
    rtt_ms: float = 0

    def __str__(self):
        return (f"{'durable' if self.durable else 'relaxed'}, {'TLS' if self.tls else 'no TLS'}, "
                f"round trip {self.rtt_ms:g} ms")


def free_port(first, count=7):
    """One of these ports of 127.0.0.1; any of them may just be the near end of somebody's connection."""
    for port in range(first, first + count):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise BenchError(f"none of the ports from {first} on is free")


class Link:
    """A port of 127.0.0.1 behind which a server is, with or without a delay in between."""

    def __init__(self, server, port, rtt_ms):
        self.port, self.process = server.port, None
        if rtt_ms:
            self.port = free_port(port)
            self.process = subprocess.Popen(
                [str(helper("delay")), str(self.port), "127.0.0.1", str(server.port), str(rtt_ms)],
                stdout=subprocess.PIPE, text=True)
            if self.process.stdout.readline() != "ready\n":
                raise BenchError(f"the delayed link on port {port} could not be made")

    def close(self):
        if self.process:
            self.process.terminate()
            self.process.wait()


class Place:
    """One workload's servers. The target's snapshot is what the source had when its backlog began."""

    def __init__(self, source_kind, target_kind, port):
        self.source_kind, self.target_kind, self.port = source_kind, target_kind, port
        self.source = self.target = None
        self.start = self.end = None            # (file, position)
        self.start_gtid = self.end_gtid = ""
        self.snapshot = None
        self.link = None
        self.sizes = {}

    # --- making it

    def _options(self, server_kind, more=()):
        family = "mysql" if server_kind.startswith("mysql") else "mariadb"
        return [*COMMON_OPTIONS, *OPTIONS[family], *more]

    def create(self, binlog_format, fill):
        """Starts both servers; `fill` puts the tables on the source; the target gets them by a dump."""
        lab = Lab()
        self.source = lab.start(f"bench{self.port}s", self.source_kind, self.port, "master", format=binlog_format,
                                durable=False, tls="good", options=self._options(self.source_kind))
        self.target = lab.start(f"bench{self.port}t", self.target_kind, self.port + 1, "rds", durable=False,
                                options=self._options(self.target_kind))
        self.source.sql(f"CREATE DATABASE {DATABASE}")
        fill(self.source)
        self._dump_to_target()
        unlogged = "SET SESSION sql_log_bin=0; "
        # a privileged account over TCP for the pipe; and TLS is left to the run's conditions
        self.target.sql(f"{unlogged}CREATE USER 'bench'@'%' IDENTIFIED BY 'root'; "
                        "GRANT ALL PRIVILEGES ON *.* TO 'bench'@'%' WITH GRANT OPTION; "
                        "ALTER USER 'admin'@'%' REQUIRE NONE")
        # statistics as a table has them that has been there for a while; they would else come at a time of their own
        self.target.sql("ANALYZE TABLE " + ", ".join(f"{DATABASE}.`{name}`" for name in self.tables()))
        self._reset_log(self.target)
        self.target.stop()
        self.snapshot = paths.home() / "servers" / f"{self.target.name}.snapshot"
        shutil.rmtree(self.snapshot, ignore_errors=True)
        (self.target.folder / "data").rename(self.snapshot)
        self._reset_log(self.source)
        self.start, self.start_gtid = self.position()

    @staticmethod
    def _reset_log(server):
        server.sql("RESET BINARY LOGS AND GTIDS" if server.kind.name == "mysql97" else "RESET MASTER")

    def _dump_to_target(self):
        source, target = self.source, self.target
        own = ["--set-gtid-purged=OFF"] if source.kind.name in ("mysql97", "mysql56") else []
        if source.kind.name == "mysql97":
            own.append("--column-statistics=0")
        dump = [*source.kind.client("mysqldump"), "--no-defaults", "-uroot", f"--socket={source.socket}", "--hex-blob",
                "--single-transaction", "--order-by-primary", *own, "--databases", DATABASE]
        load, environment = target.root_client()
        with subprocess.Popen(dump, stdout=subprocess.PIPE,
                              env=dict(os.environ, **source.kind.client_environment())) as dumping:
            loaded = subprocess.run(load, stdin=dumping.stdout, env=environment, capture_output=True, check=False)
            dumping.stdout.close()
        if loaded.returncode or dumping.returncode:
            raise BenchError(f"the target could not be filled: {loaded.stderr.decode(errors='replace').strip()}")

    def backlog_made(self):
        """To be called when the source has been given its backlog."""
        self.end, self.end_gtid = self.position()
        self.sizes["binlog_bytes"] = self._log_bytes()
        say(f"backlog: {self.start[0]}:{self.start[1]} to {self.end[0]}:{self.end[1]}, "
            f"{self.sizes['binlog_bytes'] / 1e6:.1f} MB")

    def position(self):
        """((file, position), GTID set) of the source's end of log."""
        if self.source.kind.name == "mysql97":
            row = self.source.sql("SHOW BINARY LOG STATUS").splitlines()[1].split("\t")
            gtid = self.source.sql("SELECT REPLACE(@@global.gtid_executed, '\\n', '')").splitlines()[1]
        else:
            row = self.source.sql("SHOW MASTER STATUS").splitlines()[1].split("\t")
            if self.source.kind.family == "mariadb":
                gtid = self.source.sql("SELECT @@global.gtid_binlog_pos").splitlines()[1]
            else:
                gtid = row[4] if len(row) > 4 else ""
        return (row[0], int(row[1])), gtid

    def _log_bytes(self):
        rows = [line.split("\t") for line in self.source.sql("SHOW BINARY LOGS").splitlines()[1:]]
        total = 0
        for name, size in ((row[0], int(row[1])) for row in rows):
            if name == self.start[0]:
                total += size - self.start[1]
            elif name > self.start[0]:
                total += size
        return total

    def position_after(self, transactions):
        """The place in the log behind that many of the backlog's transactions, and how many there really are."""
        file, position = self.start
        begun = 0
        while True:
            lines = self.source.sql(f"SHOW BINLOG EVENTS IN '{file}' FROM {position} LIMIT 2000").splitlines()[1:]
            for line in lines:
                row = line.split("\t")
                if row[2] in ("Gtid", "Anonymous_Gtid", "Gtid_tagged"):
                    if begun == transactions:
                        return (file, int(row[1])), begun
                    begun += 1
                position = int(row[4])
            if len(lines) < 2000:
                return (file, position), begun

    # --- each run

    def reset(self, conditions):
        """Gives the target its snapshot back and starts it under these conditions."""
        self.close_link()
        if self.target.pid():
            self.target.kill9()
        data = self.target.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        subprocess.run(["cp", "-r", "--preserve=mode,timestamps", "--sparse=never", "--", str(self.snapshot), str(data)],
                       check=True)
        for folder, _, names in os.walk(data):
            for name in names:
                # so that nobody's run pays for the writing of these files
                descriptor = os.open(os.path.join(folder, name), os.O_RDONLY)
                os.fsync(descriptor)
                os.close(descriptor)
        settings = dataclasses.asdict(self.target.settings)
        settings.update(durable=conditions.durable,
                        options=self._options(self.target_kind,
                                              [] if conditions.tls else ["require-secure-transport=OFF"]))
        self.target = LabServer(Settings(**settings))
        self.target.resume()
        self._warm_logins(conditions)

    def _warm_logins(self, conditions):
        """MySQL's caching_sha2_password wants one login over TLS before it lets anybody in without."""
        if self.target.kind.name != "mysql97" or conditions.tls:
            return
        certificates = Certificates()
        for user, password in (("admin", "adminpw"), ("bench", "root")):
            command = [*self.target.kind.client("mysql"), "--no-defaults", f"-u{user}", "--host=127.0.0.1",
                       f"--port={self.target.port}", "--ssl-mode=VERIFY_CA", f"--ssl-ca={certificates.ca}", "-eSELECT 1"]
            subprocess.run(command, check=True, capture_output=True,
                           env=dict(os.environ, MYSQL_PWD=password, **self.target.kind.client_environment()))

    def link_to(self, server, conditions):
        """The port at which the server is, seen over the conditions' link."""
        self.close_link()
        self.link = Link(server, self.port + 2, conditions.rtt_ms)
        return self.link.port

    def close_link(self):
        if self.link:
            self.link.close()
            self.link = None

    def tables(self):
        return self.source.sql("SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND "
                               f"table_schema = '{DATABASE}' ORDER BY table_name").splitlines()[1:]

    def identical(self):
        """Whether CHECKSUM TABLE gives the same for every table; (yes or no, the tables that differ)."""
        names = self.tables()
        statement = "CHECKSUM TABLE " + ", ".join(f"{DATABASE}.`{name}`" for name in names)
        there = dict(line.split("\t") for line in self.source.sql(statement).splitlines()[1:])
        here = dict(line.split("\t") for line in self.target.sql(statement).splitlines()[1:])
        wrong = [name for name, checksum in there.items() if checksum == "NULL" or here.get(name) != checksum]
        if not there:
            raise BenchError("the source has no tables to compare")
        return not wrong, wrong

    def remove(self):
        self.close_link()
        for server in (self.source, self.target):
            if server:
                try:
                    server.remove()
                except LabError as error:
                    say(str(error))
        if self.snapshot:
            shutil.rmtree(self.snapshot, ignore_errors=True)
