"""Corners of the log that few servers show: tagged GTIDs, ALTER in two phases, events of many packets, old temporal formats,
text that is none."""
import pytest


def test_tagged_gtids(pairing, pool):
    """They come in events of their own kind, and the set that the master is asked by has the tagged form."""
    source = pool.fresh("mysql97", "master")
    p = pairing(source, "maria118")
    p.replicate("gtid")
    source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)); "
               "SET gtid_next='AUTOMATIC:fish'; INSERT INTO t VALUES (1, 'a'); "
               "SET SESSION binlog_transaction_compression=1; INSERT INTO t VALUES (2, 'b'); "
               "SET gtid_next='AUTOMATIC:and_chips'; CREATE TABLE u LIKE t; INSERT INTO u VALUES (3, 'c'); "
               "SET gtid_next='AUTOMATIC'")
    p.changeling.wait_caught_up()
    assert p.compare() == 3
    applied = p.target.value("SELECT gtid_set FROM changeling.checkpoint WHERE channel = %s", p.changeling.channel)
    assert ":fish:1-2" in applied and ":and_chips:1-2" in applied
    p.changeling.kill9()
    source.sql(f"SET gtid_next='AUTOMATIC:fish'; INSERT INTO `{p.db}`.t VALUES (4, 'd'); SET gtid_next='AUTOMATIC'; "
               f"INSERT INTO `{p.db}`.t VALUES (5, 'e')")
    p.changeling.run()
    p.changeling.wait_caught_up()
    assert p.compare() == 5


@pytest.mark.parametrize("kind", ["maria1011", "maria118"])
def test_alter_in_two_phases(pairing, kind):
    """START ALTER changes nothing here; COMMIT ALTER has the statement, ROLLBACK ALTER leaves all as it was."""
    p = pairing(kind, kind)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE t (id INT PRIMARY KEY, v INT); "
                 "INSERT INTO t VALUES (1, 1), (2, 1); SET SESSION binlog_alter_two_phase=1; "
                 "ALTER TABLE t ADD COLUMN w INT DEFAULT 7, ALGORITHM=COPY; INSERT INTO t VALUES (3, 3, 3)")
    with pytest.raises(Exception, match="Duplicate entry"):
        p.source.sql("ALTER TABLE t ADD UNIQUE KEY (v), ALGORITHM=COPY", database=p.db)
    p.source.sql(f"UPDATE `{p.db}`.t SET v = 10 WHERE id = 1; ALTER TABLE `{p.db}`.t ADD KEY (v), ALGORITHM=COPY; "
                 "SET SESSION binlog_alter_two_phase=0")
    events = [row[5] for row in p.source.query(f"SHOW BINLOG EVENTS IN '{p.source.position()[0]}'") if "ALTER" in str(row[5])]
    assert sum("START ALTER" in event for event in events) >= 3
    p.changeling.wait_caught_up()
    assert p.compare() == 3
    keys = f"SELECT index_name, non_unique FROM information_schema.statistics WHERE table_schema = '{p.db}' ORDER BY 1"
    assert p.source.query(keys) == p.target.query(keys)


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_events_of_many_packets(pairing, kind):
    """An event above 16 MiB comes in several packets, one of exactly that size with an empty one behind it."""
    p = pairing(kind, kind)
    for server in (p.source, p.target):
        server.sql("SET GLOBAL max_allowed_packet=100000000")
        server.forget()
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE b (id INT PRIMARY KEY, v LONGBLOB)")
    for number, size in enumerate([20 << 20, 40 << 20, *range((1 << 24) - 90, (1 << 24) - 30)]):
        if number < 2 or number % 6 == 0:
            p.source.sql(f"INSERT INTO `{p.db}`.b VALUES ({number}, REPEAT(x'c327', {size // 2}))")
    p.source.sql(f"UPDATE `{p.db}`.b SET v = CONCAT(v, 'more') WHERE id < 2")
    p.changeling.wait_caught_up(120)
    digests = f"SELECT id, LENGTH(v), SHA2(v, 256) FROM `{p.db}`.b ORDER BY id"
    assert p.source.query(digests) == p.target.query(digests)
    assert len(p.target.query(digests)) == 12


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_old_temporal_columns(pairing, pool, target):
    """MariaDB's columns from before 10.1 have fractions whose width the log does not tell."""
    source = pool.fresh("maria1011", "master")
    p = pairing(source, target)
    p.replicate("now")
    source.sql("SET GLOBAL mysql56_temporal_format=OFF; SET time_zone='+00:00'")
    columns = ", ".join(f"t{n} TIME({n}), d{n} DATETIME({n}), s{n} TIMESTAMP({n}) NULL DEFAULT NULL" for n in range(7))
    source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE o (id INT PRIMARY KEY, {columns}, last INT)")
    for number, (time, date) in enumerate([("-00:00:00.123456", "2001-02-03 04:05:06.654321"), ("838:59:59", "9999-12-31 23:59:59"),
                                           ("-838:59:59", "1000-01-01 00:00:00.000001"), ("00:00:01.999999", "2038-01-19 03:14:07")]):
        stamp = date if date[0] == "2" else "1970-01-01 00:00:01"
        values = ", ".join(f"'{time}', '{date}', '{stamp}'" for _ in range(7))
        source.sql(f"SET sql_mode=''; INSERT INTO `{p.db}`.o VALUES ({number}, {values}, {number})")
    shown = source.query(f"SHOW CREATE TABLE `{p.db}`.o")[0][1]
    assert "mariadb-5.3" in shown, "the source made columns of the new kind"
    source.sql(f"UPDATE `{p.db}`.o SET t3 = t6, d6 = d1, last = 9 WHERE id = 0; DELETE FROM `{p.db}`.o WHERE id = 3")
    p.changeling.wait_caught_up()
    assert p.compare() == 3


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_text_that_is_none(pairing, target):
    """Bytes above 0x7f in a column of `ascii`: where the target stores them they arrive, where it refuses them the stream
    stops at the row and says so."""
    p = pairing("maria1011", target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(9) CHARACTER SET ascii); "
                 "INSERT INTO a VALUES (1, 'plain'); INSERT INTO a VALUES (2, x'61e962')")
    if target == "maria1011":
        p.changeling.wait_caught_up()
        p.source.sql(f"UPDATE `{p.db}`.a SET v = x'ff' WHERE id = 2; DELETE FROM `{p.db}`.a WHERE id = 1")
        p.changeling.wait_caught_up()
        assert p.target.query(f"SELECT id, HEX(v) FROM `{p.db}`.a") == [(2, "FF")]
        return
    row = p.changeling.wait_error()
    assert p.target.query(f"SELECT id, HEX(v) FROM `{p.db}`.a") == [(1, "706C61696E")]
    assert "Incorrect string value" in row["error"] and f"`{p.db}`.`a`" in row["error"]


