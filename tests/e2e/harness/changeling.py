"""The program under test: its sub-commands, its scripts, and a `run` in the background."""
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import time

from .wait import PATIENCE, TimedOut, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[3]
COMMAND_SECONDS = 60
# how AddressSanitizer, LeakSanitizer, UndefinedBehaviorSanitizer, ThreadSanitizer and valgrind begin
FINDING = re.compile(r"(ERROR|WARNING): (Address|Leak|Thread)Sanitizer|runtime error: |ERROR SUMMARY: [1-9]")


def binary():
    return pathlib.Path(os.environ.get("CHANGELING_BIN") or ROOT / "build/faults/changeling").absolute()


def sanitized():
    """Bounds of memory mean nothing then: a sanitizer keeps memory of its own for each byte, and what was freed."""
    symbols = subprocess.run(["nm", "-D", binary()], capture_output=True, check=False).stdout
    return b"__asan_init" in symbols or b"__tsan_init" in symbols


def script(name):
    return ROOT / "scripts" / name


class Ended(AssertionError):
    """The program ended while the test expected it to go on."""


@dataclasses.dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Changeling:
    """One state directory, and at most one running process on it."""

    def __init__(self, folder, source, target, channel, server_id, certificates):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.log = self.folder / "run.log"
        self.source, self.target = source, target
        self.channel, self.server_id = channel, server_id
        self.certificates = certificates
        self.process = None
        self.prefix = []        # a command that `run` is started by
        self.runs = 0
        self._mark = 0

    # --- commands

    def environment(self, **more):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("CHANGELING_")}
        environment.update(CHANGELING_BIN=str(binary()), TZ="UTC",
                           PATH=f"{binary().parent}:{environment['PATH']}",
                           # a crash is to be seen, not a report that nobody reads
                           ASAN_OPTIONS="abort_on_error=0:exitcode=99:detect_leaks=1",
                           UBSAN_OPTIONS="halt_on_error=1:exitcode=99:print_stacktrace=1",
                           TSAN_OPTIONS="halt_on_error=1:exitcode=99")
        environment.update({key: value for key, value in more.items() if value is not None})
        return environment

    def execute(self, arguments, text=None, seconds=COMMAND_SECONDS, **environment):
        done = subprocess.run([str(argument) for argument in arguments], input=text, capture_output=True,
                              timeout=seconds * PATIENCE, check=False, text=True, errors="replace",
                              env=self.environment(**environment),
                              **({} if text is not None else {"stdin": subprocess.DEVNULL}))
        return Result(done.returncode, done.stdout, done.stderr)

    def command(self, name, *arguments, **more):
        """A sub-command of the program on this state directory."""
        return self.execute([binary(), name, f"--state={self.state}", *arguments], **more)

    def script(self, name, *arguments, **more):
        return self.execute([script(name), f"--state={self.state}", *arguments], **more)

    # --- set-up

    def password_file(self, name, password):
        path = self.folder / f"{name}.password"
        path.touch(mode=0o600)
        path.write_text(password + "\n")
        return path

    def options(self, start="now", **more):
        """The options of change-master for this source and target; None leaves one out. `start` is "now", "gtid"
        (auto-position), ("gtid", set), (file, position), or None."""
        options = {
            "master-host": self.source.host, "master-port": self.source.port, "master-user": "repl",
            "master-password-file": self.password_file("source", "repl"),
            "target-host": self.target.host, "target-port": self.target.port, "target-user": "admin",
            "target-password-file": self.password_file("target", "adminpw"),
            "target-ssl-ca": self.certificates.ca,
            "channel": self.channel, "server-id": self.server_id,
            # what these settings are for is tested by itself; here they keep the tests quick
            "connect-retry": 1, "retry-max-seconds": 1, "status-interval": "100ms", "heartbeat-period": 1,
        }
        if start == "now":
            options["from-now"] = True
        elif start == "gtid":
            options["master-auto-position"] = True
        elif start and start[0] == "gtid":
            options["master-use-gtid"] = start[1]
        elif start:
            options["master-log-file"], options["master-log-pos"] = start
        options.update({key.replace("_", "-"): value for key, value in more.items()})
        return [f"--{key}" if value is True else f"--{key}={value}"
                for key, value in options.items() if value is not None and value is not False]

    def change_master(self, start="now", expect=0, statement=None, **more):
        """Sets up by scripts/change-master. Fails the test when the exit code is not the expected one (None: any)."""
        result = self.script("change-master", *self.options(start, **more), text=statement)
        if expect is not None:
            assert result.code == expect, f"change-master: {result}"
        return result

    # --- running

    def run(self, *arguments, wait=True, **environment):
        """Starts `changeling run` in the background; waits until it replicates unless told not to."""
        self.stays = "--stay" in arguments
        self.start_as([*self.prefix, str(binary())], *arguments, **environment)
        if wait:
            self.wait_state("running")
        return self

    def start_as(self, program, *arguments, **environment):
        """The same with words in front of the program, and without waiting."""
        assert not self.running(), "it is running already"
        self.runs += 1
        with open(self.log, "a") as log:
            log.write(f"---- run {self.runs}: {' '.join(map(str, arguments))}\n")
            log.flush()
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                [*program, "run", f"--state={self.state}", *map(str, arguments)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=self.environment(**environment))

    def run_to_end(self, *arguments, seconds=COMMAND_SECONDS, **environment):
        """`changeling run` that is expected to end by itself; its exit code."""
        self.run(*arguments, wait=False, **environment)
        return self.wait_exit(seconds)

    def run_until(self, goal, seconds=COMMAND_SECONDS):
        code = self.run_to_end("--until", goal, seconds=seconds)
        assert code == 0, f"run --until {goal} ended with {code}:\n{self.log_tail()}"

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, seconds=20):
        """SIGTERM; the exit code, or None when nothing ran."""
        if not self.process:
            return None
        if self.running():
            self.process.send_signal(signal.SIGTERM)
        return self.wait_exit(seconds)

    def kill9(self):
        if self.running():
            self.process.kill()
        return self.wait_exit()

    def freeze(self):
        """SIGSTOP, and all its threads have stopped."""
        self.process.send_signal(signal.SIGSTOP)
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        wait_until(lambda: all((task / "stat").read_text().rpartition(")")[2].split()[0] == "T" for task in tasks.iterdir()),
                   20, "the process to be stopped")

    def wait_exit(self, seconds=COMMAND_SECONDS):
        try:
            code = self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise TimedOut(f"changeling did not end in {seconds * PATIENCE:.0f} s:\n{self.log_tail()}") from None
        self.process = None
        return code

    def clean_up(self):
        """At the end of a test: a process that goes on is ended. Returns what a sanitizer or valgrind found in any of the
        runs, a leak at the exit included: nothing, on a good day."""
        if self.running():
            with contextlib.suppress(TimedOut):
                self.stop(10)
        lines = self.log_text().splitlines()
        for at, line in enumerate(lines):
            if FINDING.search(line):
                return "\n".join(lines[at:at + 60])
        return None

    def forget_state(self):
        """Deletes the SQLite file, as an operator might."""
        for path in self.state.glob("state.db*"):
            path.unlink()

    # --- what it says

    def log_text(self, this_run=False):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        if this_run:
            text = text.encode()[self.log_start:].decode(errors="replace")
        return text

    def log_tail(self, lines=30):
        return "\n".join(self.log_text().splitlines()[-lines:])

    def status(self):
        """`changeling status --json`."""
        result = self.command("status", "--json")
        assert result.code in (0, 3), f"status: {result}"
        return result.json

    def look(self, view="status", where=""):
        """The rows of one of the documented views, as dictionaries, read as sqlite3 would; [] without a file."""
        path = self.state / "state.db"
        if not path.exists():
            return []
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as database:
            database.row_factory = sqlite3.Row
            try:
                return [dict(row) for row in database.execute(f"select * from {view} {where}")]
            except sqlite3.DatabaseError:
                # being made just now, or damaged
                return []

    def row(self):
        rows = self.look("status")
        return rows[0] if rows else {}

    # --- waiting

    def expect_alive(self, waiting_for):
        if not self.running():
            code = self.process.returncode if self.process else None
            raise Ended(f"changeling ended with {code} while the test waited for {waiting_for}:\n{self.log_tail()}")

    def wait_state(self, *states, seconds=30):
        """Until the state is one of these, written by the process that runs now."""
        def there():
            row = self.row()
            if row.get("pid") == self.process.pid and row.get("state") in states:
                return row
            self.expect_alive(f"state {' or '.join(states)}")
            return None
        return wait_until(there, seconds, lambda: f"state {' or '.join(states)} (it is {self.row()})\n{self.log_tail()}")

    def wait_position(self, place=None, seconds=60):
        """Until the source's end of log (or this (file, position)) is applied, by the state file's own account."""
        file, position = place or self.source.position()

        def number(name):
            found = re.search(r"\.(\d+)$", name or "")
            return int(found[1]) if found else -1

        def reached():
            row = self.row()
            self.expect_alive(f"position {file}:{position}")
            at = (number(row.get("applied_file")), row.get("applied_position") or 0)
            return at >= (number(file), position)
        wait_until(reached, seconds, lambda: f"position {file}:{position} ({self.row()})\n{self.log_tail()}", 0.05)

    def wait_caught_up(self, seconds=60):
        """Until a row that is written on the source now has arrived in the target: the target's own word for it."""
        self._mark += 1
        schema = f"mark_{self.channel}"
        self.source.sql(f"CREATE DATABASE IF NOT EXISTS `{schema}`;"
                        f"CREATE TABLE IF NOT EXISTS `{schema}`.mark (n INT PRIMARY KEY) ENGINE=InnoDB;"
                        f"INSERT INTO `{schema}`.mark VALUES ({self._mark})")
        wanted = self._mark

        def arrived():
            rows = self.target.query("SELECT 1 FROM information_schema.tables WHERE table_schema = %s", schema)
            if rows and self.target.query(f"SELECT 1 FROM `{schema}`.mark WHERE n = %s", wanted):
                return True
            self.expect_alive("the mark")
            return False
        wait_until(arrived, seconds, lambda: f"arrival of mark {wanted} (state {self.row()})\n{self.log_tail()}\n"
                   f"{self.target.diagnosis()}\n", 0.02)

    def wait_error(self, seconds=30):
        """Until it has stopped on an error. Returns the status row, which names the error; the exit code, when the
        process has ended, is in `exit_code`."""
        def stopped():
            if not self.running():
                return True
            row = self.row()
            return row.get("pid") == self.process.pid and row.get("state") == "error"
        wait_until(stopped, seconds, lambda: f"the error ({self.row()})\n{self.log_tail()}")
        # the state is written, and then the process ends: unless it was told to stay
        if self.running() and not self.stays:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20 * PATIENCE)
        row = self.row()
        row["exit_code"] = self.process.poll() if self.process else None
        if not self.running():
            self.process = None
        assert row.get("state") == "error" and row.get("error"), f"no error in status: {row}\n{self.log_tail()}"
        return row

    def wait_log(self, pattern, seconds=20):
        """Until a line of this run's log matches."""
        return wait_until(lambda: re.search(pattern, self.log_text(this_run=True)), seconds,
                          lambda: f"/{pattern}/ in the log:\n{self.log_tail()}", 0.05)

    def after_error(self, name, *arguments):
        """`skip` or `retry`, and a new start when the stop has ended the process. What follows may stop it again at
        once: then it returns all the same, and `wait_error` tells of it."""
        result = self.command(name, *arguments)
        assert result.code == 0, f"{name}: {result}"
        if not self.running():
            self.run(wait=False)
            self.wait_state("running", "error")
        return result

    def throw_away(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def pause(seconds):
        """For tests whose subject is a moment in time (a random kill), never for waiting on something."""
        time.sleep(seconds)
