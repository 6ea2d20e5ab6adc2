"""Columns of ENUM and SET whose members stand in another order on the target, or are not all there."""
import pytest

SOURCE = (r"e ENUM('a','b''c','x\\y','ü','line\nfeed','only') CHARACTER SET latin1, s SET('p','q','r') CHARACTER SET utf8mb4, "
          r"w ENUM('один','два') CHARACTER SET ucs2, f ENUM('🐟','🐠!','z') CHARACTER SET utf8mb4")
TARGET = (r"e ENUM('line\nfeed','ü','x\\y','more','b''c','a') CHARACTER SET utf8mb4, "
          r"s SET('r','x','q','p') CHARACTER SET latin1, w ENUM('два','один') CHARACTER SET cp1251, f ENUM('z','🐟','🐠!') CHARACTER SET utf8mb4")
# a SET is shown in its list's order
SHOWN = ("SELECT id, HEX(CONVERT(e USING utf8mb4)), FIND_IN_SET('p', s) > 0, FIND_IN_SET('q', s) > 0, FIND_IN_SET('r', s) > 0, "
         "CONVERT(w USING utf8mb4), HEX(f) "
         "FROM `{}`.{} ORDER BY id")


def make_tables(p, source, target):
    for server, columns in ((p.source, source), (p.target, target)):
        server.sql(f"SET SESSION sql_log_bin={int(server is p.target)}; CREATE DATABASE `{p.db}`; USE `{p.db}`; "
                   f"CREATE TABLE k (id INT PRIMARY KEY, {columns}); CREATE TABLE bag (id INT, {columns}); "
                   "SET SESSION sql_log_bin=1")


@pytest.fixture
def named(pairing):
    """A pairing whose source logs the names of members."""
    made = []

    def make(*kinds):
        p = pairing(*kinds)
        made.append((p.source, p.source.value("SELECT @@GLOBAL.binlog_row_metadata")))
        p.source.sql("SET GLOBAL binlog_row_metadata=FULL")
        return p
    yield make
    for server, former in made:
        server.sql(f"SET GLOBAL binlog_row_metadata={former}")


@pytest.mark.parametrize("kinds", [("mysql97", "mysql97"), ("mysql97", "maria118"), ("maria1011", "maria1011"),
                                   ("maria118", "mysql97")], ids="-to-".join)
def test_members_go_by_their_names(named, kinds):
    p = named(*kinds)
    p.replicate("now")
    make_tables(p, SOURCE, TARGET)
    for table in ("k", "bag"):
        p.source.sql(f"SET SESSION sql_mode=''; USE `{p.db}`; INSERT INTO {table} VALUES (1, 'a', 'p,r', 'один', '🐟'), "
                     rf"(2, 'b''c', 'q', 'два', '🐠!'), (3, 'x\\y', '', NULL, 'z'), (4, 'ü', 'p,q,r', 'два', 'z'), "
                     rf"(5, 'line\nfeed', 'r', 'один', NULL), (6, 'ü', 'p', 'два', '🐟'); "
                     f"UPDATE {table} SET e = 'x\\\\y', s = 'q,r' WHERE id = 1; "
                     f"UPDATE {table} SET w = 'один' WHERE w = 'два'; "
                     f"DELETE FROM {table} WHERE id = 6")
    p.changeling.wait_caught_up()
    for table in ("k", "bag"):
        rows = SHOWN.format(p.db, table)
        assert p.target.query(rows) == p.source.query(rows)
        assert len(p.target.query(rows)) == 5
    p.source.sql(f"INSERT INTO `{p.db}`.k (id, e) VALUES (7, 'only')")
    error = p.changeling.wait_error()["error"]
    assert "column e has the member number 6 ('only')" in error and "ALTER TABLE" in error
    # done as the error says
    columns = TARGET.split(") CHARACTER", maxsplit=1)[0]
    p.target.sql(f"ALTER TABLE `{p.db}`.k MODIFY {columns},'only') CHARACTER SET utf8mb4")
    p.changeling.after_error("retry")
    p.changeling.wait_caught_up()
    assert p.target.value(f"SELECT e FROM `{p.db}`.k WHERE id = 7") == "only"


def test_fewer_members_without_their_names(pairing):
    """A number behind the target's list stops, even beside the '' of an invalid value, which is written without strict mode."""
    p = pairing("mysql97", "maria1011")
    p.replicate("now")
    make_tables(p, "e ENUM('a','b','c'), g ENUM('a','b')", "e ENUM('a','b'), g ENUM('a','b')")
    p.source.sql(f"SET SESSION sql_mode=''; USE `{p.db}`; INSERT INTO k VALUES (1, 'b', 'none'); "
                 "INSERT INTO k VALUES (2, 'c', 'none')")
    assert "column e has the member number 3 of the master's list" in p.changeling.wait_error()["error"]
    assert p.target.query(f"SELECT id, e, g FROM `{p.db}`.k") == [(1, "b", "")]


@pytest.mark.parametrize("source, target", [("ENUM('1','2','x')", "VARCHAR(9)"), ("VARCHAR(9)", "ENUM('1','2','x')"),
                                            ("SET('a','b')", "ENUM('a','b','a,b')")])
def test_members_need_columns_of_their_kind(pairing, source, target):
    """A number of the log in a column of text, or a text that is a number in a list, would be another value."""
    p = pairing()
    p.replicate("now")
    make_tables(p, f"e {source}", f"e {target}")
    p.source.sql(f"INSERT INTO `{p.db}`.k VALUES (1, 2)")
    assert "must be of the same type" in p.changeling.wait_error()["error"]
    assert p.target.query(f"SELECT * FROM `{p.db}`.k") == []
