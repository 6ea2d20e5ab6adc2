"""Statements in the forms that logs have them in: zones by name, Oracle's SQL mode, CREATE TABLE … SELECT in each format."""
import pytest

# as mysql_tzinfo_to_sql writes them, for one year
BERLIN = """SET sql_log_bin = 0; INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (4711, 'N');
INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('Europe/Berlin', 4711);
INSERT INTO mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, `Offset`, Is_DST, Abbreviation)
  VALUES (4711, 0, 3600, 0, 'CET'), (4711, 1, 7200, 1, 'CEST');
INSERT INTO mysql.time_zone_transition (Time_zone_id, Transition_time, Transition_type_id)
  VALUES (4711, 0, 0), (4711, 1490490000, 1), (4711, 1509238800, 0); SET sql_log_bin = 1"""


@pytest.mark.parametrize("source,target", [("maria1011", "mysql97"), ("mysql97", "maria1011"), ("mysql56", "maria118")])
def test_zones_by_name(pairing, pool, source, target):
    p = pairing(pool.fresh(source, "master", format="STATEMENT", gtid=False), target)
    p.source.sql(BERLIN)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.z (id INT PRIMARY KEY, here DATETIME, stamp TIMESTAMP NULL)")
    with p.source.connect(p.db) as connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = 'Europe/Berlin'")
        for number, moment in enumerate((1484000000, 1500000000)):       # winter, summer
            cursor.execute(f"SET timestamp = {moment}")
            cursor.execute(f"INSERT INTO z VALUES ({number}, NOW(), NOW())")
            cursor.execute(f"INSERT INTO z VALUES (10 + {number}, FROM_UNIXTIME({moment}), '{'2017-01-09' if not number else '2017-07-14'}')")
    p.changeling.wait_caught_up()
    assert p.compare() == 4
    # that an offset stood for the zone is on record
    told = [row["reason"] for row in p.changeling.look("rewrites") if row["rule"] == "context"]
    assert any("Europe/Berlin is sent as +02:00" in reason for reason in told), told


def test_a_session_in_the_zone_of_the_machine(pairing, pool, monkeypatch):
    """The others begin in another one, which is not what SYSTEM means."""
    monkeypatch.setenv("TZ", "XYZ-3")
    source = pool.fresh("maria1011", "master", format="STATEMENT", gtid=False)
    monkeypatch.undo()
    source.sql("SET GLOBAL time_zone = '-05:00'")
    p = pairing(source, "mysql97")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.z (id INT PRIMARY KEY, stamp TIMESTAMP NULL)")
    with p.source.connect(p.db) as connection, connection.cursor() as cursor:
        for number, zone in enumerate(("SYSTEM", "-05:00")):
            cursor.execute(f"SET time_zone = '{zone}'")
            cursor.execute(f"INSERT INTO z VALUES ({number}, '2017-01-09 12:00:00')")
    p.changeling.wait_caught_up()
    stamps = [int(at) for (at,) in p.target.query(f"SELECT UNIX_TIMESTAMP(stamp) FROM `{p.db}`.z ORDER BY id")]
    assert stamps == [1483952400, 1483981200]      # 09:00 and 17:00 in UTC


def test_a_target_that_keeps_its_own_time(pairing, pool):
    """secure_timestamp: the time of a statement cannot be set, which is on record."""
    p = pairing(pool.fresh("maria1011", "master", format="STATEMENT", gtid=False),
                pool.fresh("maria1011", "rds", options=["secure-timestamp=YES"]))
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (a DATETIME); SET timestamp = 1500000000; "
                 f"INSERT INTO `{p.db}`.t VALUES (NOW())")
    p.source.forget()
    p.changeling.wait_caught_up()
    assert p.target.value(f"SELECT YEAR(a) FROM `{p.db}`.t") > 2017 == p.source.value(f"SELECT YEAR(a) FROM `{p.db}`.t")
    told = [row["reason"] for row in p.changeling.look("rewrites") if row["rule"] == "context"]
    assert any("secure_timestamp" in reason for reason in told), told


@pytest.mark.parametrize("log_format", ["ROW", "STATEMENT"])
@pytest.mark.parametrize("target", ["maria1011", "maria118"])
def test_oracle_mode(pairing, pool, target, log_format):
    p = pairing(pool.fresh("maria1011", "master", format=log_format, gtid=False), target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    with p.source.connect(p.db) as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_mode = 'ORACLE'")
        for statement in ("CREATE TABLE o (id INT PRIMARY KEY, v VARCHAR2(20), n NUMBER(9))",
                          "INSERT INTO o VALUES (1, 'a' || 'b', 7)",
                          "CREATE PACKAGE pack AS PROCEDURE a(); PROCEDURE b(); END",
                          "START TRANSACTION", "INSERT INTO o VALUES (2, '', 8)", "UPDATE o SET n = n + 1", "COMMIT",
                          "ALTER TABLE o ADD d DATE", "INSERT INTO o VALUES (3, 'c', 9, '2020-02-02')"):
            cursor.execute(statement)
    # and back in another mode
    p.source.sql("INSERT INTO o VALUES (4, 'd', 10, NULL)", p.db)
    p.changeling.wait_caught_up()
    assert p.compare() == 4
    assert [row[0] for row in p.target.query("SELECT name FROM mysql.proc WHERE db = %s AND type = 'PACKAGE'", p.db)] == ["pack"]


SHAPES = [
    "CREATE TABLE s1 SELECT * FROM base",
    "CREATE TABLE s2 (PRIMARY KEY (id)) SELECT id, v FROM base WHERE id < 3",
    "CREATE TABLE s3 (extra INT DEFAULT 5, id INT NOT NULL AUTO_INCREMENT PRIMARY KEY) AS SELECT v FROM base ORDER BY id",
    "CREATE TABLE s4 (u VARCHAR(20), KEY (u)) IGNORE SELECT v AS u, id * 2 AS doubled FROM base",
    "CREATE TABLE s5 AS (SELECT id FROM base) UNION ALL (SELECT id + 10 FROM base)",
    "CREATE TABLE IF NOT EXISTS s6 SELECT COUNT(*) AS n, MAX(v) AS m FROM base",
    "CREATE TABLE s7 ENGINE=InnoDB COMMENT='x' SELECT b.id, c.v FROM base b JOIN base c ON c.id = b.id",
    "CREATE TABLE s8 LIKE base",
    "INSERT INTO s8 SELECT * FROM base",
]


@pytest.mark.parametrize("log_format", ["ROW", "STATEMENT", "MIXED"])
@pytest.mark.parametrize("source,target", [("maria1011", "mysql97"), ("mysql97", "maria1011"), ("mysql97", "mysql97"),
                                           ("mysql56", "maria118")])
def test_tables_made_from_queries(pairing, pool, source, target, log_format):
    # with GTIDs MySQL 5.6 makes no table from a query
    p = pairing(pool.fresh(source, "master", format=log_format, gtid=source != "mysql56"), target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.source.sql("CREATE TABLE base (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO base VALUES (1, 'a'), (2, 'b'), (3, 'c')", p.db)
    for statement in SHAPES:
        p.source.sql(statement, p.db)
    p.changeling.wait_caught_up()
    assert p.compare() >= 20
    columns = "SELECT table_name, column_name, is_nullable, data_type FROM information_schema.columns WHERE table_schema = %s"
    assert sorted(map(str, p.target.query(columns, p.db))) == sorted(map(str, p.source.query(columns, p.db)))
