"""Those who bring a backlog to the target: changeling, native replication, and mysqlbinlog piped into mysql.

Each has prepare(), which is not measured, and run(), which returns a Measure. A contender may also be kept running
(begin, end) while something else is measured."""
import dataclasses
import os
import shutil
import subprocess
import time

from labkit import Certificates, LabError, paths

from . import ROOT
from .machine import BenchError, changeling, helper
from .place import Conditions, free_port
from .process import Watched, cpu_seconds
from .recorder import Recorder, write_records

POLL_SECONDS = 0.05
CATCH_UP_SECONDS = 60
TRIALS = 1             # a worker sends one statement that has to fail, to see what happens to those behind it


@dataclasses.dataclass
class Measure:
    seconds: float
    cpu_seconds: float = None           # of the contender's own processes; native replication's are the target's
    peak_bytes: int = None
    start_seconds: float = None         # of which a run with nothing to do takes so much


# how long a source may list the replica of the run before, which had the same server-id
LISTED_SECONDS = 30


class Contender:
    name = ""
    native = False

    def prepare(self, place, conditions):
        raise NotImplementedError

    def run(self, place, conditions, limit, until=None):
        raise NotImplementedError


class Changeling(Contender):
    """The release build or another `program`, as a user would set it up; `options` are options of change-master."""

    def __init__(self, name="changeling", options=(), program=None):
        self.name, self.options, self.program = name, list(options), changeling(program)
        self.watched = self.folder = None

    def _environment(self):
        return dict({key: value for key, value in os.environ.items() if not key.startswith("CHANGELING_")},
                    CHANGELING_BIN=str(self.program))

    def prepare(self, place, conditions, port=None):
        self.folder = paths.home() / "servers" / f"bench{place.port}.changeling"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        for name, password in (("source", "repl"), ("target", "adminpw")):
            path = self.folder / f"{name}.password"
            path.touch(mode=0o600)
            path.write_text(password + "\n")
        tls = [f"--target-ssl-ca={Certificates().ca}"] if conditions.tls else ["--target-ssl-mode=off"]
        port = port or place.link_to(place.target, conditions)
        file, position = place.start
        self._set_up([
            str(ROOT / "scripts/change-master"), f"--state={self.folder}/state", "--master-host=127.0.0.1",
            f"--master-port={place.source.port}", "--master-user=repl",
            f"--master-password-file={self.folder}/source.password", f"--master-log-file={file}",
            f"--master-log-pos={position}", "--target-host=127.0.0.1", f"--target-port={port}", "--target-user=admin",
            f"--target-password-file={self.folder}/target.password", f"--server-id={place.port + 9}", *tls,
            *self.options])

    def _set_up(self, command):
        deadline = time.monotonic() + LISTED_SECONDS
        while True:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                                  env=self._environment())
            if "is taken by the replica" not in done.stderr or time.monotonic() > deadline:
                break
        if done.returncode:
            raise BenchError(f"change-master: {done.stderr.strip()[-600:]}")

    def _start(self, *arguments):
        with open(self.folder / "log", "a") as log:
            return Watched([self.program, "run", f"--state={self.folder}/state", *arguments], stdin=subprocess.DEVNULL,
                           stdout=log, stderr=log, env=self._environment())

    def _log_tail(self):
        return "\n".join((self.folder / "log").read_text(errors="replace").splitlines()[-8:])

    def _failure(self, code):
        return BenchError(f"changeling ended with {code}:\n{self._log_tail()}")

    def run(self, place, conditions, limit, until=None, again=True):
        watched = self._start("--until", f"{until[0]}:{until[1]}" if until else "now")
        try:
            code = watched.wait(limit)
        except BenchError as error:
            raise BenchError(f"{error}:\n{self._log_tail()}") from None
        if code:
            raise self._failure(code)
        if not again:
            return Measure(watched.seconds, watched.cpu, watched.peak_bytes)
        idle = self._start("--until", f"{until[0]}:{until[1]}" if until else "now")
        idle.wait(limit)
        return Measure(watched.seconds, watched.cpu, watched.peak_bytes, idle.seconds)

    def begin(self, place, conditions):
        self.prepare(place, conditions)
        self.watched = self._start()

    def check(self, place):
        if not self.watched.running():
            raise self._failure(self.watched.wait())

    def end(self, place):
        code = self.watched.end()
        if code:
            raise self._failure(code)
        return self.watched


