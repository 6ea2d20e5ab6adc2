"""Starts and stops servers, each with a data folder of its own that is copied from its kind's template."""
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from . import paths
from .accounts import accounts_sql
from .install import available
from .kinds import OPENSSL_LEGACY, LabError, MariaDB, kind_named
from .tls import Certificates

START_SECONDS = 60
STOP_SECONDS = 60
ROLES = ("master", "rds", "plain")


@dataclasses.dataclass
class Settings:
    """What a server was started with; kept beside its data so that it can be resumed and listed."""

    name: str
    kind: str
    port: int
    role: str
    format: str = "ROW"
    gtid: bool = True
    durable: bool = None        # None: an rds is durable, others are not
    bind: str = "127.0.0.1"
    netns: str = ""
    server_id: int = 0          # 0: the port
    tls: str = ""               # good, wrong-name, expired, off; "" is good for an rds, the kind's default for others
    binlog: bool = True
    copy_of: str = ""           # a stopped server's data folder to start from, its accounts as they are
    options: list = dataclasses.field(default_factory=list)

    def __post_init__(self):
        kind_named(self.kind)
        if self.role not in ROLES:
            raise LabError(f"there is no role {self.role}: a server is one of {', '.join(ROLES)}")
        if self.tls not in ("", "good", "wrong-name", "expired", "off"):
            raise LabError(f"tls={self.tls}: choose good, wrong-name, expired or off")
        if self.durable is None:
            self.durable = self.role == "rds"
        self.server_id = self.server_id or self.port
        if not self.tls and self.role == "rds":
            self.tls = "good"


