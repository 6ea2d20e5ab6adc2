"""The story of the mission, for each pair, by file and position and by GTID."""
import time

import pytest

from harness import wait_until


@pytest.mark.parametrize("by", ["position", "gtid"])
def test_a_row_arrives_in_under_a_second(pairing, pair, by):
    p = pairing(*pair)
    p.source.sql(f"CREATE DATABASE `{p.db}_before`")
    start = p.source.position() if by == "position" else ("gtid", p.source.gtid())
    p.replicate(start)
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.source.sql("create table foo(id int primary key); insert into foo values (256);", p.db)
    committed = time.monotonic()

    def arrived():
        there = p.target.query("SELECT 1 FROM information_schema.tables WHERE table_schema = %s", p.db)
        return there and p.target.query(f"SELECT id FROM `{p.db}`.foo") == [(256,)]
    wait_until(arrived, 15, "the row in the target", pause=0.005)
    took = time.monotonic() - committed
    print(f"the row took {took * 1000:.0f} ms")
    assert took < 1.0

    # by an account without SUPER, over verified TLS
    grants = " ".join(row[0] for row in p.target.query("SHOW GRANTS FOR 'admin'@'%'"))
    assert "SUPER," not in grants and "SUPER ON" not in grants and "ALL PRIVILEGES" not in grants
    users = {row[1] for row in p.target.query("SHOW PROCESSLIST")}
    assert "admin" in users
    row = p.changeling.row()
    assert row["target_cipher"] and row["target_ssl_mode"] == "identity"

    # from the very position that was given: what was there before is not ours
    assert f"{p.db}_before" not in p.target.databases()

    p.source.sql(f"USE `{p.db}`; UPDATE foo SET id = 257; INSERT INTO foo VALUES (-1), (0), (2147483647); "
                 "DELETE FROM foo WHERE id = 0")
    p.changeling.wait_caught_up()
    assert p.compare() == 3
    assert p.changeling.stop() == 0


def test_from_the_beginning_of_the_log_by_auto_position(pairing, pool):
    """CHANGE MASTER's MASTER_AUTO_POSITION on a target that has nothing yet: everything the log has."""
    source = pool.fresh("mysql97", "master")
    p = pairing(source, "mysql97")
    source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.early (id INT PRIMARY KEY); "
               f"INSERT INTO `{p.db}`.early VALUES (1), (2)")
    p.replicate("gtid")
    source.sql(f"INSERT INTO `{p.db}`.early VALUES (3)")
    p.changeling.wait_caught_up()
    assert p.compare() == 3


def test_from_now_takes_nothing_of_the_past(pairing):
    p = pairing()
    p.both_sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY)")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1)")
    p.replicate("now")
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (2)")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT id FROM `{p.db}`.t") == [(2,)]