class Native(Contender):
    """The target as an ordinary replica of the source; the link is then the one to the source."""

    native = True

    def __init__(self, workers):
        self.workers = workers
        self.name = f"native, {workers} workers" if workers else "native, serial"

    def _change(self, place, conditions, port):
        file, position = place.start
        mysql = place.target.kind.name == "mysql97"
        word = "SOURCE" if mysql else "MASTER"
        settings = [f"{word}_HOST='127.0.0.1'", f"{word}_PORT={port}", f"{word}_USER='repl'", f"{word}_PASSWORD='repl'",
                    f"{word}_LOG_FILE='{file}'", f"{word}_LOG_POS={position}", f"{word}_CONNECT_RETRY=1"]
        if conditions.tls:
            settings += [f"{word}_SSL=1", f"{word}_SSL_CA='{Certificates().ca}'", f"{word}_SSL_VERIFY_SERVER_CERT=1"]
        elif mysql:
            settings += ["SOURCE_SSL=0", "GET_SOURCE_PUBLIC_KEY=1"]
        else:
            settings += ["MASTER_SSL=0"]
        return f"CHANGE {'REPLICATION SOURCE' if mysql else 'MASTER'} TO {', '.join(settings)}"

    def prepare(self, place, conditions):
        port = place.link_to(place.source, conditions)
        target = place.target
        if target.kind.name == "mysql97":
            # 1 is a thread that reads and one that applies, which is what serial means since 8.0.27
            target.sql(f"SET GLOBAL replica_parallel_workers={self.workers or 1}, "
                       "GLOBAL replica_preserve_commit_order=ON")
        elif target.kind.family == "mariadb":
            target.sql(f"SET GLOBAL slave_parallel_threads={self.workers}, GLOBAL slave_parallel_mode='optimistic'")
        target.sql(self._change(place, conditions, port))

    def _start(self, place):
        place.target.sql("START REPLICA" if place.target.kind.name == "mysql97" else "START SLAVE")

    @staticmethod
    def _failure(target):
        status = target.sql("SHOW REPLICA STATUS" if target.kind.name == "mysql97" else "SHOW SLAVE STATUS")
        names, values = (line.split("\t") for line in status.splitlines()[:2])
        for name, value in zip(names, values):
            if name in ("Last_SQL_Error", "Last_IO_Error") and value:
                return value
        return None

    def _wait(self, place, gtid, limit):
        """Until the target has committed all of the GTID set: by its own account, without polling."""
        target = place.target
        if target.kind.name == "mysql97":
            wait, done = f"SELECT WAIT_FOR_EXECUTED_GTID_SET('{gtid}', 5)", "0"
        elif target.kind.family == "mariadb":
            wait, done = f"SELECT MASTER_GTID_WAIT('{gtid}', 5)", "0"
        else:
            raise BenchError(f"{target.kind.name} is not measured as a native replica")
        end = time.monotonic() + limit
        while target.sql(wait).splitlines()[1] != done:
            failure = self._failure(target)
            if failure:
                raise BenchError(f"native replication: {failure}")
            if time.monotonic() > end:
                raise BenchError(f"native replication did not end within {limit:.0f} s")

    def run(self, place, conditions, limit, until=None):
        if until:
            raise BenchError("native replication is measured on the whole backlog")
        start = time.perf_counter()
        self._start(place)
        self._wait(place, place.end_gtid, limit)
        return Measure(time.perf_counter() - start)

    def begin(self, place, conditions):
        self.prepare(place, conditions)
        self._start(place)

    def check(self, place):
        failure = self._failure(place.target)
        if failure:
            raise BenchError(f"native replication: {failure}")

    def end(self, place):
        place.target.sql("STOP REPLICA" if place.target.kind.name == "mysql97" else "STOP SLAVE")


