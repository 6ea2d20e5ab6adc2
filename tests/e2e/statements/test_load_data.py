"""LOAD DATA: the file is in the log, and the statement as the master's server has printed it."""
import pytest

PAIRS = [("mysql97", "mysql97"), ("mysql97", "maria1011"), ("mysql56", "maria118"), ("mysql56", "mysql97"),
         ("maria1011", "maria118"), ("maria1011", "mysql97"), ("maria118", "maria1011")]
STRICT = "STRICT_ALL_TABLES"
LITERAL = f"{STRICT},NO_BACKSLASH_ESCAPES"


@pytest.fixture(params=PAIRS, ids="-to-".join)
def loading(request, pairing, pool):
    source, target = request.param
    p = pairing(pool.fresh(source, "master", format="STATEMENT", gtid=False), target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`")
    return p


def load(p, content, rest, mode):
    path = p.source.lab.folder / "tmp/loaded.txt"
    path.write_bytes(content)
    path.chmod(0o644)
    p.source.sql(f"SET SESSION sql_mode='{mode}'; LOAD DATA INFILE '{path}' INTO TABLE {rest}; SET SESSION sql_mode='{STRICT}'",
                 database=p.db)


def test_terminators_without_backslash_escapes(loading):
    """They stand in the log with backslashes, which are no escapes in the session of the statement; what the client wrote
    behind them has backslashes of its own."""
    p = loading
    p.source.sql("CREATE TABLE a (v TEXT); CREATE TABLE b (v TEXT, w TEXT); CREATE TABLE c (v TEXT, w TEXT, x TEXT)", database=p.db)
    load(p, b"p\nq\n", "a FIELDS ESCAPED BY ''", LITERAL)
    load(p, b"p\tr\n's\tt\n", "b", LITERAL)
    load(p, b"'it''s'\\'b'|'c'\\d|",
         r"b FIELDS TERMINATED BY '\' ENCLOSED BY '''' ESCAPED BY '' LINES TERMINATED BY '|'", LITERAL)
    load(p, b"head\n:'a'\0'b'\n:c\0d\n", r"c FIELDS TERMINATED BY x'00' OPTIONALLY ENCLOSED BY '''' ESCAPED BY '\' LINES STARTING BY "
         r"':' TERMINATED BY x'0A' IGNORE 1 LINES (v, @w) SET w = CONCAT(@w, '\n'), x = 'x\'", LITERAL)
    p.changeling.wait_caught_up()
    assert p.source.query(f"SELECT w, x FROM `{p.db}`.c ORDER BY v") == [("b\\n", "x\\"), ("d\\n", "x\\")]
    assert p.source.value(f"SELECT COUNT(*) FROM `{p.db}`.a") == 2
    assert p.compare() == 8


def test_backslashes_that_may_be_letters(loading):
    """In the log ESCAPED BY has a backslash whether that was given, or was not and none is an escape."""
    p = loading
    p.source.sql("CREATE TABLE a (v TEXT, w TEXT)", database=p.db)
    load(p, b"p\\\tq\nx\\y\tz\n", "a", LITERAL)
    assert p.source.query(f"SELECT v, w FROM `{p.db}`.a ORDER BY v") == [("p\\", "q"), ("x\\y", "z")]
    error = p.changeling.wait_error()["error"]
    assert "rule.load-escapes" in error, error
    p.changeling.change_master(None, **{"rule.load-escapes": "rewrite"})
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 2


def test_values_that_do_not_fit(loading):
    """Without a strict mode the master adjusts them with a warning each, and so does the target. Rows that the client's file would
    lose here are a stop all the same, and so are warnings that are not shown."""
    p = loading
    p.source.sql("CREATE TABLE t (id INT PRIMARY KEY, n TINYINT NOT NULL, v VARCHAR(3), d DATE, e ENUM('a', 'b'))", database=p.db)
    lines = [b"1,999,xxxxx,2020-01-01,a", b"2,abc,y,never,c", b"3,4", b"4,5,z,2020-02-31,b,more", b"5,\\N,\\N,\\N,\\N",
             *(b"%d,1,toolong,2020-01-01,a" % number for number in range(10, 60))]
    load(p, b"\n".join(lines) + b"\n", "t FIELDS TERMINATED BY ','", "")
    p.changeling.wait_caught_up()
    assert p.source.value("SELECT COUNT(*) FROM t WHERE v IN ('xxx', 'too')") == 51
    assert p.compare() == 55
    # the target has a row that the master does not have
    p.target.sql(f"INSERT INTO `{p.db}`.t (id, n) VALUES (501, 1)")
    load(p, b"500,1,toolong,,\n501,1,toolong,,\n", "t FIELDS TERMINATED BY ','", "")
    error = p.changeling.wait_error()["error"]
    assert "warnings on the target" in error and "Duplicate entry '501'" in error, error
    assert p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.t WHERE id = 500") == 0


def test_more_warnings_than_are_shown(loading):
    p = loading
    p.source.sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(3))", database=p.db)
    # more than servers show by default
    load(p, b"".join(b"%d,toolong\n" % number for number in range(2000)), "t FIELDS TERMINATED BY ','", "")
    if p.target.family == "mysql":
        # the account may not ask for more
        assert "max_error_count" in p.changeling.wait_error()["error"]
        return
    p.changeling.wait_caught_up()
    assert p.compare() == 2000
