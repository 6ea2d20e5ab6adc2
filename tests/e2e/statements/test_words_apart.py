"""Words that need a master of their own: one that is restarted, one of a kind that test_words.py has no pair of."""
import pytest

PAIRS = [("maria1011", "mysql97"), ("mysql97", "maria1011"), ("mysql56", "maria1011"), ("maria118", "maria1011")]


@pytest.mark.parametrize("source,target", PAIRS, ids=lambda value: value)
def test_a_table_in_memory_is_emptied_by_a_restart(pairing, pool, source, target):
    p = pairing(pool.fresh(source, "master", format="STATEMENT"), target)
    p.replicate("now", source_connect_retry=1)
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE kept (a INT PRIMARY KEY); INSERT INTO kept VALUES (1); "
                 "CREATE TABLE emptied (a INT PRIMARY KEY) ENGINE=MEMORY; INSERT INTO emptied VALUES (1), (2)")
    p.changeling.wait_caught_up()
    assert p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.emptied") == 2
    p.source.restart()
    # it is emptied, and that is logged, when it is first opened
    assert p.source.value(f"SELECT COUNT(*) FROM `{p.db}`.emptied") == 0
    p.source.sql(f"INSERT INTO `{p.db}`.emptied VALUES (3)")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT a FROM `{p.db}`.emptied") == [(3,)]
    assert p.compare() == 2


def test_a_key_over_vectors_that_the_target_lacks(pairing, pool):
    """A clear stop at its statement: no table without its key is made in silence."""
    p = pairing(pool.fresh("maria118", "master", format="STATEMENT"), "mysql97")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.v (id INT PRIMARY KEY, e VECTOR(3) NOT NULL, VECTOR INDEX (e))")
    assert "VECTOR" in p.changeling.wait_error()["error"]
    assert p.target.value("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = %s", p.db) == 0
