"""A run: random load with definitions, random faults, and the full comparison at the end.

All of it follows from one seed: which faults, when, with which figures. What the machine makes of it (how the load's
clients interleave) does not, so a failure may need a few repetitions; the schedule that is printed is the same each time."""
import contextlib
import os
import pathlib
import random
import re
import signal
import threading
import time

import pymysql

from harness import Load
from harness.compare import compare_servers

from .proxy import FaultProxy

ROOT = pathlib.Path(__file__).resolve().parents[3]
OUT_OF_MEMORY = 70


def fault_points():
    """The names of all fault points, from the program's source."""
    found = set()
    for room in ("applier", "base", "proxy", "state"):
        for path in (ROOT / room).rglob("*.c"):
            found |= set(re.findall(r'FAULT_POINT\("([^"]+)"\)', path.read_text()))
    return sorted(found)


class Unexplained(AssertionError):
    """The program ended, and nobody had asked it to."""


class Rig:
    """A source, a target, a proxy before each, and one instance of the program that is kept running."""

    def __init__(self, source, target, changeling, database, out=print):
        self.source, self.target, self.changeling, self.database = source, target, changeling, database
        self.near_source = FaultProxy(source.host, source.port)
        self.near_target = FaultProxy(target.host, target.port)
        self.out = out
        self.deadly = False         # this run may end by itself: it has been told to
        self.ends = 0
        self.locker = None

    def close(self):
        self.heal()
        self.near_source.close()
        self.near_target.close()

    # --- the program

    def set_up(self, start, **options):
        options.setdefault("master_read_timeout", 3)
        self.changeling.change_master(start, master_port=self.near_source.port, target_port=self.near_target.port,
                                      target_read_timeout=20, **options)

    def start(self, fault=None):
        self.deadly = fault is not None
        self.changeling.run("--wait", wait=False, CHANGELING_FAULT=fault)

    def keep(self):
        """It runs: what has ended as it was told to is started again; anything else is a failure."""
        if self.changeling.process is None:
            self.start()
        elif not self.changeling.running():
            code = self.changeling.wait_exit()
            self.ends += 1
            if not self.deadly or code not in (-signal.SIGKILL, OUT_OF_MEMORY):
                raise Unexplained(f"it ended with exit code {code}:\n{self.changeling.log_tail(40)}")
            self.start()

    # --- all is well again

    def heal(self):
        self.near_source.heal()
        self.near_target.heal()
        if self.changeling.running():
            self.changeling.process.send_signal(signal.SIGCONT)
        self.unlock()
        for server in (self.source, self.target):
            if not server.lab.pid():
                server.forget()
                server.start()

    def unlock(self):
        if self.locker:
            with contextlib.suppress(pymysql.Error, OSError):
                self.locker.close()
        self.locker = None

    def finish(self, seconds=120):
        """Waits until all has arrived and compares."""
        self.heal()
        self.keep()
        if self.deadly:
            # a point that was never passed must not end it now
            if self.changeling.running():
                self.changeling.kill9()
            self.changeling.process = None
            self.start()
        self.changeling.wait_caught_up(seconds)
        rows = compare_servers(self.source, self.target, [self.database])
        return rows


# --- faults: each takes the rig, a generator of random numbers and a function that waits, and returns what it did

FAULTS = []


def fault(weight):
    def note(function):
        FAULTS.append((function, weight))
        return function
    return note


def either(rig, rng):
    return rng.choice((("source", rig.near_source), ("target", rig.near_target)))


@fault(10)
def cut_after_bytes(rig, rng, wait):
    name, proxy = either(rig, rng)
    count, direction = int(10 ** rng.uniform(0, 4.8)), rng.choice(("up", "down"))
    proxy.cut_after(count, direction)
    return f"cut {name} after {count} bytes {direction}"


@fault(5)
def cut_in_record(rig, rng, wait):
    count, direction = rng.randrange(60), rng.choice(("up", "down"))
    rig.near_target.cut_in_record(count, direction)
    return f"cut target inside the {count}th TLS record {direction}"


