"""ALTER of temporary tables, which copies their rows here: what the copy holds must be what the source has, whatever session the
ALTER ran in. r collects what the source's tables hold, so that the comparison sees it."""
import pytest

PAIRS = [("maria1011", "maria1011"), ("maria1011", "mysql97"), ("mysql97", "mysql97"), ("mysql97", "maria1011"),
         ("mysql56", "maria1011")]

FORMS = {
    "a column that is dropped and added again": [
        "CREATE TEMPORARY TABLE x (a INT, b INT)", "INSERT INTO x VALUES (2, 1)",
        "ALTER TABLE x DROP COLUMN b, ADD COLUMN b INT DEFAULT 77", "INSERT INTO r (a, b) SELECT a, b FROM x"],
    "columns that change places": [
        "CREATE TEMPORARY TABLE x (a INT, b INT, c INT)", "INSERT INTO x VALUES (1, 2, 3)",
        "ALTER TABLE x CHANGE a b INT, CHANGE b a INT, DROP c, ADD c INT NOT NULL", "INSERT INTO r (a, b, v) SELECT a, b, c FROM x"],
    "a zero in AUTO_INCREMENT": [
        "CREATE TEMPORARY TABLE x (a INT PRIMARY KEY AUTO_INCREMENT, b INT)", "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
        "INSERT INTO x VALUES (0, 5), (1, 6)", "SET sql_mode = ''", "ALTER TABLE x ADD d INT", "INSERT INTO r (a, b) SELECT a, b FROM x",
        "CREATE INDEX k ON x (b)", "INSERT INTO r (a, b) SELECT a, b FROM x"],
    "zero dates under another mode": [
        "SET sql_mode = 'ALLOW_INVALID_DATES'", "CREATE TEMPORARY TABLE x (a INT, d DATE, e DATETIME)",
        "INSERT INTO x VALUES (1, '0000-00-00', '2020-00-05 01:02:03')",
        "SET sql_mode = 'NO_ZERO_DATE,NO_ZERO_IN_DATE'", "ALTER TABLE x ADD z INT",
        "SET sql_mode = ''", "INSERT INTO r (a, v) SELECT a, CONCAT(d, ' ', e) FROM x"],
    "a narrower type without a strict mode": [
        "SET sql_mode = ''", "CREATE TEMPORARY TABLE x (a INT, v VARCHAR(20))", "INSERT INTO x VALUES (70000, 'ninety years')",
        "ALTER TABLE x MODIFY a SMALLINT, MODIFY v VARCHAR(6)", "INSERT INTO r (a, v) SELECT a, v FROM x"],
    "NULL becomes NOT NULL without a strict mode": [
        "SET sql_mode = ''", "CREATE TEMPORARY TABLE x (a INT, v VARCHAR(20))", "INSERT INTO x VALUES (NULL, NULL)",
        "ALTER TABLE x MODIFY a INT NOT NULL, MODIFY v VARCHAR(20) NOT NULL", "INSERT INTO r (a, v) SELECT a, v FROM x"],
    "a time that is kept on UPDATE": [
        "CREATE TEMPORARY TABLE x (a INT, t TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)",
        "INSERT INTO x VALUES (1, '2001-01-01 01:01:01')", "ALTER TABLE x ADD b INT DEFAULT 4", "UPDATE x SET a = a, t = t",
        "INSERT INTO r (a, b, v) SELECT a, b, t FROM x"],
    "a counter that is added": [
        "CREATE TEMPORARY TABLE x (b INT PRIMARY KEY)", "INSERT INTO x VALUES (10), (20)",
        "ALTER TABLE x ADD a INT NOT NULL AUTO_INCREMENT UNIQUE", "INSERT INTO r (a, b) SELECT a, b FROM x",
        "INSERT INTO x (b) VALUES (30)", "INSERT INTO r (a, b) SELECT a, b FROM x"],
    "a column that becomes a counter": [
        "SET sql_mode = ''", "CREATE TEMPORARY TABLE x (a INT NOT NULL, b INT)", "INSERT INTO x VALUES (0, 3), (5, 4)",
        "ALTER TABLE x MODIFY a INT NOT NULL AUTO_INCREMENT PRIMARY KEY", "INSERT INTO r (a, b) SELECT a, b FROM x"],
}
NEWER = {   # for what MySQL 5.6 does not know
    "a generated column": [
        "CREATE TEMPORARY TABLE x (a INT, b INT AS (a + 1) STORED)", "INSERT INTO x (a) VALUES (3)",
        "ALTER TABLE x DROP b, ADD b INT AS (a + 2) STORED", "INSERT INTO r (a, b) SELECT a, b FROM x"],
    "a CHECK": [
        "CREATE TEMPORARY TABLE x (a INT, b INT, CHECK (a < 9))", "INSERT INTO x VALUES (3, 4)",
        "ALTER TABLE x ADD CHECK (b < 9)", "INSERT INTO r (a, b) SELECT a, b FROM x"],
}


