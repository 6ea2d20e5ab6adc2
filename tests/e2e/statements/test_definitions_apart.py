"""Definitions whose names or whose places are not in their text, or in another character set, and those that MySQL needs in parts."""
import signal

import pytest

PAIRS = [("maria1011", "mysql97"), ("mysql97", "maria1011"), ("mysql56", "maria118"), ("mysql97", "mysql97"), ("maria1011", "maria1011")]


def paired(pairing, pool, source, target):
    return pairing(pool.fresh(source, "master", format="STATEMENT"), target)


@pytest.mark.parametrize("source,target", PAIRS)
def test_the_default_database_is_altered(pairing, pool, source, target):
    p = paired(pairing, pool, source, target)
    p.replicate("now")
    own = "SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = 'changeling'"
    own_before = p.target.value(own)
    p.source.sql(f"CREATE DATABASE `{p.db}` CHARACTER SET utf8; CREATE DATABASE `{p.db}b` CHARACTER SET utf8")
    p.source.sql("CREATE TABLE before_it (a VARCHAR(9)); ALTER DATABASE CHARACTER SET latin1; CREATE TABLE behind (a VARCHAR(9)); "
                 f"ALTER DATABASE `{p.db}b` CHARACTER SET latin2", p.db)
    p.changeling.wait_caught_up()
    charsets = ("SELECT schema_name, default_character_set_name FROM information_schema.schemata WHERE schema_name IN "
                f"('{p.db}', '{p.db}b')")
    found = dict(p.target.query(charsets))
    assert (found[p.db], found[f"{p.db}b"]) == ("latin1", "latin2")
    assert p.target.value(own) == own_before
    tables = f"SELECT table_name, character_set_name FROM information_schema.columns WHERE table_schema = '{p.db}'"
    assert {(table, charset.replace("mb3", "")) for table, charset in p.target.query(tables)} == {("before_it", "utf8"), ("behind", "latin1")}


@pytest.mark.parametrize("charset,name", [("latin1", "té"), ("cp932", "表")])
@pytest.mark.parametrize("source,target", PAIRS)
def test_names_in_the_clients_character_set(pairing, pool, source, target, charset, name):
    """A crash behind the statement: what it names is looked at, not bytes of another character set."""
    p = paired(pairing, pool, source, target)
    p.changeling.change_master("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    with p.source.connect(p.db) as connection:
        connection.encoding = "cp932" if charset == "cp932" else "latin-1"
        with connection.cursor() as cursor:
            for statement in f"SET NAMES {charset}", f"CREATE TABLE `{name}` (a INT)", f"INSERT INTO `{name}` VALUES (1)":
                cursor.execute(statement)
            p.changeling.run_until("now")
            cursor.execute(f"ALTER TABLE `{name}` ADD INDEX (a)")
    assert p.changeling.run_to_end(CHANGELING_FAULT="ddl.after-statement:1:kill") == -signal.SIGKILL
    p.changeling.run_until("now")
    assert p.compare() == 1
    keys = f"SELECT index_name FROM information_schema.statistics WHERE table_schema = '{p.db}' AND table_name = '{name}'"
    assert p.target.query(keys) == [("a",)]


@pytest.mark.parametrize("source,target", [("maria1011", "mysql97")])
def test_parts_of_what_exists(pairing, pool, source, target):
    p = paired(pairing, pool, source, target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE DATABASE `{p.db}b`")
    p.source.sql("CREATE TABLE t (a INT); RENAME TABLE IF EXISTS nope TO yes, t TO t3, nope2 TO yes2; CREATE TABLE u (a INT); "
                 "RENAME TABLE IF EXISTS t3 TO swap, u TO t3, swap TO u; INSERT INTO u VALUES (1); "
                 "ALTER TABLE t3 ADD COLUMN IF NOT EXISTS (d INT, a INT, e INT); INSERT INTO t3 VALUES (1, 2, 3)", p.db)
    p.changeling.wait_caught_up()
    assert p.compare() == 2
    p.source.sql("ALTER TABLE t3 DROP COLUMN IF EXISTS d, ADD COLUMN IF NOT EXISTS d VARCHAR(5)", p.db)
    assert "about the same name" in p.changeling.wait_error()["error"]


@pytest.mark.parametrize("stage", ["ddl.after-statement:1:kill", "ddl.after-statement:2:kill", "ddl.after-intent:2:kill"])
def test_renamed_in_parts_and_killed(pairing, pool, stage):
    p = paired(pairing, pool, "maria1011", "mysql97")
    p.changeling.change_master("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.a (n INT PRIMARY KEY); CREATE TABLE `{p.db}`.b (n INT PRIMARY KEY); "
                 f"INSERT INTO `{p.db}`.a VALUES (1); INSERT INTO `{p.db}`.b VALUES (2), (3)")
    p.changeling.run_until("now")
    p.source.sql("RENAME TABLE IF EXISTS a TO swap, b TO a, swap TO b", p.db)
    assert p.changeling.run_to_end(CHANGELING_FAULT=stage) == -signal.SIGKILL
    p.changeling.run_until("now")
    assert p.compare() == 3


@pytest.mark.parametrize("target", ["maria1011", "maria118"])
def test_a_column_that_is_shown_again(pairing, pool, target):
    """MariaDB shows it with its whole definition alone: a key of that name is not what is meant."""
    p = paired(pairing, pool, "mysql97", target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.v (id INT PRIMARY KEY, e INT INVISIBLE, KEY e (e)); "
                 f"ALTER TABLE `{p.db}`.v ALTER COLUMN e SET VISIBLE")
    assert "MODIFY" in p.changeling.wait_error()["error"]


@pytest.mark.parametrize("source,target", PAIRS)
def test_foreign_keys_that_an_engine_ignores(pairing, pool, source, target):
    p = paired(pairing, pool, source, target)
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.source.sql("CREATE TABLE p (a INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO p VALUES (1), (2); "
                 "CREATE TABLE c (a INT, FOREIGN KEY (a) REFERENCES p (a) ON DELETE CASCADE) ENGINE=MyISAM; "
                 "INSERT INTO c VALUES (1), (2); DELETE FROM p WHERE a = 1; INSERT INTO c VALUES (77)", p.db)
    p.changeling.wait_caught_up()
    assert p.compare() == 4
    told = [row["reason"] for row in p.changeling.look("rewrites") if row["rule"] == "engine"]
    assert sum("ignores foreign keys" in reason for reason in told) == 1, told


def test_foreign_keys_that_are_added_later_or_stand_in_a_column(pairing, pool):
    """ALTER TABLE does not name the engine: the source is asked for it."""
    p = paired(pairing, pool, "mysql56", "maria118")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.source.sql("CREATE TABLE p (a INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO p VALUES (1), (2); CREATE TABLE e (a INT) ENGINE=MyISAM; "
                 "ALTER TABLE e ADD CONSTRAINT named FOREIGN KEY (a) REFERENCES p (a) ON DELETE CASCADE; "
                 "CREATE TABLE d (a INT REFERENCES p (a) ON DELETE CASCADE) ENGINE=MyISAM; INSERT INTO d VALUES (1), (2); "
                 "INSERT INTO e VALUES (1), (2); DELETE FROM p WHERE a = 1; INSERT INTO d VALUES (77); INSERT INTO e VALUES (77)", p.db)
    p.changeling.wait_caught_up()
    assert p.compare() == 7