class LabServer:
    """One server. Its folder is run/NAME below the lab's: my.cnf, data, tmp, sock, pid, error.log, settings.json."""

    def __init__(self, settings):
        self.settings = settings
        self.kind = kind_named(settings.kind)
        self.folder = paths.home() / "servers" / settings.name

    # --- where things are

    @property
    def name(self):
        return self.settings.name

    @property
    def port(self):
        return self.settings.port

    @property
    def socket(self):
        return self.folder / "sock"

    @property
    def error_log(self):
        return self.folder / "error.log"

    def pid(self):
        """The server's process, or None; a number that another process has got since is not taken for it."""
        try:
            pid = int((self.folder / "pid").read_text())
            arguments = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if f"{self.folder}/my.cnf".encode() in arguments else None

    # --- life

    def create(self):
        """Makes the data folder and starts the server, with its accounts and an empty binary log."""
        if self.pid():
            raise LabError(f"{self.name} is running already")
        reason = available(self.kind)
        if reason:
            raise LabError(reason)
        source = self.settings.copy_of or template(self.kind)
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "tmp").mkdir(parents=True)
        # a server of another user could not be started: the folder belongs to whoever calls
        subprocess.run(["cp", "-r", "--preserve=mode,timestamps", "--sparse=always", "--reflink=auto", "--",
                        str(source), str(self.folder / "data")], check=True)
        (self.folder / "data/auto.cnf").unlink(missing_ok=True)     # each server has a uuid of its own
        self.save()
        self._launch()
        if not self.settings.copy_of:
            self.sql(accounts_sql(self.kind.name, self.settings.role))
        if self.settings.binlog:
            self.sql("RESET BINARY LOGS AND GTIDS" if self.kind.name == "mysql97" else "RESET MASTER")
        if self.kind.name == "mysql56" and self.settings.tls not in ("", "off"):
            self._first_tls()
        return self

    def save(self):
        (self.folder / "settings.json").write_text(json.dumps(dataclasses.asdict(self.settings), indent=1) + "\n")
        (self.folder / "my.cnf").write_text("[mysqld]\n" + "\n".join(configuration(self)) + "\n")

    def resume(self, *options):
        """Starts a stopped server on the data that it has; the options stay with it."""
        if self.pid():
            raise LabError(f"{self.name} is running already")
        self.settings.options += [option.removeprefix("--") for option in options]
        self.save()
        self._launch()
        return self

    def stop(self):
        """A clean shutdown; a server that does not end in time is killed, and that is an error."""
        pid = self.pid()
        if not pid:
            return
        os.kill(pid, signal.SIGTERM)
        if not self._gone(pid, STOP_SECONDS):
            os.kill(pid, signal.SIGKILL)
            self._gone(pid, 10)
            raise LabError(f"{self.name} did not stop in {STOP_SECONDS} s and was killed: see {self.error_log}")

    def kill9(self):
        pid = self.pid()
        if pid:
            os.kill(pid, signal.SIGKILL)
            self._gone(pid, 10)

    def remove(self):
        self.kill9()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _gone(self, pid, seconds):
        """Whether the process has ended in that time; reaps it when it is this program's own child."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                # a child is gone when it is reaped: before that, its number still counts as a process
                if os.waitpid(pid, os.WNOHANG)[0] == pid:
                    return True
            except ChildProcessError:
                if self.pid() != pid:
                    return True
            time.sleep(0.01)
        return False

    def _launch(self):
        for stale in ("pid", "sock", "sock.lock"):
            (self.folder / stale).unlink(missing_ok=True)
        command = [*self.kind.server(), f"--defaults-file={self.folder}/my.cnf"]
        if self.settings.netns:
            command = ["ip", "netns", "exec", self.settings.netns, *command]
        with open(self.folder / "output.log", "ab") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                       start_new_session=True, cwd=self.folder)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if process.poll() is not None:
                raise LabError(f"{self.name} ended while it started:\n{self._last_words()}")
            if self.pid() and self._greets():
                return
            time.sleep(0.02)
        process.kill()
        process.wait()
        raise LabError(f"{self.name} did not come up in {START_SECONDS} s:\n{self._last_words()}")

    def _greets(self):
        """Whether the server sends a greeting (not an error) on its socket, which it does when it is up."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(5)
            try:
                probe.connect(str(self.socket))
                start = probe.recv(5)
            except OSError:
                return False
        return len(start) == 5 and start[4] == 10

    def _last_words(self):
        words = []
        for log in (self.error_log, self.folder / "output.log"):
            if log.exists():
                words += log.read_text(errors="replace").splitlines()[-12:]
        return "\n".join(words)

    def _first_tls(self):
        """MySQL 5.6 may refuse the very first TLS connection: goes on until one works."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            command, environment = self.admin_client("-e", "SELECT 1")
            if subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.1)

    # --- clients

    def root_client(self, *arguments):
        """The command line of a client that is root over the socket."""
        plain = ["--skip-ssl"] if self.kind.name == "mysql56" else []
        command = [*self.kind.client("mysql"), "--no-defaults", "-uroot", f"--socket={self.socket}", *plain]
        return command + list(arguments), dict(os.environ, **self.kind.client_environment())

    def admin_client(self, *arguments):
        """A client that is the RDS master user, over TCP with the CA verified."""
        environment = dict(os.environ, MYSQL_PWD="adminpw", **self.kind.client_environment())
        ca = f"--ssl-ca={Certificates().ca}"
        if self.kind.name == "mysql97":
            tls = ["--ssl-mode=VERIFY_IDENTITY", ca]
        elif self.kind.name == "mysql56":
            tls = ["--ssl", ca, "--tls-version=TLSv1.0"]
            environment["OPENSSL_CONF"] = str(OPENSSL_LEGACY)
        else:
            tls = ["--ssl", "--ssl-verify-server-cert", ca]
        command = [*self.kind.client("mysql"), "--no-defaults", "-uadmin", f"--host={self.settings.bind}",
                   f"--port={self.port}", "--protocol=tcp", "--local-infile=1", *tls, *arguments]
        return command, environment

    def sql(self, text):
        """Runs statements as root; the output as text, an error as LabError."""
        command, environment = self.root_client("--batch")
        done = subprocess.run(command, env=environment, input=text.encode(), capture_output=True, check=False)
        if done.returncode:
            raise LabError(f"{self.name}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode()

    def __str__(self):
        settings = self.settings
        pid = self.pid()
        state = f"pid {pid}" if pid else "stopped"
        return f"{settings.name} {settings.kind} {settings.role} {settings.bind}:{settings.port} {state}"


class Lab:
    """All servers below the lab's folder."""

    def start(self, name, kind, port, role, **settings):
        return LabServer(Settings(name=name, kind=kind, port=int(port), role=role, **settings)).create()

    def server(self, name):
        """A server that was started before, whether it runs or not."""
        try:
            settings = json.loads((paths.home() / "servers" / name / "settings.json").read_text())
        except FileNotFoundError:
            raise LabError(f"there is no server {name}") from None
        return LabServer(Settings(**settings))

    def servers(self):
        folder = paths.home() / "servers"
        names = sorted(entry.parent.name for entry in folder.glob("*/settings.json"))
        return [self.server(name) for name in names]