@fault(6)
def reset_connections(rig, rng, wait):
    name, proxy = either(rig, rng)
    proxy.reset()
    return f"reset {name}"


@fault(4)
def refuse_connections(rig, rng, wait):
    name, proxy = either(rig, rng)
    seconds = rng.uniform(0.1, 1.5)
    proxy.refuse()
    wait(seconds)
    proxy.accept()
    return f"refuse {name} for {seconds:.2f} s"


@fault(4)
def stall_half_open(rig, rng, wait):
    name, proxy = either(rig, rng)
    seconds = rng.uniform(0.2, 4)
    proxy.stall()
    wait(seconds)
    proxy.go_on()
    return f"stall {name} for {seconds:.2f} s"


@fault(3)
def slow_down(rig, rng, wait):
    name, proxy = either(rig, rng)
    delay, rate, seconds = rng.uniform(0, 0.05), rng.choice((0, 20000, 200000)), rng.uniform(0.3, 1.5)
    proxy.delay(delay)
    proxy.throttle(rate)
    wait(seconds)
    proxy.delay(0)
    proxy.throttle(0)
    return f"slow down {name}: {delay * 1000:.0f} ms, {rate} bytes/s, for {seconds:.2f} s"


@fault(4)
def corrupt_target(rig, rng, wait):
    count, direction = rng.randrange(20000), rng.choice(("up", "down"))
    rig.near_target.corrupt_after(count, direction)
    return f"corrupt the target's byte {count} {direction}"


@fault(10)
def kill_program(rig, rng, wait):
    pause, forget = rng.uniform(0, 0.4), rng.random() < 0.3
    if rig.changeling.running():
        rig.changeling.kill9()
    rig.changeling.process = None
    if forget:
        rig.changeling.forget_state()
    wait(pause)
    rig.start()
    return f"kill -9{', state.db deleted' if forget else ''}, {pause:.2f} s"


def in_a_backlog(rig, rng, wait):
    """More often than not there is work left when it is told to stop."""
    if rng.random() < 0.7 and rig.changeling.running():
        rig.changeling.process.send_signal(signal.SIGSTOP)
        wait(rng.uniform(0.3, 2))
        rig.changeling.process.send_signal(signal.SIGCONT)
        wait(rng.uniform(0, 0.1))


@fault(5)
def pause_program(rig, rng, wait):
    in_a_backlog(rig, rng, wait)
    seconds = rng.choice((0, 0, rng.uniform(0, 1)))
    if rig.changeling.running():
        rig.changeling.command("stop")
        wait(seconds)
        # one that has ended meanwhile is started in any case
        rig.changeling.command("start")
    return f"stop and start by the operator, {seconds:.2f} s between"


@fault(4)
def stop_program(rig, rng, wait):
    in_a_backlog(rig, rng, wait)
    if rig.changeling.running():
        code = rig.changeling.stop()
        asked = rig.deadly and code in (-signal.SIGKILL, OUT_OF_MEMORY)
        # it may not have got as far as to take notice of signals
        if code != 0 and not asked and not (code == -signal.SIGTERM and " started " not in rig.changeling.log_text(this_run=True)):
            raise Unexplained(f"SIGTERM ended it with {code}:\n{rig.changeling.log_tail(40)}")
    rig.changeling.process = None
    rig.start()
    return "SIGTERM and start"


@fault(3)
def freeze_program(rig, rng, wait):
    seconds = rng.uniform(0.1, 5)
    if rig.changeling.running():
        rig.changeling.process.send_signal(signal.SIGSTOP)
        wait(seconds)
        rig.changeling.process.send_signal(signal.SIGCONT)
    return f"SIGSTOP for {seconds:.2f} s"


@fault(14)
def fault_point(rig, rng, wait):
    name = rng.choice([name for name in fault_points() if name not in ("config.write",)])
    nth = int(10 ** rng.uniform(0, 4.5)) if name == "alloc" else int(10 ** rng.uniform(0, 1.7))
    how = "fail" if name == "alloc" else rng.choice(("kill", "kill", "fail"))
    if name.startswith("state.") and how == "fail":
        how = "kill"            # without its file it rightly stops: tests of their own look at that
    if rig.changeling.running():
        rig.changeling.kill9()
    rig.changeling.process = None
    rig.start(f"{name}:{nth}:{how}")
    return f"start with {name}:{nth}:{how}"


