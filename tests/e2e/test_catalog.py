"""What the target's information_schema tells of tables, and in which order."""


def test_names_that_differ_in_case_alone(pairing):
    """In a whole schema's answer the rows of such tables stood among each other."""
    p = pairing("maria1011", "maria1011")
    p.both_sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; " + "".join(f"CREATE TABLE t{i} (id INT PRIMARY KEY);" for i in range(6)) +
               "CREATE TABLE Foo (a INT, b INT, c INT, PRIMARY KEY (a, b)); CREATE TABLE foo (x INT, y INT, z INT, PRIMARY KEY (y))")
    p.replicate("now")
    p.source.sql(f"USE `{p.db}`; " + "".join(f"INSERT INTO t{i} VALUES (1);" for i in range(6)) +
                 "INSERT INTO Foo VALUES (1, 1, 1), (1, 2, 1); INSERT INTO foo VALUES (1, 1, 1), (1, 2, 1); "
                 "UPDATE Foo SET c = 2 WHERE b = 2; DELETE FROM foo WHERE y = 1")
    p.changeling.wait_caught_up()
    assert p.compare() > 6


def test_generated_keys_that_are_hidden(pairing, pool):
    """show_gipk_in_create_table_and_information_schema=OFF there: the key's values went nowhere."""
    target = pool.fresh("mysql97", "rds")
    p = pairing("mysql97", target)
    target.sql("SET GLOBAL show_gipk_in_create_table_and_information_schema = OFF")
    try:
        p.replicate("now")
        p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; SET SESSION sql_generate_invisible_primary_key = ON; "
                     "CREATE TABLE t (a INT, b INT); INSERT INTO t (my_row_id, a, b) VALUES (100, 7, 8), (50, 9, 10), (60, 7, 8); "
                     "UPDATE t SET b = 20 WHERE my_row_id = 60")
        p.changeling.wait_caught_up()
        rows = f"SELECT my_row_id, a, b FROM `{p.db}`.t ORDER BY 1"
        assert target.query(rows) == p.source.query(rows) == [(50, 9, 10), (60, 7, 20), (100, 7, 8)]
    finally:
        target.sql("SET GLOBAL show_gipk_in_create_table_and_information_schema = DEFAULT")