def configuration(server):
    """The lines of my.cnf: cheap (small buffers, no performance schema) and never beyond the server's own folder."""
    settings, kind, folder = server.settings, server.kind, server.folder
    lines = [*kind.where_options()]
    if os.geteuid() == 0:
        lines.append("user=root")
    lines += [
        f"datadir={folder}/data", f"tmpdir={folder}/tmp", f"secure-file-priv={folder}/tmp",
        f"socket={folder}/sock", f"pid-file={folder}/pid", f"log-error={folder}/error.log",
        f"relay-log={folder}/data/relay",
        f"port={settings.port}", f"bind-address={settings.bind}", f"server-id={settings.server_id}",
        "skip-name-resolve", "local-infile=1", "performance-schema=OFF", "max-allowed-packet=64M",
        "max-connections=60", "table-open-cache=400", "innodb-buffer-pool-size=64M",
    ]
    lines.append(f"log-bin={folder}/data/binlog" if settings.binlog else "skip-log-bin")
    lines += _kind_lines(settings, kind)
    lines += ["sync-binlog=1", "innodb-flush-log-at-trx-commit=1"] if settings.durable else \
             ["sync-binlog=0", "innodb-flush-log-at-trx-commit=2"]
    lines += _tls_lines(settings, kind)
    if settings.role == "rds":
        lines.append("log-bin-trust-function-creators=0")
    return lines + [option.removeprefix("--") for option in settings.options]


def _kind_lines(settings, kind):
    if kind.name == "mysql97":
        lines = ["innodb-redo-log-capacity=64M", "mysqlx=OFF", "log-error-verbosity=2", "admin-address=127.0.0.1",
                 f"admin-port={settings.port + 10000 if settings.port < 55000 else settings.port - 10000}"]
        if settings.role == "rds":
            lines += ["partial-revokes=ON", "activate-all-roles-on-login=ON"]
        if settings.format != "ROW":
            lines.append(f"binlog-format={settings.format}")
    else:
        lines = [f"binlog-format={settings.format}", "log-slave-updates"]
        lines.append("innodb-log-file-size=48M" if kind.name == "mysql56" else "innodb-log-file-size=64M")
    if kind.gtid_option and settings.gtid and settings.binlog:
        if settings.role == "master":
            lines += ["gtid-mode=ON", "enforce-gtid-consistency=ON"]
        elif kind.name == "mysql97":
            lines.append("gtid-mode=OFF_PERMISSIVE")      # what a new RDS instance has
    elif kind.name == "mysql97" and not settings.gtid:
        lines += ["gtid-mode=OFF", "enforce-gtid-consistency=OFF"]      # its own default is ON
    return lines


def _tls_lines(settings, kind):
    if settings.tls == "":
        return []
    if settings.tls == "off":
        return ["tls-version="] if kind.name == "mysql97" else ["skip-ssl"]
    pki = Certificates()
    old = kind.name == "mysql56"
    lines = [f"ssl-ca={pki.ca}", f"ssl-cert={pki.certificate(settings.tls)}",
             f"ssl-key={pki.key(settings.tls, pkcs1=old)}"]
    if settings.role == "rds" and not old:
        lines.append("require-secure-transport=ON")
    return lines


def template(kind):
    """The data folder of a fresh server of this kind; made once, copied for each server."""
    with paths.locked(f"template.{kind.name}"):
        if not kind.template.is_dir():
            _make_template(kind)
    return kind.template


def _make_template(kind):
    fresh = pathlib.Path(f"{kind.template}.new")
    scratch = pathlib.Path(f"{kind.template}.tmp")
    log = pathlib.Path(f"{kind.template}.log")
    for folder in (fresh, scratch):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    options = [f"--{option}" for option in kind.where_options()]
    if os.geteuid() == 0:
        options.append("--user=root")
    script = b""
    if kind.name == "mysql97":
        options += ["--initialize-insecure", "--innodb-redo-log-capacity=64M", f"--log-error={log}"]
    else:
        (fresh / "mysql").mkdir()
        script = kind.bootstrap_sql()
        options += ["--bootstrap", f"--tmpdir={scratch}", "--innodb-buffer-pool-size=64M"]
        if isinstance(kind, MariaDB):
            options += ["--enforce-storage-engine=", "--skip-log-bin", "--log-warnings=0", "--max-allowed-packet=8M",
                        "--net-buffer-length=16K", "--innodb-log-file-size=64M"]
        else:
            options += ["--innodb-log-file-size=48M"]
    command = [*kind.server(), "--no-defaults", f"--datadir={fresh}", *options]
    with open(f"{log}.out", "wb") as output:
        done = subprocess.run(command, input=script, stdout=output, stderr=output, check=False)
    if done.returncode:
        raise LabError(f"the data folder of a new {kind.name} could not be made: see {log} and {log}.out")
    (fresh / "auto.cnf").unlink(missing_ok=True)
    shutil.rmtree(scratch, ignore_errors=True)
    fresh.rename(kind.template)
