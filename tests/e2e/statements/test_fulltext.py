"""MATCH … AGAINST in statements: a table of another engine has another full-text key."""
import pytest

PAIRS = [("mysql97", "mysql97"), ("maria1011", "mysql97"), ("mysql97", "maria1011"), ("maria118", "maria118")]


@pytest.fixture(params=PAIRS, ids="-to-".join)
def searching(request, pairing, pool):
    source, target = request.param
    p = pairing(pool.fresh(source, "master", format="STATEMENT", gtid=False), target)
    p.changeling.change_master("now")
    return p


def fill(p, engine):
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY, v TEXT, FULLTEXT KEY (v)) ENGINE={engine}; "
                 "CREATE TABLE found (id INT PRIMARY KEY); INSERT INTO t VALUES (1, 'a database'), (2, 'the database'); "
                 "INSERT INTO t VALUES (3, 'something'); INSERT INTO found SELECT id FROM t WHERE MATCH (v) AGAINST ('database')")


def test_words_in_another_engine(searching):
    """A word in more than half of the rows tells nothing to MyISAM."""
    p = searching
    p.source.sql("SET sql_log_bin=0; GRANT SELECT ON *.* TO repl; SET sql_log_bin=1")
    fill(p, "MyISAM")
    p.changeling.run(wait=False)
    error = p.changeling.wait_error()["error"]
    assert "t is no InnoDB table on the source" in error and "rule.fulltext=" in error, error
    assert p.source.value(f"SELECT COUNT(*) FROM `{p.db}`.found") == p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.found") == 0


def test_words_in_an_engine_that_is_not_known(searching):
    p = searching
    fill(p, "InnoDB")
    p.changeling.run(wait=False)
    assert "GRANT SELECT" in p.changeling.wait_error()["error"]
    p.source.sql("SET sql_log_bin=0; GRANT SELECT ON *.* TO repl; SET sql_log_bin=1")
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 5


def test_words_of_rows_that_came_just_before(searching):
    """InnoDB finds rows from their COMMIT on: what was committed before on the source is so on the target."""
    p = searching
    p.source.sql("SET sql_log_bin=0; GRANT SELECT ON *.* TO repl; SET sql_log_bin=1")
    fill(p, "InnoDB")
    p.source.sql("BEGIN; INSERT INTO t VALUES (5, 'one more database'); "
                 "INSERT INTO found SELECT id + 10 FROM t WHERE MATCH (v) AGAINST ('database'); COMMIT")
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert sorted(p.source.query(f"SELECT id FROM `{p.db}`.found")) == [(1,), (2,), (11,), (12,)]
    assert p.compare() == 8
    assert len([row for row in p.changeling.look("rewrites") if row["rule"] == "fulltext"]) == 2
