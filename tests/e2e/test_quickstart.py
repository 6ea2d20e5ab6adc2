"""README's first command: from a clone to a replicated row on the screen."""
import contextlib
import os
import pathlib
import re
import subprocess

from harness.changeling import ROOT, script
from labkit import KINDS, Lab, available

import pytest


def quickstart(*arguments, cwd=ROOT):
    """Built as a newcomer would have it, unless a program to test was named."""
    reason = available(KINDS["maria1011"])
    if reason:
        pytest.skip(reason)
    return subprocess.run([script("quickstart"), "--skip-install", *arguments], cwd=cwd, capture_output=True, text=True,
                          timeout=900, check=False, stdin=subprocess.DEVNULL)


def test_the_demo_shows_a_row_and_puts_everything_away(tmp_path):
    done = quickstart(f"--state={tmp_path}/state")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| 256 |" in done.stdout
    took = re.search(r"in the target (\d+) ms after .* over TLS \((\S+)\)", done.stdout)
    assert took, done.stdout
    assert int(took[1]) < 1000 and took[2].startswith(("TLS_", "ECDHE"))
    assert "CHANGELING OK" in done.stdout
    left = [server.name for server in Lab().servers() if server.name.startswith("quickstart-")]
    assert not left
    for arguments in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            assert str(tmp_path).encode() not in arguments.read_bytes(), f"{arguments} goes on"


def test_servers_of_the_user_s_own(pairing):
    p = pairing()
    # files are named from where one stands
    done = quickstart("--state=state", *p.changeling.options("now", master_password_file="source.password"),
                      cwd=p.changeling.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    process = int(re.search(r"changeling runs as process (\d+)", done.stdout)[1])
    try:
        p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY); "
                     f"INSERT INTO `{p.db}`.t VALUES (256)")
        p.changeling.process = Process(process)
        p.changeling.wait_caught_up()
        assert p.compare() == 1
    finally:
        os.kill(process, 15)
        p.changeling.process = None


class Process:
    """A process that somebody else started, as far as the harness asks about it."""

    def __init__(self, pid):
        self.pid = pid
        self.returncode = None

    def poll(self):
        return None if os.path.exists(f"/proc/{self.pid}") else -1


def test_a_wrong_option_is_a_usage_error():
    done = quickstart("--no-such-option")
    assert done.returncode == 2 and "no-such-option" in done.stderr
