"""Values that nearly fill a packet, whose statements must go into one as well, and messages about rows that have such values."""
import pytest

PAIRS = [("maria1011", "maria1011"), ("mysql97", "mysql97"), ("mysql97", "maria118"), ("maria1011", "mysql97")]
PACKET = 4 << 20


@pytest.fixture(params=PAIRS, ids="-".join)
def narrow(request, pairing):
    """A pair whose target takes packets of 4 MiB, and whose tables are there."""
    p = pairing(*request.param)
    before = p.target.value("SELECT @@GLOBAL.max_allowed_packet")
    p.target.sql(f"SET GLOBAL max_allowed_packet = {PACKET}")
    try:
        p.replicate("now")
        p.source.sql(
            f"CREATE DATABASE `{p.db}`; USE `{p.db}`; "
            "CREATE TABLE l (id INT PRIMARY KEY, b LONGTEXT CHARACTER SET latin1) CHARACTER SET latin1; "
            "CREATE TABLE u (a INT, b LONGTEXT CHARACTER SET utf8mb4, c LONGTEXT CHARACTER SET latin1) CHARACTER SET utf8mb4")
        yield p
    finally:
        p.target.sql(f"SET GLOBAL max_allowed_packet = {before}")


def test_rows_that_nearly_fill_a_packet(narrow):
    p = narrow
    alone, twice = PACKET * 3 // 4 // 8, PACKET * 2 // 5 // 6       # how often: it stands once in a statement, or twice
    p.source.sql(
        f"USE `{p.db}`; INSERT INTO l VALUES (1, CONCAT(REPEAT('abcdefgh', {alone}), 'é')), (2, 'ü'); "
        f"UPDATE l SET b = CONCAT(REPEAT('hgfedcba', {alone}), 'ß') WHERE id = 2; "
        f"INSERT INTO u VALUES (1, REPEAT('ab€ ', {twice}), 'x'), (2, REPEAT('a', 2000), REPEAT('é', 2000)), (2, NULL, 'z'); "
        "UPDATE u SET b = CONCAT(b, 'z') WHERE a = 1; UPDATE u SET c = CONCAT(c, 'y') WHERE a = 2; "
        "DELETE FROM u WHERE a = 2 AND b IS NULL")
    p.changeling.wait_caught_up()
    assert p.compare() == 4
    assert p.target.query(f"SELECT a, CHAR_LENGTH(b), CHAR_LENGTH(c) FROM `{p.db}`.u ORDER BY a") == [
        (1, 4 * twice + 1, 1), (2, 2000, 2001)]


def test_a_long_row_does_not_hide_what_is_wrong(narrow):
    p = narrow
    p.source.sql(f"INSERT INTO `{p.db}`.u VALUES (7, REPEAT('ab', 30000), 'x')")
    p.changeling.wait_caught_up()
    p.target.sql(f"DELETE FROM `{p.db}`.u")
    p.source.sql(f"UPDATE `{p.db}`.u SET c = 'y'")
    error = p.changeling.wait_error()["error"]
    assert "row a=7, b='abab" in error and "…: update at " in error and "changeling skip" in error
