"""Passwords of a whole session: in no argument, environment, log, status, file, table or answer of ours."""
import contextlib
import os
import pathlib
import pwd
import re
import shutil
import stat
import tempfile
import threading

import pytest

from harness import binary, wait_until
from harness.changeling import Changeling

ACCOUNTS = ("Pa55-source", "Pa55-target")
# every form that a log may hold, and forms that the target refuses, whose message quotes the statement
FORMS = {
    "mysql97": [
        "CREATE USER `{u}`@`%` IDENTIFIED BY 'Pa55-create'",
        "CREATE USER `{u}b`@`%` IDENTIFIED WITH caching_sha2_password BY 'Pa55-plugin', `{u}c`@`%` IDENTIFIED BY 'Pa55-second'",
        "ALTER USER `{u}`@`%` IDENTIFIED BY 'Pa55-alter' RETAIN CURRENT PASSWORD",
        "SET PASSWORD FOR `{u}`@`%` = 'Pa55-set'",
        "CREATE SERVER `{u}` FOREIGN DATA WRAPPER mysql OPTIONS (USER 'x', PASSWORD 'Pa55-server', HOST 'h')",
        "ALTER SERVER `{u}` OPTIONS (PASSWORD 'Pa55-server-2')",
        "DROP SERVER `{u}`",
    ],
    "maria1011": [
        "CREATE USER `{u}`@`%` IDENTIFIED BY 'Pa55-create'",
        "GRANT SELECT ON *.* TO `{u}`@`%` IDENTIFIED BY 'Pa55-grant'",
        "ALTER USER `{u}`@`%` IDENTIFIED VIA mysql_native_password USING PASSWORD('Pa55-via')",
        "SET PASSWORD FOR `{u}`@`%` = PASSWORD('Pa55-set')",
        "CREATE OR REPLACE SERVER `{u}` FOREIGN DATA WRAPPER mysql OPTIONS (USER 'x', PASSWORD 'Pa55-server', HOST 'h')",
        "DROP SERVER `{u}`",
    ],
}


class Watch:
    """Reads arguments and environment of every process of the machine, again and again, for as long as it is open."""

    def __init__(self):
        self.found, self.looked, self.open = set(), 0, True
        self.thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.open = False
        self.thread.join()

    def _look(self):
        own = {str(os.getpid()), "self", "thread-self"}
        while self.open:
            for process in pathlib.Path("/proc").glob("[0-9]*"):
                if process.name in own:
                    continue
                for name in ("cmdline", "environ"):
                    with contextlib.suppress(OSError):
                        if b"Pa55-" in (process / name).read_bytes():
                            self.found.add(f"{name} of {(process / 'cmdline').read_bytes()!r}")
            self.looked += 1


@pytest.fixture
def secretive(pairing, request):
    source, target = request.param
    pair = pairing(source, target)
    for server, password in ((pair.source, ACCOUNTS[0]), (pair.target, ACCOUNTS[1])):
        grants = ("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'secretive'@'%';" if server is pair.source else
                  "GRANT rds_superuser_role TO 'secretive'@'%'; SET DEFAULT ROLE ALL TO 'secretive'@'%';"
                  if target == "mysql97" else "GRANT ALL ON *.* TO 'secretive'@'%' WITH GRANT OPTION;")
        server.sql(f"SET sql_log_bin=0; CREATE USER 'secretive'@'%' IDENTIFIED BY '{password}'; {grants} SET sql_log_bin=1")
    pair.user = f"{pair.db}_user"
    yield pair
    pair.changeling.clean_up()
    for server in (pair.source, pair.target):
        for user in ("secretive", pair.user, pair.user + "b", pair.user + "c"):
            server.sql(f"SET sql_log_bin=0; DROP USER IF EXISTS `{user}`@`%`; SET sql_log_bin=1")


def everything_said(pair):
    """Each output and each file of ours, and all that is kept on the target, by name."""
    made = pair.changeling
    said = {"log": made.log.read_bytes()}
    for path in made.state.iterdir():
        if path.is_file():
            said[path.name] = path.read_bytes()
    for command in (["status"], ["status", "--json"], ["status", "--replica"], ["check"], ["check", "--json"], ["cutover"],
                    ["retry-skipped", "--dry-run"]):
        said[" ".join(command)] = str(made.command(*command)).encode()
    for what in ("status", "rewrites", "skipped", "quarantine", "events", "ddl-intents", "capabilities"):
        said[f"inspect-state {what}"] = str(made.script("inspect-state", "--json", what)).encode()
    said["check-health"] = str(made.script("check-health")).encode()
    for (table,) in pair.target.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'changeling'"):
        rows = pair.target.query(f"SELECT * FROM changeling.`{table}`")
        said[f"table {table}"] = repr(rows).encode()
    # what was hidden as hexadecimal is found as well
    for name in list(said):
        digits = re.sub(rb"[^0-9a-f]", b"", said[name].lower()) if name.startswith("table") else b""
        said[name] += digits and b" " + digits
    return said


def assert_nowhere(said):
    for name, text in said.items():
        for form in (b"Pa55-", b"Pa55-".hex().encode()):
            at = text.find(form)
            assert at < 0, f"a password is in {name}: {text[max(0, at - 80):at + 40]!r}"


