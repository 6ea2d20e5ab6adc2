"""A file of the binary log above 4 GiB: the headers of its events tell the lower 32 bits of their places, and the command that
asks for a stream by offset has no room for more. One transaction makes a file that large; what commits beside it stands behind it.
CHANGELING_ALL=1 runs this: it takes some minutes and 15 GB."""
import os
import re
import threading

import pytest
from harness import sanitized, wait_until
from test_memory import peak

LIMIT = 1 << 32
UPDATES = 524  # of 4 MiB, before and after: 4.09 GiB

pytestmark = pytest.mark.skipif(not os.environ.get("CHANGELING_ALL"), reason="CHANGELING_ALL=1 runs it")


class Writers:
    """Small transactions of other clients while the block runs."""

    def __init__(self, server, db):
        self.server, self.db, self.ended, self.error = server, db, threading.Event(), None
        self.threads = [threading.Thread(target=self._write) for _ in range(6)]

    def _write(self):
        try:
            with self.server.connect(self.db) as connection, connection.cursor() as cursor:
                while not self.ended.is_set():
                    cursor.execute("INSERT INTO small (v) VALUES ('beside')")
        except Exception as error:      # told to the test, whose thread this is not
            self.error = error

    def __enter__(self):
        for thread in self.threads:
            thread.start()

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        assert not self.error, self.error


def commit_large(source, db):
    """One transaction that makes its file larger than 4 GiB, and others behind it in that file: of MySQL those that come while it
    is written, of MariaDB those of its group, which waits for two of them."""
    connection = source.connect(db)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN; " + "UPDATE large SET n = n + 1; " * UPDATES)
        while cursor.nextset():
            pass
    if source.family == "mariadb":
        source.sql("SET GLOBAL binlog_commit_wait_count = 3, GLOBAL binlog_commit_wait_usec = 60000000")
    committing = threading.Thread(target=connection.commit)
    committing.start()
    wait_until(lambda: source.query("SELECT 1 FROM information_schema.processlist WHERE info = 'COMMIT'"), what="the COMMIT")
    with Writers(source, db):
        committing.join()
        if source.family == "mariadb":
            source.sql("SET GLOBAL binlog_commit_wait_count = 0")
    connection.close()


def behind_the_limit(source, file):
    """What is in the file behind 4 GiB, as (offset, GTID) of each transaction: their own words, no decoder's."""
    found = []
    for _, offset, kind, _, _, info in source.query(f"SHOW BINLOG EVENTS IN '{file}'"):
        gtid = re.search(r"'([0-9a-f-]+:\d+)'|GTID (\d+-\d+-\d+)", info or "")
        if int(offset) > LIMIT and kind == "Gtid" and gtid:
            found.append((int(offset), gtid[1] or gtid[2]))
    return found


def all_before(source, gtid):
    head, number = re.fullmatch(r"(.*[:-])(\d+)", gtid).groups()
    return head + (f"1-{int(number) - 1}" if source.family == "mysql" else f"{int(number) - 1}")


def replay(p, start):
    """Lets a new channel begin there, with nothing of the small table on the target; the id of the first row that comes."""
    again = p.another()
    marks = [name for name in p.target.databases() if name.startswith("mark_")]     # they come again
    p.target.drop_databases(marks)
    p.target.sql(f"TRUNCATE TABLE `{p.db}`.small")
    again.change_master(start)
    again.run()
    again.wait_caught_up(600)
    again.stop()
    ids = [row[0] for row in p.target.query(f"SELECT id FROM `{p.db}`.small ORDER BY id")]
    assert ids == [row[0] for row in p.source.query(f"SELECT id FROM `{p.db}`.small WHERE id >= {ids[0]} ORDER BY id")]
    return ids[0]


@pytest.mark.parametrize("kind", ["maria1011", "mysql97", "mysql56"])
def test_a_file_above_4_gib(pairing, pool, kind):
    source = pool.fresh(kind, "master")
    p = pairing(source, "maria1011")
    p.replicate("now")
    source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; "
               "CREATE TABLE large (id INT PRIMARY KEY, n INT, b LONGBLOB) ENGINE=InnoDB; "
               "CREATE TABLE small (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB; "
               "INSERT INTO large VALUES (1, 0, REPEAT('x', 4194304))")
    file = source.position()[0]
    commit_large(source, p.db)
    p.changeling.wait_caught_up(600)
    print(f"peak {peak(p.changeling):.0f} MiB")
    assert sanitized() or peak(p.changeling) < 256
    p.compare()
    assert p.target.value(f"SELECT n FROM `{p.db}`.large") == UPDATES
    p.changeling.stop()

    behind = behind_the_limit(source, file)
    print(f"{file}: {len(behind)} transactions behind 4 GiB")
    if kind == "mysql97":   # it begins a new file before the next group is written
        return
    assert len(behind) > 1
    (first, _), (second, gtid) = behind[:2]
    begins = [replay(p, start) for start in ((file, first), (file, second), ("gtid", all_before(source, gtid)))]
    assert begins == [begins[0], begins[0] + 1, begins[0] + 1]