@pytest.mark.parametrize("image", ["FULL", "MINIMAL"])
@pytest.mark.parametrize("kind", ["maria1011", "maria118"])
def test_sequences(pairing, kind, image):
    """What a sequence has given out is a row of the log that sets it, and not one that is added."""
    p = pairing(kind, kind)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; SET SESSION binlog_row_image='{image}'; "
                 "CREATE SEQUENCE s START WITH 100 INCREMENT BY 10 CACHE 5; "
                 "CREATE TABLE t (id BIGINT PRIMARY KEY DEFAULT NEXTVAL(s), v INT); "
                 "INSERT INTO t (v) VALUES (1), (2), (3); DO SETVAL(s, 1000); INSERT INTO t (v) VALUES (4); "
                 "BEGIN; INSERT INTO t (v) VALUES (5); DO NEXTVAL(s); INSERT INTO t (v) VALUES (6); COMMIT; "
                 "ALTER SEQUENCE s MAXVALUE 99999 CYCLE; DO NEXTVAL(s); CREATE SEQUENCE gone; DO NEXTVAL(gone); DROP SEQUENCE gone; "
                 "SET SESSION binlog_row_image='FULL'")
    p.changeling.wait_caught_up()
    state = f"SELECT next_not_cached_value, maximum_value, increment, cache_size, cycle_option, cycle_count FROM `{p.db}`.s"
    assert p.source.query(state) == p.target.query(state)
    rows = f"SELECT id, v FROM `{p.db}`.t ORDER BY v"
    assert p.source.query(rows) == p.target.query(rows)
    assert len(p.target.query(rows)) == 6