def sessions(server, user):
    while True:
        try:
            return [row[0] for row in server.query("SELECT id FROM information_schema.processlist WHERE user = %s", user)]
        except pymysql.OperationalError as error:
            # MySQL wants the running statements to be text, though nobody asked for them: some hold a row's bytes
            if error.args[0] != 3854:
                raise


@fault(6)
def kill_sessions(rig, rng, wait):
    side, server, user = rng.choice((("source", rig.source, "repl"), ("target", rig.target, "admin")))
    share = rng.choice((0.3, 1))
    for number in sessions(server, user):
        if rng.random() < share:
            with contextlib.suppress(pymysql.Error):
                server.sql(f"KILL {number}")
    return f"KILL {share:.0%} of the sessions on the {side}"


@fault(4)
def lock_rows(rig, rng, wait):
    table, seconds = rng.choice(("t0", "t1", "counter", "journal", "auto")), rng.uniform(0.2, 2.5)
    rig.unlock()
    try:
        rig.locker = rig.target.connect(rig.database, autocommit=False)
        with rig.locker.cursor() as cursor:
            cursor.execute("SET innodb_lock_wait_timeout = 1")
            cursor.execute("SET lock_wait_timeout = 1")
            cursor.execute(f"SELECT COUNT(*) FROM {table} FOR UPDATE")
        wait(seconds)
    except pymysql.Error:
        pass
    rig.unlock()
    return f"another client locks {table} for {seconds:.2f} s"


@fault(3)
def few_connections(rig, rng, wait):
    seconds = rng.uniform(0.2, 2)
    rig.target.sql("SET GLOBAL max_connections = 10")
    crowd = []
    try:
        for _ in range(9):
            with contextlib.suppress(pymysql.Error):
                crowd.append(rig.target.connect())
        rig.near_target.reset()
        wait(seconds)
    finally:
        for one in crowd:
            one.close()
        rig.target.sql("SET GLOBAL max_connections = 60")
    return f"too many connections on the target for {seconds:.2f} s"


@fault(2)
def read_only(rig, rng, wait):
    seconds = rng.uniform(0.2, 2)
    with contextlib.suppress(pymysql.Error):
        rig.target.sql("SET lock_wait_timeout = 2; SET GLOBAL read_only = 1")
    wait(seconds)
    rig.target.sql("SET GLOBAL read_only = 0")
    return f"the target is read-only for {seconds:.2f} s"


@fault(3)
def rotate_logs(rig, rng, wait):
    rig.source.sql("FLUSH BINARY LOGS")
    return "FLUSH BINARY LOGS"


@fault(1)
def restart_server(rig, rng, wait):
    side, server = rng.choice((("source", rig.source), ("target", rig.target)))
    hard = rng.random() < 0.5
    if hard and server is rig.source and server.kind == "mysql56":
        hard = False        # killed within XA COMMIT it may keep as prepared what its log has as committed
    if hard:
        server.kill9()
        server.start()
    else:
        server.restart()
    return f"{'kill -9 and start' if hard else 'restart'} of the {side}"