@pytest.mark.parametrize("secretive", [("maria1011", "maria1011"), ("mysql97", "mysql97"), ("maria1011", "mysql97")],
                         indirect=True, ids=lambda pair: "-to-".join(pair))
def test_a_whole_session(secretive):
    pair, made = secretive, secretive.changeling
    with Watch() as watch:
        # by a statement on standard input: the source's password goes into a file of its own
        file, position = pair.source.position()
        made.change_master(None, master_user=None, master_password_file=None, target_user="secretive", log_level="debug",
                           target_password_file=None, master_host=None, master_port=None,
                           target_password_command=f"cat {made.password_file('two', ACCOUNTS[1])}",
                           statement=f"CHANGE MASTER TO MASTER_HOST='{pair.source.host}', MASTER_PORT={pair.source.port}, "
                                     f"MASTER_USER='secretive', MASTER_PASSWORD='{ACCOUNTS[0]}', MASTER_LOG_FILE='{file}', "
                                     f"MASTER_LOG_POS={position}")
        kept = made.state / "source.password"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        made.run()
        for statement in FORMS[pair.source.kind]:
            pair.source.sql(statement.format(u=pair.user))
        made.wait_caught_up()
        # between the families these statements are rewritten, and so journalled
        assert pair.source.kind == pair.target.kind or "'***'" in str(made.look("rewrites"))
        wait_until(lambda: watch.looked > 3, 30, "the look at all processes")
        said = everything_said(pair)
    assert not watch.found
    # where they must be, they are: the search can find them
    assert ACCOUNTS[0].encode() in said.pop("source.password")
    assert_nowhere(said)


@pytest.mark.parametrize("secretive", [("maria1011", "maria1011"), ("mysql97", "mysql97")], indirect=True,
                         ids=lambda pair: "-to-".join(pair))
def test_what_the_target_quotes(secretive):
    """The operator's own SQL is wrong right at its password, and a statement of the log is refused with it in sight."""
    pair, made = secretive, secretive.changeling
    pair.replicate("now", log_level="debug")
    pair.target.sql(f"CREATE USER `{pair.user}`@`%`")
    pair.source.sql(f"CREATE USER `{pair.user}`@`%` IDENTIFIED BY 'Pa55-create'")
    made.wait_error()
    assert_nowhere(everything_said(pair))
    wrong = f"ALTER USER `{pair.user}`@`%` IDENTIFIED BY 'Pa55-replace' 'Pa55-twice' REQUIRE"
    assert made.command("replace", text=wrong).code == 0
    made.run(wait=False)
    row = made.wait_error()
    assert "operator's SQL" in row["error"] and "1064" in row["error"], row
    assert_nowhere({name: text for name, text in everything_said(pair).items() if not name.startswith("state.db")})


def test_a_statement_that_cannot_be_read_is_not_repeated(pairing):
    """A slip in CHANGE MASTER: the message names the place, not the password."""
    made = pairing().changeling
    for slip in ("CHANGE MASTER TO MASTER_PASSWORD='Pa55-slip' MASTER_USER='x'",
                 "CHANGE MASTER TO MASTER_USER='x', MASTER_PASSWORD='Pa55-slip", "CHANGE MASTER TO MASTER_PASSWORD=Pa55-slip",
                 "CHANGE MASTER TO MASTER_PASSWURD='Pa55-slip'"):
        result = made.change_master(None, expect=None, statement=slip, master_user=None, master_password_file=None)
        assert result.code != 0
        assert "Pa55" not in str(result), str(result)


def ordinary_user():
    """Somebody without rights, as whom the program can be started; the test needs root for that."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv, to become an ordinary user")
    return pwd.getpwnam("nobody")


def test_as_an_ordinary_user(pairing):
    """Nothing needs rights; and nobody else, of the same user, can read the process or have it dumped."""
    user = ordinary_user()
    pair = pairing()
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "changeling"
        shutil.copy(binary(), program)
        ca = pathlib.Path(folder) / "ca.pem"
        shutil.copy(pair.changeling.certificates.ca, ca)
        home = pathlib.Path(folder) / "home"
        home.mkdir(mode=0o700)
        os.chmod(folder, 0o755)
        made = Changeling(home, pair.source, pair.target, pair.changeling.channel, pair.changeling.server_id,
                          pair.changeling.certificates)
        as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", str(program)]
        options = made.options("now", target_ssl_ca=ca)
        for path in (home, *home.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)
        result = made.execute([*as_user, "change-master", f"--state={made.state}", *options])
        assert result.code == 0, str(result)
        made.start_as(as_user)
        try:
            made.wait_state("running")
            made.wait_caught_up()
            process = pathlib.Path(f"/proc/{made.process.pid}")
            assert f"Uid:\t{user.pw_uid}\t" in (process / "status").read_text()
            assert re.search(r"Max core file size\s+0\s+0\s", (process / "limits").read_text())
            # of a process that may not be dumped, the files belong to root
            if "asan" not in str(binary()) and "tsan" not in str(binary()):
                assert (process / "environ").stat().st_uid == 0
            for path in made.state.rglob("*"):
                assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, f"{path} is open to others"
        finally:
            assert made.stop() == 0