class Pipe(Contender):
    """mysqlbinlog piped into mysql, with an account that may do everything."""

    name = "mysqlbinlog | mysql"

    def prepare(self, place, conditions):
        self.port = place.link_to(place.target, conditions)

    def _commands(self, place, conditions, until):
        source, target = place.source, place.target
        (file, position), (end_file, end_position) = place.start, until or place.end
        if file != end_file:
            raise BenchError("the backlog spans several files of the log, which the pipe is not given")
        read = [*source.kind.client("mysqlbinlog"), "--no-defaults", "--read-from-remote-server", "--host=127.0.0.1",
                f"--port={source.port}", "--user=root", f"--start-position={position}", f"--stop-position={end_position}"]
        write = [*target.kind.client("mysql"), "--no-defaults", "--user=bench", "--host=127.0.0.1",
                 f"--port={self.port}", "--protocol=tcp", "--binary-mode"]
        if source.kind.name == "mysql97":
            read += ["--ssl-mode=DISABLED", "--get-server-public-key", "--skip-gtids"]
        if target.kind.name == "mysql97":
            # its client would send every comment as a statement of its own
            write += ["--skip-comments", "--get-server-public-key"]
            write += [f"--ssl-ca={Certificates().ca}", "--ssl-mode=VERIFY_IDENTITY"] if conditions.tls else ["--ssl-mode=DISABLED"]
        else:
            write += ["--ssl", f"--ssl-ca={Certificates().ca}", "--ssl-verify-server-cert"] if conditions.tls else ["--skip-ssl"]
        return [*read, file], write

    def run(self, place, conditions, limit, until=None):
        read, write = self._commands(place, conditions, until)
        errors = paths.home() / "servers" / f"bench{place.port}.pipe"
        with open(errors, "w") as log:
            reader = Watched(read, stdout=subprocess.PIPE, stderr=log, env=dict(
                os.environ, MYSQL_PWD="root", **place.source.kind.client_environment()))
            writer = Watched(write, stdin=reader.process.stdout, stdout=subprocess.DEVNULL, stderr=log, env=dict(
                os.environ, MYSQL_PWD="root", **place.target.kind.client_environment()))
            reader.process.stdout.close()
            try:
                code = writer.wait(limit)
            finally:
                read_code = reader.wait(30)
        text = errors.read_text(errors="replace").strip()
        errors.unlink()
        if code or read_code:
            raise BenchError(f"mysqlbinlog | mysql: {text[-500:]}")
        return Measure(writer.seconds, reader.cpu + writer.cpu, max(reader.peak_bytes, writer.peak_bytes))


class PlainClient(Contender):
    """What the target itself needs: the very statements that changeling sends with one worker, recorded once for each
    workload, sent by one connection that does nothing else. It has no log to read and no rows to decode."""

    name = "the same SQL, plain client"

    def __init__(self, options=()):
        self.options = ["--replica-parallel-workers=1", *options]
        self.recorded = None            # the place of which the records are
        self.setup = self.work = self.port = None

    def _record(self, place):
        """Everything that came before the worker's first statement is set-up; the worker is who sent most."""
        clear = Conditions(durable=False, tls=False)
        place.reset(clear)
        author = Changeling(options=self.options)
        port = free_port(place.port + 2)
        recorder = Recorder(port, place.target.port)
        try:
            author.prepare(place, clear, port)
            author.run(place, clear, 600, again=False)
        finally:
            recorder.close()
        worker = max(recorder.conversations, key=lambda conversation: sum(len(text) for _, text in conversation))
        before = sorted((when, text) for conversation in recorder.conversations if conversation is not worker
                        for when, text in conversation if when < worker[0][0])
        folder = paths.home() / "servers"
        self.setup, self.work = folder / f"bench{place.port}.setup", folder / f"bench{place.port}.work"
        write_records(self.setup, [text for _, text in before])
        write_records(self.work, [text for _, text in worker])
        self.recorded = place

    def _replay(self, conditions, records):
        return [helper("replay"), "127.0.0.1", str(self.port), "admin",
                Certificates().ca if conditions.tls else "-", records]

    def prepare(self, place, conditions):
        if self.recorded is not place:
            self._record(place)
            place.reset(conditions)
        self.port = place.link_to(place.target, conditions)
        subprocess.run(list(map(str, self._replay(conditions, self.setup))), check=True, capture_output=True,
                       env=dict(os.environ, MYSQL_PWD="adminpw"))

    def run(self, place, conditions, limit, until=None):
        watched = Watched(self._replay(conditions, self.work), stdout=subprocess.PIPE,
                          env=dict(os.environ, MYSQL_PWD="adminpw"))
        code = watched.wait(limit)
        seconds, records, failures = watched.process.stdout.read().decode().split() if code == 0 else (0, 0, 1)
        watched.process.stdout.close()
        if code or int(failures) != TRIALS:
            raise BenchError(f"{failures} of {records} recorded statements failed when they were sent again; {TRIALS} should")
        return Measure(float(seconds), watched.cpu, watched.peak_bytes)


def wait_arrived(place, contender, limit=CATCH_UP_SECONDS):
    """Until the target has the rows that the source has in its table `visible`."""
    statement = "SELECT COALESCE(MAX(id), 0) FROM bench.visible"
    wanted = place.source.sql(statement)
    end = time.monotonic() + limit
    while True:
        try:
            if place.target.sql(statement) == wanted:
                return
        except LabError:
            pass                        # the table itself may not have come yet
        contender.check(place)
        if time.monotonic() > end:
            raise BenchError(f"{contender.name} did not catch up within {limit} s")
        time.sleep(POLL_SECONDS)


def target_cpu(place):
    return cpu_seconds(place.target.pid()), cpu_seconds(place.source.pid())
