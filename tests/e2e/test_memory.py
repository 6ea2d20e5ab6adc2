"""Memory is bounded whatever one transaction holds: files of LOAD DATA before their statement, and what is prepared."""
import re

import pytest

from harness import sanitized

LINES = 64000     # of a thousand bytes
KINDS = ["maria1011", "maria118", "mysql97", "mysql56"]


def peak(changeling):
    """The most memory that the running process has had, in MiB."""
    with open(f"/proc/{changeling.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"^VmHWM:\s+(\d+) kB", status.read(), re.M).group(1)) / 1024


class Growth:
    """By how much the peak grows while the block runs and what it did arrives."""

    def __init__(self, changeling):
        self.changeling = changeling

    def __enter__(self):
        self.changeling.wait_caught_up(60)
        self.before = peak(self.changeling)
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.changeling.wait_caught_up(180)
            self.mib = peak(self.changeling) - self.before
            print(f"the peak grew from {self.before:.0f} by {self.mib:.0f} MiB")


def make_file(path, lines):
    with open(path, "w", encoding="ascii") as file:
        for number in range(lines):
            file.write(f"{number}\t{'x' * 1000}\n")
    path.chmod(0o644)


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_of_a_large_load_data(pairing, pool, tmp_path, kind):
    """In STATEMENT format the file comes block by block, and only then the statement that tells what to do with it."""
    source = pool.fresh(kind, "master", format="STATEMENT", gtid=False)
    p = pairing(source, "maria1011")
    path = source.lab.folder / "tmp" / "large.txt"
    make_file(path, LINES)
    p.replicate("now", large_transaction_bytes="4M")
    source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(1100), w INT) ENGINE=InnoDB; "
               "CREATE TABLE small LIKE t")
    with Growth(p.changeling) as growth:
        source.sql(f"SET @w = 7; LOAD DATA INFILE '{path}' INTO TABLE t (id, @v) SET v = CONCAT(@v, '!'), w = @w; "
                   "INSERT INTO small VALUES (1, 'a', 1)", database=p.db)
    assert p.compare() == LINES + 1
    assert sanitized() or growth.mib < 40
    # one that fails on the master, with an id that is there already, leaves nothing; the next is not disturbed by it
    small = source.lab.folder / "tmp" / "small.txt"
    small.write_text("-1\tone\n-2\ttwo\n")
    small.chmod(0o644)
    with pytest.raises(Exception, match="Duplicate entry"):
        source.sql(f"LOAD DATA INFILE '{path}' INTO TABLE t (id, v) SET w = 9", database=p.db)
    with Growth(p.changeling) as growth:
        source.sql(f"BEGIN; INSERT INTO small VALUES (2, 'b', 2); LOAD DATA INFILE '{small}' INTO TABLE t (id, v) SET w = 8; COMMIT",
                   database=p.db)
    p.compare()
    assert p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.t WHERE w = 8") == 2
    assert sanitized() or growth.mib < 40


@pytest.mark.parametrize("kind", KINDS[:3])
@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK", "ONE PHASE", "later"])
def test_a_large_xa_transaction(pairing, kind, end):
    """What is prepared goes to the target as it arrives, and is read from there part by part when it commits."""
    p = pairing(kind, "maria1011" if kind == "maria1011" else "maria118")
    p.replicate("now", large_transaction_bytes="2M")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(1000)); "
                 "INSERT INTO t (v) VALUES ('first')")
    with Growth(p.changeling) as growth:
        xid = f"'{p.db}'"
        session = p.source.connect(p.db)
        with session.cursor() as cursor:
            cursor.execute(f"XA START {xid}")
            for _ in range(12):
                cursor.execute("INSERT INTO t (v) VALUES " + ",".join(["(REPEAT('y', 1000))"] * 4000))
            cursor.execute("UPDATE t SET v = 'second' WHERE id = 1")
            cursor.execute(f"XA END {xid}")
            if end == "ONE PHASE":
                cursor.execute(f"XA COMMIT {xid} ONE PHASE")
            else:
                cursor.execute(f"XA PREPARE {xid}")
                if end == "later":
                    p.source.sql(f"INSERT INTO `{p.db}`.t (v) VALUES ('between')")
                    p.changeling.wait_caught_up(120)
                    assert p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.t") == 2
                    p.changeling.kill9()
                    p.changeling.run()
                cursor.execute(f"XA {'ROLLBACK' if end == 'ROLLBACK' else 'COMMIT'} {xid}")
        session.close()
    assert p.compare() == (1 if end == "ROLLBACK" else 48001 + (end == "later"))
    assert p.target.value("SELECT COUNT(*) FROM changeling.prepared WHERE channel = %s", p.changeling.channel) == 0
    if end != "later":
        assert sanitized() or growth.mib < 40
    else:
        assert sanitized() or peak(p.changeling) < 80
