"""Transactions that the master rolled back after they had changed MyISAM tables: these changes stay, the others go."""
import pytest


@pytest.mark.parametrize("kind,format", [("maria1011", "STATEMENT"), ("maria1011", "MIXED"), ("mysql56", "STATEMENT")])
def test_what_cannot_be_rolled_back_stays(pairing, pool, kind, format):
    source = pool.fresh(kind, "master", format=format, gtid=False)     # with GTIDs 5.6 refuses such mixes
    source.sql("GRANT SELECT ON *.* TO 'repl'@'%'")     # so that the tables' engines can be asked for
    p = pairing(source, "maria1011")
    p.replicate("now")
    source.sql(f"CREATE DATABASE `{p.db}`")
    source.sql("CREATE TABLE kept (id INT PRIMARY KEY, v INT) ENGINE=MyISAM; "
               "CREATE TABLE gone (id INT PRIMARY KEY, v INT) ENGINE=InnoDB; "
               "INSERT INTO gone VALUES (1, 1); INSERT INTO kept VALUES (1, 1)", p.db)
    with source.connect(p.db) as connection, connection.cursor() as cursor:
        for statement in ("BEGIN", "INSERT INTO gone VALUES (2, 2)", "INSERT INTO kept VALUES (2, 2)",
                          "UPDATE gone SET v = 9", "SAVEPOINT s", "INSERT INTO kept VALUES (3, 3)",
                          "INSERT INTO gone VALUES (4, 4)", "ROLLBACK TO SAVEPOINT s", "ROLLBACK"):
            cursor.execute(statement)
    source.sql("INSERT INTO gone VALUES (5, 5); INSERT INTO kept VALUES (5, 5)", p.db)
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT id FROM `{p.db}`.gone ORDER BY id") == [(1,), (5,)]
    assert p.target.query(f"SELECT id FROM `{p.db}`.kept ORDER BY id") == [(1,), (2,), (3,), (5,)]
    assert p.compare() == 6