def run_schedule(rig, seed, seconds=4.0, faults=5, restarts=True, clients=2, ddl=True, big=True, pace=1.0, pause=0.0,
                 **options):
    """One schedule from its seed; returns the figures. Raises with the seed and what was done when anything is wrong.

    pace: the faults' own times (how long something is stalled, refused, locked) are multiplied by it.
    pause: seconds between two transactions of a client of the load."""
    rng = random.Random(seed)
    done = []
    workers = rng.choice((1, 1, 4, 4, 3))
    chosen = {"replica_parallel_workers": workers, **options}
    if workers > 1 and rng.random() < 0.25:
        chosen["replica_preserve_commit_order"] = "off"
    if rng.random() < 0.3:
        chosen["large_transaction_bytes"] = 65536
    if rng.random() < 0.3:
        chosen["merge_transactions"] = rng.choice((1, 3))
    by_gtid = rng.random() < 0.4 and rig.source.gtid()
    functions, weights = zip(*[(function, weight) for function, weight in FAULTS
                               if restarts or function is not restart_server])
    plan = rng.choices(functions, weights, k=faults)
    ending = threading.Event()
    load = Load(rig.source, rig.database, seed, clients=clients, ddl=ddl, pause=pause)
    try:
        start = ("gtid", rig.source.gtid()) if by_gtid else rig.source.position()
        rig.set_up(start, **chosen)
        load.prepare()
        if big:
            _pad(rig)
        rig.start()
        with load:
            for function in plan:
                ending.wait(rng.expovariate(faults / seconds))
                rig.keep()
                if big and rng.random() < 0.3:
                    _special_transaction(rig, rng)
                done.append(function(rig, rng, lambda wanted: ending.wait(wanted * pace)))
            ending.wait(0.3)
        rows = rig.finish()
        code = rig.changeling.stop()
        if code != 0:
            raise Unexplained(f"SIGTERM at the end: exit code {code}\n{rig.changeling.log_tail(40)}")
    except BaseException as error:
        if isinstance(error, Exception):
            error.args = (f"seed {seed}, {chosen}, {'GTID' if by_gtid else 'file and position'}\nschedule: "
                          + "; ".join(done + [function.__name__ for function in plan[len(done):]])
                          + f"\n{error.args[0] if error.args else ''}", *error.args[1:])
        raise
    return {"seed": seed, "rows": rows, "transactions": load.transactions, "faults": done, "options": chosen}


def _pad(rig):
    rig.source.sql(f"CREATE TABLE `{rig.database}`.large (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, n INT, "
                   "v VARCHAR(2000)) ENGINE=InnoDB")


def _statements(kind, rows, rng):
    """A transaction that is streamed when large-transaction-bytes is small, XA for good or not, or one with a temporary table."""
    values = ", ".join(f"({number}, REPEAT('{chr(97 + number % 26)}', 1500))" for number in range(rows))
    change = [f"INSERT INTO large (n, v) VALUES {values}", f"UPDATE large SET n = n + 1 WHERE id % 3 = {rng.randrange(3)}"]
    if kind == "temporary":
        return ["SET SESSION binlog_format = STATEMENT", "CREATE TEMPORARY TABLE brief (n INT PRIMARY KEY, v VARCHAR(20))",
                "INSERT INTO brief VALUES (1, 'a'), (2, 'b'), (3, 'c')", "BEGIN",
                "INSERT INTO large (n, v) SELECT n, v FROM brief ORDER BY n",
                f"UPDATE brief SET v = 'd' WHERE n = {rng.randrange(1, 4)}", "COMMIT",
                "INSERT INTO journal SELECT 999, n, v FROM brief ORDER BY n", "DROP TEMPORARY TABLE brief"]
    if kind == "plain":
        return ["BEGIN", *change, "COMMIT"]
    xid = f"'soak{rng.randrange(10 ** 12)}'"
    return [f"XA START {xid}", *change, f"XA END {xid}", f"XA PREPARE {xid}", f"XA {'COMMIT' if kind == 'xa' else 'ROLLBACK'} {xid}"]


def _special_transaction(rig, rng):
    kind, rows = rng.choice(("plain", "plain", "xa", "xa back", "temporary")), rng.choice((20, 200))
    statements = _statements(kind, rows, rng)
    try:
        connection = rig.source.connect(rig.database)
    except (pymysql.Error, OSError):
        return
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except (pymysql.Error, OSError):
        pass
    finally:
        with contextlib.suppress(pymysql.Error, OSError):
            connection.close()


def process_figures(pid):
    """Resident memory in kB, open descriptors, threads."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {"memory_kb": int(re.search(r"VmRSS:\s+(\d+)", status)[1]), "threads": int(re.search(r"Threads:\s+(\d+)", status)[1]),
            "descriptors": len(os.listdir(f"/proc/{pid}/fd"))}


def now():
    return time.strftime("%H:%M:%S", time.gmtime())
