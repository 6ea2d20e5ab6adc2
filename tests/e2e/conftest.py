"""Fixtures: servers that all tests of a session share, and a pairing of two of them for each test."""
import itertools
import os
import pathlib
import random
import sys

import pytest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lab")]

from harness import Changeling, ServerPool, TcpProxy, binary, compare_servers      # noqa: E402
from labkit import KINDS, available                               # noqa: E402

PAIRS = [("maria1011", "maria1011"), ("maria118", "maria118"), ("maria1011", "mysql97"), ("mysql97", "mysql97"),
         ("mysql97", "maria118"), ("mysql56", "maria1011")]
NUMBERS = itertools.count(1)


def session_seed():
    if "CHANGELING_SEED" not in os.environ:
        os.environ["CHANGELING_SEED"] = str(random.randrange(1, 10 ** 6))
    return int(os.environ["CHANGELING_SEED"])


def pytest_configure(config):
    session_seed()
    program = binary()
    if not config.option.collectonly and not os.access(program, os.X_OK):
        raise pytest.UsageError(f"{program} is not there: build it (cmake --preset faults && ninja -C build/faults), "
                                "or name another one in CHANGELING_BIN")


def pytest_report_header():
    missing = [reason for reason in map(available, KINDS.values()) if reason]
    lines = [f"program: {binary()}", f"seed: {session_seed()} (CHANGELING_SEED repeats it)"]
    return lines + [f"MISSING: {reason}; its tests are skipped" for reason in missing]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """What the program said goes into the report of a test that failed."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for made in getattr(item.funcargs.get("pairing"), "made", []):
            report.sections.append((f"changeling's log, channel {made.channel}", made.log_tail(60)))


@pytest.fixture(scope="session")
def pool():
    servers = ServerPool()
    servers.remove_leftovers()
    yield servers
    if not os.environ.get("CHANGELING_KEEP"):
        servers.remove_all()


@pytest.fixture
def seed(request):
    """A number of the test's own that follows from the session's seed."""
    number = random.Random(f"{session_seed()}/{request.node.name}").randrange(1, 10 ** 9)
    print(f"seed {number} (session {session_seed()})")
    return number


@pytest.fixture
def certificates(pool):
    return pool.certificates


@pytest.fixture
def old_tls(monkeypatch):
    """MySQL 5.6 as a target offers nothing newer than TLS 1.0."""
    monkeypatch.setenv("OPENSSL_CONF", str(HERE.parent / "lab/openssl-legacy.cnf"))


class Pairing:
    """A source, a target, and names that no other test uses."""

    def __init__(self, maker, source, target):
        self.maker, self.source, self.target = maker, source, target
        self.number = maker.number
        # a database whose name starts with this is the test's own, and is dropped after it
        self.db = f"e2e{self.number}"
        self.changeling = self.another()

    def another(self, **more):
        return self.maker.changeling(self.source, self.target, **more)

    def replicate(self, start="now", **options):
        """Set up and running, in one word."""
        self.changeling.change_master(start, **options)
        self.changeling.run()
        return self.changeling

    def both_sql(self, text):
        """The same on both sides, behind the program's back."""
        for server in (self.source, self.target):
            server.sql(text)

    def compare(self, *schemas):
        return compare_servers(self.source, self.target, schemas or (self.db,))


class Maker:
    """Makes pairings and everything that has to be put away after the test."""

    def __init__(self, pool, folder):
        self.pool, self.folder = pool, folder
        self.number = next(NUMBERS)
        self.made, self.pairs, self.proxies = [], [], []

    def __call__(self, source="maria1011", target="maria1011"):
        """A pairing of shared servers; a kind's name, or a server that the test started itself."""
        if isinstance(source, str):
            source = self.pool.get(source, "master")
        if isinstance(target, str):
            target = self.pool.get(target, "rds")
        pair = Pairing(self, source, target)
        self.pairs.append(pair)
        return pair

    def changeling(self, source, target, channel=None, server_id=None):
        count = len(self.made)
        folder = self.folder / f"changeling{count}"
        folder.mkdir()
        made = Changeling(folder, source, target, channel or f"e2e{self.number}_{count}",
                          server_id or 900000 + self.number * 10 + count, self.pool.certificates)
        self.made.append(made)
        return made

    def proxy(self, server, seed=0):
        proxy = TcpProxy(server.host, server.port, seed)
        self.proxies.append(proxy)
        return proxy

    def put_away(self):
        findings = list(filter(None, [made.clean_up() for made in self.made]))
        for proxy in self.proxies:
            proxy.close()
        for server in {id(server): server for pair in self.pairs for server in (pair.source, pair.target)}.values():
            if not server.lab.folder.exists():
                continue
            if not server.lab.pid():
                server.start()
            server.drop_databases([name for name in server.databases()
                                   if name.startswith((f"e2e{self.number}", f"mark_e2e{self.number}_"))])
            # the next test gets a session without this one's settings
            server.forget()
        self.pool.remove_own()
        assert not findings, "\n".join(findings)


@pytest.fixture
def pairing(pool, tmp_path):
    maker = Maker(pool, tmp_path)
    yield maker
    maker.put_away()


def name_of(pair):
    return "-to-".join(pair)


def pytest_generate_tests(metafunc):
    """A test that asks for `pair` runs on every pair that the program promises."""
    if "pair" in metafunc.fixturenames:
        metafunc.parametrize("pair", PAIRS, ids=name_of)