def forms_of(source):
    return {**FORMS, **({} if source == "mysql56" else NEWER)}


@pytest.mark.parametrize("log_format", ["STATEMENT", "MIXED"])
@pytest.mark.parametrize("source,target", PAIRS, ids=lambda value: value)
def test_altered(pairing, pool, source, target, log_format):
    p = pairing(pool.fresh(source, "master", format=log_format, gtid=False), target)
    p.replicate("now")
    for number, (name, statements) in enumerate(forms_of(source).items()):
        database = f"{p.db}_{number}"
        p.source.sql(f"CREATE DATABASE `{database}`; CREATE TABLE `{database}`.r (id INT PRIMARY KEY AUTO_INCREMENT, a INT, b INT, "
                     "v VARCHAR(60))")
        with p.source.connect(database) as session, session.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    p.changeling.wait_caught_up()
    names = forms_of(source)
    found = [(name, rows(p.source, f"{p.db}_{number}"), rows(p.target, f"{p.db}_{number}")) for number, name in enumerate(names)]
    wrong = [f"{name}: {here}, on the target {there}" for name, here, there in found if here != there or not here]
    assert not wrong, "\n".join(wrong)
    assert p.compare(*[f"{p.db}_{number}" for number in range(len(names))]) > 0


def rows(server, database):
    return server.query(f"SELECT a, b, v FROM `{database}`.r ORDER BY a, b")


@pytest.mark.parametrize("source,target", [("maria1011", "mysql97"), ("mysql97", "mysql97"), ("maria1011", "maria1011")],
                         ids=lambda value: value)
def test_names_of_checks(pairing, pool, source, target):
    """MySQL wants them to be one of their kind in a schema, and the real tables stand in one."""
    p = pairing(pool.fresh(source, "master", format="STATEMENT", gtid=False), target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.r (id INT PRIMARY KEY AUTO_INCREMENT, a INT)")
    with p.source.connect(p.db) as first, p.source.connect(p.db) as second, first.cursor() as one, second.cursor() as two:
        for cursor in (one, two):
            cursor.execute("CREATE TEMPORARY TABLE x (a INT, b INT CHECK (b < 9), CONSTRAINT ck CHECK (a < 9))")
            cursor.execute("INSERT INTO x VALUES (3, 4)")
        one.execute("CREATE TEMPORARY TABLE y LIKE x")
        one.execute("CREATE TEMPORARY TABLE z (a INT, CONSTRAINT `c``k` CHECK (a < 9))")
        one.execute("ALTER TABLE x ADD c INT, ADD CONSTRAINT other CHECK (c < 9)")
        one.execute("ALTER TABLE x DROP CONSTRAINT ck")
        one.execute("INSERT INTO x VALUES (13, 4, 5)")
        one.execute("ALTER TABLE x DROP CONSTRAINT other, ADD CONSTRAINT ck CHECK (a < 99)")
        one.execute("INSERT INTO x VALUES (14, 4, 15)")
        one.execute("ALTER TABLE z DROP CONSTRAINT `c``k`")
        one.execute("INSERT INTO z VALUES (15)")
        one.execute("CREATE TEMPORARY TABLE nameless (a INT, b INT, CHECK (a < 9), CHECK (b < 9))")
        one.execute(f"ALTER TABLE nameless DROP CONSTRAINT {'CONSTRAINT_2' if p.source.family == 'mariadb' else 'nameless_chk_2'}")
        one.execute("INSERT INTO nameless VALUES (5, 17)")
        one.execute("INSERT INTO r (a) SELECT b FROM nameless")
        two.execute("ALTER TABLE x ADD c INT")
        two.execute("ALTER TABLE x DROP CONSTRAINT ck, RENAME TO w")
        two.execute("INSERT INTO w VALUES (16, 4, 5)")
        one.execute("INSERT INTO r (a) SELECT a FROM x UNION ALL SELECT a FROM z")
        two.execute("INSERT INTO r (a) SELECT a FROM w")
    p.changeling.wait_caught_up()
    assert p.compare() >= 1
