"""Tables of the target whose rows a rollback leaves: a batch that is sent again would write them twice."""
import pytest


def with_engine(pairing, target, engine):
    p = pairing("maria1011", target)
    p.both_sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE log (n INT) ENGINE=InnoDB; CREATE TABLE t (id INT PRIMARY KEY)")
    p.target.sql(f"ALTER TABLE `{p.db}`.log ENGINE={engine}")
    return p


@pytest.mark.parametrize("target, engine", [("maria1011", "Aria"), ("mysql97", "MyISAM")])
def test_rows_stop_at_such_a_table(pairing, target, engine):
    p = with_engine(pairing, target, engine)
    p.replicate("now")
    p.source.sql(f"USE `{p.db}`; BEGIN; INSERT INTO t VALUES (1); INSERT INTO log VALUES (1); COMMIT")
    error = p.changeling.wait_error()["error"]
    assert f"ENGINE={engine} on the target" in error and f"ALTER TABLE `{p.db}`.`log` ENGINE=InnoDB" in error
    told = [line for line in p.changeling.command("check").out.splitlines() if f"{p.db}.log ({engine})" in line]
    assert len(told) == 1 and told[0].startswith("warn"), told
    p.target.sql(f"ALTER TABLE `{p.db}`.log ENGINE=InnoDB")
    assert p.changeling.command("retry").code == 0
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 2


def test_by_policy_it_is_written_all_the_same(pairing):
    p = with_engine(pairing, "maria1011", "MyISAM")
    p.changeling.change_master("now", **{"rule.engine": "run"})
    p.changeling.run()
    p.source.sql(f"INSERT INTO `{p.db}`.log VALUES (1), (2)")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT n FROM `{p.db}`.log ORDER BY n") == [(1,), (2,)]
