"""A real server of the lab, as the tests see it."""
import fcntl
import os
import socket

import pymysql
import pytest
from pymysql.constants import CLIENT

from labkit import KINDS, Certificates, Lab, LabError, available, paths


# for one session; and for one of several processes that share a session
PORTS = 30
LANE_PORTS = 6


def port_base():
    return int(os.environ.get("CHANGELING_E2E_PORT", "13100"))


class Server:
    """Statements run as root over the socket, each committed by itself."""

    def __init__(self, lab_server):
        self.lab = lab_server
        self.kind = lab_server.kind.name
        self.family = lab_server.kind.family
        self.port = lab_server.port
        self.name = lab_server.name
        self.host = lab_server.settings.bind
        self._connection = None

    def __repr__(self):
        return f"<{self.lab.settings.role} {self.kind} on port {self.port}>"

    # --- life

    def start(self, *options):
        self.lab.resume(*options)

    def stop(self):
        self.forget()
        self.lab.stop()

    def kill9(self):
        self.forget()
        self.lab.kill9()

    def restart(self, *options):
        self.stop()
        self.start(*options)

    def remove(self):
        self.forget()
        self.lab.remove()

    def forget(self):
        """Ends the session that sql() and query() use, with everything that was set in it."""
        if self._connection:
            self._connection.close()
        self._connection = None

    # --- statements

    def connect(self, database=None, user=None, password="", tls_ca=None, **more):
        """A connection of its own: root over the socket, or another account over TCP."""
        where = {"unix_socket": str(self.lab.socket), "user": "root"}
        if user:
            where = {"host": self.host, "port": self.port, "user": user, "password": password}
        if tls_ca:
            where["ssl"] = {"ca": str(tls_ca), "check_hostname": False}
        more.setdefault("autocommit", True)
        return pymysql.connect(**where, database=database, charset="utf8mb4", connect_timeout=10,
                               client_flag=CLIENT.MULTI_STATEMENTS, **more)

    def _root(self):
        if self._connection is None or not self._connection.open:
            self._connection = self.connect()
        return self._connection

    def sql(self, text, database=None):
        """Runs one or several statements; an error of any of them is raised."""
        connection = self._root()
        if database:
            connection.select_db(database)
        with connection.cursor() as cursor:
            cursor.execute(text)
            while cursor.nextset():
                pass

    def query(self, text, *parameters):
        """The rows of a statement, as tuples."""
        with self._root().cursor() as cursor:
            cursor.execute(text, parameters or None)
            return list(cursor.fetchall())

    def value(self, text, *parameters):
        """The first column of the first row; None when there is no row."""
        rows = self.query(text, *parameters)
        return rows[0][0] if rows else None

    def diagnosis(self):
        """What its connections are doing and what they wait for: for the report of a test that waited in vain."""
        lines = [f"{self}:"]
        for statement in ("SHOW FULL PROCESSLIST", "SELECT trx_mysql_thread_id, trx_state, trx_started, "
                          "trx_wait_started, trx_rows_locked, trx_query FROM information_schema.innodb_trx"):
            lines += ["  " + " ".join(str(value)[:300] for value in row if value is not None)
                      for row in self.query(statement)]
        return "\n".join(lines)

    def databases(self):
        return [name for (name,) in self.query("SHOW DATABASES")]

    def drop_databases(self, names):
        """Drops them and everything in them; what another test left behind does not hinder it."""
        self.sql("SET foreign_key_checks=0")
        for name in names:
            self.sql("DROP DATABASE IF EXISTS `{}`".format(name.replace("`", "``")))
        self.sql("SET foreign_key_checks=1")

    # --- the binary log

    def position(self):
        """(file, position) of the end of the binary log."""
        statement = "SHOW BINARY LOG STATUS" if self.kind == "mysql97" else "SHOW MASTER STATUS"
        row = self.query(statement)[0]
        return row[0], int(row[1])

    def gtid(self):
        """All that was committed, as a GTID set in the family's own form; None without GTIDs."""
        if self.family == "mariadb":
            return self.value("SELECT @@GLOBAL.gtid_binlog_pos")
        if self.value("SELECT @@GLOBAL.gtid_mode") != "ON":
            return None
        return self.value("SELECT @@GLOBAL.gtid_executed").replace("\n", "")

    def logs(self):
        return [row[0] for row in self.query("SHOW BINARY LOGS")]

    def replicas(self):
        """SHOW REPLICAS: a list of dictionaries with lower-case keys server_id, host, port, replica_uuid."""
        statement = "SHOW REPLICAS" if self.kind == "mysql97" else "SHOW SLAVE HOSTS"
        with self._root().cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute(statement)
            rows = cursor.fetchall()
        return [{key.lower().replace("slave_uuid", "replica_uuid"): value for key, value in row.items()}
                for row in rows]

    def dump_threads(self):
        """Ids of the connections that send the binary log."""
        return [row[0] for row in self.query("SHOW PROCESSLIST") if row[4] and row[4].startswith("Binlog Dump")]


class ServerPool:
    """Servers by kind and role, started at the first need and used by all tests of the session."""

    def __init__(self, lane=None):
        """A lane is a share of a session's ports, for a process of its own that the session's owner starts."""
        if lane is None:
            self.base, self.ports = port_base() + self._slot() * PORTS, PORTS
        else:
            owner, number = lane
            self.base, self.ports = owner.base + number * LANE_PORTS, LANE_PORTS
        self.prefix = f"e2e{self.base}-"
        self.shared = {}
        self.own = []
        self.certificates = Certificates()

    def _slot(self):
        """Sessions that run at the same time have servers and ports of their own: the first slot that is free, held
        until this process ends."""
        paths.home().mkdir(parents=True, exist_ok=True)
        for slot in range(20):
            self.lock = open(paths.home() / f"e2e{port_base() + slot * PORTS}.lock", "w")
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return slot
            except OSError:
                self.lock.close()
        raise LabError("twenty sessions are running already")

    def _port(self):
        # a stopped server keeps its port
        taken = {server.port for server in self.shared.values()} | {server.port for server in self.own}
        for port in range(self.base, self.base + self.ports):
            if port in taken:
                continue
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue
        raise LabError(f"no port is free from {self.base} on")

    def _start(self, kind, role, **settings):
        reason = available(KINDS[kind])
        if reason:
            pytest.skip(reason)
        port = self._port()
        return Server(Lab().start(f"{self.prefix}{kind}-{role}-{port}", kind, port, role, **settings))

    def get(self, kind, role):
        """The shared server of this kind and role. It is running, whatever the test before did to it."""
        key = (kind, role)
        if key not in self.shared:
            # durability against a power cut is of no use here, and costs most of the time
            self.shared[key] = self._start(kind, role, durable=False)
        server = self.shared[key]
        if not server.lab.pid():
            server.start()
        return server

    def fresh(self, kind, role, **settings):
        """A server for one test, which removes it."""
        settings.setdefault("durable", False)
        server = self._start(kind, role, **settings)
        self.own.append(server)
        return server

    def remove_own(self):
        while self.own:
            self.own.pop().remove()

    def remove_all(self):
        self.remove_own()
        for server in self.shared.values():
            server.remove()

    def remove_leftovers(self):
        """Servers of an earlier run on the same ports that was cut off."""
        for server in Lab().servers():
            if server.name.startswith(self.prefix):
                server.remove()
