"""The copy that a replication starts from: `explain --sql` makes of a dump what the target's account may load, so that what
follows in the log finds it as it should be."""
import subprocess

import pytest

# as mysqldump --triggers --routines --events writes it
DUMP = """
CREATE DATABASE IF NOT EXISTS `{db}`;
USE `{db}`;
CREATE TABLE `orders` (`id` int NOT NULL, `what` varchar(40) DEFAULT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB;
CREATE TABLE `seen` (`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB;
INSERT INTO `orders` VALUES (1,'one; and -- no comment'),(2,'two');
INSERT INTO `seen` VALUES (1),(2);
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `remember` AFTER INSERT ON `orders` FOR EACH ROW BEGIN
  IF NEW.id > 0 THEN INSERT INTO seen VALUES (NEW.id); END IF; -- the end
END */;;
DELIMITER ;
DELIMITER $$
/*!50106 CREATE*/ /*!50117 DEFINER=`root`@`localhost`*/ /*!50106 EVENT `nightly` ON SCHEDULE EVERY 1 DAY DO DELETE FROM seen */$$
DELIMITER ;
DELIMITER ;;
CREATE DEFINER=`root`@`localhost` PROCEDURE `both`()
BEGIN
  SELECT 1; SELECT 2;
END ;;
DELIMITER ;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`root`@`localhost` SQL SECURITY DEFINER */
/*!50001 VIEW `known` AS select `seen`.`id` AS `id` from `seen` */;
"""


def load(command, script, environment):
    return subprocess.run(command, input=script, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_a_dump_with_definers_triggers_and_events_is_loaded(pairing, target):
    p = pairing("maria1011", target)
    # the parameter that functions and triggers need, as the documentation asks for
    p.target.sql("SET GLOBAL log_bin_trust_function_creators = 1")
    try:
        a_dump_is_loaded(p)
    finally:
        p.changeling.clean_up()
        p.target.sql("SET GLOBAL log_bin_trust_function_creators = 0")


def a_dump_is_loaded(p):
    p.changeling.change_master("now")
    dump = DUMP.format(db=p.db)
    client, environment = p.target.lab.admin_client()
    refused = load(client, dump, environment)
    assert refused.returncode != 0 and "1227" in refused.stderr, "the target takes the dump as it is: nothing is shown here"
    p.target.drop_databases([p.db])

    explained = p.changeling.command("explain", "--sql", "--source=mariadb", "--target-capabilities=live", text=dump)
    assert explained.code == 0, str(explained)
    assert f"-- at the cut-over: ALTER EVENT `{p.db}`.`nightly` ENABLE;" in explained.out
    loaded = load(client, explained.out, environment)
    assert loaded.returncode == 0, f"{loaded.stderr}\n{explained.out}"
    assert p.target.query(f"SELECT * FROM `{p.db}`.known ORDER BY id") == [(1,), (2,)]
    assert p.target.value("SELECT status FROM information_schema.events WHERE event_schema = %s", p.db) != "ENABLED"
    assert p.target.value("SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = %s", p.db) == 1

    # the same on the source, unreplicated; from here on it is replicated, and the trigger does not fire twice
    p.source.sql("SET sql_log_bin=0")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; CREATE TABLE orders (id int PRIMARY KEY, what varchar(40)); "
                 "CREATE TABLE seen (id int PRIMARY KEY); INSERT INTO orders VALUES (1, 'one; and -- no comment'), (2, 'two'); "
                 "INSERT INTO seen VALUES (1), (2)")
    p.source.sql("CREATE TRIGGER remember AFTER INSERT ON orders FOR EACH ROW INSERT INTO seen VALUES (NEW.id)", p.db)
    p.source.sql("SET sql_log_bin=1")
    p.changeling.run()
    p.source.sql(f"INSERT INTO `{p.db}`.orders VALUES (3, 'three')")
    p.changeling.wait_caught_up()
    for table in ("orders", "seen"):
        statement = f"SELECT * FROM `{p.db}`.{table} ORDER BY id"
        assert p.target.query(statement) == p.source.query(statement), table
    assert p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.seen WHERE id = 3") == 1
    # and for the application it fires
    p.target.sql(f"INSERT INTO `{p.db}`.orders VALUES (9, 'nine')")
    assert p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.seen WHERE id = 9") == 1


def test_what_would_stop_is_left_out_with_its_reason(pairing):
    p = pairing()
    p.changeling.change_master("now")
    explained = p.changeling.command("explain", "--sql", "--source=mariadb", "--target-capabilities=live",
                                     text=DUMP.format(db=p.db))
    assert explained.code == 1
    assert "log_bin_trust_function_creators" in explained.out
    client, environment = p.target.lab.admin_client()
    loaded = load(client, explained.out, environment)
    assert loaded.returncode == 0, loaded.stderr
    assert p.target.value("SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = %s", p.db) == 0
    assert p.target.value("SELECT COUNT(*) FROM information_schema.views WHERE table_schema = %s", p.db) == 1


def test_what_explain_is_told(pairing):
    p = pairing()
    run = p.changeling.execute
    program = p.changeling.environment()["CHANGELING_BIN"]
    for source in ("mysql", "mariadb", "5.6.51", "10.11.6-MariaDB"):
        assert run([program, "explain", f"--source={source}"], text="SELECT 1").code == 0, source
    assert run([program, "explain", "--source=oracle"], text="SELECT 1").code == 2
    assert run([program, "explain", "--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES"], text="SELECT 1").code == 0
    result = run([program, "explain", "--sql-mode=NONSENSE"], text="SELECT 1")
    assert result.code == 2 and "NONSENSE" in result.err
    result = run([program, "explain", "--target-capabilities=live"], text="SELECT 1")
    assert result.code == 2 and "--state" in result.err
